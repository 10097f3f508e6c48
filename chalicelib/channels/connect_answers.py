"""What is Amazon Connect's flow answered?

Owns the flat attributes by which the shipped flow goes on: every answer holds all of them, none of
them empty, so that nothing of an earlier answer stays behind. What is answered belongs to the
flows; the blocks that read this are in `infra/connect_flow.json`.
"""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from chalicelib.answering import Line
from chalicelib.calls import Attempt
from chalicelib.channels.callers import SORRY, apology_for
from chalicelib.channels.connect_events import WAIT
from chalicelib.flows.inbound import Answer
from chalicelib.questions import Page
from chalicelib.recording import RecordingState

Attributes = dict[str, str]
NONE = "none"
_SILENCE = '<speak><break time="500ms"/></speak>'
_PAUSE = '<break time="300ms"/>'
# Amazon Polly takes 3,000 billed characters at once; marks are not billed.
_MOST_SPOKEN = 2_800
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VOICES = {
    "en-US": "Joanna", "en-GB": "Amy", "en-AU": "Nicole", "en-IN": "Raveena", "es-US": "Lupe",
    "es-MX": "Mia", "es-ES": "Lucia", "fr-CA": "Chantal", "fr-FR": "Celine", "de-DE": "Vicki",
    "it-IT": "Carla", "pt-BR": "Camila", "pt-PT": "Ines", "nl-NL": "Lotte", "pl-PL": "Ewa",
    "ru-RU": "Tatyana", "ja-JP": "Mizuki", "ko-KR": "Seoyeon", "hi-IN": "Aditi", "tr-TR": "Filiz",
    "cmn-CN": "Zhiyu", "zh-CN": "Zhiyu", "arb": "Zeina",
}  # fmt: skip
_VOICE = "Joanna"
# The blocks that gather keys; how many keys a block takes cannot be told to it.
_BLOCKS = (1, 5, 10, 20)
_LEAST_RING, _MOST_RING = 5, 600
_MOST_DIGITS = 50
_PAUSES = {"w": ",", "W": ",,"}
_SENDABLE = re.compile(r"[0-9*#,]+")
# Every attribute but the action, as it is where an answer says nothing of it.
_NOTHING = {
    "say": _SILENCE, "says": "no", "voice": _VOICE, "digits": str(_BLOCKS[-1]), "step": NONE,
    "destination": NONE, "ring_seconds": str(_LEAST_RING), "dial": NONE, "caller_id": NONE,
    "send_digits": NONE, "attempt": "0", "record": "off", "call": NONE, "reason": NONE,
}  # fmt: skip


def apology(words: str = SORRY, *, reason: str = NONE) -> Attributes:
    """Says a decent line, after which the flow hangs up."""
    return _attributes(action="sorry", reason=reason, **_spoken([Line(text=words)]))


def over(call_id: str) -> Attributes:
    """Nothing more is to be done for the call; the flow hangs up."""
    return _attributes(action="end", call=call_id)


def attributes(answer: Answer, *, dialled: str, anonymous: bool) -> Attributes:
    """The answer on a call to the `dialled` number, for the flow."""
    if answer.page is not None:
        return _attributes(call=answer.call_id, **_asked(answer.page))
    if answer.waiting is not None:
        waiting = answer.waiting
        step = f"{WAIT}.{waiting.look}.{int(waiting.since.timestamp())}"
        spoken = _spoken(waiting.lines)
        return _attributes(action="wait", call=answer.call_id, step=step, **spoken)
    if answer.attempt is not None:
        dial = _dial(answer.attempt, dialled=dialled, anonymous=anonymous)
        return _attributes(call=answer.call_id, **dial)
    words = apology_for(answer.refusal)
    reason = answer.refusal.value if answer.refusal else NONE
    return {**apology(words, reason=reason), "call": answer.call_id}


def speech(lines: Iterable[Line]) -> str:
    """The lines in SSML, each in its language; a short silence where no words are left."""
    left, parts = _MOST_SPOKEN, []
    first: str | None = None
    for line in lines:
        words = _UNWRITABLE.sub(" ", line.text or "").strip()[:left]
        if not words:
            continue
        left -= len(words)
        first = first or line.language
        told = escape(words)
        if line.language != first:
            told = f"<lang xml:lang={quoteattr(line.language)}>{told}</lang>"
        parts.append(told)
    return f"<speak>{_PAUSE.join(parts)}</speak>" if parts else _SILENCE


def _attributes(**said: str) -> Attributes:
    return {**_NOTHING, **said}


def _spoken(lines: Iterable[Line]) -> Attributes:
    spoken = [line for line in lines if line.text]
    voice = _VOICES.get(spoken[0].language, _VOICE) if spoken else _VOICE
    return {"say": speech(spoken), "says": "yes" if spoken else "no", "voice": voice}


def _asked(page: Page) -> Attributes:
    question = page.question
    most = 1 if question.choices else question.max_digits
    block = next((one for one in _BLOCKS if one >= most), _BLOCKS[-1])
    return {
        "action": "ask",
        "step": str(page.step),
        "digits": str(block),
        **_spoken((*page.lines, question.prompt)),
    }


def _dial(attempt: Attempt, *, dialled: str, anonymous: bool) -> Attributes:
    """Connect shows the caller's own number, or one that the instance has: the dialled one stands
    for any other that the campaign asks for, and for an anonymous caller's."""
    shows = attempt.introduction.caller_id is not None or anonymous
    digits = _digits(attempt.send_digits)
    ring = min(max(attempt.ring_seconds, _LEAST_RING), _MOST_RING)
    return {
        "action": "dial",
        "attempt": str(attempt.number),
        "record": "on" if attempt.recording.state is RecordingState.ON else "off",
        "destination": attempt.destination,
        "ring_seconds": str(ring),
        "dial": ("number" if shows else "caller") + ("_keys" if digits else ""),
        "caller_id": dialled if shows else NONE,
        "send_digits": digits or NONE,
        **_spoken(attempt.introduction.lines),
    }


def _digits(digits: str | None) -> str:
    """What is sent once the target answers; a comma waits three quarters of a second."""
    text = "".join(_PAUSES.get(one, one) for one in digits or "")[:_MOST_DIGITS]
    return text if _SENDABLE.fullmatch(text) else ""
