"""Calls whose verdict waits: what stays held, what is given back, and what decides them."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import CallStatus, SignalKind
from chalicelib.flows.settlement import Progress, Swept, sweep
from chalicelib.gate import BlockKind, Callers
from chalicelib.ledger import balances
from chalicelib.store import codec
from chalicelib.store.dispositions import disposition_put, postback_put
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.entries import account_legs
from chalicelib.store.gate import blocked_key
from chalicelib.store.rows import CALLS, CATALOG, Change, Key, NotWritten, Put, Rows
from chalicelib.store.terms import new_terms, terms_put
from chalicelib.terms import (
    Clock,
    Disqualifiers,
    EarningTerms,
    Missing,
    Otherwise,
    Pay,
    PayKind,
    Repeat,
    RepeatScope,
    Since,
    StepTest,
)
from tests import builders
from tests.builders import CALLER, a_disposition, a_postback, a_step
from tests.fakes import Crash, FakeRows
from tests.world import World

SALE = a_step(StepTest.POSTBACK, 9_000, name="sale", minimum_cents=5_000, within_hours=24)
TALKED = a_step(name="talk", seconds=60, cents=2_000)
LADDER = builders.charge_terms(charge_cents=9_000, minimum_talk_seconds=0, steps=(TALKED, SALE))
OWED = Disqualifiers(disposition_missing=Missing(within_hours=24))


def opened(rows: Rows | None = None, *, earning: EarningTerms | None = None, **terms: Any) -> World:
    """A market on these charge terms; on none, a ladder whose highest step awaits a sale."""
    world = World(rows or FakeRows())
    said = builders.charge_terms(**terms) if terms else LADDER
    offer = builders.an_offer(**({"earning": earning} if earning else {}))
    world.opens(campaign=builders.a_campaign(terms=said), offer=offer)
    return world


def says(world: World, value: str = "sold", sid: str = "CA1", **more: Any) -> None:
    """The advertiser says what the call came to, now."""
    call_id = world.call(sid).id
    said = a_disposition(value, call_id=call_id, at=world.now, received_at=world.now, **more)
    world.rows.write([disposition_put(said)])


def sells(world: World, cents: int = 5_000, sid: str = "CA1") -> None:
    """The advertiser's system tells of a sale, now."""
    call_id = world.call(sid).id
    said = a_postback(cents, call_id=call_id, at=world.now, received_at=world.now)
    world.rows.write([postback_put(said)])


def swept(world: World) -> Swept:
    return sweep(stores=world.stores, now=world.now, ask_carrier=lambda call, now: ())


def booked(world: World) -> dict[str, int]:
    names = ("prepaid:adv_1", "cost:publishers")
    return balances(leg for name in names for leg in account_legs(world.rows, name))


class TestHolding:
    def test_a_call_that_waits_is_pending_and_frees_its_slot_at_once(self) -> None:
        world = opened()
        call = world.talks(seconds=90)
        assert (call.status, call.talk_seconds) == (CallStatus.PENDING, 90)
        assert (call.charge_cents, call.judged_at) == (0, None)
        assert world.target()["leases"] == {}

    def test_what_may_still_come_stays_held(self) -> None:
        world = opened()
        world.talks(seconds=90)
        assert world.funds() == (91_000, 9_000)

    def test_what_cannot_come_any_more_is_given_back_at_once_and_once(self) -> None:
        both = (
            a_step(StepTest.DISPOSITION, 2_000, values=("sold",)),
            a_step(seconds=600, cents=9_000),
        )
        world = opened(charge_cents=9_000, minimum_talk_seconds=0, steps=both)
        world.talks(seconds=90)
        assert world.funds() == (98_000, 2_000)
        for _ in range(3):
            assert world.settles() is Progress.WAITING
        assert world.funds() == (98_000, 2_000)
        used = world.target()["used"]
        assert sorted(used.values()) == [1] * 4 + [2_000] * 4
        assert set(world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"].values()) == {2_000}

    def test_the_partnership_keeps_what_may_still_be_earned(self) -> None:
        share = Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=5_000)
        earning = EarningTerms(earning_cents=8_000, steps=(a_step(StepTest.ANSWERED, pays=share),))
        world = opened(earning=earning)
        world.talks(seconds=90)
        used = world.row(CATALOG, "PARTNERSHIP#par_1")["used"]
        assert sorted(used.values()) == [1] * 4 + [4_500] * 4
        world.later(hours=24, seconds=1)
        swept(world)
        used = world.row(CATALOG, "PARTNERSHIP#par_1")["used"]
        assert sorted(used.values()) == [1] * 4 + [1_000] * 4


