"""What does each verb of a document do to a call?

Dial has a module of its own; what is said after the end is `endings`' business.
"""

from collections.abc import Callable

from simulator.dialling import dial
from simulator.endings import report
from simulator.engine import LiveCall, Page
from simulator.fields import Fields
from simulator.line import CallOver
from simulator.scripts import Side
from simulator.speech import speech_seconds
from simulator.twiml import Verb
from simulator.wire import Request

_PRESSING_SECONDS = 2.0
_MESSAGE_SECONDS = 10.0


def play(call: LiveCall, inbound_url: str, status_url: str) -> None:
    """Play a call from its first webhook to its last late callback."""
    try:
        request = Request(kind="inbound", url=inbound_url, fields=call.fields())
        page: Page | None = call.ask(request)
        while page is not None:
            page = _perform(call, page)
    except CallOver as end:
        if end.by is not Side.PLATFORM:
            call.ended_by = end.by
    call.hang_up()
    report(call, status_url)


def _perform(call: LiveCall, page: Page) -> Page | None:
    for verb in page.verbs:
        following = _HANDLERS[verb.name](call, page, verb)
        call.verbs_done += 1
        if following is not None:
            return following
    if call.verbs_done == 0:
        call.answer()
    return None


def _speak(call: LiveCall, _page: Page, verb: Verb) -> None:
    if verb.name != "Pause":
        call.answer()
    with call.spoken_to():
        call.wait(speech_seconds(verb))


def _gather(call: LiveCall, page: Page, verb: Verb) -> Page | None:
    call.answer()
    pressed = _pressed(verb, call.digits.pop(0) if call.digits else "")
    with call.spoken_to():
        call.wait(speech_seconds(verb))
        call.wait(_PRESSING_SECONDS if pressed else verb.count("timeout", 5))
    if not pressed and not verb.flag("actionOnEmptyResult"):
        return None
    heard: Fields = (("Digits", pressed),)
    if "dtmf" not in verb.get("input", "dtmf"):
        heard = (("SpeechResult", pressed), ("Confidence", "0.9"))
    return _follow(call, "gather", page.address(verb), verb, *heard)


def _pressed(verb: Verb, keys: str) -> str:
    finish = verb.get("finishOnKey", "#")
    if finish and finish in keys:
        keys = keys.partition(finish)[0]
    return keys[: verb.count("numDigits", len(keys))]


def _record(call: LiveCall, page: Page, verb: Verb) -> Page | None:
    call.answer()
    seconds = min(_MESSAGE_SECONDS, verb.count("maxLength", 3600))
    with call.spoken_to():
        call.wait(seconds)
    url = call.recording_url(call.sid, call.verbs_done)
    told = (("RecordingUrl", url), ("RecordingDuration", f"{seconds:.0f}"), ("Digits", "#"))
    return _follow(call, "record", page.address(verb), verb, *told)


def _redirect(call: LiveCall, page: Page, verb: Verb) -> Page:
    target = Verb(name="Redirect", attributes={"action": verb.text}, text="", children=())
    return _follow(call, "redirect", page.address(target), verb)


def _reject(call: LiveCall, _page: Page, verb: Verb) -> None:
    if call.answered_at is None:
        call.status = "busy" if verb.get("reason") == "busy" else "no-answer"
    raise CallOver(Side.PLATFORM)


def _hang_up(call: LiveCall, _page: Page, _verb: Verb) -> None:
    if call.verbs_done == 0:
        call.answer()
    raise CallOver(Side.PLATFORM)


def _follow(call: LiveCall, kind: str, url: str, verb: Verb, *more: tuple[str, str]) -> Page:
    method = verb.get("method", "POST")
    return call.ask(Request(kind=kind, url=url, fields=call.fields(*more), method=method))


_HANDLERS: dict[str, Callable[[LiveCall, Page, Verb], Page | None]] = {
    "Dial": dial,
    "Say": _speak,
    "Play": _speak,
    "Pause": _speak,
    "Gather": _gather,
    "Record": _record,
    "Redirect": _redirect,
    "Reject": _reject,
    "Hangup": _hang_up,
}
