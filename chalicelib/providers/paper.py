"""How does an invoice look on paper?

Owns what stands where on its pages. The same invoice gives the same bytes, whoever prints it and
when. What it says belongs to `invoices` and `issuer`, letters and tables to `sheets`.
"""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.invoices import Invoice, InvoiceKind, Line
from chalicelib.issuer import Issuer
from chalicelib.providers.sheets import (
    BLEED,
    INCH,
    MARGIN,
    PAGE,
    ROOM,
    WIDTH,
    columns,
    letters,
    numbered,
    pair,
    picture,
    style,
    table,
    text,
)

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

CONTENT_TYPE = "application/pdf"
Read = Callable[[str], bytes]


def printed(invoice: Invoice, read: Read) -> bytes:
    """The issued invoice, or statement, on letter paper; `read` fetches its logo by its key."""
    from reportlab.platypus import SimpleDocTemplate

    letters()
    target = io.BytesIO()
    name = f"{_title(invoice).capitalize()} {invoice.number}"
    document = SimpleDocTemplate(
        target, pagesize=PAGE, leftMargin=MARGIN - ROOM, rightMargin=MARGIN - ROOM,
        topMargin=MARGIN, bottomMargin=MARGIN, title=name, author=_seller(invoice),
        creator="RingLedger", invariant=1, pageCompression=0, lang="en",
    )  # fmt: skip
    document.build(_story(invoice, read), canvasmaker=numbered(name))
    return target.getvalue()


def money(cents: int, currency: str) -> str:
    """An amount as it is printed, such as $1,234.50 or EUR 1,234.50."""
    sign = "$" if currency == "USD" else f"{currency} "
    return f"{'-' if cents < 0 else ''}{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def _story(invoice: Invoice, read: Read) -> "list[Flowable]":
    from reportlab.platypus import Spacer

    gap = Spacer(1, 0.22 * INCH)
    return [
        _head(invoice, read), gap, _parties(invoice), gap, _lines(invoice), gap, *_foot(invoice),
    ]  # fmt: skip


def _head(invoice: Invoice, read: Read) -> "Flowable":
    """Who bills, with the logo, and which document this is."""
    from reportlab.platypus import Spacer

    issuer, gap = invoice.issuer or Issuer(), Spacer(1, 0.1 * INCH)
    address = issuer.address.lines if issuer.address else ()
    tax_id = [f"EIN {issuer.tax_id}"] if issuer.tax_id else []
    seller: list[Flowable] = [
        *([picture(read(issuer.logo_key)), gap] if issuer.logo_key else []),
        text(_seller(invoice), bold=True, size=11),
        *(text(one) for one in (*address, *tax_id)),
    ]
    return columns([seller, [text(_title(invoice), bold=True, size=22, right=True)]], (0.6, 0.4))


def _parties(invoice: Invoice) -> "Flowable":
    """Whom it is made out to, and the facts of the document."""
    buyer = invoice.bill_to
    name = buyer.legal_name if buyer else invoice.advertiser_id
    address = buyer.address.lines if buyer and buyer.address else ()
    billed = [
        text("Bill to", grey=True), text(name, bold=True),
        *(text(one) for one in address),
    ]  # fmt: skip
    facts = [pair(word, said) for word, said in _facts(invoice)]
    return columns([billed, [table(facts, (0.42, 0.58), of=0.5)]], (0.5, 0.5))


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    last = invoice.period.end - timedelta(days=1)
    order = invoice.bill_to.purchase_order if invoice.bill_to else None
    said = [
        ("Number", str(invoice.number)),
        ("Issued", _day(invoice.issued_at)),
        ("Service period", f"{_day(invoice.period.start)} – {_day(last)}"),
        ("Due", _day(invoice.due_at)),
        ("Terms", "" if invoice.net_days is None else f"Net {invoice.net_days} days"),
        ("Your order", order or ""),
        ("Currency", invoice.currency),
    ]
    return [(word, value) for word, value in said if value]


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
    from reportlab.platypus import KeepTogether, Spacer

    issuer = invoice.issuer or Issuer()
    sums = [
        pair(word, money(cents, invoice.currency), right=True) for word, cents in _sums(invoice)
    ]
    sums[-1] = pair(_DUE, money(_due(invoice), invoice.currency), right=True, bold=True)
    totals = columns([[], [table(sums, (0.55, 0.45), of=0.5)]], (0.5, 0.5))
    gap = Spacer(1, 0.22 * INCH)
    pay = [text("Pay to", grey=True), *(text(one) for one in issuer.remit_to)]
    parts = [totals, gap, *(pay if issuer.remit_to and _due(invoice) else []), gap]
    return [KeepTogether([*parts, *(text(one) for one in _notes(invoice, issuer))])]


_DUE = "Amount due"


def _sums(invoice: Invoice) -> list[tuple[str, int]]:
    issuer = invoice.issuer or Issuer()
    percent = f"{issuer.tax_basis_points // 100}.{issuer.tax_basis_points % 100:02d}"
    said = [
        ("Subtotal", invoice.subtotal_cents),
        (f"{issuer.tax_name} ({percent} %)", invoice.tax_cents),
        ("Total", invoice.total_cents),
    ]
    if invoice.kind is InvoiceKind.STATEMENT:
        said.append(("Paid from your balance", -invoice.total_cents))
    return [*said, (_DUE, _due(invoice))]


def _due(invoice: Invoice) -> int:
    """What was to be paid on the day of issue; money that came later changes no document."""
    return 0 if invoice.kind is InvoiceKind.STATEMENT else invoice.total_cents


def _notes(invoice: Invoice, issuer: Issuer) -> list[str]:
    calls = f"{invoice.call_count:,} call{'' if invoice.call_count == 1 else 's'}"
    said = [f"The table of the {calls} behind this document is {invoice.number}-calls.csv."]
    if issuer.dispute_contact and invoice.issued_at:
        until = _day(invoice.issued_at + timedelta(days=issuer.dispute_days))
        said.append(f"If a charge is wrong, tell {issuer.dispute_contact} by {until}.")
    return said


def _title(invoice: Invoice) -> str:
    return "STATEMENT" if invoice.kind is InvoiceKind.STATEMENT else "INVOICE"


def _seller(invoice: Invoice) -> str:
    return (invoice.issuer.legal_name if invoice.issuer else None) or ""


def _day(moment: datetime | None) -> str:
    return f"{moment:%b} {moment.day}, {moment.year}" if moment else ""
