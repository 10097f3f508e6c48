"""What would calls have come to under other terms?

Owns judging past calls again, from the facts stored with their verdicts, under terms that are
tried. What the outcomes come to together belongs to `comparing`; which calls are read, to the
flows. Nothing that it decides is kept.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from chalicelib.call_facts import CallFacts, EarlierCall
from chalicelib.dispositions import Disposition, Postback
from chalicelib.findings import Finding, Outcome
from chalicelib.repetition import Repetition
from chalicelib.reviews import Review
from chalicelib.terms import (
    ChargeTerms,
    EarningTerms,
    RepeatScope,
    Since,
    StepTest,
    Terms,
    repeats,
)
from chalicelib.validation import Standing, Verdict, judge

_NEVER = datetime.max.replace(tzinfo=UTC)
_SAID = (StepTest.DISPOSITION, StepTest.POSTBACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One side of a verdict, and the findings that decide it: of an approved side the step that
    holds, of a denied one every denial, of a pending one what it waits for.

    The cents are 0 until the side is approved; the most is what it may still come to.
    """

    standing: Standing
    cents: int
    most_cents: int
    step: str | None
    by: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """A verdict's two sides."""

    charge: Decided
    earning: Decided

    @property
    def approved(self) -> bool:
        """Whether the advertiser owes the charge, and nothing is awaited any more."""
        sides = (self.charge.standing, self.earning.standing)
        return sides[0] is Standing.APPROVED and sides[1] is not Standing.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A judged call: by which terms, on which facts, when first and when last, and what came of it.

    `dispositions`, `postbacks` and `reviews` are all that has been said of it since; None where
    that is not asked for, and then what its facts hold stands.
    """

    id: str
    campaign_id: str
    target_id: str
    publisher_id: str
    partnership_id: str
    charge: ChargeTerms
    earning: EarningTerms
    facts: CallFacts
    first_judged_at: datetime
    judged_at: datetime
    before: Both
    dispositions: tuple[Disposition, ...] | None = None
    postbacks: tuple[Postback, ...] | None = None
    reviews: tuple[Review, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTerms:
    """Terms to be tried: what a call on a target would cost, and earn on a partnership. A call on
    any other one keeps its own."""

    charge: Mapping[str, ChargeTerms] = field(default_factory=dict)
    earning: Mapping[str, EarningTerms] = field(default_factory=dict)

    def of(self, call: PastCall) -> tuple[ChargeTerms, EarningTerms]:
        """By which terms the call is judged now; what a full cap kept from earning still does."""
        earning = self.earning.get(call.partnership_id, call.earning)
        if call.facts.earning_stopped is not None:
            earning = call.earning
        return self.charge.get(call.target_id, call.charge), earning


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAgain:
    """A past call with what comes of it now. `blocks_unknown` where a rule asks whether the caller
    was blocked, and nobody looked when the call was judged."""

    call: PastCall
    after: Both
    blocks_unknown: bool = False


def judge_again(
    calls: Iterable[PastCall],
    tried: TriedTerms,
    *,
    tested: Collection[str],
    now: datetime,
) -> Iterator[JudgedAgain]:
    """The calls that are `tested`, by id, judged under the tried terms, in the order in which they
    were judged. The others stand as they do, and lead repeat rules back to calls before them."""
    repetition = Repetition()
    for call in sorted(calls, key=_decided_at):
        was = becomes = call.before.approved
        if call.id in tested:
            again = _again(call, tried, repetition.earlier(call.facts), now)
            becomes = again.after.approved
            yield again
        repetition.tell(call.id, call.facts, was=was, becomes=becomes)


def judged_alone(
    call: PastCall,
    charge: ChargeTerms,
    earning: EarningTerms,
    earlier: tuple[EarlierCall, ...],
    *,
    now: datetime,
) -> Verdict:
    """What the call comes to by `now` under these terms, where its caller made these others.

    Under its own terms it is judged at the very moment it was. Under others as it would have been:
    first when it was judged first, on what had been said by then, and again with whatever came, and
    at each deadline, until nothing is awaited.
    """
    facts = call.facts if earlier == call.facts.earlier else replace(call.facts, earlier=earlier)
    if (charge, earning) == (call.charge, call.earning):
        return judge(facts, charge, earning, now=call.judged_at)
    facts = _with_all_said(call, facts)
    at = call.first_judged_at
    while True:
        verdict = judge(_known_at(facts, at), charge, earning, now=at)
        if verdict.standing is not Standing.PENDING:
            return verdict
        following = min(_moments(facts, verdict, at), default=_NEVER)
        if following > now:
            return verdict
        at = following


def both_sides(verdict: Verdict) -> Both:
    """The verdict's sides, with what decides each."""
    return Both(
        charge=decided(
            verdict.charge,
            verdict.charge_standing,
            verdict.charge_step,
            (verdict.charge_cents, verdict.charge_most_cents),
        ),
        earning=decided(
            verdict.earning,
            verdict.earning_standing,
            verdict.earning_step,
            (verdict.earning_cents, verdict.earning_most_cents),
        ),
    )


