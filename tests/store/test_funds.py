"""What an advertiser may spend, and what is held of it, never contradict each other."""

import pytest

from chalicelib.errors import NotFound
from chalicelib.store.holds import funds_change
from chalicelib.store.rows import NotWritten, Rows
from tests.flows.office import PREPAID, Office


def test_a_hold_cannot_end_that_is_not_held(exact_rows: Rows) -> None:
    office = Office(rows=exact_rows).opens()
    exact_rows.write([funds_change("adv_net", taken=2500)])
    with pytest.raises(NotWritten):
        exact_rows.write([funds_change("adv_net", released=2501)])
    exact_rows.write([funds_change("adv_net", released=2500, charged=1000)])
    assert office.funds() == (999_000, 0)


def test_no_more_is_held_than_is_available(exact_rows: Rows) -> None:
    office = Office(rows=exact_rows).opens()
    office.receives("topup-1", 2500, PREPAID)
    exact_rows.write([funds_change("adv_pre", taken=2500)])
    with pytest.raises(NotWritten):
        exact_rows.write([funds_change("adv_pre", taken=1)])
    assert office.funds(PREPAID) == (0, 2500)


def test_funds_that_were_never_opened_are_not_found(exact_rows: Rows) -> None:
    with pytest.raises(NotFound):
        Office(rows=exact_rows).stores.books.funds("adv_unknown")
