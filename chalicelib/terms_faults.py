"""Do terms hold together, and can every rule in them be judged?

Owns what is wrong with a ladder, with the amounts it pays, and with rules that need what nobody
knows. The form of a single field belongs to the channel that receives it; what terms must fit
around them (a campaign's highest charge, an offer's questions) is given as arguments.
"""

from collections.abc import Collection, Iterator, Sequence

from chalicelib.attributes import OF_STEPS, of_steps
from chalicelib.criteria import Filter, value_fault
from chalicelib.errors import Fault
from chalicelib.terms import (
    ChargeTerms,
    Clock,
    Otherwise,
    Pay,
    PayKind,
    Step,
    StepTest,
    Terms,
    Withheld,
    minute_cents,
    most_of,
)
from chalicelib.times import Hours

# The terms of both sides lie in the row of each call and of each attempt, which hold 400 KB.
MOST_CHARACTERS = 4_000
MOST_BLOCKS = 200
_SHARES = (PayKind.SHARE_OF_CHARGE, PayKind.SHARE_OF_POSTBACK)
_BY_TALK = (StepTest.ANSWERED, StepTest.TALK)
_NO_TRANSCRIPTS = "no call has a transcript yet, so no word in it can be judged"


def ladder_faults(terms: Terms, max_call_seconds: int) -> list[Fault]:
    """Everything wrong with the terms' steps, where a call lasts `max_call_seconds` at most."""
    steps = terms.steps
    most = most_of(terms)
    return [
        *_exclusive(terms),
        *_too_much(terms),
        *_names(steps),
        *(fault for at, step in enumerate(steps) for fault in _step_faults(at, step, terms)),
        *_amounts(terms, max_call_seconds),
        *(fault for at, step in enumerate(steps) for fault in _order(steps[:at], at, step, most)),
    ]


def rule_faults(terms: Terms, questions: Collection[str] | None = None) -> list[Fault]:
    """What is wrong with the disqualifiers, and which questions are asked of nobody; None where it
    is not known which questions there are."""
    asked = terms.disqualifiers
    reviewed = asked.review.filters if asked.review else ()
    return [
        *_consent(asked.consent_withheld),
        *_filters("disqualifiers.review", reviewed),
        *_unasked(terms, questions),
    ]


def _exclusive(terms: Terms) -> Iterator[Fault]:
    if terms.steps and terms.minimum_talk_seconds:
        reason = "say it in a step: with steps no other talk time is asked for"
        yield Fault(field="minimum_talk_seconds", rule="exclusive", reason=reason)


def _too_much(terms: Terms) -> Iterator[Fault]:
    """Whether the steps and hours of the terms say more than fits beside every call."""
    review = terms.disqualifiers.review
    texts = [text for step in terms.steps for text in (step.name, *step.values)]
    filters = [one for asks in (*terms.steps, review) if asks for one in asks.filters]
    texts += [value for one in filters for value in one.values]
    said = [terms.disqualifiers.outside_hours, *(step.hours for step in terms.steps)]
    blocks = [block for hours in said if hours is not None for block in _blocks(hours)]
    counts = (
        (sum(map(len, texts)), MOST_CHARACTERS, "characters of names and values"),
        (len(blocks), MOST_BLOCKS, "blocks and dates of hours"),
    )
    for count, most, of_what in counts:
        if count > most:
            reason = f"hold {count} {of_what} together; at most {most} fit"
            yield Fault(field="steps", rule="length", reason=reason)


def _blocks(hours: Hours) -> Iterator[object]:
    yield from hours.blocks
    for dated in hours.exceptions:
        yield dated
        yield from dated.blocks


def _names(steps: Sequence[Step]) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, step in enumerate(steps):
        if step.name in seen:
            reason = f"{step.name} is the name of a lower step"
            yield Fault(field=f"steps.{at}.name", rule="repeated", reason=reason)
        seen.add(step.name)


def _step_faults(at: int, step: Step, terms: Terms) -> Iterator[Fault]:
    """What a step by itself lacks, or cannot have."""
    where = f"steps.{at}"
    if step.test is StepTest.KEYWORD:
        yield Fault(field=f"{where}.test", rule="unknown_fact", reason=_NO_TRANSCRIPTS)
    if step.test in (StepTest.DISPOSITION, StepTest.IVR_ANSWER) and not step.values:
        reason = f"{step.test} takes at least one value"
        yield Fault(field=f"{where}.values", rule="required", reason=reason)
    if step.test is StepTest.IVR_ANSWER and step.question is None:
        reason = "name the question whose answer counts"
        yield Fault(field=f"{where}.question", rule="required", reason=reason)
    yield from _pay_faults(where, step, terms)
    yield from _filters(where, step.filters)


def _filters(where: str, filters: Sequence[Filter]) -> Iterator[Fault]:
    """What is wrong with the filters of a step or a rule."""
    for position, one in enumerate(filters):
        named = f"{where}.filters.{position}"
        if not of_steps(one.attribute):
            known = f"{', '.join(OF_STEPS)}, and tag.name for a tag of that name"
            reason = f"terms look at what both sides may know: {known}"
            yield Fault(field=f"{named}.attribute", rule="choice", reason=reason)
        unfit = value_fault(one)
        if unfit:
            yield Fault(field=f"{named}.values", rule="filter", reason=unfit)


