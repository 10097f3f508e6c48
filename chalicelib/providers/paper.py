"""How does an invoice look on paper?

Owns what stands where on its pages. The same invoice gives the same bytes, whoever prints it and
when. What it says belongs to `invoices` and `issuer`, what every document has to `letterhead`,
letters and tables to `sheets`.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.invoices import Invoice, InvoiceKind, Line
from chalicelib.issuer import Issuer
from chalicelib.providers.letterhead import (
    Read,
    bound,
    day,
    gap,
    head,
    money,
    parties,
    seller,
    sums,
    tax_name,
)
from chalicelib.providers.sheets import BLEED, WIDTH, style, text

if TYPE_CHECKING:
    from reportlab.platypus import Flowable


def printed(invoice: Invoice, read: Read) -> bytes:
    """The issued invoice, or statement, on letter paper; `read` fetches its logo by its key."""
    title = "STATEMENT" if invoice.kind is InvoiceKind.STATEMENT else "INVOICE"
    story = [
        head(invoice.issuer or Issuer(), title, read), gap(),
        parties(invoice, _facts(invoice)), gap(),
        _lines(invoice), gap(), *_foot(invoice),
    ]  # fmt: skip
    return bound(story, name=f"{title.capitalize()} {invoice.number}", author=seller(invoice))


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    last = invoice.period.end - timedelta(microseconds=1)
    order = invoice.bill_to.purchase_order if invoice.bill_to else None
    return [
        ("Number", str(invoice.number)),
        ("Issued", day(invoice.issued_at)),
        ("Service period", f"{day(invoice.period.start)} – {day(last)}"),
        ("Due", day(invoice.due_at)),
        ("Terms", "" if invoice.net_days is None else f"Net {invoice.net_days} days"),
        ("Your order", order or ""),
        ("Currency", invoice.currency),
    ]


def _lines(invoice: Invoice) -> "Flowable":
    """What is billed; the head of the table comes again on every page."""
    from reportlab.platypus import LongTable

    heads = [text(word, grey=True, right=at > 0) for at, word in enumerate(_HEADS)]
    rows = [_row(line, invoice.currency) for line in invoice.lines]
    shares = (0.5, 0.16, 0.12, 0.22)
    widths = [share * (WIDTH + 2 * BLEED) for share in shares]
    lines = LongTable([heads, *rows], colWidths=widths, repeatRows=1)
    lines.setStyle(style(ruled=bool(rows)))
    return lines


_HEADS = ("Qualified calls of campaign", "Rate", "Calls", "Amount")


def _row(line: Line, currency: str) -> "list[Flowable | str]":
    return [
        text(f"Credits: {line.printed_name}" if line.gives_back else line.printed_name),
        text(money(line.unit_cents, currency), right=True),
        text(f"{line.quantity:,}", right=True),
        text(money(line.amount_cents, currency), right=True),
    ]


def _foot(invoice: Invoice) -> "list[Flowable]":
    """The sums, which stay together, where to pay, and what to do when something is wrong."""
    from reportlab.platypus import KeepTogether

    issuer = invoice.issuer or Issuer()
    totals = sums(_sums(invoice), invoice.currency)
    pay = [text("Pay to", grey=True), *(text(one) for one in issuer.remit_to)]
    parts = [totals, gap(), *(pay if issuer.remit_to and _due(invoice) else []), gap()]
    return [KeepTogether([*parts, *(text(one) for one in _notes(invoice, issuer))])]


def _sums(invoice: Invoice) -> list[tuple[str, int]]:
    said = [
        ("Subtotal", invoice.subtotal_cents),
        (tax_name(invoice.issuer or Issuer()), invoice.tax_cents),
        ("Total", invoice.total_cents),
    ]
    if invoice.kind is InvoiceKind.STATEMENT:
        said.append(("Paid from your balance", -invoice.total_cents))
    return [*said, ("Amount due", _due(invoice))]


def _due(invoice: Invoice) -> int:
    """What was to be paid on the day of issue; money that came later changes no document."""
    return 0 if invoice.kind is InvoiceKind.STATEMENT else invoice.total_cents


def _notes(invoice: Invoice, issuer: Issuer) -> list[str]:
    calls = f"{invoice.call_count:,} call{'' if invoice.call_count == 1 else 's'}"
    said = [f"The table of the {calls} behind this document is {invoice.number}-calls.csv."]
    if issuer.dispute_contact and invoice.issued_at:
        until = day(invoice.issued_at + timedelta(days=issuer.dispute_days))
        said.append(f"If a charge is wrong, tell {issuer.dispute_contact} by {until}.")
    return said
