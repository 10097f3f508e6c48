"""What does the caller hear, in TwiML?

Owns the documents that Twilio is answered with. Which one is due belongs to the flows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from chalicelib.answering import Acceptance, Line, QuestionKind, Voicemail
from chalicelib.calls import Attempt
from chalicelib.questions import Page
from chalicelib.recording import RecordingState
from chalicelib.waiting import Waiting

HEADER = '<?xml version="1.0" encoding="UTF-8"?>'

# XML has no way to write these, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_FINISH_KEY = ""
# A whisper after which nothing is asked still reports its end: any key, or this long a silence.
_WHISPER_END_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """One target that rings: the attempt on it, and our URLs that its leg asks and reports to. What
    answered is told to `machine`, where that matters."""

    attempt: Attempt
    leg: str
    whisper: str
    machine: str


def dial(attempt: Attempt, nouns: Sequence[Noun], *, action: str, recording: str) -> str:
    """Says what is to be said first, then rings the nouns at once; the caller keeps hearing ringing
    until one of them answers, and its whisper, if there is one, has ended.

    With `answerOnBridge` and Dial as the first verb the caller's call counts from the bridge.
    Reports on a recording go to `recording`, where the attempt is recorded at all.
    """
    introduction = attempt.introduction
    shown = f" callerId={quoteattr(introduction.caller_id)}" if introduction.caller_id else ""
    return (
        f"{HEADER}<Response>{_lines(introduction.lines)}"
        f'<Dial action={quoteattr(action)} method="POST"'
        f' answerOnBridge="true"{shown} timeout="{attempt.ring_seconds}"'
        f' timeLimit="{attempt.max_call_seconds}"{_recorded(attempt, recording)}>'
        f"{''.join(map(_noun, nouns))}</Dial></Response>"
    )


def _noun(noun: Noun) -> str:
    attempt, introduction = noun.attempt, noun.attempt.introduction
    name = "Sip" if attempt.destination.startswith("sip:") else "Number"
    digits = f" sendDigits={quoteattr(attempt.send_digits)}" if attempt.send_digits else ""
    whispers = f' url={quoteattr(noun.whisper)} method="POST"' if introduction.whispers else ""
    whispers += _listens(introduction.listen_seconds, noun.machine)
    return (
        f'<{name} statusCallback={quoteattr(noun.leg)} statusCallbackMethod="POST"'
        f' statusCallbackEvent="answered completed"{whispers}{digits}>'
        f"{_text(attempt.destination)}</{name}>"
    )


def ask(page: Page, *, action: str) -> str:
    """Says the page's lines, and asks its question; the action hears of silence too."""
    question = page.question
    menu = question.kind is QuestionKind.CHOICE
    gather = _gather(
        (question.prompt,),
        action=action,
        most=1 if menu else question.max_digits,
        finish_key=_NO_FINISH_KEY if menu else question.finish_key,
        timeout=question.timeout_seconds,
    )
    return f"{HEADER}<Response>{_lines(page.lines)}{gather}</Response>"


def wait(waiting: Waiting, *, action: str) -> str:
    """Says what a waiting caller hears, and lets the action hear when it is over.

    A Gather, not a Redirect: Twilio counts redirects (error 11215), and a wait has many.
    """
    music = (Line(audio_url=waiting.music_url),) if waiting.music_url else ()
    gather = _gather(
        (*waiting.lines, *music),
        action=action,
        most=1,
        finish_key=_NO_FINISH_KEY,
        timeout=waiting.seconds,
    )
    return f"{HEADER}<Response>{gather}</Response>"


def whisper(
    line: Line | None, acceptance: Acceptance | None, *, action: str, listen_seconds: int = 0
) -> str:
    """Says to the target what it is to know, and asks for its acceptance where that is wanted; the
    action hears when it is over."""
    prompt = (acceptance.prompt,) if acceptance else ()
    gather = _gather(
        ((line,) if line else ()) + prompt,
        action=action,
        most=1,
        finish_key=_NO_FINISH_KEY,
        timeout=max(acceptance.seconds if acceptance else _WHISPER_END_SECONDS, listen_seconds),
    )
    return f"{HEADER}<Response>{gather}</Response>"


def record(voicemail: Voicemail, *, action: str, recorded: str) -> str:
    """Says the voicemail's line and takes a message."""
    return (
        f"{HEADER}<Response>{_lines((voicemail.line,))}"
        f'<Record action={quoteattr(action)} method="POST" finishOnKey="#"'
        f' maxLength="{voicemail.max_seconds}" playBeep="true"'
        f" recordingStatusCallback={quoteattr(recorded)}"
        ' recordingStatusCallbackMethod="POST"/></Response>'
    )


def _listens(seconds: int, machine: str) -> str:
    """What the carrier is to listen for, and whom it tells; nothing where machines may answer."""
    if not seconds:
        return ""
    return (
        f' machineDetection="Enable" machineDetectionTimeout="{seconds}"'
        f' amdStatusCallback={quoteattr(machine)} amdStatusCallbackMethod="POST"'
    )


def _recorded(attempt: Attempt, recording: str) -> str:
    """Both sides on a channel of their own, from the answer on; nothing for an attempt that is not
    recorded."""
    if attempt.recording.state is not RecordingState.ON:
        return ""
    return (
        f' record="record-from-answer-dual" recordingStatusCallback={quoteattr(recording)}'
        ' recordingStatusCallbackMethod="POST"'
        ' recordingStatusCallbackEvent="in-progress completed absent"'
    )


def apology(text: str) -> str:
    """Says a decent line and hangs up."""
    return f'{HEADER}<Response><Say language="en-US">{_text(text)}</Say><Hangup/></Response>'


def hangup() -> str:
    """Ends the caller's call; said to a target, it is not let through."""
    return f"{HEADER}<Response><Hangup/></Response>"


def nothing() -> str:
    """Says that a report was taken; said to a target, it is let through."""
    return f"{HEADER}<Response/>"


def _gather(lines: Iterable[Line], *, action: str, most: int, finish_key: str, timeout: int) -> str:
    return (
        f'<Gather action={quoteattr(action)} method="POST" actionOnEmptyResult="true"'
        f' finishOnKey={quoteattr(finish_key)} numDigits="{most}" timeout="{timeout}">'
        f"{_lines(lines)}</Gather>"
    )


def _lines(lines: Iterable[Line]) -> str:
    return "".join(_line(line) for line in lines)


def _line(line: Line) -> str:
    if line.audio_url:
        return f"<Play>{_text(line.audio_url)}</Play>"
    return f"<Say language={quoteattr(line.language)}>{_text(line.text or '')}</Say>"


def _text(text: str) -> str:
    return escape(_UNWRITABLE.sub(" ", text))
