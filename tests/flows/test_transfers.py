"""The operator's own money, moved to where publishers are paid from."""

import pytest

from chalicelib.errors import Conflict
from chalicelib.store.books import TRANSFERS
from chalicelib.transfers import Cash
from tests.flows.office import Office, every_crash


def test_what_is_moved_is_in_the_other_account() -> None:
    office = Office().opens()
    office.transfers(5_000)
    office.transfers(1_200, "back-1", Cash.PAYPAL)
    report = office.audits()
    assert report.clean
    assert (report.accounts["cash:bank"], report.accounts["cash:paypal"]) == (-3_800, 3_800)


def test_a_reference_moves_money_once() -> None:
    office = Office().opens()
    first = office.transfers(5_000)
    assert office.later(days=1).transfers(5_000) == first
    assert office.all(TRANSFERS) == (first,)


def test_a_reference_that_comes_again_with_something_else_is_a_conflict() -> None:
    office = Office().opens()
    office.transfers(5_000)
    with pytest.raises(Conflict) as differs:
        office.transfers(5_001)
    assert differs.value.code == "transfer_differs"


def test_a_transfer_over_which_a_process_died_is_recorded_once() -> None:
    for office in every_crash(lambda: Office().opens(), lambda one: one.transfers(5_000)):
        office.transfers(5_000)
        assert office.audits().accounts["cash:paypal"] == 5_000
        assert office.audits().clean
