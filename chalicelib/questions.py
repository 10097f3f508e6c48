"""Which question comes next, and what has been answered?

Owns the course of an offer's questions, read out of what was keyed at each step. The questions
themselves belong to `answering`; what an answer changes in routing, to `attributes` and `places`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from chalicelib.answering import (
    Answering,
    Heard,
    IfUnanswered,
    Line,
    Question,
    QuestionKind,
    filled,
    offer_lines,
)

ANSWER = "answer"
"""What a confirmation may tell: what was keyed."""
_CONFIRMS = ".confirm"
_YES = "1"


class Step(NamedTuple):
    """One try at one question, both counted from 1, or the confirmation of what was keyed then."""

    question: int
    tries: int
    confirms: bool = False

    def __str__(self) -> str:
        return f"{self.question}.{self.tries}{_CONFIRMS if self.confirms else ''}"


def read_step(text: str) -> Step:
    """The step of that name; ValueError for a text that names none."""
    question, _, tries = text.removesuffix(_CONFIRMS).partition(".")
    return Step(int(question), int(tries), text.endswith(_CONFIRMS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is said, and the question that is asked then."""

    lines: tuple[Line, ...]
    question: Question
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far the questions have come.

    `page` is what comes next; None once all are behind, or when the caller is hung up on
    (`given_up`). `said` are the answers by name, of which `keyed` were given by the caller.
    """

    said: Mapping[str, str]
    keyed: Mapping[str, str]
    asked: tuple[Question, ...]
    page: Page | None = None
    given_up: bool = False


def follow(answering: Answering, keys: Mapping[Step, str]) -> Course:
    """Where the questions stand after what was keyed at each step; nothing keyed is an empty text.

    Steps that were not come to are passed over.
    """
    said: dict[str, str] = {}
    keyed: dict[str, str] = {}
    for number, question in enumerate(answering.questions, 1):
        course = Course(said=said, keyed=keyed, asked=answering.questions[:number])
        answer, missing = _tries(question, number, keys)
        if missing is not None:
            return replace(course, page=_page(answering, missing, keys))
        if answer is not None:
            keyed[question.name] = said[question.name] = answer
        elif question.if_unanswered is IfUnanswered.HANG_UP:
            return replace(course, given_up=True)
        elif question.if_unanswered is IfUnanswered.TAKE_DEFAULT and question.default is not None:
            said[question.name] = question.default
    return Course(said=said, keyed=keyed, asked=answering.questions)


def keyed_by(keys: Mapping[Step, str], step: Step) -> dict[Step, str]:
    """What was keyed up to `step`, which is all that the answer to it may rest on."""
    return {one: pressed for one, pressed in keys.items() if one <= step}


def answer_of(question: Question, pressed: str) -> str | None:
    """What the pressed keys say; None when they are no answer."""
    if question.kind is QuestionKind.CHOICE:
        return question.choices.get(pressed)
    digits = pressed.isascii() and pressed.isdigit()
    fits = question.min_digits <= len(pressed) <= question.max_digits
    return pressed if digits and fits else None


def heard_before_choice(answering: Answering, course: Course, of: str) -> tuple[Heard, ...]:
    """What the callers of offer `of` have heard when the course has come this far."""
    parts = dict(offer_lines(answering))
    names = ["greeting", *(f"question.{question.name}" for question in course.asked)]
    return tuple(
        Heard(part=name, of=of, version=parts[name].version) for name in names if name in parts
    )


def _tries(
    question: Question, number: int, keys: Mapping[Step, str]
) -> tuple[str | None, Step | None]:
    """The answer, or the first step that is still to be made; neither when all have failed."""
    for tries in range(1, question.retries + 2):
        step = Step(number, tries)
        if step not in keys:
            return None, step
        answer = answer_of(question, keys[step])
        if answer is None:
            continue
        confirming = step._replace(confirms=True)
        if question.confirm is None or keys.get(confirming) == _YES:
            return answer, None
        if confirming not in keys:
            return None, confirming
    return None, None


def _page(answering: Answering, step: Step, keys: Mapping[Step, str]) -> Page:
    question = answering.questions[step.question - 1]
    if step.confirms and question.confirm is not None:
        pressed = keys[step._replace(confirms=False)]
        return Page(
            lines=(), question=_confirmation(question, question.confirm, pressed), step=step
        )
    before: Line | None = answering.greeting if step == Step(1, 1) else None
    if step.tries > 1:
        earlier = Step(step.question, step.tries - 1)
        if answer_of(question, keys[earlier]) is None:
            before = question.wrong_input if keys[earlier] else question.no_input
    return Page(lines=(before,) if before else (), question=question, step=step)


def _confirmation(question: Question, confirm: Line, pressed: str) -> Question:
    """Reads back what was keyed, digit by digit, and asks whether it is right."""
    said = question.choices.get(pressed) or " ".join(pressed)
    return Question(
        name=question.name,
        prompt=filled(confirm, {ANSWER: said}),
        kind=QuestionKind.CHOICE,
        choices={_YES: said},
        timeout_seconds=question.timeout_seconds,
    )
