"""Do the books agree with themselves?

Owns the laws that hold between entries, funds, charges, earnings and documents, and what it means
to break one. Reading all of that belongs to the flow; nothing here is repaired.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib import ledger
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.ids import derived
from chalicelib.invoices import BookedCharge, Invoice, InvoiceKind, InvoiceState
from chalicelib.ledger import AdvertiserAccount, Entry, House, PublisherAccount
from chalicelib.offers import Publisher
from chalicelib.payments import Funds, Payment, PaymentKind
from chalicelib.payouts import BookedEarning, EarningState, Payout, PayoutState


class Law(StrEnum):
    """What must hold, in the order in which it is checked."""

    SUM = "the_books_sum_to_zero"
    ENTRY = "an_entry_is_its_legs"
    APPROVAL = "each_charge_has_one_approval"
    BALANCE = "a_balance_follows_from_documents"
    FUNDS = "funds_follow_from_the_ledger"
    INVOICE = "an_invoice_is_its_lines_and_charges"
    PAID = "an_invoice_is_paid_by_its_payments"
    COLLECTED = "an_invoice_collects_what_was_paid"
    RELEASED = "only_collected_calls_are_released"
    PAYOUT = "a_payout_is_its_earnings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One law broken: by what, what the law asks for, and what is there instead."""

    law: Law
    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A leg as it lies in an account's history."""

    entry_id: str
    account: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Everything that the books hold; `invoices` has the statements too, and drafts of neither.

    `entries` are by id: those of every posting, and of every approval that a charge calls for.
    """

    advertisers: Sequence[Advertiser]
    publishers: Sequence[Publisher]
    funds: Mapping[str, Funds]
    charges: Sequence[BookedCharge]
    earnings: Sequence[BookedEarning]
    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    payouts: Sequence[Payout]
    postings: Sequence[Posting]
    entries: Mapping[str, Entry]


def differences(records: Records, balances: Mapping[str, int]) -> Iterator[Difference]:
    """Every law that the records break; `balances` are the sums of their postings by account."""
    yield from _compare(Law.SUM, "all accounts", 0, sum(balances.values()))
    yield from _entries(records)
    yield from _approvals(records)
    expected = expected_balances(records)
    for account in sorted({*balances, *expected}):
        amounts = expected.get(account, 0), balances.get(account, 0)
        yield from _compare(Law.BALANCE, account, *amounts)
    yield from _funds(records, balances)
    yield from _invoices(records)
    yield from _collections(records)
    yield from _payouts(records)


def approval_id(call_id: str) -> str:
    """The id of the entry that the approval of a call makes."""
    return derived("ent", f"call:{call_id}:approve")


def _approval(booked: BookedCharge, earning_cents: int, billing: Billing) -> Entry:
    """The entry that the approval of a charged call must have made."""
    charge = booked.charge
    return ledger.approval(
        call_id=charge.call_id,
        advertiser_id=charge.advertiser_id,
        billing=billing,
        publisher_id=charge.publisher_id,
        charge_cents=charge.amount_cents,
        earning_cents=earning_cents,
        currency=charge.currency,
        now=charge.booked_at,
    )


def expected_balances(records: Records) -> dict[str, int]:
    """The balance of every account as charges, earnings, payments and documents tell it."""
    sums: Counter[str] = Counter()
    _expect_of_calls(records, sums)
    _expect_of_advertisers(records, sums)
    _expect_of_publishers(records, sums)
    return dict(sums)


def _expect_of_calls(records: Records, sums: Counter[str]) -> None:
    billing = _billing(records)
    invoiced = {one.id for one in _standing(records)}
    for booked in records.charges:
        charge = booked.charge
        sums[House.REVENUE_CALLS] -= charge.amount_cents
        if billing.get(charge.advertiser_id) is Billing.PREPAID:
            account = AdvertiserAccount.PREPAID
        elif booked.document_id in invoiced:
            account = AdvertiserAccount.RECEIVABLE
        else:
            account = AdvertiserAccount.UNBILLED
        sums[ledger.advertiser_account(account, charge.advertiser_id)] += charge.amount_cents
    for earned in records.earnings:
        sums[House.COST_PUBLISHERS] += earned.earning.amount_cents


def _standing(records: Records) -> list[Invoice]:
    """Invoices but for those made void."""
    found = (one for one in records.invoices if one.kind is InvoiceKind.INVOICE)
    return [one for one in found if one.state is not InvoiceState.VOID]


def _expect_of_advertisers(records: Records, sums: Counter[str]) -> None:
    for invoice in _standing(records):
        owed = ledger.advertiser_account(AdvertiserAccount.RECEIVABLE, invoice.advertiser_id)
        sums[owed] += invoice.tax_cents - invoice.written_off_cents
        sums[House.SALES_TAX] -= invoice.tax_cents
        sums[House.BAD_DEBT] += invoice.written_off_cents
    for payment in records.payments:
        top_up = payment.kind is PaymentKind.TOP_UP
        parts = {
            AdvertiserAccount.PREPAID: payment.amount_cents if top_up else 0,
            AdvertiserAccount.RECEIVABLE: sum(one.amount_cents for one in payment.applications),
            AdvertiserAccount.UNAPPLIED: payment.unapplied_cents,
        }
        sums[House.CASH_BANK] += payment.amount_cents
        for account, cents in parts.items():
            sums[ledger.advertiser_account(account, payment.advertiser_id)] -= cents


def _expect_of_publishers(records: Records, sums: Counter[str]) -> None:
    sent = {payout.id: payout.state for payout in records.payouts}
    for booked in records.earnings:
        publisher = booked.earning.publisher_id
        account = {
            EarningState.APPROVED: PublisherAccount.APPROVED,
            EarningState.PAYABLE: PublisherAccount.PAYABLE,
        }.get(booked.state)
        if account and booked.document_id not in sent:
            sums[ledger.publisher_account(account, publisher)] -= booked.earning.amount_cents
    for payout in records.payouts:
        on_its_way = ledger.publisher_account(PublisherAccount.IN_TRANSIT, payout.publisher_id)
        settled = payout.state is PayoutState.SETTLED
        sums[House.CASH_BANK if settled else on_its_way] -= payout.amount_cents


def _entries(records: Records) -> Iterator[Difference]:
    """Each entry's legs, and no others, lie in the accounts' histories."""
    lying: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for posting in records.postings:
        lying[posting.entry_id].append((posting.account, posting.amount_cents))
    for entry_id in sorted({*lying, *records.entries}):
        entry = records.entries.get(entry_id)
        said = sorted((leg.account, leg.amount_cents) for leg in entry.legs) if entry else None
        found = sorted(lying[entry_id])
        if said != found:
            yield Difference(
                law=Law.ENTRY, subject=entry_id, expected=_told(said), found=_told(found)
            )


def _approvals(records: Records) -> Iterator[Difference]:
    """Each charge has its approval with its earning, and each approval has its charge."""
    billing = _billing(records)
    earned = {one.earning.call_id: one.earning.amount_cents for one in records.earnings}
    expected: dict[str, str] = {}
    for booked in records.charges:
        call_id = booked.charge.call_id
        paid_by = billing.get(booked.charge.advertiser_id)
        if paid_by is None or call_id not in earned:
            reason = "no earning" if paid_by else f"no advertiser {booked.charge.advertiser_id}"
            yield Difference(law=Law.APPROVAL, subject=call_id, expected="", found=reason)
            continue
        entry = _approval(booked, earned[call_id], paid_by)
        expected[entry.id] = entry.payload_hash
    for entry_id, said in expected.items():
        entry_found = records.entries.get(entry_id)
        found = entry_found.payload_hash if entry_found else "no entry"
        if said != found:
            yield Difference(law=Law.APPROVAL, subject=entry_id, expected=said, found=found)
    for entry_id, entry in records.entries.items():
        if entry.template == "approval" and entry_id not in expected:
            yield Difference(
                law=Law.APPROVAL, subject=entry_id, expected="a charge", found="no charge"
            )


def _funds(records: Records, balances: Mapping[str, int]) -> Iterator[Difference]:
    """What may be spent and what is held follow from the advertiser's accounts."""
    for advertiser in records.advertisers:
        owed = {
            kind: balances.get(ledger.advertiser_account(kind, advertiser.id), 0)
            for kind in AdvertiserAccount
        }
        expected = -owed[AdvertiserAccount.PREPAID]
        if advertiser.billing is Billing.NET:
            expected = advertiser.credit_limit_cents - sum(owed.values())
        funds = records.funds.get(advertiser.id)
        found = funds.available_cents + funds.held_cents if funds else 0
        yield from _compare(Law.FUNDS, advertiser.id, expected, found)


