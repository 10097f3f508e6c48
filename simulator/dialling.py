"""What happens when the platform says Dial?

Rings the nouns, at once or one after another, connects the first to answer, tells what each
leg does, and reports the outcome to the Dial's action URL.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.engine import LiveCall, Page
from simulator.fields import (
    Fields,
    derived_id,
    duration_fields,
    leg_fields,
    progress_fields,
)
from simulator.line import CallOver, Leg
from simulator.recording_reports import recorded_channels, tell_recording
from simulator.scripts import Behaviour, Outcome, Side
from simulator.speech import speech_seconds
from simulator.twiml import Verb
from simulator.wire import Request

GRACE_SECONDS = 5
"""What the carrier adds to a Dial's timeout before it gives up."""

_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487"}
_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """One noun being rung: its leg, what it says, and what its target does."""

    leg: Leg
    noun: Verb
    behaviour: Behaviour


def dial(call: LiveCall, page: Page, verb: Verb) -> Page | None:
    """Play one Dial; the page of its action URL, `None` when it has none.

    Raises `CallOver` when the call ended meanwhile; the action URL is told all the same, but
    its answer is not executed.
    """
    if not verb.flag("answerOnBridge"):
        call.answer()
    dialling = _Dialling(call, page, verb)
    call.dials += 1
    call.ended_by = Side.PLATFORM
    left: CallOver | None = None
    try:
        dialling.play()
    except CallOver as end:
        if not end.sid:
            left = end
            call.hang_up()
    dialling.end_all()
    call.active_leg = ""
    return dialling.go_on(left)


