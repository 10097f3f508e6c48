"""How does every document of the issuer begin, and in which words does it tell amounts and days?

Owns what invoices, credit notes and statements of payouts have in common: the file, the head with
the logo, whom it is made out to beside the facts, and the sums. What else stands on each belongs to
`paper`, `note_paper` and `statement_paper`.
"""

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.invoices import Invoice
from chalicelib.issuer import Issuer
from chalicelib.providers.sheets import (
    INCH,
    MARGIN,
    PAGE,
    ROOM,
    columns,
    numbered,
    pair,
    picture,
    table,
    text,
)

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

CONTENT_TYPE = "application/pdf"
Read = Callable[[str], bytes]


def bound(story: "Sequence[Flowable]", *, name: str, author: str) -> bytes:
    """The pages as a file that is the same whenever it is made."""
    from reportlab.platypus import SimpleDocTemplate

    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=PAGE, leftMargin=MARGIN - ROOM, rightMargin=MARGIN - ROOM,
        topMargin=MARGIN, bottomMargin=MARGIN, title=name, author=author,
        creator="RingLedger", invariant=1, pageCompression=0, lang="en",
    )  # fmt: skip
    document.build(list(story), canvasmaker=numbered(name))
    return target.getvalue()


def gap(inches: float = 0.22) -> "Flowable":
    """Room between two parts."""
    from reportlab.platypus import Spacer

    return Spacer(1, inches * INCH)


def head(issuer: Issuer, title: str, read: Read) -> "Flowable":
    """Who issues it, with the logo, and which document this is; `read` fetches the logo by its
    key."""
    address = issuer.address.lines if issuer.address else ()
    tax_id = [f"EIN {issuer.tax_id}"] if issuer.tax_id else []
    logo = [picture(read(issuer.logo_key)), gap(0.1)] if issuer.logo_key else []
    lines: list[Flowable] = [
        *logo,
        text(issuer.legal_name or "", bold=True, size=11),
        *(text(one) for one in (*address, *tax_id)),
    ]
    return columns([lines, [text(title, bold=True, size=22, right=True)]], (0.6, 0.4))


def parties(invoice: Invoice, facts: Sequence[tuple[str, str]]) -> "Flowable":
    """Who is billed, and the facts of the document that have something to say."""
    buyer = invoice.bill_to
    name = buyer.legal_name if buyer else invoice.advertiser_id
    address = buyer.address.lines if buyer and buyer.address else ()
    return made_out("Bill to", (name, *address), facts)


def made_out(word: str, to: Sequence[str], facts: Sequence[tuple[str, str]]) -> "Flowable":
    """Whom it is made out to, the name first, and the facts that have something to say."""
    name, *address = to
    named = [text(word, grey=True), text(name, bold=True), *(text(one) for one in address)]
    said = [pair(fact, value) for fact, value in facts if value]
    return columns([named, [], [table(said, (0.42, 0.58), of=0.5)]], (0.47, 0.03, 0.5))


def sums(rows: Sequence[tuple[str, int]], currency: str) -> "Flowable":
    """Amounts below one another on the right; the last is what it comes to."""
    said = [pair(word, money(cents, currency), right=True) for word, cents in rows]
    word, cents = rows[-1]
    said[-1] = pair(word, money(cents, currency), right=True, bold=True)
    return columns([[], [table(said, (0.55, 0.45), of=0.5)]], (0.5, 0.5))


def tax_name(issuer: Issuer) -> str:
    """The tax with its rate."""
    percent = f"{issuer.tax_basis_points // 100}.{issuer.tax_basis_points % 100:02d}"
    return f"{issuer.tax_name} ({percent} %)"


def seller(invoice: Invoice) -> str:
    """Who bills, by name."""
    return (invoice.issuer.legal_name if invoice.issuer else None) or ""


def money(cents: int, currency: str) -> str:
    """An amount as it is printed, such as $1,234.50 or EUR 1,234.50."""
    sign = "$" if currency == "USD" else f"{currency} "
    return f"{'-' if cents < 0 else ''}{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def day(moment: datetime | None) -> str:
    """A day as it is printed, in UTC, such as Dec 1, 2026."""
    return f"{moment:%b} {moment.day}, {moment.year}" if moment else ""