def _invoices(records: Records) -> Iterator[Difference]:
    """Total, lines and charges of a document are one sum; its payments are what it was paid."""
    charged: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for booked in records.charges:
        charged[booked.document_id or ""] += booked.charge.amount_cents
        calls[booked.document_id or ""] += 1
    paid: Counter[str] = Counter()
    for payment in records.payments:
        for part in payment.applications:
            paid[part.invoice_id] += part.amount_cents
    for invoice in records.invoices:
        lines = sum(line.quantity * line.unit_cents for line in invoice.lines)
        quantity = sum(line.quantity for line in invoice.lines)
        yield from _compare(Law.INVOICE, invoice.id, invoice.subtotal_cents, lines)
        yield from _compare(Law.INVOICE, invoice.id, invoice.call_count, quantity)
        if invoice.state is not InvoiceState.VOID:
            cents = invoice.subtotal_cents, charged[invoice.id]
            yield from _compare(Law.INVOICE, invoice.id, *cents)
            yield from _compare(Law.INVOICE, invoice.id, invoice.call_count, calls[invoice.id])
        if invoice.kind is InvoiceKind.INVOICE:
            yield from _compare(Law.PAID, invoice.id, invoice.paid_cents, paid[invoice.id])
        full = invoice.paid_cents == invoice.total_cents
        if full is not (invoice.state is InvoiceState.PAID):
            yield Difference(
                law=Law.PAID, subject=invoice.id, expected=f"paid is {full}", found=invoice.state
            )


