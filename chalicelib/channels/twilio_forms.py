"""What does a form of Twilio say, in the words of the platform?

Owns the translation of webhook fields into arrivals and signals. Fields that it does not know are
kept as they came and otherwise passed over, because Twilio adds them without notice.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.answering import Message
from chalicelib.calls import Attestation, LegStatus, Signal, SignalKind
from chalicelib.flows.inbound import Arrival
from chalicelib.gate import caller_of
from chalicelib.offers import TWILIO
from chalicelib.places import (
    Area,
    AreaEvidence,
    AreaFact,
    AreaSource,
    Provenance,
    area_code_of,
    prefix_evidence,
)
from chalicelib.questions import Step

CARRIER = TWILIO
_E164 = re.compile(r"\+[1-9]\d{6,14}")
# Twilio spells withheld numbers on a keypad: ANONYMOUS, RESTRICTED, BLOCKED, UNAVAILABLE, UNKNOWN.
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+86282452253", "+8656696"})
_PASSED = re.compile(r"TN-Validation-Passed-([ABC])(?:-Diverted|-Passthrough)?")
KEPT_FIELDS = 60
_MOST_KEYS = 40
_STATUSES = frozenset(LegStatus)
_ANSWERED_BY = re.compile("[a-z_]{1,40}")
_SIP_CODE = re.compile(r"[1-6]\d\d")
_MOST_URL = 500
_MOST_LEG_ID = 64
_AREA_FIELDS = {
    "FromCountry": AreaFact.COUNTRY,
    "FromState": AreaFact.STATE,
    "FromZip": AreaFact.ZIP,
}


def arrival(form: Mapping[str, str], hash_key: str) -> Arrival:
    """A call that arrives."""
    said = attestation(form.get("StirVerstat", ""))
    caller = caller_of(caller_number(form), said, hash_key=hash_key)
    return Arrival(
        carrier=CARRIER,
        carrier_call_id=form["CallSid"],
        e164=form.get("To", ""),
        caller=caller.number,
        caller_hash=caller.number_hash,
        prefix_hash=caller.prefix_hash,
        attestation=said,
        area=_area(form, caller.number),
    )


def caller_number(form: Mapping[str, str]) -> str | None:
    """The number that calls; None where it is withheld or no number."""
    text = form.get("From", "")
    return text if _E164.fullmatch(text) and text not in _WITHHELD else None


def attestation(verstat: str) -> Attestation:
    """The level that a verified signature shows; none for whatever did not pass (Twilio, Trusted
    Calling with SHAKEN/STIR), and for calls without a signature, of which Twilio says nothing."""
    passed = _PASSED.fullmatch(verstat)
    return Attestation(passed[1]) if passed else Attestation.NONE


def leg_signal(form: Mapping[str, str], attempt: int, now: datetime) -> Signal | None:
    """A report of the leg to a target; None when its status is not one that is known."""
    signal = _signal(SignalKind.LEG, attempt, form, "CallStatus", "CallDuration", now)
    return signal and replace(signal, leg_id=_leg_id(form, "CallSid"))


def dial_signal(form: Mapping[str, str], attempt: int, now: datetime) -> Signal | None:
    """How a dial ended; an answered conference dial counts as completed."""
    if form.get("DialCallStatus") == "answered":
        form = {**form, "DialCallStatus": LegStatus.COMPLETED.value}
    signal = _signal(SignalKind.DIAL, attempt, form, "DialCallStatus", "DialCallDuration", now)
    return signal and replace(
        signal,
        callers_status=_status(form.get("CallStatus", "")),
        leg_id=_leg_id(form, "DialCallSid"),
    )


def call_signal(form: Mapping[str, str], now: datetime) -> Signal | None:
    """How the caller's own call stands."""
    return _signal(SignalKind.CALL, 0, form, "CallStatus", "CallDuration", now)


def answer_signal(form: Mapping[str, str], step: Step, now: datetime) -> Signal:
    """What the caller has keyed at a step; nothing is an empty text."""
    signal = _heard(SignalKind.ANSWER, 0, form, now)
    return replace(signal, step=str(step), keys=form.get("Digits", "")[:_MOST_KEYS])