class TestDeciding:
    def test_what_is_awaited_decides_as_soon_as_it_comes(self) -> None:
        world = opened()
        world.talks(seconds=90)
        sells(world)
        assert world.settles() is Progress.SETTLED
        assert (world.call().status, world.call().charge_cents) == (CallStatus.APPROVED, 9_000)
        assert world.funds() == (91_000, 0)

    @pytest.mark.parametrize(
        ("seconds", "status"), [(-1, "pending"), (0, "pending"), (1, "approved")]
    )
    def test_at_the_deadline_the_sweep_decides_on_what_is_there(
        self, seconds: int, status: str
    ) -> None:
        world = opened()
        world.talks(seconds=90)
        world.later(hours=24, seconds=seconds)
        found = swept(world)
        assert world.status() == status
        assert bool(found.settled) == (status == "approved")
        if status == "approved":
            assert (world.call().charge_cents, world.funds()) == (2_000, (98_000, 0))

    @pytest.mark.parametrize(
        ("otherwise", "status", "reasons"),
        [
            (Otherwise.DENY, "denied", ("disposition_missing",)),
            (Otherwise.APPROVE, "approved", ()),
        ],
    )
    def test_the_named_choice_decides_where_nothing_came(
        self, otherwise: Otherwise, status: str, reasons: tuple[str, ...]
    ) -> None:
        owed = Disqualifiers(disposition_missing=Missing(within_hours=2, otherwise=otherwise))
        world = opened(disqualifiers=owed)
        world.talks()
        world.later(hours=2, seconds=1)
        swept(world)
        assert (world.status(), world.call().reasons) == (status, reasons)
        assert world.funds()[1] == 0

    def test_a_denial_gives_everything_back(self) -> None:
        world = opened(disqualifiers=OWED)
        world.talks()
        world.later(hours=24, seconds=1)
        swept(world)
        assert (world.funds(), booked(world)) == ((100_000, 0), {})
        assert set(world.target()["used"].values()) == {0}
        assert set(world.row(CATALOG, "PARTNERSHIP#par_1")["used"].values()) == {0}

    def test_what_comes_after_the_verdict_is_kept_and_changes_nothing(self) -> None:
        world = opened()
        world.talks(seconds=90)
        world.later(hours=25)
        swept(world)
        before = world.call()
        sells(world)
        says(world, "refund")
        assert world.settles() is Progress.SETTLED
        assert world.call() == before
        assert booked(world)["prepaid:adv_1"] == 2_000

    def test_a_disposition_that_comes_while_they_talk_is_known_at_the_end(self) -> None:
        world = opened(disqualifiers=OWED)
        world.arrives()
        says(world)
        assert world.settles() is Progress.LIVE
        world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 90))
        assert world.settles() is Progress.SETTLED
        assert world.status() is CallStatus.APPROVED

    def test_one_change_after_another_moves_the_deadline(self) -> None:
        steps = (
            a_step(StepTest.DISPOSITION, 1_000, values=("sold",), within_hours=2),
            a_step(StepTest.POSTBACK, 3_000, within_hours=5),
        )
        world = opened(charge_cents=3_000, minimum_talk_seconds=0, steps=steps)
        world.talks()
        assert world.funds()[1] == 3_000
        world.later(hours=2, seconds=1)
        assert swept(world).waiting == (world.call().id,)
        assert swept(world).waiting == ()
        world.later(hours=3)
        assert swept(world).settled == (world.call().id,)
        assert world.call().reasons == ("other_disposition", "not_converted")

    def test_the_talk_that_was_measured_first_stays_what_it_was(self) -> None:
        world = opened(disqualifiers=OWED)
        world.arrives()
        world.reports("CA1", world.signal(SignalKind.DIAL, 1, "completed", 90))
        assert world.settles() is Progress.WAITING
        world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 5))
        says(world)
        world.settles()
        assert (world.status(), world.call().talk_seconds) == (CallStatus.APPROVED, 90)

    def test_a_clock_may_begin_with_the_caller(self) -> None:
        step = a_step(seconds=100, cents=2_500, clock=Clock.ARRIVAL)
        world = opened(charge_cents=2_500, minimum_talk_seconds=0, steps=(step,))
        world.arrives()
        world.later(seconds=30)
        world.reports("CA1", world.signal(SignalKind.LEG, 1, "in-progress"))
        world.later(seconds=70)
        world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 70))
        world.settles()
        assert world.status() is CallStatus.APPROVED


