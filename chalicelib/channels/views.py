"""How do the documents of the books look to whoever asks for them?

Owns the plain form of invoices, payments, payouts, and of the charges and earnings behind them.
Every member is always there, null where there is nothing to say.
"""

from datetime import datetime
from typing import Any

from chalicelib.aging import past_due
from chalicelib.credits import Credit
from chalicelib.invoices import Charge, Invoice
from chalicelib.ledger import Entry
from chalicelib.payments import Payment
from chalicelib.payout_statements import PayoutStatement, StatementLine, until
from chalicelib.payouts import Earning, Payout
from chalicelib.store.checkpoints import AccountBalance
from chalicelib.store.codec import to_plain

View = dict[str, Any]


def invoice_view(invoice: Invoice, now: datetime) -> View:
    """An invoice or a statement as it stands `now`; its calls, and their table, are at
    `calls_path`."""
    plain: View = to_plain(invoice)
    shown = {
        name: plain[name]
        for name in (
            "id", "kind", "number", "advertiser_id", "state", "currency", "period", "issued_at",
            "due_at", "net_days", "lines", "call_count", "tax_cents", "paid_cents", "ended_at",
            "issuer", "bill_to",
        )
    }  # fmt: skip
    return shown | {
        "subtotal_cents": invoice.subtotal_cents,
        "amount_cents": invoice.total_cents,
        "credited_cents": invoice.credited_cents,
        "returned_cents": invoice.returned_cents,
        "owed_cents": invoice.owed_cents,
        "written_off_cents": invoice.written_off_cents,
        "past_due": past_due(invoice, now),
        "calls_path": f"/v1/invoices/{invoice.id}/calls",
    }


def credit_view(credit: Credit) -> View:
    """A credit as the operator sees it; one with a number is a credit note."""
    plain: View = to_plain(credit)
    own = ("relieved", "clawed_from", "after_payout", "part", "document_id", "document_number")
    shown = {name: value for name, value in plain.items() if name not in own}
    return shown | {
        "invoice_id": credit.document_id,
        "invoice_number": credit.document_number,
    }


def advertiser_credit_view(credit: Credit) -> View:
    """A credit as its advertiser sees it: not what it means to whoever brought the call."""
    shown = credit_view(credit)
    return {
        name: shown[name]
        for name in (
            "id", "number", "call_id", "campaign_id", "reason", "currency", "amount_cents",
            "tax_cents", "returned_cents", "returned_to", "invoice_id", "invoice_number",
            "booked_at",
        )
    }  # fmt: skip


def payment_view(payment: Payment) -> View:
    """A payment with the invoices it paid; what waits for an invoice is unapplied."""
    plain: View = to_plain(payment)
    del plain["version"]
    return plain | {"unapplied_cents": payment.unapplied_cents}


def payout_view(payout: Payout) -> View:
    """A payout; its calls are at `calls_path`."""
    plain: View = to_plain(payout)
    return plain | {
        "sent_cents": payout.sent_cents,
        "calls_path": f"/v1/payouts/{payout.id}/calls",
    }


def own_payout_view(payout: Payout) -> View:
    """A payout as its publisher sees it: not what the paying costs the operator."""
    shown = payout_view(payout)
    return {name: value for name, value in shown.items() if name != "fee_cents"}


def statement_view(statement: PayoutStatement) -> View:
    """What a payout comes to, for the operator and for its publisher alike."""
    payout = statement.payout
    shown = own_payout_view(payout)
    names = (
        "publisher_id", "currency", "period_start", "cutoff", "state", "method", "reference",
        "reason", "created_at", "submitted_at", "settled_at", "ended_at", "calls_path",
    )  # fmt: skip
    return {
        "payout_id": payout.id,
        "publisher": statement.publisher,
        "line_count": len(statement.lines),
        **{name: shown[name] for name in names},
        **to_plain(statement.sums),
    }


def line_view(line: StatementLine) -> View:
    """A line of a payout as its publisher sees it."""
    earning, call = line.earning, line.call
    plain = to_plain(earning)
    return {
        "kind": line.kind.value,
        "call_id": earning.call_id or None,
        "arrived_at": to_plain(call.arrived_at) if call else None,
        "number": call.number if call else None,
        "caller": call.caller if call else None,
        "talk_seconds": call.talk_seconds if call else None,
        "offer_id": earning.offer_id or None,
        "booked_at": plain["booked_at"],
        "brought_forward": line.before,
        "earned_cents": earning.amount_cents,
        "clawed_back_cents": earning.reduced_cents,
        "amount_cents": earning.due_cents,
        "currency": earning.currency,
        "payout_id": earning.payout_id,
        "until": to_plain(until(line)),
    }


def charge_view(charge: Charge) -> View:
    """What one call cost its advertiser."""
    plain: View = to_plain(charge)
    return plain


def earning_view(earning: Earning) -> View:
    """What one call earned its publisher; what comes from no call names none."""
    plain: View = to_plain(earning)
    return plain | {name: plain[name] or None for name in ("call_id", "offer_id", "campaign_id")}


def entry_view(entry: Entry) -> View:
    """An entry of the ledger with its legs; debits are positive, credits negative."""
    plain: View = to_plain(entry)
    return {"id": entry.id, **plain}


def account_view(balance: AccountBalance) -> View:
    """An account: what is sealed of it, what was booked since, and both together."""
    plain: View = to_plain(balance)
    return plain | {"balance_cents": balance.balance_cents}