def decided(
    findings: Iterable[Finding], standing: Standing, step: str | None, money: tuple[int, int]
) -> Decided:
    """A side with those of its findings that decide it; `money` is its cents and the most."""
    if standing is Standing.APPROVED:
        # A step that passes gives cents; the last of them is the highest, which holds.
        passed = (one for one in findings if one.outcome is Outcome.PASS)
        by = tuple(one for one in passed if one.cents is not None)[-1:]
    elif standing is Standing.DENIED:
        by = tuple(one for one in findings if one.denial)
    else:
        by = tuple(one for one in findings if one.outcome is Outcome.WAITING)
    return Decided(standing=standing, cents=money[0], most_cents=money[1], step=step or None, by=by)


def followed(terms: Iterable[Terms]) -> frozenset[RepeatScope]:
    """The scopes in which a rule asks for an earlier approved call: only there does a changed
    verdict change another."""
    rules = (rule for one in terms for rule in repeats(one))
    return frozenset(rule.scope for rule in rules if rule.since is Since.APPROVED)


def asks_what_is_said(terms: Terms) -> bool:
    """Whether any rule looks at what the advertiser, or the operator, says of a call."""
    off = terms.disqualifiers
    said = (off.disposition_missing, off.disposition_rejected, off.review)
    told = bool(off.consent_withheld and off.consent_withheld.dispositions)
    return any(said) or told or any(step.test in _SAID for step in terms.steps)


def _again(
    call: PastCall, tried: TriedTerms, earlier: tuple[EarlierCall, ...], now: datetime
) -> JudgedAgain:
    charge, earning = tried.of(call)
    verdict = judged_alone(call, charge, earning, earlier, now=now)
    looked = _asks_blocks(call.charge) or _asks_blocks(call.earning)
    asks = _asks_blocks(charge) or _asks_blocks(earning)
    return JudgedAgain(
        call=call,
        after=both_sides(verdict),
        blocks_unknown=asks and not looked and not call.facts.anonymous,
    )


def _asks_blocks(terms: Terms) -> bool:
    return terms.disqualifiers.blocked_caller


def _decided_at(call: PastCall) -> tuple[datetime, datetime, str]:
    """The order in which calls were decided; those that wait come last."""
    sides = (call.before.charge.standing, call.before.earning.standing)
    waits = Standing.PENDING in sides and sides[0] is not Standing.DENIED
    return (_NEVER if waits else call.judged_at, call.facts.arrived_at, call.id)


def _with_all_said(call: PastCall, facts: CallFacts) -> CallFacts:
    if call.dispositions is None or call.postbacks is None or call.reviews is None:
        return facts
    return replace(
        facts,
        dispositions=call.dispositions,
        postbacks=call.postbacks,
        reviews=call.reviews,
    )


def _known_at(facts: CallFacts, at: datetime) -> CallFacts:
    """The facts without what was said later."""
    if not facts.dispositions and not facts.postbacks and not facts.reviews:
        return facts
    return replace(
        facts,
        dispositions=tuple(one for one in facts.dispositions if one.received_at <= at),
        postbacks=tuple(one for one in facts.postbacks if one.received_at <= at),
        reviews=tuple(one for one in facts.reviews if one.decided_at <= at),
    )


def _moments(facts: CallFacts, verdict: Verdict, at: datetime) -> Iterator[datetime]:
    """When a call that waits is judged again: with each thing said, and right after a deadline,
    which is in time itself."""
    for said in (facts.dispositions, facts.postbacks):
        yield from (one.received_at for one in said if one.received_at > at)
    yield from (one.decided_at for one in facts.reviews if one.decided_at > at)
    if verdict.waits_until is not None:
        yield verdict.waits_until + timedelta.resolution