def wait_signal(form: Mapping[str, str], look: int, now: datetime) -> Signal:
    """That the caller has waited until look number `look` for a free target."""
    return replace(_heard(SignalKind.WAIT, 0, form, now), step=str(look))


def whisper_signal(form: Mapping[str, str], attempt: int, now: datetime) -> Signal:
    """That the target has answered and begins to hear its whisper."""
    signal = _heard(SignalKind.WHISPER, attempt, form, now)
    return replace(signal, leg_id=_leg_id(form, "CallSid"))


def bridge_signal(form: Mapping[str, str], attempt: int, accepted: bool, now: datetime) -> Signal:
    """Whether the target is let through, now that its whisper is over."""
    signal = _heard(SignalKind.BRIDGE, attempt, form, now)
    return replace(signal, bridged=accepted, leg_id=_leg_id(form, "CallSid"))


def machine_signal(form: Mapping[str, str], attempt: int, now: datetime) -> Signal | None:
    """What the carrier takes whoever answered for; None where it does not say."""
    word = form.get("AnsweredBy", "")
    if not _ANSWERED_BY.fullmatch(word):
        return None
    signal = _heard(SignalKind.MACHINE, attempt, form, now)
    return replace(signal, step=word, leg_id=_leg_id(form, "CallSid"))


def message_signal(form: Mapping[str, str], told: str, now: datetime) -> Signal:
    """That a message is on voicemail; `told` tells apart the two ways to hear of it."""
    return replace(_heard(SignalKind.MESSAGE, 0, form, now), step=told)


def message(form: Mapping[str, str]) -> Message | None:
    """The message that a form tells of; None where there is none."""
    url = form.get("RecordingUrl", "")[:_MOST_URL]
    return Message(url=url, seconds=whole(form.get("RecordingDuration", ""))) if url else None


def _heard(kind: SignalKind, attempt: int, form: Mapping[str, str], now: datetime) -> Signal:
    """A report of something that goes on while the call does."""
    return Signal(
        kind=kind,
        attempt=attempt,
        status=LegStatus.IN_PROGRESS,
        received_at=now,
        raw=_raw(form),
    )


def _raw(form: Mapping[str, str]) -> dict[str, str]:
    return dict(list(form.items())[:KEPT_FIELDS])


def _signal(
    kind: SignalKind,
    attempt: int,
    form: Mapping[str, str],
    status: str,
    seconds: str,
    now: datetime,
) -> Signal | None:
    known = _status(form.get(status, ""))
    if known is None:
        return None
    bridged = {"true": True, "false": False}.get(form.get("DialBridged", "").lower())
    return Signal(
        kind=kind,
        attempt=attempt,
        status=known,
        seconds=whole(form.get(seconds, "")),
        bridged=bridged if kind is SignalKind.DIAL else None,
        received_at=now,
        raw=_raw(form),
        sip_code=_sip_code(form),
    )


def _leg_id(form: Mapping[str, str], field: str) -> str | None:
    return form.get(field, "")[:_MOST_LEG_ID] or None


def _status(word: str) -> LegStatus | None:
    return LegStatus(word) if word in _STATUSES else None


def _sip_code(form: Mapping[str, str]) -> str | None:
    """The last answer of the other network, where there is one; Twilio documents neither field for
    every leg."""
    code = form.get("DialSipResponseCode") or form.get("SipResponseCode") or ""
    return code if _SIP_CODE.fullmatch(code) else None


def whole(text: str) -> int | None:
    """The number of at most six digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _area(form: Mapping[str, str], caller: str | None) -> Area:
    """Where the caller seems to be: what the carrier says of the number, and its own prefix."""
    told = tuple(
        AreaEvidence(
            what=what,
            value=form[field].upper(),
            source=AreaSource.CARRIER,
            provenance=Provenance.MEASURED,
        )
        for field, what in _AREA_FIELDS.items()
        if form.get(field)
    )
    evidence = told + (prefix_evidence(caller) if caller else ())
    return Area.told_by(evidence, area_code=area_code_of(caller))
