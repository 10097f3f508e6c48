"""How does a credit note look on paper?

Owns what stands where on its page. The same note gives the same bytes, whoever prints it and when.
What it says belongs to `credit_notes`, what every document has to `letterhead`, letters and tables
to `sheets`.
"""

from typing import TYPE_CHECKING

from chalicelib.credit_notes import CreditNote, effects
from chalicelib.invoices import InvoiceKind
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
from chalicelib.providers.sheets import BLEED, WIDTH, pair, style, table, text

if TYPE_CHECKING:
    from reportlab.platypus import Flowable


def printed(note: CreditNote, read: Read) -> bytes:
    """The credit note on letter paper; `read` fetches the logo by its key."""
    invoice, currency = note.invoice, note.credit.currency
    story = [
        head(invoice.issuer or Issuer(), "CREDIT NOTE", read), gap(),
        parties(invoice, _facts(note)), gap(),
        _lines(note), gap(), sums(_sums(note), currency), gap(),
        text("What it does", grey=True), _effects(note), gap(),
        *(text(one) for one in _notes(note)),
    ]  # fmt: skip
    return bound(story, name=f"Credit note {note.number}", author=seller(invoice))


def _facts(note: CreditNote) -> list[tuple[str, str]]:
    invoice = note.invoice
    word = "statement" if invoice.kind is InvoiceKind.STATEMENT else "invoice"
    order = invoice.bill_to.purchase_order if invoice.bill_to else None
    return [
        ("Number", note.number),
        ("Issued", day(note.credit.booked_at)),
        (f"On {word}", str(invoice.number)),
        (f"{word.capitalize()} date", day(invoice.issued_at)),
        ("Your order", order or ""),
        ("Currency", note.credit.currency),
    ]


_HEADS = ("Call", "Reason", "Charged", "Credited")


def _lines(note: CreditNote) -> "Flowable":
    """What is credited: the call as its table on the invoice names it, and why."""
    from reportlab.platypus import Table

    currency, came = note.credit.currency, note.arrived_at
    heads = [text(word, grey=True, right=at > 1) for at, word in enumerate(_HEADS)]
    call = [
        text(note.credit.call_id),
        text(note.campaign, grey=True),
        text(f"{day(came)}, {came:%H:%M} UTC", grey=True),
    ]
    row = [
        call,
        text(note.reason),
        text(money(note.charged_cents, currency), right=True),
        text(money(note.credit.amount_cents, currency), right=True),
    ]
    widths = [share * (WIDTH + 2 * BLEED) for share in (0.46, 0.2, 0.17, 0.17)]
    lines = Table([heads, row], colWidths=widths)
    lines.setStyle(style(ruled=True))
    return lines


def _sums(note: CreditNote) -> list[tuple[str, int]]:
    credit = note.credit
    return [
        ("Subtotal", credit.amount_cents),
        (tax_name(note.invoice.issuer or Issuer()), credit.tax_cents),
        ("Total credit", credit.total_cents),
    ]


def _effects(note: CreditNote) -> "Flowable":
    currency = note.credit.currency
    rows = [pair(words, money(cents, currency), right=True) for words, cents in effects(note)]
    return table(rows, (0.7, 0.3), of=0.55)


def _notes(note: CreditNote) -> list[str]:
    contact = note.invoice.issuer.dispute_contact if note.invoice.issuer else None
    return [f"Questions go to {contact}."] if contact else []
