"""The invoice on paper: every number on it, on as many pages as it takes, the same each time."""

import hashlib
import io
import subprocess
import sys

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chalicelib.invoices import Invoice, InvoiceKind, InvoiceState
from chalicelib.issuer import Issuer
from chalicelib.providers.letterhead import money
from chalicelib.providers.paper import printed
from chalicelib.providers.sheets import MOST_PICTURE_BYTES, fault_of_picture
from tests.builders import an_invoice

IMAGE = pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
GOLDEN = "fd8e9a619c43eefdc87223365db40847ff5152b9093d418a0c5cb2bea9d4018b"


def no_picture(key: str) -> bytes:
    raise KeyError(key)


def pages(invoice: Invoice) -> list[str]:
    """The words of every page."""
    document = pypdfium2.PdfDocument(printed(invoice, no_picture))
    return [page.get_textpage().get_text_range() for page in document]


def a_picture(size: tuple[int, int] = (60, 20), mode: str = "RGBA") -> bytes:
    kept = io.BytesIO()
    Image.new(mode, size).save(kept, "PNG")
    return kept.getvalue()


def test_an_invoice_says_who_owes_whom_what_for_which_calls_until_when() -> None:
    (page,) = pages(an_invoice([(2500, 3), (1999, 2)]))
    for said in (
        "INVOICE", "INV-000042", "Ring & Röder Lead Exchange LLC", "1200 Market Street",
        "Denver, CO 80202", "EIN 84-1234567", "Łódź Şirketi & Кровля <b>GmbH</b>", "77 Elm St",
        "Boulder, CO 80301", "PO-2026-11", "Dec 1, 2026", "Nov 1, 2026 – Nov 30, 2026",
        "Dec 31, 2026", "Net 30 days", "USD", "Roof repair 1", "$25.00", "$75.00", "$39.98",
        "Subtotal", "$114.98", "Sales tax (0.00 %)", "$0.00", "Amount due",
        "First National Bank of Denver", "ABA 021000021, account 000123456789",
        "INV-000042-calls.csv", "5 calls", "billing@example.com by Dec 11, 2026", "Page 1 of 1",
    ):  # fmt: skip
        assert said in page, said


def test_tax_is_a_line_of_its_own_and_part_of_what_is_due() -> None:
    issuer = Issuer(tax_name="Denver sales tax", tax_basis_points=881)
    (page,) = pages(an_invoice([(10_000, 1)], issuer=issuer, tax_cents=881))
    assert "Denver sales tax (8.81 %)" in page
    assert page.count("$108.81") == 2


def test_credits_from_before_stand_beside_the_calls_they_give_back() -> None:
    (page,) = pages(an_invoice([(-2550, 1), (5100, 2)], call_count=2))
    for said in ("Credits: Roof repair 1", "-$25.50", "Roof repair 2", "$102.00", "$76.50"):
        assert said in page, said


def test_a_statement_tells_what_the_balance_has_paid_and_asks_for_nothing() -> None:
    statement = an_invoice(
        kind=InvoiceKind.STATEMENT, state=InvoiceState.PAID, number="ST-000001", due_at=None,
        net_days=None, paid_cents=7_500,
    )  # fmt: skip
    (page,) = pages(statement)
    assert "STATEMENT" in page
    assert "Paid from your balance" in page
    assert "-$75.00" in page
    for never in ("Due", "Net ", "Pay to", "First National"):
        assert never not in page


def test_an_invoice_of_whom_nothing_is_said_still_asks_for_its_money() -> None:
    (page,) = pages(an_invoice(issuer=None, bill_to=None))
    assert "adv_1" in page
    assert "$75.00" in page


def test_five_hundred_lines_have_heads_numbers_and_totals_on_their_pages() -> None:
    rates = [(1000 + n, 1 + n % 9) for n in range(500)]
    invoice = an_invoice(rates)
    found = pages(invoice)
    assert len(found) > 10
    for number, page in enumerate(found, start=1):
        assert f"Page {number} of {len(found)}" in page
        assert "Qualified calls of campaign" in page, "the head of the table comes again"
    assert "Amount due" in found[-1]
    assert money(invoice.total_cents, "USD") in found[-1]
    whole = "\n".join(found)
    for n in range(1, 501):
        assert f"Roof repair {n}\r\n" in whole or f"Roof repair {n} " in whole


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5)), min_size=1, max_size=60))
def test_the_amounts_of_the_printed_lines_sum_up_to_the_invoice(
    rates: list[tuple[int, int]],
) -> None:
    invoice = an_invoice(rates)
    words = " ".join(pages(invoice)).replace("\r\n", " ").split()
    amounts = [
        int(word[1:].replace(",", "").replace(".", ""))
        for word in words
        if word.startswith("$") and word[-3] == "."
    ]
    # Each line prints its rate and its amount, then come subtotal, tax, total and what is due.
    lines, sums = amounts[:-4], amounts[-4:]
    assert lines[1::2] == [line.amount_cents for line in invoice.lines]
    assert sum(lines[1::2]) == sums[0] == sums[2] == sums[3] == invoice.total_cents


def test_the_same_invoice_has_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib; from tests.builders import an_invoice; "
        "from chalicelib.providers.paper import printed; "
        "print(hashlib.sha256(printed(an_invoice([(2500, 3), (1999, 1)]), open)).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert told == {GOLDEN}
    again = printed(an_invoice([(2500, 3), (1999, 1)]), no_picture)
    assert hashlib.sha256(again).hexdigest() == GOLDEN


def test_a_logo_stands_above_the_invoice_on_white() -> None:
    issuer = Issuer(legal_name="Ring", logo_key="logos/1.png")
    invoice = an_invoice(issuer=issuer)
    kept = {"logos/1.png": a_picture((600, 200))}
    body = printed(invoice, kept.__getitem__)
    page = pypdfium2.PdfDocument(body)[0]
    (shown,) = [one for one in page.get_objects() if one.type == IMAGE]
    left, bottom, right, top = shown.get_bounds()
    assert round((right - left) / (top - bottom), 2) == 3.0, "its shape stays"
    assert round(right - left) <= 2.2 * 72


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_a_logo(mode: str) -> None:
    picture = a_picture(mode=mode)
    assert fault_of_picture(picture) is None
    issuer = Issuer(logo_key="logo")
    assert printed(an_invoice(issuer=issuer), lambda _: picture).startswith(b"%PDF")


def test_what_cannot_be_printed_is_no_logo() -> None:
    whole = a_picture()
    jpeg = io.BytesIO()
    Image.new("RGB", (10, 10)).save(jpeg, "JPEG")
    told = [
        (b"", "whole PNG"), (whole[:-30], "whole PNG"), (jpeg.getvalue(), "whole PNG"),
        (b"<svg/>", "whole PNG"), (a_picture((2001, 1)), "2000 pixels"),
        (whole + bytes(MOST_PICTURE_BYTES), "bytes"),
    ]  # fmt: skip
    for body, words in told:
        assert words in (fault_of_picture(body) or ""), words


@pytest.mark.parametrize(
    ("cents", "currency", "shown"),
    [(0, "USD", "$0.00"), (5, "USD", "$0.05"), (123_456_789, "USD", "$1,234,567.89"),
     (-250, "USD", "-$2.50"), (100, "CAD", "CAD 1.00")],
)  # fmt: skip
def test_an_amount_is_printed_with_its_currency(cents: int, currency: str, shown: str) -> None:
    assert money(cents, currency) == shown
