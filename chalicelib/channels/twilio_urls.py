"""Which of our URLs does Twilio call next, and which document names them?

Owns the queries of our own URLs, written and read, and the document that an answer becomes. Keys of
a query stand in alphabetical order, because Twilio sorts them on the way and signs them unsorted.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from chalicelib.answering import MOST_QUESTIONS, MOST_RETRIES
from chalicelib.calls import Attempt, Call
from chalicelib.channels import twiml
from chalicelib.channels.callers import apology_for
from chalicelib.flows.inbound import Answer
from chalicelib.introducing import whisper_of
from chalicelib.questions import Step
from chalicelib.ringing import led_by, targets_of
from chalicelib.waiting import MOST_LOOKS

RECOVERY = "recovery"
"""Says in the URL of a dial's end that another target may follow a talk."""
LISTENED = "listened"
"""Says in the URL of a whisper's end that a machine may have been heard."""
TOGETHER = "together"
"""Says in the URL of a dial's end that a group rang."""
_CONFIRM = "confirm"
_MOST_ATTEMPTS = 99
_MOST_SECONDS = 99_999_999_999
_TARGET = re.compile("[A-Za-z0-9_]{1,40}")


def document(answer: Answer, base: str) -> str:
    """What the caller hears by this answer: a question, hold, a dial, voicemail, or an apology."""
    call = answer.call_id
    if answer.page is not None:
        question, tries, confirms = answer.page.step
        confirm = {_CONFIRM: 1} if confirms else {}
        action = url(base, "answer", call=call, question=question, tries=tries, **confirm)
        return twiml.ask(answer.page, action=action)
    if answer.waiting is not None:
        look, since = answer.waiting.look, int(answer.waiting.since.timestamp())
        return twiml.wait(
            answer.waiting, action=url(base, "wait", call=call, look=look, since=since)
        )
    if answer.attempt is not None:
        return _dial(answer.attempt, call, base)
    if answer.voicemail is not None:
        return twiml.record(
            answer.voicemail,
            action=url(base, "message", call=call, told="action"),
            recorded=url(base, "message", call=call, told="status"),
        )
    return twiml.apology(apology_for(answer.refusal))


def _dial(attempt: Attempt, call: str, base: str) -> str:
    """Rings the attempt's target, or all of its group, each with URLs that name it."""
    ringing = [led_by(attempt, one) for one in targets_of(attempt)]
    nouns = [_noun(one, call, base) for one in ringing if one]
    said = {RECOVERY: any(one.recover_seconds for one in ringing if one)}
    said |= {TOGETHER: attempt.together is not None}
    marks = {name: 1 for name, holds in said.items() if holds}
    return twiml.dial(
        attempt,
        nouns,
        action=url(base, "dial", attempt=attempt.number, call=call, **marks),
        recording=url(base, "recording", attempt=attempt.number, call=call),
    )


def _noun(attempt: Attempt, call: str, base: str) -> twiml.Noun:
    query: dict[str, str | int] = {"attempt": attempt.number, "call": call, **_target_of(attempt)}
    return twiml.Noun(
        attempt=attempt,
        leg=url(base, "leg", **query),
        whisper=url(base, "whisper", **query),
        machine=url(base, "machine", **query),
    )


def _target_of(attempt: Attempt) -> dict[str, str]:
    """The target as a URL names it; only where others ring too."""
    return {"target": attempt.hold.target_id} if attempt.together else {}


def whisper_document(call: Call, attempt: Attempt, base: str) -> str:
    """What the attempt's target hears before the caller; nothing lets it through at once."""
    introduction = attempt.introduction
    if not introduction.whispers:
        return twiml.nothing()
    wanted = {"press": 1} if introduction.acceptance else {}
    wanted |= {LISTENED: 1} if introduction.listen_seconds else {}
    named = {"call": call.id, **_target_of(attempt)}
    action = url(base, "bridge", attempt=attempt.number, **named, **wanted)
    return twiml.whisper(
        whisper_of(call, attempt),
        introduction.acceptance,
        action=action,
        listen_seconds=introduction.listen_seconds,
    )


def url(base: str, page: str, **query: str | int) -> str:
    """One of our own URLs."""
    return f"{base}/twilio/{page}?{urlencode(sorted(query.items()))}"


def attempt_in(query: Mapping[str, str]) -> int | None:
    """The attempt that our own URL names; None when somebody made it up."""
    return _count(query.get("attempt", ""), _MOST_ATTEMPTS)


def target_in(query: Mapping[str, str]) -> str | None:
    """The target whose leg our own URL is about, where several ring at once."""
    target = query.get("target", "")
    return target if _TARGET.fullmatch(target) else None


def step_in(query: Mapping[str, str]) -> Step | None:
    """The step that our own URL names; None when somebody made it up."""
    question = _count(query.get("question", ""), MOST_QUESTIONS)
    tries = _count(query.get("tries", ""), MOST_RETRIES + 1)
    return Step(question, tries, _CONFIRM in query) if question and tries else None


def look_in(query: Mapping[str, str]) -> tuple[int, datetime] | None:
    """Which look for a free target our own URL names, and since when the caller waits; None when
    somebody made it up."""
    look = _count(query.get("look", ""), MOST_LOOKS)
    since = _count(query.get("since", ""), _MOST_SECONDS)
    return (look, datetime.fromtimestamp(since, UTC)) if look and since else None


def _count(text: str, most: int) -> int | None:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    number = int(text) if digits else 0
    return number if 1 <= number <= most else None
