"""A credit note says what its entry books, to the cent, and what that means to the advertiser."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import credits
from chalicelib.credit_notes import CreditNote, effects
from chalicelib.credits import CreditReason
from chalicelib.invoices import InvoiceKind, InvoiceState
from chalicelib.ledger import AdvertiserAccount
from tests.builders import a_note, an_invoice
from tests.core.test_credits import a_charge, a_wish, decided, legs
from tests.core.test_credits import an_invoice as a_booked_invoice

PREPAID, UNAPPLIED = AdvertiserAccount.PREPAID, AdvertiserAccount.UNAPPLIED


@pytest.mark.parametrize(
    ("returned", "to", "expected"),
    [
        (0, UNAPPLIED, [("Taken off what INV-000042 asks for", 1000)]),
        (1000, UNAPPLIED, [("Waits for your next invoice", 1000)]),
        (1000, PREPAID, [("Back in your balance", 1000)]),
        (
            400,
            UNAPPLIED,
            [("Taken off what INV-000042 asks for", 600), ("Waits for your next invoice", 400)],
        ),
    ],
)
def test_a_note_tells_what_it_does_with_its_total(
    returned: int, to: AdvertiserAccount, expected: list[tuple[str, int]]
) -> None:
    assert list(effects(a_note(returned_cents=returned, returned_to=to))) == expected


@pytest.mark.parametrize("reason", CreditReason)
def test_every_reason_is_said_in_words(reason: CreditReason) -> None:
    said = a_note(reason=reason).reason
    assert said[0].isupper()
    assert "_" not in said


def test_the_campaign_is_named_as_on_the_invoice() -> None:
    assert a_note().campaign == "Roof repair 1"
    assert a_note(campaign_id="cmp_gone").campaign == "cmp_gone"


@given(
    rates=st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
    tax=st.integers(0, 2_000),
    paid=st.integers(0, 30_000),
    cents=st.integers(1, 5_000),
    prepaid=st.booleans(),
)
def test_lines_and_tax_of_a_note_are_its_total_and_its_entry(
    rates: list[int], tax: int, paid: int, cents: int, prepaid: bool
) -> None:
    total = sum(rates) + (0 if prepaid else tax)
    document = a_booked_invoice(
        kind=InvoiceKind.STATEMENT if prepaid else InvoiceKind.INVOICE,
        total_cents=total, tax_cents=0 if prepaid else tax,
        paid_cents=total if prepaid else min(paid, total),
        state=InvoiceState.PAID if prepaid or paid >= total else InvoiceState.OPEN,
    )  # fmt: skip
    wish, charge = a_wish(min(cents, rates[0])), a_charge(amount_cents=rates[0], collected=prepaid)
    credit = replace(decided(wish, charge, document), number="CN-000001")
    note = CreditNote(
        credit=credit, invoice=document, arrived_at=charge.arrived_at, charged_cents=rates[0]
    )
    moved = legs(credit)
    assert credit.amount_cents == moved["revenue:credit_notes"]
    assert credit.tax_cents == moved.get("tax:sales", 0)
    advertisers = -sum(cents for account, cents in moved.items() if account.endswith(":adv_1"))
    assert credit.amount_cents + credit.tax_cents == credit.total_cents == advertisers
    assert sum(cents for _, cents in effects(note)) == credit.total_cents
    handed_back = credits.handed_back(credit)
    assert dict(effects(note)).get("Waits for your next invoice", 0) == (
        handed_back.amount_cents if handed_back else 0
    )


def test_a_note_lies_under_a_key_of_its_own() -> None:
    assert a_note().place(".pdf") == "credits/adv_1/crd_1/CN-000007.pdf"
    assert a_note(an_invoice(paid_cents=7_500)).place(".xml").endswith("/CN-000007.xml")