class TestRepetition:
    @pytest.mark.parametrize("since", list(Since))
    @pytest.mark.parametrize("scope", list(RepeatScope))
    @pytest.mark.parametrize(("seconds", "status"), [(-1, "denied"), (0, "approved")])
    def test_a_caller_is_known_again_in_every_scope(
        self, scope: RepeatScope, since: Since, seconds: int, status: str
    ) -> None:
        rule = Repeat(scope=scope, since=since, days=7)
        world = opened(disqualifiers=Disqualifiers(repeat_callers=(rule,)))
        assert world.talks("CA1").status is CallStatus.APPROVED
        world.later(days=7, seconds=seconds)
        assert world.talks("CA2").status == status

    @pytest.mark.parametrize(
        ("since", "status"), [(Since.CONNECTED, "denied"), (Since.APPROVED, "approved")]
    )
    def test_a_denied_talk_makes_a_caller_a_repeated_one_only_since_connected(
        self, since: Since, status: str
    ) -> None:
        rule = Repeat(since=since, days=7)
        world = opened(disqualifiers=Disqualifiers(repeat_callers=(rule,)))
        assert world.talks("CA1", seconds=5).status is CallStatus.DENIED
        assert world.talks("CA2").status == status

    def test_of_two_that_wait_the_one_that_is_approved_first_is_paid(self) -> None:
        rules = Disqualifiers(
            repeat_callers=(Repeat(days=7),), disposition_missing=Missing(within_hours=24)
        )
        world = opened(disqualifiers=rules)
        world.talks("CA1")
        world.later(hours=1)
        world.talks("CA2")
        says(world, sid="CA2")
        world.settles("CA2")
        says(world, sid="CA1", id="dsp_other")
        world.settles("CA1")
        assert (world.status("CA1"), world.status("CA2")) == ("denied", "approved")

    def test_a_call_that_waits_is_not_repeated_by_itself_nor_by_later_ones(self) -> None:
        rules = Disqualifiers(
            repeat_callers=(Repeat(since=Since.CONNECTED, days=7),),
            disposition_missing=Missing(within_hours=24),
        )
        world = opened(disqualifiers=rules)
        world.talks("CA1")
        world.later(hours=1)
        assert world.talks("CA2").reasons == ("repeat_caller",)
        says(world, sid="CA1")
        world.settles("CA1")
        assert world.status("CA1") is CallStatus.APPROVED

    def test_a_mark_of_an_earlier_release_is_still_known(self) -> None:
        world = opened(repeat_days=30)
        doc = '{"call_id":"call_0","arrived_at":"2026-11-20T15:00:00.000Z"}'
        pk = f"CALLER#cmp_1#hash-of-{CALLER}"
        world.rows.write([Put(CALLS, {"pk": pk, "sk": "META", "doc": doc})])
        assert world.talks().reasons == ("repeat_caller",)

    def test_no_row_of_a_caller_tells_the_number(self) -> None:
        rows = FakeRows()
        world = opened(rows, disqualifiers=OWED)
        world.talks(caller="+14155550123", caller_hash="stand-in")
        of_verdict = [row for row in rows.rows_of(CALLS)
                      if row["pk"].startswith("CALLER#") or row["sk"] == "VERDICT"]  # fmt: skip
        assert len(of_verdict) == 2
        assert "4155550123" not in str(of_verdict)


def test_a_caller_who_was_blocked_meanwhile_is_denied_where_the_terms_say_so() -> None:
    for switched, status in ((True, "denied"), (False, "approved")):
        world = opened(disqualifiers=Disqualifiers(blocked_caller=switched))
        world.arrives()
        key = blocked_key(Callers(BlockKind.EXACT, CALLER))
        world.rows.write([Change(key=key, set={("adv_1",): "forever"})])
        world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 90))
        world.settles()
        assert world.status() == status


def test_who_was_blocked_at_the_first_judgement_stays_so_at_the_last() -> None:
    blocked = Disqualifiers(blocked_caller=True)
    world = opened(
        disqualifiers=OWED, earning=EarningTerms(earning_cents=1_500, disqualifiers=blocked)
    )
    world.arrives()
    key = blocked_key(Callers(BlockKind.EXACT, CALLER))
    world.rows.write([Change(key=key, set={("pub_1",): "forever"})])
    world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 90))
    assert world.settles() is Progress.WAITING
    world.rows.write([Change(key=key, remove=[("pub_1",)])])
    says(world)
    world.settles()
    assert (world.status(), world.call().earning_cents) == (CallStatus.APPROVED, 0)


