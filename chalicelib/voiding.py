"""How does an invoice end that nobody pays?

Owns when an invoice may be made void or be written off, and the entries of both. What it asked for
belongs to `invoices`; bringing its charges back to be billed again, to the store.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.invoices import Invoice, InvoiceKind, InvoiceState
from chalicelib.ledger import (
    AdvertiserAccount,
    Entry,
    House,
    Leg,
    advertiser_account,
    invoice_issued,
)


def issued_entry(invoice: Invoice) -> Entry:
    """The entry that gave the invoice its place in the books."""
    return invoice_issued(
        invoice_id=invoice.id,
        number=str(invoice.number),
        advertiser_id=invoice.advertiser_id,
        total_cents=invoice.total_cents,
        tax_cents=invoice.tax_cents,
        currency=invoice.currency,
        now=invoice.issued_at or invoice.period.end,
    )


def voided(invoice: Invoice, now: datetime) -> Invoice:
    """The invoice made void; it keeps its number, its lines and its charges' sum.

    Conflict unless it is open, nothing has paid it, and no credit note refers to it.
    """
    _confirm_open(invoice, "made void")
    if invoice.paid_cents:
        detail = f"{invoice.number} has been paid in part, and can be written off instead"
        raise Conflict(detail, code="invoice_paid_in_part")
    if invoice.credited_cents:
        detail = f"{invoice.number} has credit notes, and can be credited call by call instead"
        raise Conflict(detail, code="invoice_credited")
    if invoice.spare_cents:
        detail = f"{invoice.number} has calls whose earnings were released before a chargeback"
        raise Conflict(detail, code="invoice_has_collected")
    return replace(invoice, state=InvoiceState.VOID, ended_at=now)


def written_off(invoice: Invoice, now: datetime) -> Invoice:
    """The invoice of which the rest will never be paid; Conflict unless it is open."""
    _confirm_open(invoice, "written off")
    return replace(invoice, state=InvoiceState.UNCOLLECTIBLE, ended_at=now)


def voiding_entry(invoice: Invoice, now: datetime) -> Entry:
    """What issuing the invoice has moved goes back, leg by leg."""
    issued = issued_entry(invoice)
    return Entry(
        key=f"void:{invoice.number}",
        template="invoice_voided",
        currency=issued.currency,
        booked_at=now,
        legs=tuple(replace(leg, amount_cents=-leg.amount_cents) for leg in issued.legs),
        refs=issued.refs,
    )


def write_off_entry(invoice: Invoice, now: datetime) -> Entry:
    """What the open invoice still asks for will not come in."""
    owner, cents = invoice.advertiser_id, invoice.owed_cents
    return Entry(
        key=f"wo:{invoice.id}",
        template="write_off",
        currency=invoice.currency,
        booked_at=now,
        legs=(
            Leg(account=House.BAD_DEBT, amount_cents=cents),
            Leg(
                account=advertiser_account(AdvertiserAccount.RECEIVABLE, owner), amount_cents=-cents
            ),
        ),
        refs={"invoice_id": invoice.id},
    )


def _confirm_open(invoice: Invoice, what: str) -> None:
    if invoice.kind is not InvoiceKind.INVOICE or invoice.state is not InvoiceState.OPEN:
        detail = f"{invoice.number} is {invoice.state}; only an open invoice can be {what}"
        raise Conflict(detail, code="invoice_not_open")