def _collections(records: Records) -> Iterator[Difference]:
    """Money that paid an invoice has collected calls or is spare, and only collected calls are
    released."""
    collected: Counter[str] = Counter()
    for booked in records.charges:
        collected[booked.document_id or ""] += booked.charge.amount_cents * booked.charge.collected
    for invoice in records.invoices:
        handed_on = invoice.paid_cents - invoice.spare_cents
        yield from _compare(Law.COLLECTED, invoice.id, handed_on, collected[invoice.id])
    waiting = {one.charge.call_id for one in records.charges if not one.charge.collected}
    for earned in records.earnings:
        call_id = earned.earning.call_id
        if earned.state is EarningState.PAYABLE and call_id in waiting:
            yield Difference(
                law=Law.RELEASED, subject=call_id, expected="collected", found="not collected"
            )


def _payouts(records: Records) -> Iterator[Difference]:
    earned: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for booked in records.earnings:
        earned[booked.document_id or ""] += booked.earning.amount_cents
        calls[booked.document_id or ""] += 1
    for payout in records.payouts:
        yield from _compare(Law.PAYOUT, payout.id, payout.amount_cents, earned[payout.id])
        yield from _compare(Law.PAYOUT, payout.id, payout.call_count, calls[payout.id])


def _billing(records: Records) -> dict[str, Billing]:
    return {advertiser.id: advertiser.billing for advertiser in records.advertisers}


def _compare(law: Law, subject: str, expected: int, found: int) -> Iterator[Difference]:
    if expected != found:
        yield Difference(law=law, subject=subject, expected=str(expected), found=str(found))


def _told(legs: Iterable[tuple[str, int]] | None) -> str:
    if legs is None:
        return "no entry"
    return ", ".join(f"{account} {cents:+d}" for account, cents in legs) or "no legs"
