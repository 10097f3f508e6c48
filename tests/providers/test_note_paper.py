"""The credit note on paper: what is credited, why, on which invoice, and what that does."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.credit_notes import CreditNote
from chalicelib.invoices import InvoiceKind, InvoiceState
from chalicelib.issuer import Issuer
from chalicelib.ledger import AdvertiserAccount
from chalicelib.providers.letterhead import money
from chalicelib.providers.note_paper import printed
from tests.builders import A_BUYER, AN_ISSUER, a_note, an_invoice
from tests.providers.test_paper import IMAGE, a_picture, no_picture

GOLDEN = "22c61140fe9ff83f38bbe6737779bd8af1cb3e73caa7ff30a120aadecac5de31"


def page(note: CreditNote) -> str:
    """The words of its only page."""
    (only,) = pypdfium2.PdfDocument(printed(note, no_picture))
    words: str = only.get_textpage().get_text_range()
    return words


def test_a_note_says_what_is_credited_on_which_invoice_and_why() -> None:
    words = page(a_note())
    for said in (
        "CREDIT NOTE", "CN-000007", "Dec 9, 2026", "On invoice", "INV-000042", "Invoice date",
        "Dec 1, 2026", "Ring & Röder Lead Exchange LLC", "1200 Market Street", "EIN 84-1234567",
        "Łódź Şirketi & Кровля <b>GmbH</b>", "77 Elm St", "PO-2026-11", "USD", "call_1",
        "Roof repair 1", "Nov 10, 2026, 14:55 UTC", "Poor connection", "$25.00", "Subtotal",
        "$10.00", "Sales tax (0.00 %)", "$0.00", "Total credit", "What it does",
        "Taken off what INV-000042 asks for", "$6.00", "Waits for your next invoice", "$4.00",
        "billing@example.com", "Credit note CN-000007", "Page 1 of 1",
    ):  # fmt: skip
        assert said in words, said


def test_a_note_never_says_what_the_publisher_loses_nor_the_operators_note() -> None:
    words = page(a_note())
    for never in ("pub_secret", "6.17", "only ours to see", "laws", "arning"):
        assert never not in words


def test_tax_comes_back_at_the_rate_of_the_invoice() -> None:
    issuer = Issuer(tax_name="Denver sales tax", tax_basis_points=881)
    words = page(a_note(an_invoice(issuer=issuer), tax_cents=88))
    assert "Denver sales tax (8.81 %)" in words
    assert "$0.88" in words
    assert "$10.88" in words


def test_a_note_on_a_statement_tells_of_the_balance() -> None:
    statement = an_invoice(
        kind=InvoiceKind.STATEMENT, state=InvoiceState.PAID, number="ST-000001", due_at=None,
        net_days=None, paid_cents=7_500,
    )  # fmt: skip
    prepaid = AdvertiserAccount.PREPAID
    words = page(a_note(statement, returned_cents=1000, returned_to=prepaid))
    for said in ("On statement", "ST-000001", "Back in your balance"):
        assert said in words, said
    assert "asks for" not in words


def test_a_note_of_whom_nothing_is_said_still_credits_its_call() -> None:
    words = page(a_note(an_invoice(issuer=None, bill_to=None)))
    assert "adv_1" in words
    assert "$10.00" in words


def test_the_logo_of_the_invoice_stands_above_its_note() -> None:
    invoice = an_invoice(issuer=replace(AN_ISSUER, logo_key="logos/1.png"))
    body = printed(a_note(invoice), {"logos/1.png": a_picture((600, 200))}.__getitem__)
    assert [one.type for one in pypdfium2.PdfDocument(body)[0].get_objects()].count(IMAGE) == 1


def test_long_names_and_large_amounts_stay_on_their_page() -> None:
    buyer = replace(A_BUYER, legal_name="W" * 120)
    invoice = an_invoice(bill_to=buyer)
    words = page(a_note(invoice, call_id="call_" + "0" * 26, amount_cents=99_999_999_999))
    assert "$999,999,999.99" in words
    assert "call_" + "0" * 26 in words


@settings(max_examples=20, deadline=None)
@given(amount=st.integers(1, 10**9), tax=st.integers(0, 10**7), share=st.floats(0, 1))
def test_the_printed_amounts_are_the_credits(amount: int, tax: int, share: float) -> None:
    note = a_note(amount_cents=amount, tax_cents=tax, returned_cents=int(share * (amount + tax)))
    words = page(note).replace("\r\n", " ").split()
    found = [word for word in words if word.startswith("$")]
    credit = note.credit
    sums = [credit.amount_cents, credit.amount_cents, credit.tax_cents, credit.total_cents]
    does = [credit.total_cents - credit.returned_cents, credit.returned_cents]
    expected = [2500, *sums, *(cents for cents in does if cents)]
    assert found == [money(cents, "USD") for cents in expected]


@pytest.mark.parametrize(("seed", "zone"), [("1", "UTC"), ("2", "Asia/Tokyo")])
def test_the_same_note_has_the_same_bytes_in_every_process(seed: str, zone: str) -> None:
    program = (
        "import hashlib; from tests.builders import a_note; "
        "from chalicelib.providers.note_paper import printed; "
        "print(hashlib.sha256(printed(a_note(), open)).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": seed, "TZ": zone},
    ).stdout.strip()  # fmt: skip
    assert told == GOLDEN
    paid = an_invoice(state=InvoiceState.PAID, paid_cents=6_500, credited_cents=1000)
    assert hashlib.sha256(printed(a_note(paid), no_picture)).hexdigest() == GOLDEN
