"""How an invoice ends that nobody pays."""

from dataclasses import replace

import pytest

from chalicelib import voiding
from chalicelib.errors import Conflict
from chalicelib.invoices import InvoiceKind, InvoiceState
from chalicelib.ledger import balances
from tests.builders import NOW, an_invoice

TAXED = an_invoice([(2500, 4)], tax_cents=800)


def test_a_void_invoice_keeps_its_number_and_asks_for_nothing() -> None:
    void = voiding.voided(TAXED, NOW)
    assert (void.number, void.state, void.owed_cents) == ("INV-000042", InvoiceState.VOID, 0)
    assert (void.lines, void.total_cents, void.written_off_cents) == (TAXED.lines, 10_800, 0)


def test_what_issuing_has_moved_goes_back_with_the_tax() -> None:
    issued, back = voiding.issued_entry(TAXED), voiding.voiding_entry(TAXED, NOW)
    assert balances(issued.legs) == {
        "ar:adv_1": 10_800, "unbilled:adv_1": -10_000, "tax:sales": -800,
    }  # fmt: skip
    assert set(balances([*issued.legs, *back.legs]).values()) == {0}
    assert (back.key, back.booked_at) == ("void:INV-000042", NOW)


def test_the_rest_of_an_invoice_is_written_off() -> None:
    partly = replace(TAXED, paid_cents=3_000)
    lost = voiding.written_off(partly, NOW)
    assert (lost.state, lost.owed_cents, lost.written_off_cents) == (
        InvoiceState.UNCOLLECTIBLE, 0, 7_800,
    )  # fmt: skip
    entry = voiding.write_off_entry(partly, NOW)
    assert entry.key == "wo:inv_1"
    assert balances(entry.legs) == {"expense:bad_debt": 7_800, "ar:adv_1": -7_800}


@pytest.mark.parametrize(
    "state", [InvoiceState.PAID, InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE, InvoiceState.DRAFT]
)
def test_only_an_open_invoice_can_end_unpaid(state: InvoiceState) -> None:
    for end in (voiding.voided, voiding.written_off):
        with pytest.raises(Conflict) as refused:
            end(replace(TAXED, state=state), NOW)
        assert refused.value.code == "invoice_not_open"


def test_a_statement_cannot_end_unpaid() -> None:
    with pytest.raises(Conflict):
        voiding.voided(replace(TAXED, kind=InvoiceKind.STATEMENT), NOW)


def test_an_invoice_that_was_paid_in_part_cannot_be_made_void() -> None:
    with pytest.raises(Conflict) as refused:
        voiding.voided(replace(TAXED, paid_cents=1), NOW)
    assert refused.value.code == "invoice_paid_in_part"