def ends(world: World) -> tuple[object, ...]:
    call = world.call()
    return (call.status, call.charge_cents, world.funds(), booked(world), world.target()["used"])


def lives(world: World) -> World:
    """A call talks, its sale is told of, it is judged; whoever dies on the way tries again."""
    acts = (lambda: world.talks(seconds=90), lambda: sells(world), world.settles)
    for act in acts:
        for _ in range(3):
            with suppress(Crash, NotWritten):
                act()
                break
    return world


@given(position=st.integers(1, 6), after=st.booleans())
def test_a_crash_anywhere_and_another_try_end_the_same(position: int, after: bool) -> None:
    rows = FakeRows()
    world = opened(rows)
    (rows.crash_after_write if after else rows.crash_before_write)(position)
    assert ends(lives(world)) == ends(lives(opened()))


def test_two_that_judge_at_once_give_the_surplus_back_once() -> None:
    rows = FakeRows()
    steps = (
        a_step(StepTest.DISPOSITION, 2_000, values=("sold",)),
        a_step(seconds=600, cents=9_000),
    )
    world = opened(rows, charge_cents=9_000, minimum_talk_seconds=0, steps=steps)
    world.arrives()
    world.reports("CA1", world.signal(SignalKind.CALL, 0, "completed", 90))
    world.settles()
    world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 90))
    rows.before_write(world.settles)
    assert world.settles() is Progress.WAITING
    assert world.funds() == (98_000, 2_000)


def test_two_that_judge_again_at_once_give_the_surplus_back_once() -> None:
    rows = FakeRows()
    steps = (
        a_step(StepTest.POSTBACK, 2_000, within_hours=9),
        a_step(StepTest.DISPOSITION, 9_000, values=("sold",), within_hours=2),
    )
    world = opened(rows, charge_cents=9_000, minimum_talk_seconds=0, steps=steps)
    for sid in ("CA1", "CA2"):
        world.talks(sid)
    assert world.funds() == (82_000, 18_000)
    world.later(hours=3)
    rows.before_write(world.settles)
    assert world.settles() is Progress.WAITING
    assert world.funds() == (89_000, 11_000)
    assert world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"]["total"] == 11_000


def test_two_that_decide_at_once_book_once() -> None:
    rows = FakeRows()
    world = opened(rows)
    world.talks(seconds=90)
    sells(world)
    rows.before_write(world.settles)
    assert world.settles() is Progress.SETTLED
    assert (booked(world)["prepaid:adv_1"], world.funds()) == (9_000, (91_000, 0))


def test_a_deadline_and_a_disposition_at_once_end_in_one_verdict() -> None:
    rows = FakeRows()
    world = opened(rows, disqualifiers=OWED)
    world.talks()
    world.later(hours=24)
    says(world)
    world.later(seconds=1)
    rows.before_write(lambda: swept(world))
    world.settles()
    assert (world.status(), booked(world)["prepaid:adv_1"]) == (CallStatus.APPROVED, 2_500)


@pytest.fixture(params=["fake", "dynamodb"])
def either(request: pytest.FixtureRequest) -> Rows:
    """Rows in memory, and those of DynamoDB."""
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
    return FakeRows() if request.param == "fake" else DynamoRows()


def test_waiting_shrinking_and_deciding_are_the_same_on_both_kinds_of_rows(either: Rows) -> None:
    world = World(either)
    rules = Disqualifiers(repeat_callers=(Repeat(scope=RepeatScope.TARGET, days=7),))
    terms = replace(LADDER, charge_cents=9_900, disqualifiers=rules)
    world.opens(campaign=builders.a_campaign(terms=terms))
    world.talks(seconds=90)
    assert world.funds() == (91_000, 9_000)
    assert world.settles() is Progress.WAITING
    world.later(hours=25)
    assert swept(world).settled == (world.call().id,)
    assert (world.call().charge_cents, world.funds()) == (2_000, (98_000, 0))
    assert world.talks("CA2").reasons == ("repeat_caller",)
    assert world.funds() == (98_000, 0)


