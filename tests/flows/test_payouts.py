"""When publishers are paid, how often, and how much."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.campaigns import State
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.payouts import pay_out
from chalicelib.ids import derived
from chalicelib.offers import PayoutMethod, PayoutTerms, Publisher
from chalicelib.payouts import Clearance, EarningState, Obstacle, Payout, PayoutState
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
    on_it = list(office.stores.books.each_of(EARNINGS, payout.id))
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


# --- from created to its end ---------------------------------------------------------------------


def with_a_payout(**terms: object) -> Office:
    """A payout of two calls, created on the first of December."""
    office = office_for(on_terms(net_days=0, **terms), calls=2)
    office.now = CLOSING
    office.closes()
    return office


def submitted() -> Office:
    office = with_a_payout()
    office.submits(office.payouts[0].id)
    return office


def settled() -> Office:
    office = submitted()
    office.settles(office.payouts[0].id)
    return office


def returned() -> Office:
    office = settled()
    office.comes_back(office.payouts[0].id, fee=200)
    return office


STEPS: dict[str, tuple[Callable[[], Office], Callable[[Office], Payout]]] = {
    "submits": (with_a_payout, lambda office: office.submits(office.payouts[0].id)),
    "settles": (submitted, lambda office: office.settles(office.payouts[0].id, fee=25)),
    "fails": (submitted, lambda office: office.fails(office.payouts[0].id)),
    "comes back": (settled, lambda office: office.comes_back(office.payouts[0].id, fee=200)),
    "releases": (returned, lambda office: office.releases(office.payouts[0].id)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_died_anywhere_is_completed_by_the_same_request(step: str) -> None:
    prepare, act = STEPS[step]
    whole = prepare()
    act(whole)
    died = every_crash(prepare, act)
    assert died
    for office in died:
        assert office.audits().clean
        act(office)
        assert office.picture() == whole.picture()
        assert office.audits().clean


@pytest.mark.parametrize("step", STEPS)
def test_a_step_taken_by_two_at_once_is_taken_once(step: str) -> None:
    prepare, act = STEPS[step]
    whole = prepare()
    act(whole)
    office = prepare()
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: act(office) and None)
    act(office)
    assert office.picture() == whole.picture()


@pytest.mark.parametrize("step", ["fails", "releases"])
def test_the_next_payday_gives_back_what_a_dead_process_has_left(step: str) -> None:
    prepare, act = STEPS[step]
    for office in every_crash(prepare, act):
        if office.payouts[0].gives_back:
            office.later(days=1).closes()
            assert [one.amount_cents for one in office.payouts] == [3000, 3000]
            assert office.audits().clean


def test_a_payout_that_failed_is_paid_by_another_of_the_same_cutoff() -> None:
    office = with_a_payout()
    failed = office.fails(office.payouts[0].id)
    assert (failed.state, failed.reason) == (PayoutState.FAILED, "no_account")
    assert office.audits().accounts["pub:pub_a:payable"] == -3000
    (again,) = office.later(days=1).closes().payouts
    assert (again.id != failed.id, again.cutoff, again.amount_cents) == (True, failed.cutoff, 3000)
    office.fails(again.id)
    (third,) = office.later(days=1).closes().payouts
    assert len({failed.id, again.id, third.id}) == 3
    office.settles(third.id)
    assert office.audits().accounts["cash:bank"] == 900_000 - 3000


def test_a_failed_payout_of_many_calls_gives_all_of_them_back() -> None:
    office = office_for(on_terms(net_days=0), calls=200)
    office.now = CLOSING
    office.closes()
    office.fails(office.payouts[0].id)
    assert {one.document_id for one in office.all(EARNINGS)} == {None}
    (again,) = office.closes().payouts
    assert again.call_count == 200
    assert office.audits().clean


def test_what_came_back_waits_for_the_operator_and_is_then_paid_again() -> None:
    office = returned()
    (back,) = office.payouts
    assert (back.state, back.fee_cents, back.ended_at) == (PayoutState.RETURNED, 200, office.now)
    accounts = office.audits().accounts
    assert accounts["pub:pub_a:held"] == -3000
    assert accounts["cash:bank"] == 900_000 - 200
    assert office.later(days=40).closes().payouts == ()
    office.releases(back.id)
    (again,) = office.closes().payouts
    office.settles(again.id)
    accounts = office.audits().accounts
    assert (accounts["pub:pub_a:held"], accounts["cash:bank"]) == (0, 900_000 - 3000 - 200)
    assert office.audits().clean


def test_a_call_credited_while_its_payout_came_to_nothing_is_netted() -> None:
    office = with_a_payout()
    failed = office.payouts[0]
    office.credits("call_000")
    office.fails(failed.id)
    (again,) = office.later(days=1).closes().payouts
    assert again.amount_cents == 1500
    assert office.audits().clean


def test_a_credit_at_the_moment_of_a_failure_is_netted_too() -> None:
    office = with_a_payout()
    assert isinstance(office.rows, FakeRows)
    payout_id = office.payouts[0].id
    office.rows.before_write(lambda: office.fails(payout_id) and None)
    office.credits("call_000")
    assert office.audits().clean
    (again,) = office.later(days=1).closes().payouts
    assert again.amount_cents == 1500


@pytest.mark.parametrize("method", PayoutMethod)
def test_a_payout_goes_out_by_the_method_of_its_publisher(method: PayoutMethod) -> None:
    office = office_for(replace(on_terms(net_days=0), payout_method=method))
    office.now = CLOSING
    (payout,) = office.closes().payouts
    assert payout.method is method
    office.submits(payout.id, "ref-1", method)
    office.settles(payout.id)
    cash = "cash:paypal" if method is PayoutMethod.PAYPAL else "cash:bank"
    paid = {"cash:bank": 900_000, "cash:paypal": 0}
    paid[cash] -= 1500
    accounts = office.audits().accounts
    assert {name: accounts[name] for name in paid} == paid
    assert office.audits().clean


@pytest.mark.parametrize("step", ["submits", "fails", "comes back", "releases"])
def test_no_step_is_taken_by_an_unknown_payout(step: str) -> None:
    office = Office().opens()
    acts: dict[str, Callable[[], Payout]] = {
        "submits": lambda: office.submits("po_unknown"),
        "fails": lambda: office.fails("po_unknown"),
        "comes back": lambda: office.comes_back("po_unknown"),
        "releases": lambda: office.releases("po_unknown"),
    }
    with pytest.raises(NotFound):
        acts[step]()


# --- what stands in the way ----------------------------------------------------------------------


def pays_out(office: Office, clearance: Clearance) -> tuple[Payout, ...]:
    """Payday for the one publisher, with what was found of it."""
    return pay_out(
        on_terms(net_days=0),
        as_of=office.now,
        released=(),
        clearance=clearance,
        stores=office.stores,
        now=office.now,
    )


def test_an_obstacle_leaves_everything_payable() -> None:
    office = with_a_payout()
    office.fails(office.payouts[0].id)
    before = office.picture()
    in_the_way = Obstacle(code="tax_form", detail="There is no W-9 yet.")
    assert pays_out(office, Clearance(obstacles=(in_the_way,))) == ()
    assert office.picture() == before
    assert len(pays_out(office, Clearance())) == 1


def test_what_is_withheld_is_not_sent() -> None:
    office = with_a_payout()
    office.fails(office.payouts[0].id)
    (payout,) = pays_out(office, Clearance(withheld=lambda cents: cents * 24 // 100))
    assert (payout.amount_cents, payout.withheld_cents, payout.sent_cents) == (3000, 720, 2280)
    office.settles(payout.id)
    assert office.audits().accounts["tax:backup_withholding"] == -720
    assert office.audits().clean
    office.comes_back(payout.id)
    assert office.audits().accounts["tax:backup_withholding"] == 0
    assert office.audits().accounts["pub:pub_a:held"] == -3000
    assert office.audits().clean


def test_a_publisher_on_hold_is_paid_once_every_hold_is_lifted() -> None:
    office = office_for(on_terms(net_days=0))
    office.now = CLOSING
    first, second = office.holds(cause="case-1"), office.holds(cause="case-2")
    assert office.closes().payouts == ()
    office.lifts(first.id)
    assert office.closes().payouts == ()
    office.lifts(second.id)
    assert len(office.closes().payouts) == 1
    assert office.audits().clean


def test_a_hold_is_placed_once_for_each_cause_and_lifted_once() -> None:
    office = Office().opens()
    first = office.holds()
    assert office.later(days=1).holds() == first
    with pytest.raises(Conflict, match="another reason"):
        office.holds(reason="Something else.")
    lifted = office.lifts(first.id)
    assert office.later(days=1).lifts(first.id) == lifted
    assert lifted.lifted_at == office.now - timedelta(days=1)


def test_a_hold_is_on_a_publisher_that_is_there() -> None:
    office = Office().opens()
    with pytest.raises(NotFound):
        office.holds(replace(WEEKLY, id="pub_unknown"))
    with pytest.raises(NotFound):
        office.lifts("hld_unknown")