class _Dialling:
    def __init__(self, call: LiveCall, page: Page, verb: Verb) -> None:
        self.call = call
        self.page = page
        self.verb = verb
        nouns = verb.children or (Verb(name="Number", attributes={}, text=verb.text, children=()),)
        self.rings = [self._ringing(noun, place) for place, noun in enumerate(nouns)]
        self.winner: Leg | None = None

    def play(self) -> None:
        """Ring, whisper, talk; ends by returning or with `CallOver`."""
        one_by_one = [[ring] for ring in self.rings]
        rounds = one_by_one if self.verb.flag("sequential") else [self.rings]
        with self.call.patience(self.call.script.hangup_while_ringing):
            answered = next(filter(None, map(self._ring, rounds)), None)
            accepted = answered is not None and self._whisper(answered)
        if answered is not None and accepted:
            self._talk(answered)

    def end_all(self) -> None:
        """End every leg that still rings or talks."""
        for ring in self.rings:
            if ring.leg.begun_at is not None and ring.leg.ended_at is None:
                answered = ring.leg.answered_at is not None
                self._end(ring, "completed" if answered else "canceled")

    def go_on(self, left: CallOver | None) -> Page | None:
        """Report the outcome, and go where the answer leads; raises `left` again."""
        reported = self.winner or self.rings[-1].leg
        channels = recorded_channels(self.verb)
        if channels:
            status = "completed" if reported.answered_at is not None else "absent"
            self.call.keep_recording(reported, channels, status)
            self.call.recordings.append((self.page, self.verb, reported))
        if not self.verb.get("action"):
            if left:
                raise left
            return None
        request = Request(
            kind="dial",
            url=self.page.address(self.verb),
            fields=self.call.fields(*self._outcome(reported)),
            method=self.verb.get("method", "POST"),
        )
        if left is None:
            return self.call.ask(request)
        self.call.tell(request)
        raise left

    def _ringing(self, noun: Verb, place: int) -> Ringing:
        call, to = self.call, address(noun)
        behaviour = call.script.behaviour(to, dial=call.dials, rung=call.rung[to])
        call.rung[to] += 1
        whence = self.verb.get("callerId") or call.script.caller.number
        leg = Leg(sid=derived_id("CA", call.sid, call.dials, place), to=to, from_=whence)
        call.legs.append(leg)
        return Ringing(leg=leg, noun=noun, behaviour=behaviour)

    def _ring(self, rings: Sequence[Ringing]) -> Ringing | None:
        start, limit = self.call.clock.second, self.verb.count("timeout", 30) + GRACE_SECONDS
        steps = sorted(
            (start + second, place, status)
            for place, ring in enumerate(rings)
            for second, status in ringing_steps(ring.behaviour, limit)
        )
        for second, place, status in steps:
            self.call.wait_until(second)
            if status == "in-progress":
                self._pick_up(rings[place])
                self._cancel_others(rings[place])
                return rings[place]
            self._step(rings[place], status)
        return None

    def _step(self, ring: Ringing, status: str) -> None:
        leg = ring.leg
        if status not in _EVENTS:
            self._end(ring, status)
            return
        if leg.begun_at is None:
            leg.begun_at = self.call.clock.second
        leg.status = status
        self.call.keep_leg(leg)
        self._tell(ring, _EVENTS[status])

    def _pick_up(self, ring: Ringing) -> None:
        ring.leg.answered_at = self.call.clock.second
        ring.leg.status = "in-progress"
        self.winner = ring.leg
        self.call.active_leg = ring.leg.sid
        self.call.keep_leg(ring.leg)
        if recorded_channels(self.verb):
            self.call.keep_recording(ring.leg, recorded_channels(self.verb), "in-progress")
            tell_recording(self.call, self.page, self.verb, ring.leg, "in-progress")

    def _cancel_others(self, winner: Ringing) -> None:
        for ring in self.rings:
            if ring is not winner and ring.leg.begun_at is not None and ring.leg.ended_at is None:
                self._end(ring, "canceled")

    def _whisper(self, ring: Ringing) -> bool:
        if not ring.noun.get("url"):
            self._tell(ring, "answered")
            self._detect(ring)
            return True
        try:
            page = self._ask_whisper(ring, self.page.address(ring.noun, "url"), ())
        finally:
            self._tell(ring, "answered")
        self._detect(ring)
        return self._speak(ring, page)

    def _speak(self, ring: Ringing, page: Page) -> bool:
        digits = ring.behaviour.whisper_digits
        for verb in page.verbs:
            if verb.name == "Hangup":
                return False
            self.call.wait(speech_seconds(verb))
            if verb.name == "Gather" and (digits or verb.flag("actionOnEmptyResult")):
                pressed = (("Digits", digits),)
                return self._speak(ring, self._ask_whisper(ring, page.address(verb), pressed))
            if verb.name == "Gather":
                self.call.wait(verb.count("timeout", 5))
        return True

    def _ask_whisper(self, ring: Ringing, url: str, more: Fields) -> Page:
        fields = (*self._leg_fields(ring.leg), *more)
        method = ring.noun.get("method", "POST")
        return self.call.ask(
            Request(kind="whisper", url=url, fields=fields, method=method, whisper=True)
        )

    def _talk(self, ring: Ringing) -> None:
        self.call.answer()
        ring.leg.bridged_at = self.call.clock.second
        limit = self.verb.count("timeLimit", 14400)
        self.call.wait(min(ring.behaviour.talk, limit))
        if ring.behaviour.talk > limit:
            return
        if ring.behaviour.hangup_by == Side.CALLER:
            raise CallOver(Side.CALLER)
        self.call.ended_by = Side.TARGET

    def _end(self, ring: Ringing, status: str) -> None:
        ring.leg.ended_at = self.call.clock.second
        ring.leg.status = status
        self.call.keep_leg(ring.leg)
        final = (("SipResponseCode", _SIP_CODES.get(status, "404")),)
        self._tell(ring, "completed", *duration_fields(ring.leg.duration), *final)

    def _tell(self, ring: Ringing, event: str, *more: tuple[str, str]) -> None:
        noun, leg, call = ring.noun, ring.leg, self.call
        wanted = noun.get("statusCallbackEvent", "completed").split()
        if not noun.get("statusCallback") or event not in wanted:
            return
        moment = call.clock.at(call.clock.second)
        fields = (*self._leg_fields(leg), *progress_fields(leg.events_told, moment), *more)
        leg.events_told += 1
        call.tell(
            Request(
                kind=f"leg-{event}",
                url=self.page.address(noun, "statusCallback"),
                fields=fields,
                method=noun.get("statusCallbackMethod", "POST"),
            )
        )

    def _detect(self, ring: Ringing) -> None:
        """Tell what answered, where the noun asks for it."""
        noun = ring.noun
        if not noun.get("machineDetection") or not noun.get("amdStatusCallback"):
            return
        own = ("CallSid", ring.leg.sid), ("AnsweredBy", ring.behaviour.answered_by)
        fields = (("AccountSid", self.call.account_sid), *own, ("MachineDetectionDuration", "900"))
        url = self.page.address(noun, "amdStatusCallback")
        method = noun.get("amdStatusCallbackMethod", "POST")
        self.call.tell(Request(kind="amd", url=url, fields=fields, method=method))

    def _leg_fields(self, leg: Leg) -> Fields:
        own = leg_fields(self.call.account_sid, self.call.sid, leg.sid, (leg.from_, leg.to))
        return (*own, ("CallStatus", leg.status))

    def _outcome(self, leg: Leg) -> Fields:
        bridged = "true" if leg.bridged_at is not None else "false"
        status = leg.status if self.winner else self._lost_status()
        fields = [("DialCallStatus", status), ("DialCallSid", leg.sid), ("DialBridged", bridged)]
        if leg.answered_at is not None:
            fields.append(("DialCallDuration", str(leg.duration)))
            if self.call.recordings and self.call.recordings[-1][2] is leg:
                fields.append(("RecordingUrl", self.call.recording_url(leg.sid)))
        if leg.to.startswith("sip"):
            fields.append(("DialSipCallId", f"{leg.sid}@0.0.0.0"))
            fields.append(("DialSipResponseCode", _SIP_CODES.get(leg.status, "404")))
        return tuple(fields)

    def _lost_status(self) -> str:
        statuses = {ring.leg.status for ring in self.rings} - {"queued"}
        ranked = ("canceled", "no-answer", "busy", "failed")
        return next((status for status in ranked if status in statuses), "canceled")


def address(noun: Verb) -> str:
    """Whom a noun calls: a number, a SIP URI without its headers, or `client:name`."""
    if noun.name == "Sip":
        return noun.text.partition("?")[0]
    if noun.name == "Client":
        inner = (child.text for child in noun.children if child.name == "Identity")
        return "client:" + (noun.text or next(inner))
    return noun.text


def ringing_steps(behaviour: Behaviour, limit: float) -> list[tuple[float, str]]:
    """The statuses that a leg passes through, and when, in seconds from the start of its dial.

    `limit` is when the carrier gives up ringing.
    """
    if behaviour.outcome == Outcome.FAILED:
        end = min(behaviour.after, 0.8)
        return [(min(0.3, end / 2), "initiated"), (end, "failed")]
    if behaviour.outcome == Outcome.BUSY:
        end = min(behaviour.after, 2.0)
        return [(min(0.3, end / 2), "initiated"), (end, "busy")]
    answers = behaviour.outcome == Outcome.ANSWER and behaviour.after <= limit
    end, status = (behaviour.after, "in-progress") if answers else (limit, "no-answer")
    return [(min(0.3, end / 4), "initiated"), (min(1.5, end / 2), "ringing"), (end, status)]
