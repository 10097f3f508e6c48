"""Every document that is sent: strictly read, and what the carrier's own package would build."""

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from chalicelib.answering import Acceptance, Introduction, Line, Question, QuestionKind, Voicemail
from chalicelib.calls import Attempt
from chalicelib.channels import callers, twiml
from chalicelib.questions import Page, Step
from simulator.twiml import MOST_BYTES, read
from tests.builders import an_attempt

ACTION, LEG, URL = (f"https://v.example.com/twilio/{page}?attempt=1&call=c" for page in "abc")
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=1000).filter(str.strip)
lines = st.builds(
    Line,
    text=texts.map(str.strip),
    language=st.sampled_from(["en-US", "es-MX"]),
) | st.just(Line(audio_url="https://cdn.example.com/a.mp3?x=1&y=2"))
maybe = st.none() | lines
questions = st.builds(
    Question,
    name=st.just("zip"),
    prompt=lines,
    kind=st.sampled_from(QuestionKind),
    max_digits=st.integers(1, 20),
    finish_key=st.sampled_from("*#"),
    timeout_seconds=st.integers(1, 30),
)
pages = st.builds(
    Page, lines=st.lists(lines, max_size=2).map(tuple), question=questions, step=st.just(Step(1, 1))
)
introductions = st.builds(
    Introduction,
    greeting=maybe,
    consent=maybe,
    whisper=maybe,
    acceptance=st.none() | st.builds(Acceptance, prompt=lines, seconds=st.integers(1, 60)),
    listen_seconds=st.sampled_from([0, 3, 60]),
    caller_id=st.none() | st.just("+18005550177"),
)


def written(text: str) -> str:
    """The text as XML can hold it, and as every reader hands it on."""
    return twiml._UNWRITABLE.sub(" ", text)


def says(parent: Any, *spoken: Line | None) -> None:
    """The package's own way to say the lines."""
    for line in filter(None, spoken):
        if line.audio_url:
            parent.play(line.audio_url)
        else:
            parent.say(written(line.text or ""), language=line.language)


def the_same(document: str, built: VoiceResponse, *, whisper: bool = False) -> None:
    """Whether both are one document, which the carrier takes."""
    assert len(document.encode()) < MOST_BYTES
    read(document.encode(), "text/xml", whisper=whisper)
    both = [ElementTree.canonicalize(one) for one in (document, str(built))]
    assert both[0] == both[1]


def sayable(*spoken: Line | None) -> bool:
    """Whether something is left of every line once it is written."""
    return all(written(line.text).strip() for line in spoken if line and line.text)


def a_noun(attempt: Attempt) -> twiml.Noun:
    return twiml.Noun(attempt=attempt, leg=LEG, whisper=URL, machine=URL)


@given(introduction=introductions, digits=st.none() | st.just("ww1#"))
def test_a_dial(introduction: Introduction, digits: str | None) -> None:
    attempt = an_attempt(introduction=introduction, send_digits=digits)
    built, dial = VoiceResponse(), Dial(
        action=ACTION, method="POST", answer_on_bridge=True, timeout=25, time_limit=3600,
        caller_id=introduction.caller_id,
    )  # fmt: skip
    whispers = {"url": URL, "method": "POST"} if introduction.whispers else {}
    if introduction.listen_seconds:
        whispers |= {
            "machine_detection": "Enable",
            "machine_detection_timeout": str(introduction.listen_seconds),
            "amd_status_callback": URL, "amd_status_callback_method": "POST",
        }  # fmt: skip
    dial.number(
        attempt.destination, status_callback=LEG, status_callback_method="POST",
        status_callback_event="answered completed", send_digits=digits, **whispers,
    )  # fmt: skip
    says(built, *introduction.lines)
    built.append(dial)
    if sayable(*introduction.lines):
        the_same(
            twiml.dial(attempt, [a_noun(attempt)], action=ACTION, recording=URL),
            built,
        )


@given(pages)
def test_a_question(page: Page) -> None:
    menu = page.question.kind is QuestionKind.CHOICE
    gather = Gather(
        action=ACTION, method="POST", action_on_empty_result=True,
        finish_on_key="" if menu else page.question.finish_key,
        num_digits=1 if menu else page.question.max_digits, timeout=page.question.timeout_seconds,
    )  # fmt: skip
    says(gather, page.question.prompt)
    built = VoiceResponse()
    says(built, *page.lines)
    built.append(gather)
    if sayable(page.question.prompt, *page.lines):
        the_same(twiml.ask(page, action=ACTION), built)


@given(introductions)
def test_a_whisper(introduction: Introduction) -> None:
    acceptance = introduction.acceptance
    spoken = (introduction.whisper, acceptance.prompt if acceptance else None)
    gather = Gather(
        action=ACTION, method="POST", action_on_empty_result=True, finish_on_key="",
        num_digits=1, timeout=acceptance.seconds if acceptance else 1,
    )  # fmt: skip
    says(gather, *spoken)
    built = VoiceResponse()
    built.append(gather)
    if sayable(*spoken):
        document = twiml.whisper(introduction.whisper, acceptance, action=ACTION)
        the_same(document, built, whisper=True)


@given(line=lines, seconds=st.integers(1, 600))
def test_a_voicemail(line: Line, seconds: int) -> None:
    built = VoiceResponse()
    says(built, line)
    built.record(
        action=ACTION, method="POST", finish_on_key="#", max_length=seconds, play_beep=True,
        recording_status_callback=URL, recording_status_callback_method="POST",
    )  # fmt: skip
    if sayable(line):
        voicemail = Voicemail(line=line, max_seconds=seconds)
        the_same(twiml.record(voicemail, action=ACTION, recorded=URL), built)


@pytest.mark.parametrize("text", [callers.SORRY, callers.NOT_IN_SERVICE, callers.NOT_ANSWERED])
def test_an_apology(text: str) -> None:
    built = VoiceResponse()
    built.say(text, language="en-US")
    built.hangup()
    the_same(twiml.apology(text), built)


def test_ends() -> None:
    built = VoiceResponse()
    the_same(twiml.nothing(), built)
    built.hangup()
    the_same(twiml.hangup(), built)
