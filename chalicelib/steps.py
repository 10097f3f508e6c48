"""Which step of a ladder does a call meet, and what does it give?

Owns one function for each thing that a step may ask, and the climb: the highest step that holds
wins. What denies a call whatever it meets belongs to `disqualifying`, the outcome of both to
`validation`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.call_facts import (
    Awaited,
    CallFacts,
    awaited,
    conversion_by,
    disposition_by,
    seconds_on,
)
from chalicelib.criteria import passes
from chalicelib.findings import Denial, Finding, Outcome, Rule
from chalicelib.terms import Clock, Otherwise, PayKind, Step, StepTest, paid_cents

_FROM = {Clock.ARRIVAL: " from the caller's arrival", Clock.DIAL: " from the dial",
         Clock.ANSWER: ""}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a price may rest on besides the call: the most that the terms let any step give, the
    charge, or while that is open the most that it may become, and the most that it may become
    while anything of the call is open."""

    most_cents: int
    charge_cents: int = 0
    charge_most_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """How far a call comes on a ladder: the step that holds and its cents, and the most that the
    ladder may come to while more is told of the call. None of both where no step can hold any
    more."""

    findings: tuple[Finding, ...]
    step: str | None
    cents: int
    most_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a step's test saw. A waiting one has a deadline, a failed one a denial. It is `open`
    while something may be told that changes it, whether it is waited for or not."""

    saw: str
    asked: str
    source: str
    denial: Denial | None = None
    until: datetime | None = None
    postback_cents: int = 0
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A step's finding, and whether something may still be told that changes it."""

    finding: Finding
    open: bool


def climb(steps: Sequence[Step], facts: CallFacts, money: Money, now: datetime) -> Climb:
    """The highest step that holds. Steps below it are waited for no more."""
    seen = [_told(step, facts, money, now) for step in steps]
    told = [one.finding for one in seen]
    holding = [at for at, one in enumerate(told) if one.outcome is Outcome.PASS]
    top = holding[-1] if holding else -1
    findings = [_unneeded(one) if at < top else one for at, one in enumerate(told)]
    waiting = [one for one in findings if one.outcome is Outcome.WAITING]
    if holding or waiting:
        findings = [replace(one, denial=None) for one in findings]
    cents = (told[top].cents or 0) if holding else 0
    return Climb(
        findings=tuple(findings),
        step=steps[top].name if holding else None,
        cents=cents,
        most_cents=max((cents, *_mosts(steps, seen, facts, money))),
    )


def _mosts(
    steps: Sequence[Step], seen: Sequence[_Told], facts: CallFacts, money: Money
) -> Iterator[int]:
    """The most that each step may give that is not out of reach: those below one that holds for
    good are, and those that fail for good."""
    for step, one in reversed(list(zip(steps, seen, strict=True))):
        if one.open:
            yield _most_yet(step, facts, money)
        elif one.finding.outcome is Outcome.PASS:
            on_charge = step.pays.kind is PayKind.SHARE_OF_CHARGE
            yield _most_yet(step, facts, money) if on_charge else one.finding.cents or 0
            return


def _unneeded(finding: Finding) -> Finding:
    if finding.outcome is not Outcome.WAITING:
        return finding
    return replace(finding, outcome=Outcome.NOT_NEEDED, until=None, cents=None)


def _told(step: Step, facts: CallFacts, money: Money, now: datetime) -> _Told:
    seen = _conditions(step, facts) or _TESTS[step.test](step, facts, now)
    finding = Finding(
        rule=_RULES[step.test],
        saw=seen.saw,
        asked=seen.asked,
        source=seen.source,
        step=step.name or None,
    )
    if seen.denial is not None:
        finding = replace(finding, outcome=Outcome.FAIL, denial=seen.denial)
    elif seen.until is not None:
        most = _most_yet(step, facts, money)
        finding = replace(finding, outcome=Outcome.WAITING, until=seen.until, cents=most)
    else:
        finding = replace(finding, cents=_cents(step, facts, money, seen.postback_cents))
    return _Told(finding=finding, open=seen.open or seen.until is not None)


def _cents(step: Step, facts: CallFacts, money: Money, postback_cents: int) -> int:
    """What the step gives: never more than the most that the terms say."""
    gives = paid_cents(
        step.pays,
        talk_seconds=facts.talk_seconds,
        charge_cents=money.charge_cents,
        postback_cents=postback_cents,
    )
    return min(gives, money.most_cents)


def _most_yet(step: Step, facts: CallFacts, money: Money) -> int:
    """The most that a step may give: a share of a postback is unknown up to its ceiling, a share of
    the charge up to that of the most that this may become."""
    if step.pays.kind is PayKind.SHARE_OF_POSTBACK:
        ceiling = step.pays.ceiling_cents
        return money.most_cents if ceiling is None else min(ceiling, money.most_cents)
    return _cents(step, facts, replace(money, charge_cents=money.charge_most_cents), 0)


