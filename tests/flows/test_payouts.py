"""When publishers are paid, how often, and how much."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.campaigns import State
from chalicelib.errors import NotFound
from chalicelib.ids import derived
from chalicelib.offers import PayoutTerms, Publisher
from chalicelib.payouts import EarningState, PayoutState
from chalicelib.store.books import EARNINGS
from chalicelib.times import Cycle
from tests.fakes import Crash, FakeRows
from tests.flows.office import CLOSING, PREPAID, WEEKLY, Office, every_crash


def office_for(publisher: Publisher, calls: int = 1) -> Office:
    """A prepaid advertiser, so that every approved call is collected at once."""
    office = Office().opens(publishers=(publisher,))
    office.receives("topup-1", 900_000, PREPAID)
    for number in range(calls):
        office.later(minutes=1).approves(f"call_{number:03d}", PREPAID, publisher)
    return office


def on_terms(**terms: object) -> Publisher:
    return replace(WEEKLY, payout_terms=PayoutTerms(**terms))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "too_early", "due"),
    [
        ({"net_days": 0}, (2026, 11, 30), (2026, 12, 1)),
        ({"net_days": 15}, (2026, 12, 15), (2026, 12, 16)),
        ({"net_days": 30}, (2026, 12, 30), (2026, 12, 31)),
        ({"cycle": Cycle.WEEKLY, "net_days": 0}, (2026, 11, 15), (2026, 11, 16)),
        ({"cycle": Cycle.WEEKLY, "net_days": 7}, (2026, 11, 22), (2026, 11, 23)),
    ],
    ids=["monthly", "net 15", "net 30", "weekly", "weekly net 7"],
)
def test_a_publisher_is_paid_once_the_terms_have_run(
    terms: dict[str, object], too_early: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    office = office_for(on_terms(**terms))
    assert office.closes(as_of=datetime(*too_early, 23, 59, tzinfo=UTC)).payouts == ()
    (payout,) = office.closes(as_of=datetime(*due, tzinfo=UTC)).payouts
    assert payout.amount_cents == 1500


def test_a_sum_below_the_minimum_waits_and_is_paid_with_the_next() -> None:
    publisher = on_terms(net_days=0, minimum_cents=3000)
    office = office_for(publisher)
    office.now = CLOSING
    assert office.closes().payouts == ()
    assert office.earning("call_000").document_id is None
    office.approves("call_more", PREPAID, publisher)
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    (payout,) = office.closes().payouts
    assert (payout.amount_cents, payout.call_count) == (3000, 2)
    assert office.audits().clean


def test_a_sum_of_exactly_the_minimum_is_paid() -> None:
    office = office_for(on_terms(net_days=0, minimum_cents=1500))
    office.now = CLOSING
    assert len(office.closes().payouts) == 1


def test_one_cutoff_makes_one_payout_and_what_comes_later_waits_for_the_next() -> None:
    publisher = on_terms(net_days=0)
    held = on_terms(net_days=0, hold_days=25)
    office = office_for(publisher)
    office.approves("call_held", PREPAID, held)
    office.now = CLOSING
    assert [one.amount_cents for one in office.closes().payouts] == [1500]
    office.later(days=10)
    assert office.closes().payouts == ()
    assert office.earning("call_held").state is EarningState.PAYABLE
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    assert [one.amount_cents for one in office.closes().payouts] == [1500]
    assert office.audits().clean


@pytest.mark.parametrize("state", [State.PAUSED, State.ARCHIVED])
def test_a_publisher_who_takes_no_more_calls_is_paid_for_the_earlier_ones(state: State) -> None:
    office = office_for(replace(on_terms(net_days=0), state=state))
    office.now = CLOSING
    assert len(office.closes().payouts) == 1


def test_a_payout_is_the_sum_of_its_earnings_however_many() -> None:
    office = office_for(on_terms(net_days=0), calls=200)
    office.now = CLOSING
    (payout,) = office.closes().payouts
    on_it = office.stores.books.earnings_of(payout.id)
    assert payout.call_count == len(on_it) == 200
    assert payout.amount_cents == sum(one.earning.amount_cents for one in on_it)


def test_a_settled_payout_has_left_the_bank() -> None:
    office = office_for(on_terms(net_days=0))
    office.now = CLOSING
    (payout,) = office.closes().payouts
    settled = office.later(days=3).settles(payout.id)
    assert (settled.state, settled.settled_at) == (PayoutState.SETTLED, office.now)
    accounts = office.audits().accounts
    assert accounts["pub:pub_a:in_transit"] == 0
    assert accounts["cash:bank"] == 900_000 - 1500


def test_settling_twice_pays_once() -> None:
    office = office_for(on_terms(net_days=0))
    office.now = CLOSING
    (payout,) = office.closes().payouts
    first = office.settles(payout.id)
    once = office.picture()
    assert office.later(days=1).settles(payout.id) == first
    assert office.picture() == once


def test_a_settlement_that_died_is_completed_by_the_same_request() -> None:
    def prepared() -> Office:
        office = office_for(on_terms(net_days=0))
        office.now = CLOSING
        office.closes()
        return office

    whole = prepared()
    payout_id = whole.payouts[0].id
    whole.settles(payout_id)
    died = every_crash(prepared, lambda office: office.settles(payout_id))
    assert len(died) == 2
    for office in died:
        office.settles(payout_id)
        assert office.picture() == whole.picture()


def test_two_settlements_at_once_pay_once() -> None:
    office = office_for(on_terms(net_days=0))
    office.now = CLOSING
    (payout,) = office.closes().payouts
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.settles(payout.id) and None)
    assert office.settles(payout.id).state is PayoutState.SETTLED
    assert office.audits().clean


def test_an_unknown_payout_cannot_be_settled() -> None:
    with pytest.raises(NotFound):
        Office().opens().settles("po_unknown")


def test_a_draft_cannot_be_settled_and_the_next_run_completes_it() -> None:
    office = office_for(on_terms(net_days=0), calls=100)
    office.now = CLOSING
    assert isinstance(office.rows, FakeRows)
    rows, position = office.rows, 0
    payout_id = derived("po", "pub_a", "2026-12-01T00:00:00.000Z")
    while not any(row["pk"] == f"PAYOUT#{payout_id}" for row in rows.rows_of("books")):
        position += 1
        rows.crash_after_write(1)
        with pytest.raises(Crash):
            office.closes()
    with pytest.raises(NotFound):
        office.settles(payout_id)
    assert office.payouts == ()
    assert office.closes().payouts[0].call_count == 100
    assert office.audits().clean


def test_a_payout_run_that_died_is_completed_under_a_later_cutoff_too() -> None:
    whole_sum = 100 * 1500
    office = office_for(on_terms(net_days=0), calls=100)
    office.now = CLOSING
    assert isinstance(office.rows, FakeRows)
    while not any(row["pk"].startswith("PAYOUT#") for row in office.rows.rows_of("books")):
        office.rows.crash_after_write(1)
        with pytest.raises(Crash):
            office.closes()
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    office.closes()
    assert sum(one.amount_cents for one in office.payouts) == whole_sum
    assert office.audits().clean


def test_earnings_of_nothing_are_never_paid_out() -> None:
    office = Office().opens()
    office.receives("topup-1", 5000, PREPAID)
    office.approves("call_1", PREPAID, WEEKLY, earning=0)
    office.now = CLOSING + timedelta(days=40)
    assert office.closes().payouts == ()
    assert [one.state for one in office.all(EARNINGS)] == [EarningState.PAID]
