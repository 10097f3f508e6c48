"""Whatever calls wait for, in whatever order it comes, interrupted anywhere: what is held is what
may still come, and the books stay whole."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.auditing import Law
from chalicelib.calls import Call, CallStatus
from chalicelib.flows.audit import audit
from chalicelib.flows.reviews import Deciding, decide
from chalicelib.flows.settlement import sweep
from chalicelib.reviews import ReviewDecision
from chalicelib.store.dispositions import disposition_put, postback_put
from chalicelib.store.rows import CATALOG, NotWritten
from chalicelib.store.verdicts import judgement_of
from chalicelib.terms import (
    Disqualifiers,
    EarningTerms,
    Missing,
    Otherwise,
    Pay,
    PayKind,
    Rejected,
    Repeat,
    Reviewed,
    Since,
    StepTest,
)
from chalicelib.validation import judge
from tests import builders
from tests.builders import a_disposition, a_postback, a_step
from tests.fakes import Crash
from tests.laws.test_books_law import MortalRows, deaths
from tests.world import World

FUNDS = 60_000
Death = tuple[str, int] | None

CHARGE = builders.charge_terms(
    charge_cents=5_000,
    minimum_talk_seconds=0,
    steps=(
        a_step(name="talk", seconds=60, cents=1_000),
        a_step(StepTest.DISPOSITION, 2_500, values=("sold",), within_hours=5),
        a_step(
            StepTest.POSTBACK,
            within_hours=9,
            pays=Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=5_000, ceiling_cents=5_000),
        ),
    ),
    disqualifiers=Disqualifiers(
        repeat_callers=(Repeat(days=1), Repeat(since=Since.CONNECTED, days=1)),
        disposition_rejected=Rejected(values=("spam",), within_hours=3),
        review=Reviewed(within_hours=4, otherwise=Otherwise.APPROVE),
    ),
)
EARNING = EarningTerms(
    earning_cents=3_000,
    steps=(
        a_step(
            StepTest.ANSWERED,
            pays=Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=6_000, floor_cents=300),
        ),
    ),
    disqualifiers=Disqualifiers(
        disposition_missing=Missing(within_hours=12), review=Reviewed(within_hours=13)
    ),
)


class Waiting(RuleBasedStateMachine):
    """Calls that talk, are spoken of, and wait; whoever dies on the way acts once more."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = MortalRows()
        self.world = World(self.rows)
        self.sids: list[str] = []
        self.said = 0

    @initialize()
    def opens(self) -> None:
        self.world.opens(
            campaign=builders.a_campaign(terms=CHARGE),
            offer=builders.an_offer(earning=EARNING),
            funds=FUNDS,
        )

    def does(self, act: Callable[[], object], death: Death) -> None:
        """Act; where the process dies on the way, act once more, as a retry does."""
        self.rows.death = death
        try:
            act()
        except Crash:
            self.rows.death = None
            self.holds_what_may_still_come()
            try:
                act()
            except NotWritten:
                assert death is not None
        self.rows.death = None

    def calls(self) -> list[Call]:
        return [self.world.call(sid) for sid in self.sids]

    @rule(caller=st.integers(0, 3), seconds=st.sampled_from([0, 1, 59, 60, 130]), death=deaths)
    def talks(self, caller: int, seconds: int, death: Death) -> None:
        sid = f"CA{len(self.sids)}"
        number = f"+1415555010{caller}"
        self.world.arrives(sid, caller=number)
        if self.world.call(sid).attempt is None:
            return
        self.sids.append(sid)
        self.does(lambda: self.world.talks(sid, seconds, caller=number), death)

    @precondition(lambda self: self.sids)
    @rule(data=st.data(), value=st.sampled_from(["sold", "spam", "lost"]), death=deaths)
    def is_spoken_of(self, data: st.DataObject, value: str, death: Death) -> None:
        call = self.world.call(data.draw(st.sampled_from(self.sids)))
        self.said += 1
        said = a_disposition(
            value, id=f"dsp_{self.said}", call_id=call.id, at=self.world.now,
            received_at=self.world.now,
        )  # fmt: skip
        self.does(lambda: self.rows.write([disposition_put(said)]), death)

    @precondition(lambda self: self.sids)
    @rule(data=st.data(), cents=st.sampled_from([0, 1, 4_001, 30_000]), death=deaths)
    def is_sold(self, data: st.DataObject, cents: int, death: Death) -> None:
        call = self.world.call(data.draw(st.sampled_from(self.sids)))
        self.said += 1
        said = a_postback(
            cents, id=f"pbk_{self.said}", call_id=call.id, converted=cents > 0,
            at=self.world.now, received_at=self.world.now,
        )  # fmt: skip
        self.does(lambda: self.rows.write([postback_put(said)]), death)

    @precondition(lambda self: self.sids)
    @rule(data=st.data(), decision=st.sampled_from(ReviewDecision), death=deaths)
    def is_reviewed(self, data: st.DataObject, decision: ReviewDecision, death: Death) -> None:
        call = self.world.call(data.draw(st.sampled_from(self.sids)))
        deciding = Deciding(call_id=call.id, decision=decision, reason="listened")
        self.does(lambda: decide(deciding, stores=self.world.stores, now=self.world.now), death)

    @precondition(lambda self: self.sids)
    @rule(data=st.data(), death=deaths)
    def is_judged(self, data: st.DataObject, death: Death) -> None:
        sid = data.draw(st.sampled_from(self.sids))
        self.does(lambda: self.world.settles(sid), death)

    @rule(hours=st.sampled_from([1, 3, 5, 13]), death=deaths)
    def time_goes_by(self, hours: int, death: Death) -> None:
        self.world.later(hours=hours, seconds=1)
        self.does(self.sweeps, death)

    def sweeps(self) -> None:
        sweep(stores=self.world.stores, now=self.world.now, ask_carrier=lambda call, now: ())

    @invariant()
    def holds_what_may_still_come(self) -> None:
        if not self.rows.rows_of("books"):
            return
        calls = self.calls()
        open_calls = [c for c in calls if c.status in (CallStatus.LIVE, CallStatus.PENDING)]
        held = sum(c.attempt.hold.amount_cents for c in open_calls if c.attempt)
        earned = sum(c.attempt.hold.earning_cents for c in open_calls if c.attempt)
        charged = sum(c.charge_cents for c in calls)
        paid = sum(c.earning_cents for c in calls)
        assert self.world.funds() == (FUNDS - held - charged, held)
        spent = self.world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"]
        assert spent.get("total", 0) == held + charged
        assert self.world.target()["used"].get("money:total", 0) == held + charged
        used = self.world.row(CATALOG, "PARTNERSHIP#par_1")["used"]
        assert used.get("money:total", 0) == earned + paid

    @invariant()
    def only_live_calls_have_slots(self) -> None:
        if self.rows.rows_of("catalog"):
            leases = set(self.world.target()["leases"])
            assert leases == {c.id for c in self.calls() if c.attempt and not c.ended_at}

    @invariant()
    def nothing_waits_beyond_its_deadline(self) -> None:
        for call in self.calls():
            row = self.world.row("calls", f"CALL#{call.id}")
            assert ("due_at" in row) == (call.status in (CallStatus.LIVE, CallStatus.PENDING))

    def every_verdict_follows_from_what_is_kept(self) -> None:
        for call in self.calls():
            kept = judgement_of([self.world.row("calls", f"CALL#{call.id}", "VERDICT")])
            assert kept is not None and call.attempt is not None
            again = judge(kept.facts, call.attempt.charge, call.attempt.earning, now=kept.judged_at)
            assert again == kept.verdict

    def teardown(self) -> None:
        """In the end, everything has been decided, and nothing is held."""
        self.rows.death = None
        if not self.sids:
            return
        for _ in range(4):
            self.world.later(hours=13)
            self.sweeps()
        assert {c.status for c in self.calls()} <= {CallStatus.APPROVED, CallStatus.DENIED}
        assert self.world.funds()[1] == 0
        self.every_verdict_follows_from_what_is_kept()
        found = audit(self.world.stores, self.world.now).differences
        # The world's first money came from nowhere, which the ledger does not know.
        assert [one for one in found if one.law is not Law.FUNDS] == []


TestWaiting = Waiting.TestCase
TestWaiting.settings = settings(stateful_step_count=20)
