"""What is kept back of payouts comes back, and what a publisher owes may be given up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.offers import PayoutTerms, Publisher
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, PREPAID, WEEKLY, Office, every_crash

RESERVING = replace(
    WEEKLY, payout_terms=PayoutTerms(net_days=0, reserve_percent=10, reserve_days=60)
)


def with_calls(publisher: Publisher = RESERVING, count: int = 2) -> Office:
    office = Office().opens(publishers=(publisher,))
    office.receives("topup-1", 900_000, PREPAID)
    for number in range(count):
        office.later(minutes=1).approves(f"call_{number:03d}", PREPAID, publisher)
    office.now = CLOSING
    return office


def with_a_reserve() -> Office:
    office = with_calls()
    office.closes()
    return office


def test_a_part_of_each_payout_is_kept_back_and_comes_back_after_its_days() -> None:
    office = with_a_reserve()
    (first,) = office.payouts
    assert (first.amount_cents, first.reserve_kept_cents) == (2700, 300)
    assert office.audits().accounts["pub:pub_a:held"] == -300
    office.settles(first.id)
    office.now = CLOSING + timedelta(days=60, seconds=-1)
    assert office.closes().payouts == ()
    office.later(seconds=1)
    (second,) = office.closes().payouts
    assert (second.amount_cents, second.reserve_kept_cents, second.reserve_back_cents) == (
        300, 0, 300,
    )  # fmt: skip
    office.settles(second.id)
    accounts = office.audits().accounts
    assert (accounts["pub:pub_a:held"], accounts["cash:bank"]) == (0, 900_000 - 3000)
    assert office.audits().clean


def test_a_single_cent_is_paid_rather_than_kept_back() -> None:
    terms = PayoutTerms(net_days=0, reserve_percent=50)
    office = Office().opens(publishers=(replace(WEEKLY, payout_terms=terms),))
    office.receives("topup-1", 900_000, PREPAID)
    office.approves("call_000", PREPAID, WEEKLY, earning=1)
    office.now = CLOSING
    (payout,) = office.closes().payouts
    assert (payout.sent_cents, payout.reserve_kept_cents) == (1, 0)
    office.settles(payout.id)
    assert office.audits().clean


def test_what_comes_back_is_not_kept_back_again() -> None:
    office = with_a_reserve()
    office.later(days=61).approves("call_later", PREPAID, RESERVING, earning=1000)
    office.later(days=31)
    (payout,) = office.closes().payouts
    assert (payout.amount_cents, payout.reserve_kept_cents, payout.reserve_back_cents) == (
        1000 - 100 + 300, 100, 300,
    )  # fmt: skip
    assert office.audits().clean


@pytest.mark.parametrize("came_back", [False, True])
def test_nothing_more_is_kept_back_of_a_payout_that_is_made_again(came_back: bool) -> None:
    office = with_a_reserve()
    (first,) = office.payouts
    if came_back:
        office.settles(first.id)
        office.comes_back(first.id)
        assert office.audits().accounts["pub:pub_a:held"] == -3000
        office.releases(first.id)
    else:
        office.fails(first.id)
    (again,) = office.later(days=1).closes().payouts
    assert (again.amount_cents, again.reserve_kept_cents) == (2700, 300)
    assert office.audits().accounts["pub:pub_a:held"] == -300
    assert office.audits().clean
    office.later(days=62).closes()
    assert office.audits().accounts["pub:pub_a:held"] == 0
    assert sum(one.amount_cents for one in office.payouts if not one.unpaid) == 3000


def test_a_payout_with_a_reserve_that_died_anywhere_is_the_same_in_the_end() -> None:
    whole = with_a_reserve()
    died = every_crash(with_calls, Office.closes)
    assert len(died) > 8
    for office in died:
        office.closes()
        assert office.payouts == whole.payouts
        assert office.audits().accounts == whole.audits().accounts
        assert office.audits().clean


def test_a_reserve_released_by_two_at_once_comes_back_once() -> None:
    office = with_a_reserve()
    office.later(days=61)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.closes() and None)
    office.closes()
    assert office.audits().clean
    assert sum(one.amount_cents for one in office.payouts) == 3000


def owing() -> Office:
    """A publisher who was paid for two calls, one of which was credited afterwards."""
    office = with_calls(WEEKLY)
    office.closes()
    office.settles(office.payouts[0].id)
    office.credits("call_000")
    return office


def test_what_a_publisher_owes_is_given_up_once() -> None:
    office = owing()
    assert office.audits().accounts["pub:pub_a:payable"] == 1500
    line = office.gives_up()
    assert line.amount_cents == 1500
    assert office.later(days=1).gives_up() == line
    accounts = office.audits().accounts
    assert (accounts["pub:pub_a:payable"], accounts["expense:bad_debt"]) == (0, 1500)
    with pytest.raises(Conflict) as refused:
        office.gives_up(cause="exit-2")
    assert refused.value.code == "nothing_to_write_off"
    assert office.later(days=40).closes().payouts == ()
    assert office.audits().clean


def test_a_debt_given_up_by_two_at_once_is_given_up_once() -> None:
    office = owing()
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.gives_up(cause="exit-2"))
    with pytest.raises(Busy):
        office.gives_up()
    assert office.audits().accounts["pub:pub_a:payable"] == 0
    with pytest.raises(Conflict):
        office.gives_up()
    assert office.later(days=40).closes().payouts == ()
    assert office.audits().clean


def test_every_later_debt_can_be_given_up_too() -> None:
    office = owing()
    office.gives_up()
    office.credits("call_001")
    assert office.gives_up(cause="exit-2").amount_cents == 1500
    assert office.audits().accounts["pub:pub_a:payable"] == 0
    assert office.audits().clean


def test_a_debt_that_was_given_up_is_netted_against_nothing_later() -> None:
    office = owing()
    office.gives_up()
    office.later(days=40).approves("call_later", PREPAID, WEEKLY, earning=700)
    office.later(days=31)
    assert [one.amount_cents for one in office.closes().payouts] == [700]
    assert office.audits().clean


def test_giving_up_a_debt_that_died_is_completed_by_the_same_request() -> None:
    whole = owing()
    whole.gives_up()
    for office in every_crash(owing, Office.gives_up):
        assert office.audits().clean
        office.gives_up()
        assert office.picture() == whole.picture()


def test_an_unknown_publisher_owes_nothing() -> None:
    with pytest.raises(NotFound):
        Office().opens().gives_up(replace(WEEKLY, id="pub_unknown"))
