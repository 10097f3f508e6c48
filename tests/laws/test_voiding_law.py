"""Wherever making an invoice void dies, its calls are billed again exactly once."""

import pytest

from chalicelib.invoices import InvoiceState
from chalicelib.store.books import CHARGES
from tests.flows.office import Office, every_crash
from tests.flows.test_voiding import closed, numbered


@pytest.mark.parametrize("calls", [3, 200])
def test_wherever_voiding_dies_each_call_is_billed_again_exactly_once(calls: int) -> None:
    def act(office: Office) -> None:
        office.voids(office.invoices[0].id)

    died = every_crash(lambda: closed(calls), act)
    assert len(died) >= 3
    for office in died:
        assert office.audits().clean, office.audits().differences
        again = [one for one in office.invoices if one.state is InvoiceState.VOID]
        if not again:
            office.voids(office.invoices[0].id)
        office.closes()
        first, second = numbered(office)
        assert (first.state, second.state) == (InvoiceState.VOID, InvoiceState.OPEN)
        billed = office.stores.books.each_of(CHARGES, second.id)
        assert sorted(one.charge.call_id for one in billed) == sorted(
            f"call_{n:03d}" for n in range(calls)
        )
        assert list(office.stores.books.each_of(CHARGES, first.id)) == []
        assert office.audits().clean
