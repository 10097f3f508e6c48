"""What may be said of questions, whispers and versions, and what is refused, all at once."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.answering import Answering, Consent, IfUnanswered, Line, QuestionKind
from chalicelib.consistency import Thing, faults
from tests.builders import a_campaign, an_advertiser, an_offer
from tests.core.test_answering import CHOICE, DIGITS, HELLO


def said_of(thing: Any, before: Any = None) -> list[tuple[str, str]]:
    found: dict[str, Thing] = {"adv_1": an_advertiser(), "cmp_1": a_campaign()}
    return [(fault.field, fault.rule) for fault in faults(thing, found, before)]


def asking(*questions: Any, greeting: Line | None = None) -> Any:
    return an_offer(answering=Answering(greeting=greeting, questions=questions))


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"max_digits": 4}, "max_digits", "order"),
        ({"choices": {"1": "a"}}, "choices", "required"),
        ({"default": "10001"}, "default", "required"),
        ({"if_unanswered": IfUnanswered.TAKE_DEFAULT}, "default", "required"),
        ({"max_digits": 9}, "name", "zip"),
        ({"kind": QuestionKind.CHOICE, "choices": {"1": "a"}}, "name", "zip"),
    ],
)
def test_a_question_that_does_not_hold_together(
    change: dict[str, Any], field: str, rule: str
) -> None:
    wrong = said_of(asking(CHOICE, replace(DIGITS, **change)))
    assert (f"answering.questions.1.{field}", rule) in wrong


def test_questions_that_hold_together_are_taken() -> None:
    assert said_of(asking(DIGITS, CHOICE, greeting=HELLO)) == []


def test_two_questions_of_one_name_are_refused() -> None:
    assert said_of(asking(DIGITS, DIGITS)) == [("answering.questions.1.name", "repeated")]


@pytest.mark.parametrize(
    ("text", "caller_id", "refused"),
    [
        ("{offer} {campaign} {state} {zip} {area_code} {caller}", "caller", 0),
        ("{caller}", "tracking_number", 1),
        ("{publisher} {placement}", "caller", 2),
        ("{}", "caller", 1),
    ],
)
def test_a_whisper_tells_only_what_is_safe(text: str, caller_id: str, refused: int) -> None:
    campaign = a_campaign(whisper=Line(text=text), caller_id=caller_id)
    assert said_of(campaign) == [("whisper.text", "placeholder")] * refused


def test_other_words_need_another_version() -> None:
    before = asking(DIGITS, greeting=HELLO)
    assert said_of(asking(DIGITS, greeting=replace(HELLO, text="Hi.")), before) == [
        ("answering.greeting.version", "version")
    ]
    assert said_of(asking(DIGITS, greeting=Line(text="Hi.", version="2")), before) == []
    assert said_of(asking(CHOICE), before) == []
    agreed = a_campaign(consent=Consent(line=HELLO))
    other = a_campaign(consent=Consent(line=Line(text="Recorded.")))
    assert said_of(other, agreed) == [("consent.line.version", "version")]