def test_a_call_names_the_versions_by_which_it_is_judged() -> None:
    world = World(FakeRows())
    world.opens(
        builders.a_target(charge_cents=3_000, terms_version=4),
        campaign=builders.a_campaign(terms_version=3),
        partnership=builders.a_partnership(earning=EarningTerms(earning_cents=10), terms_version=2),
    )
    attempt = world.talks().attempt
    assert attempt is not None
    assert [(one.owner_id, one.version) for one in attempt.terms] == [
        ("cmp_1", 3),
        ("tgt_1", 4),
        ("off_1", 1),
        ("par_1", 2),
    ]


@pytest.mark.parametrize("freed_before", [False, True])
def test_of_a_group_only_the_one_that_took_the_call_keeps_what_may_still_come(
    freed_before: bool,
) -> None:
    world = World(FakeRows())
    sale = (TALKED, replace(SALE, pays=Pay(cents=4_000)))
    world.opens(
        builders.a_target(id="tgt_1", ring_group="desk", charge_cents=9_000),
        builders.a_target(
            id="tgt_2",
            ring_group="desk",
            charge_cents=5_000,
            steps=sale,
            destination="+12125550102",
        ),
        campaign=builders.a_campaign(terms=LADDER),
    )
    world.arrives()
    assert world.funds() == (91_000, 9_000)

    def told(status: str, seconds: int | None = None) -> None:
        report = world.signal(SignalKind.LEG, 1, status, seconds)
        world.reports("CA1", replace(report, target_id="tgt_2"))

    if freed_before:
        told("in-progress")
        world.settles()
    told("completed", 90)
    assert world.settles() is Progress.WAITING
    assert world.funds() == (96_000, 4_000)
    assert world.target("tgt_1")["leases"] == world.target("tgt_2")["leases"] == {}
    assert set(world.target("tgt_1")["used"].values()) == {0}
    assert sorted(world.target("tgt_2")["used"].values()) == [1] * 4 + [4_000] * 4
    sells(world)
    world.settles()
    assert (world.call().charge_cents, world.funds()) == (4_000, (96_000, 0))
    assert set(world.target("tgt_1")["used"].values()) == {0}
    assert sorted(world.target("tgt_2")["used"].values()) == [1] * 4 + [4_000] * 4
    attempt = world.call().attempt
    assert attempt is not None
    assert [one.owner_id for one in attempt.terms] == ["cmp_1", "tgt_2", "off_1", "par_1"]


class TestTermsThatChangeDuringACall:
    """A call arrives, the price changes, and only then its second target picks up."""

    def charged(self, *prices: int, kept: bool = True) -> World:
        """The call, where each price comes in the place of the one before while it rings."""
        world = World(FakeRows())
        first = builders.a_campaign(terms=builders.charge_terms(charge_cents=prices[0]))
        targets = (builders.a_target(id="tgt_1"), builders.a_target(id="tgt_2", priority=2))
        world.opens(*targets, campaign=first)
        if kept:
            world.rows.write([terms_put(one) for one in (*targets, builders.an_offer())])
            world.rows.write([terms_put(builders.a_partnership())])
        world.arrives()
        before = first
        for price in prices[1:]:
            world.later(seconds=5)
            after = replace(
                before,
                terms=builders.charge_terms(charge_cents=price),
                terms_version=before.terms_version + 1,
                terms_since=world.now,
            )
            change = Change(
                key=Key(CATALOG, "CAMPAIGN#cmp_1"), set={("doc",): codec.to_json(after)}
            )
            world.rows.write([change, *(new_terms(before, after) if kept else [])])
            before = after
        world.fails()
        world.reports("CA1", world.signal(SignalKind.LEG, 2, "completed", 90))
        world.settles()
        return world

    @pytest.mark.parametrize(
        ("prices", "charge"),
        [((2_500, 9_900), 2_500), ((2_500, 9_900, 5_000), 2_500), ((2_500, 1_900), 1_900)],
    )
    def test_it_is_judged_by_those_in_force_when_it_arrived_and_pays_no_more_than_is_held(
        self, prices: tuple[int, ...], charge: int
    ) -> None:
        world = self.charged(*prices)
        assert (world.call().charge_cents, world.funds()) == (charge, (100_000 - charge, 0))
        verdict = world.stores.calls.verdict(world.call().id) or {}
        assert verdict["terms"][0] == {"owner_id": "cmp_1", "version": 1, "since": None}

    def test_a_version_that_was_not_kept_leaves_the_terms_of_the_attempt(self) -> None:
        assert self.charged(2_500, 9_900, kept=False).call().charge_cents == 9_900