def _pay_faults(where: str, step: Step, terms: Terms) -> Iterator[Fault]:
    pays, where = step.pays, f"{where}.pays"
    if pays.kind is PayKind.SHARE_OF_CHARGE and isinstance(terms, ChargeTerms):
        reason = "only an earning can be a share of the charge"
        yield Fault(field=f"{where}.kind", rule="choice", reason=reason)
    if pays.kind is PayKind.SHARE_OF_POSTBACK:
        if step.test is not StepTest.POSTBACK:
            reason = "only a step that asks for a postback has an amount to share"
            yield Fault(field=f"{where}.kind", rule="choice", reason=reason)
        elif step.otherwise is Otherwise.APPROVE:
            reason = "without a postback there is nothing to share"
            yield Fault(field=f"{where[:-5]}.otherwise", rule="choice", reason=reason)
        if pays.ceiling_cents is None:
            reason = "a share of what a buyer will say needs a ceiling, up to which money is held"
            yield Fault(field=f"{where}.ceiling_cents", rule="required", reason=reason)
    if pays.ceiling_cents is not None and pays.ceiling_cents < pays.floor_cents:
        reason = "must not lie below floor_cents"
        yield Fault(field=f"{where}.ceiling_cents", rule="range", reason=reason)


def _amounts(terms: Terms, max_call_seconds: int) -> Iterator[Fault]:
    """The terms' amount must be enough for every step: so much is held for a call."""
    most = most_of(terms)
    most_paid = max((_most(step.pays, most, max_call_seconds) for step in terms.steps), default=0)
    if most_paid > most:
        field = "charge_cents" if isinstance(terms, ChargeTerms) else "earning_cents"
        reason = f"must be at least {most_paid}, which a step can come to"
        yield Fault(field=field, rule="range", reason=reason)


def _order(lower: Sequence[Step], at: int, step: Step, most: int) -> Iterator[Fault]:
    """What is wrong with a step where it stands: one before it never wins, or a longer talk would
    lose money."""
    for other in lower:
        if _hides(step, other):
            reason = f"asks no more than the lower step {other.name}, which could never hold"
            yield Fault(field=f"steps.{at}", rule="order", reason=reason)
        elif step.test is StepTest.TALK and _pays_less(step, other, most):
            reason = f"may pay less than the lower step {other.name}: more talk would lose money"
            yield Fault(field=f"steps.{at}.pays", rule="order", reason=reason)


def _hides(step: Step, lower: Step) -> bool:
    """Whether every call that meets the lower step by its talk meets this one too."""
    if step.test not in _BY_TALK or lower.test not in _BY_TALK:
        return False
    alike = (step.hours, step.filters) in ((None, ()), (lower.hours, lower.filters))
    return alike and _earlier(step, lower)


def _earlier(step: Step, lower: Step) -> bool:
    """Whether the step holds at any talk at which the lower one does."""
    asks = step.seconds if step.test is StepTest.TALK else 0
    asked = lower.seconds if lower.test is StepTest.TALK else 1
    comparable = step.clock is lower.clock or lower.test is not StepTest.TALK
    return asks <= asked and (comparable or asks == 0)


def _pays_less(step: Step, lower: Step, most: int) -> bool:
    """Whether a call may cost less once its talk is long enough for the step."""
    if lower.test in _BY_TALK and _earlier(step, lower):
        return False
    pays, other = step.pays, lower.pays
    if pays.kind is other.kind and pays.kind in _SHARES:
        ceilings = (_ceiling(pays, most), _ceiling(other, most))
        floors = (pays.floor_cents, other.floor_cents)
        return (
            pays.basis_points < other.basis_points
            or ceilings[0] < ceilings[1]
            or floors[0] < floors[1]
        )
    talked = step.seconds if step.clock is Clock.ANSWER else 0
    return min(_least(pays, talked), most) < min(_most(other, most, max(0, step.seconds - 1)), most)


def _least(pays: Pay, talk_seconds: int) -> int:
    """The least that a step gives from so much talk on."""
    if pays.kind is PayKind.PER_MINUTE:
        return minute_cents(pays, talk_seconds)
    return pays.cents if pays.kind is PayKind.FIXED else pays.floor_cents


def _most(pays: Pay, most: int, talk_seconds: int) -> int:
    """The most that a step gives up to so much talk; a share without a ceiling gives all."""
    if pays.kind is PayKind.PER_MINUTE:
        return minute_cents(pays, talk_seconds)
    return pays.cents if pays.kind is PayKind.FIXED else _ceiling(pays, most)


def _ceiling(pays: Pay, most: int) -> int:
    return most if pays.ceiling_cents is None else pays.ceiling_cents


def _consent(withheld: Withheld | None) -> Iterator[Fault]:
    if withheld is None:
        return
    where = "disqualifiers.consent_withheld"
    if not withheld.answers and not withheld.dispositions:
        reason = "name the answers or the dispositions that withhold consent"
        yield Fault(field=where, rule="required", reason=reason)
    if withheld.answers and withheld.question is None:
        reason = "name the question whose answer counts"
        yield Fault(field=f"{where}.question", rule="required", reason=reason)


def _unasked(terms: Terms, questions: Collection[str] | None) -> Iterator[Fault]:
    """A rule that looks at an answer which no caller is ever asked for."""
    if questions is None:
        return
    withheld = terms.disqualifiers.consent_withheld
    asked: list[tuple[str, str | None]] = [
        (f"steps.{at}.question", step.question)
        for at, step in enumerate(terms.steps)
        if step.test is StepTest.IVR_ANSWER
    ]
    if withheld is not None:
        asked.append(("disqualifiers.consent_withheld.question", withheld.question))
    for field, name in asked:
        if name is not None and name not in questions:
            reason = f"the callers are not asked {name}, so nobody knows the answer"
            yield Fault(field=field, rule="unknown_fact", reason=reason)