def _conditions(step: Step, facts: CallFacts) -> _Seen | None:
    """What keeps the step from calls like this one, before it asks anything; None if nothing does.

    The values of attributes are not told: one side's are not for the other.
    """
    if step.hours is not None and not step.hours.open_at(facts.arrived_at):
        asked = f"an arrival within the step's hours in {step.hours.zone}"
        return _Seen(
            saw="arrived outside of them", asked=asked, source="clock", denial=Denial.STEP_CLOSED
        )
    for one in step.filters:
        if not passes(one, facts.attributes):
            asked = f"that {one.attribute} passes the step's filter"
            return _Seen(
                saw="it does not", asked=asked, source="attributes", denial=Denial.STEP_FILTERED
            )
    return None


def _answered(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """Holds for every call that came to a conversation."""
    del step, now
    return _Seen(saw=f"{facts.talk_seconds} s", asked="an answer", source=facts.evidence.value)


def _talk(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """The boundary is inclusive: exactly the seconds asked for are enough."""
    del now
    seconds = seconds_on(facts, step.clock)
    return _Seen(
        saw=f"{seconds} s{_FROM[step.clock]}",
        asked=f"at least {step.seconds} s{_FROM[step.clock]}",
        source=facts.evidence.value,
        denial=None if seconds >= step.seconds else Denial.TOO_SHORT,
    )


def _disposition(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """The disposition that stands decides; without any, the deadline does. Until then another may
    take its place."""
    wait = awaited(facts, step.within_hours, step.otherwise, now)
    said = disposition_by(facts, wait.deadline)
    asked = f"{' or '.join(step.values)} within {step.within_hours} h of the end"
    if said is None:
        return _nothing_yet("no disposition", asked, wait, Denial.OTHER_DISPOSITION)
    fits = said.value in step.values
    return _Seen(
        saw=said.value,
        asked=asked,
        source=said.source.value,
        denial=None if fits else Denial.OTHER_DISPOSITION,
        open=not wait.over,
    )


def _ivr_answer(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """What the caller keyed, or what stands for it without an answer."""
    del now
    answer = facts.answers.get(step.question or "")
    return _Seen(
        saw="no answer" if answer is None else answer,
        asked=f"{' or '.join(step.values)} as the answer to {step.question}",
        source="keyed",
        denial=None if answer in step.values else Denial.OTHER_ANSWER,
    )


def _postback(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """A conversion of the amount or more holds as soon as it comes: a smaller one may yet be
    followed by a larger. One that is shared may be, until the deadline."""
    wait = awaited(facts, step.within_hours, step.otherwise, now)
    said = conversion_by(facts, wait.deadline)
    asked = f"a conversion of {step.minimum_cents} or more within {step.within_hours} h of the end"
    if said is None or said.amount_cents < step.minimum_cents:
        if said is None:
            return _nothing_yet("no conversion", asked, wait, Denial.NOT_CONVERTED)
        too_little = replace(wait, otherwise=Otherwise.DENY)
        saw = f"a conversion of {said.amount_cents}"
        return _nothing_yet(saw, asked, too_little, Denial.NOT_CONVERTED)
    return _Seen(
        saw=f"a conversion of {said.amount_cents}",
        asked=asked,
        source=said.source.value,
        postback_cents=said.amount_cents,
        open=not wait.over and step.pays.kind is PayKind.SHARE_OF_POSTBACK,
    )


def _keyword(step: Step, facts: CallFacts, now: datetime) -> _Seen:
    """No call has a transcript, so no word is ever heard."""
    del facts, now
    asked = f"{' or '.join(step.values)} in the transcript"
    return _Seen(saw="no transcript", asked=asked, source="transcript", denial=Denial.NOT_SAID)


def _nothing_yet(saw: str, asked: str, wait: Awaited, denial: Denial) -> _Seen:
    seen = _Seen(saw=saw, asked=asked, source="deadline")
    if not wait.over:
        return replace(seen, until=wait.deadline)
    return replace(seen, denial=None if wait.otherwise is Otherwise.APPROVE else denial)


_TESTS: Mapping[StepTest, Callable[[Step, CallFacts, datetime], _Seen]] = {
    StepTest.ANSWERED: _answered,
    StepTest.TALK: _talk,
    StepTest.DISPOSITION: _disposition,
    StepTest.IVR_ANSWER: _ivr_answer,
    StepTest.POSTBACK: _postback,
    StepTest.KEYWORD: _keyword,
}
_RULES: Mapping[StepTest, Rule] = {
    StepTest.ANSWERED: Rule.ANSWERED,
    StepTest.TALK: Rule.MINIMUM_TALK,
    StepTest.DISPOSITION: Rule.DISPOSITION,
    StepTest.IVR_ANSWER: Rule.IVR_ANSWER,
    StepTest.POSTBACK: Rule.POSTBACK,
    StepTest.KEYWORD: Rule.KEYWORD,
}
