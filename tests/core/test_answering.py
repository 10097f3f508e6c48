"""What is asked next, and what an answer is: every path of the questions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import (
    TWO_PARTY_STATES,
    Answering,
    Consent,
    ConsentWhen,
    IfUnanswered,
    Line,
    Question,
    QuestionKind,
    consent_due,
    filled,
)
from chalicelib.places import STATES, Area, AreaFact, AreaSource, Provenance
from chalicelib.questions import Step, answer_of, follow, heard_before_choice, keyed_by, read_step

SILENT, WRONG = Line(text="Nothing."), Line(text="Wrong.")
DIGITS = Question(
    name="zip", prompt=Line(text="ZIP?", version="z2"), kind=QuestionKind.DIGITS,
    min_digits=5, max_digits=5, retries=1, no_input=SILENT, wrong_input=WRONG,
)  # fmt: skip
CHOICE = Question(
    name="menu", prompt=Line(text="1 or star?"), kind=QuestionKind.CHOICE,
    choices={"1": "one", "*": "star"}, retries=0,
)  # fmt: skip
HELLO = Line(text="Hello.")
BOTH = Answering(greeting=HELLO, questions=(DIGITS, CHOICE))


def keys(**pressed: str) -> dict[Step, str]:
    """s11="…" is what was pressed at question 1, try 1."""
    return {Step(int(name[1]), int(name[2])): said for name, said in pressed.items()}


@pytest.mark.parametrize(
    ("pressed", "step", "lines"),
    [
        ({}, (1, 1), (HELLO,)),
        ({"s11": ""}, (1, 2), (SILENT,)),
        ({"s11": "123"}, (1, 2), (WRONG,)),
        ({"s11": "94105"}, (2, 1), ()),
        ({"s11": "", "s12": "94105"}, (2, 1), ()),
        ({"s11": "", "s12": "9"}, (2, 1), ()),
        ({"s11": "94105", "s12": "10001"}, (2, 1), ()),
        ({"s21": "1"}, (1, 1), (HELLO,)),
    ],
)
def test_what_is_asked_next(
    pressed: dict[str, str], step: tuple[int, int], lines: tuple[Line, ...]
) -> None:
    page = follow(BOTH, keys(**pressed)).page
    assert page is not None
    assert (page.step, page.lines) == (Step(*step), lines)
    assert page.question == BOTH.questions[step[0] - 1]


CONFIRMED = replace(DIGITS, confirm=Line(text="You keyed {answer}. Press 1 if that is right."))


def test_an_answer_to_be_confirmed_is_read_back_digit_by_digit() -> None:
    asked = Answering(questions=(CONFIRMED,))
    page = follow(asked, {Step(1, 1): "94105"}).page
    assert page is not None
    assert page.step == Step(1, 1, confirms=True)
    assert page.question.prompt.text == "You keyed 9 4 1 0 5. Press 1 if that is right."
    assert page.question.kind is QuestionKind.CHOICE


def test_an_answer_counts_once_it_is_confirmed() -> None:
    asked = Answering(questions=(CONFIRMED,))
    course = follow(asked, {Step(1, 1): "94105", Step(1, 1, confirms=True): "1"})
    assert (course.page, dict(course.said)) == (None, {"zip": "94105"})


@pytest.mark.parametrize("pressed", ["", "2", "*"])
def test_an_answer_that_is_not_confirmed_is_a_failed_try(pressed: str) -> None:
    asked = Answering(questions=(CONFIRMED,))
    keyed = {Step(1, 1): "94105", Step(1, 1, confirms=True): pressed}
    page = follow(asked, keyed).page
    assert page is not None
    assert (page.step, page.lines, page.question) == (Step(1, 2), (), CONFIRMED)
    keyed |= {Step(1, 2): "10001", Step(1, 2, confirms=True): pressed}
    course = follow(asked, keyed)
    assert (course.page, dict(course.said)) == (None, {})


def test_a_wrong_answer_is_not_read_back() -> None:
    page = follow(Answering(questions=(CONFIRMED,)), {Step(1, 1): "9"}).page
    assert page is not None
    assert (page.step, page.lines) == (Step(1, 2), (WRONG,))


def test_a_confirmed_menu_reads_back_what_the_key_stands_for() -> None:
    menu = replace(CHOICE, confirm=Line(text="{answer}, right?"))
    page = follow(Answering(questions=(menu,)), {Step(1, 1): "1"}).page
    assert page is not None
    assert page.question.prompt.text == "one, right?"


@pytest.mark.parametrize(
    ("pressed", "said"),
    [
        ({"s11": "94105", "s21": "*"}, {"zip": "94105", "menu": "star"}),
        ({"s11": "94105", "s21": "7"}, {"zip": "94105"}),
        ({"s11": "", "s12": "", "s21": "1"}, {"menu": "one"}),
    ],
)
def test_when_all_is_asked_the_answers_stand(pressed: dict[str, str], said: dict[str, str]) -> None:
    course = follow(BOTH, keys(**pressed))
    assert (course.page, course.given_up) == (None, False)
    assert course.said == course.keyed == said


def test_whoever_must_answer_is_given_up_before_anything_else_is_asked() -> None:
    must = replace(DIGITS, if_unanswered=IfUnanswered.HANG_UP)
    course = follow(Answering(questions=(must, CHOICE)), keys(s11="", s12=""))
    assert (course.given_up, course.page, course.asked) == (True, None, (must,))


def test_a_default_is_said_and_not_keyed() -> None:
    usual = replace(CHOICE, if_unanswered=IfUnanswered.TAKE_DEFAULT, default="one")
    course = follow(Answering(questions=(usual,)), keys(s11="9"))
    assert (course.said, course.keyed) == ({"menu": "one"}, {})


@pytest.mark.parametrize(
    ("pressed", "answer"),
    [("94105", "94105"), ("9410", None), ("941055", None), ("9410*", None), ("", None),
     ("９４１０５", None)],
)  # fmt: skip
def test_digits_are_an_answer_when_there_are_enough_and_not_too_many(
    pressed: str, answer: str | None
) -> None:
    assert answer_of(DIGITS, pressed) == answer


presses = st.sampled_from(["", "1", "*", "94105", "12", "99999"])
steps = st.builds(Step, st.integers(1, 3), st.integers(1, 3), st.booleans())


@given(pressed=st.dictionaries(steps, presses), step=steps)
def test_what_comes_later_never_changes_what_followed_a_step(
    pressed: dict[Step, str], step: Step
) -> None:
    known = keyed_by(pressed, step)
    more = {**pressed, Step(9, 1): "1"}
    assert follow(BOTH, keyed_by(more, step)) == follow(BOTH, known)


@given(st.lists(presses, min_size=6, max_size=6))
def test_whatever_is_pressed_the_questions_come_to_an_end(pressed: list[str]) -> None:
    known: dict[Step, str] = {}
    for said in pressed:
        page = follow(BOTH, known).page
        if page is None:
            break
        assert page.step not in known
        known[page.step] = said
    assert follow(BOTH, known).page is None


@given(steps)
def test_a_step_is_read_as_it_was_written(step: Step) -> None:
    assert read_step(str(step)) == step


def test_what_was_heard_is_what_was_asked() -> None:
    course = follow(BOTH, keys(s11="94105"))
    told = [(one.part, one.version) for one in heard_before_choice(BOTH, course, "off_1")]
    assert told == [("greeting", "1"), ("question.zip", "z2"), ("question.menu", "1")]
    assert len(heard_before_choice(BOTH, follow(BOTH, {}), "off_1")) == 2


def test_consent_is_asked_in_two_party_states_and_where_the_state_is_not_known() -> None:
    consent = Consent(line=HELLO, when=ConsentWhen.TWO_PARTY_STATES)
    due = {state for state in STATES if consent_due(consent, state)}
    assert due == set(TWO_PARTY_STATES)
    assert consent_due(consent, None) == HELLO
    assert consent_due(replace(consent, when=ConsentWhen.ALWAYS), "TX") == HELLO
    assert consent_due(None, "CA") is None


def test_every_two_party_state_names_its_statute() -> None:
    assert set(TWO_PARTY_STATES) <= STATES
    assert all(TWO_PARTY_STATES.values())


def test_placeholders_are_filled_and_the_unknown_is_said_to_be() -> None:
    line = Line(text="{offer}: {state}, {zip} {nothing}")
    spoken = filled(line, {"offer": "Roofs", "state": "CA", "zip": None})
    assert spoken.text == "Roofs: CA, unknown unknown"
    assert filled(Line(audio_url="https://example.com/{offer}.mp3"), {}).text is None
    assert len(filled(Line(text="{offer}" * 100), {"offer": "x" * 200}).text or "") == 4000


def test_a_keyed_zip_stands_above_all_other_words_and_leaves_them_be() -> None:
    area = Area(state="CA", zip="94105", area_code="415", source="carrier").keyed("10001")
    assert (area.zip, area.state, area.source) == ("10001", "CA", "carrier")
    (word,) = area.evidence
    assert (word.what, word.source, word.provenance) == (
        AreaFact.ZIP, AreaSource.KEYED, Provenance.DECLARED,
    )  # fmt: skip
    assert Area.told_by(area.evidence, "415").zip == "10001"
