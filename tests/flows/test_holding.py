"""What is held of a publisher's money waits, and nothing of it is lost."""

from collections.abc import Callable

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.payouts import EarningState
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, NET, PREPAID, WEEKLY, Office, every_crash


def with_calls(count: int = 2) -> Office:
    """Calls that are collected, and released with the closing on the first of December."""
    office = Office().opens()
    office.receives("topup-1", 90_000, PREPAID)
    for number in range(count):
        office.later(minutes=1).approves(f"call_{number}", PREPAID, WEEKLY)
    return office


def released() -> Office:
    """Calls that are released and wait, because their publisher is held."""
    office = with_calls()
    publisher = office.holds(cause="keeps it payable")
    office.now = CLOSING
    office.closes()
    office.lifts(publisher.id)
    return office


def held() -> Office:
    office = released()
    office.holds_call("call_0")
    return office


def test_what_a_held_call_has_earned_is_left_out_of_payouts_until_it_is_lifted() -> None:
    office = held()
    assert office.audits().accounts["pub:pub_a:held"] == -1500
    (payout,) = office.closes().payouts
    assert payout.amount_cents == 1500
    office.lifts(office.holds_call("call_0").id)
    assert office.audits().accounts["pub:pub_a:held"] == 0
    assert office.earning("call_0").state is EarningState.PAYABLE
    office.later(days=31)
    assert [one.amount_cents for one in office.closes().payouts] == [1500]
    assert office.audits().clean


@pytest.mark.parametrize("collected", [True, False])
def test_a_call_that_is_held_before_its_release_is_not_released(collected: bool) -> None:
    office = Office().opens()
    office.receives("topup-1", 5_000, PREPAID)
    office.approves("call_0", PREPAID if collected else NET, WEEKLY)
    hold = office.holds_call("call_0")
    office.now = CLOSING
    office.receives("wire-1", 2_500)
    assert office.closes().released == 0
    assert office.earning("call_0").state is EarningState.APPROVED
    office.lifts(hold.id)
    report = office.closes()
    assert (report.released, len(report.payouts)) == (1, 1)
    assert office.audits().clean


def test_a_held_call_that_is_credited_gives_back_what_is_held() -> None:
    office = held()
    office.credits("call_0", 1_000)
    assert office.audits().accounts["pub:pub_a:held"] == -900
    office.credits("call_0")
    assert office.audits().accounts["pub:pub_a:held"] == 0
    office.lifts(office.holds_call("call_0").id)
    assert office.audits().clean
    assert [one.amount_cents for one in office.closes().payouts] == [1500]


def test_a_call_is_held_once_for_each_cause_and_by_one_hold_at_a_time() -> None:
    office = released()
    first = office.holds_call("call_0")
    assert office.later(days=1).holds_call("call_0") == first
    with pytest.raises(Conflict, match="another reason"):
        office.holds_call("call_0", reason="Another one.")
    with pytest.raises(Conflict) as refused:
        office.holds_call("call_0", cause="case-2")
    assert refused.value.code == "held_already"
    office.lifts(first.id)
    office.holds_call("call_0", cause="case-2")
    assert office.audits().clean


def test_what_is_in_a_payout_is_held_no_more() -> None:
    office = with_calls()
    office.now = CLOSING
    office.closes()
    with pytest.raises(Conflict) as refused:
        office.holds_call("call_0")
    assert refused.value.code == "earning_in_payout"
    office.credits("call_0")
    with pytest.raises(NotFound):
        office.holds_call("call_none")


def test_nothing_is_held_of_a_call_that_has_nothing_left() -> None:
    office = released()
    office.credits("call_0")
    with pytest.raises(Conflict) as refused:
        office.holds_call("call_0")
    assert refused.value.code == "nothing_to_hold"


HOLDS: dict[str, tuple[Callable[[], Office], Callable[[Office], object]]] = {
    "placed": (released, lambda office: office.holds_call("call_0")),
    "lifted": (held, lambda office: office.lifts(office.all_holds()[-1].id)),
}


@pytest.mark.parametrize("step", HOLDS)
def test_a_hold_that_died_anywhere_is_completed_by_the_same_request(step: str) -> None:
    prepare, act = HOLDS[step]
    whole = prepare()
    act(whole)
    died = every_crash(prepare, act)
    assert died
    for office in died:
        assert office.audits().clean
        act(office)
        assert office.picture() == whole.picture()


@pytest.mark.parametrize("step", HOLDS)
def test_a_hold_at_the_moment_of_a_payout_comes_before_it_or_after_it(step: str) -> None:
    prepare, act = HOLDS[step]
    office = prepare()
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: act(office) and None)
    office.closes()
    assert office.audits().clean
    other = prepare()
    assert isinstance(other.rows, FakeRows)
    other.rows.before_write(lambda: other.closes() and None)
    try:
        act(other)
    except Conflict as refused:
        assert refused.code == "earning_in_payout"
    assert other.audits().clean
