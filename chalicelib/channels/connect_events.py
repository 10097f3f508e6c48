"""What does an invocation by Amazon Connect's flow say, in the words of the platform?

Owns the translation of its event into arrivals and signals. Every part of it may be missing or of
another type than Amazon documents; what cannot be read is not there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.answering import MOST_QUESTIONS, MOST_RETRIES
from chalicelib.calls import Attestation, LegStatus, Signal, SignalKind, call_id
from chalicelib.flows.inbound import Arrival
from chalicelib.gate import caller_of
from chalicelib.offers import CONNECT
from chalicelib.places import Area, area_code_of, prefix_evidence
from chalicelib.questions import Step, read_step
from chalicelib.waiting import MOST_LOOKS

WAIT = "wait"
"""Leads the step of a caller who waits for a free target."""
# What Connect keeps where a caller keys nothing in time ("Store customer input").
_NOTHING_KEYED = "Timeout"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_STEP = re.compile(r"([1-9]\d?)\.([1-9]\d?)(\.confirm)?")
_WAITED = re.compile(rf"{WAIT}\.([1-9]\d{{0,2}})\.([1-9]\d{{0,10}})")
_ATTEMPT = re.compile(r"[1-9]\d?")
_FINISHES = "#*"
_MOST_KEYS = 40
_MOST_TEXT = 200
_OUTCOMES = {
    "CallFailed": LegStatus.FAILED,
    "ConnectionTimeLimitExceeded": LegStatus.NO_ANSWER,
    "NoMatchingError": LegStatus.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What the flow says: of which contact of which instance, who called which number, and what the
    block that asks has for parameters."""

    contact_id: str
    instance_id: str
    dialled: str
    caller: str | None
    parameters: Mapping[str, str]

    @property
    def call_id(self) -> str:
        """The id of the call that the contact is."""
        return call_id(CONNECT, self.contact_id)

    @property
    def operation(self) -> str:
        """What is asked."""
        return self.parameters.get("operation", "")


def read(event: object) -> Invocation | None:
    """The invocation; None where the event names no contact."""
    details = _part(event, "Details")
    contact = _part(details, "ContactData")
    contact_id = _text(contact, "ContactId")
    if not contact_id:
        return None
    caller = _text(_part(contact, "CustomerEndpoint"), "Address")
    said = _part(details, "Parameters")
    return Invocation(
        contact_id=contact_id,
        instance_id=_text(contact, "InstanceARN").rpartition("/")[2],
        dialled=_text(_part(contact, "SystemEndpoint"), "Address"),
        caller=caller if _E164.fullmatch(caller) else None,
        parameters={str(name)[:_MOST_TEXT]: _text(said, name) for name in list(said)[:_MOST_KEYS]},
    )


def arrival(said: Invocation, hash_key: str) -> Arrival:
    """A call that arrives. Connect does not tell what a signed call shows."""
    caller = caller_of(said.caller, Attestation.NONE, hash_key=hash_key)
    evidence = prefix_evidence(said.caller) if said.caller else ()
    return Arrival(
        carrier=CONNECT,
        carrier_call_id=said.contact_id,
        e164=said.dialled,
        caller=caller.number,
        caller_hash=caller.number_hash,
        prefix_hash=caller.prefix_hash,
        area=Area.told_by(evidence, area_code=area_code_of(said.caller)),
    )


def step(said: Invocation) -> Step | None:
    """The step of a question that was answered; None where none is named."""
    named = said.parameters.get("step", "")
    if not _STEP.fullmatch(named):
        return None
    found = read_step(named)
    return found if found.question <= MOST_QUESTIONS and found.tries <= MOST_RETRIES + 1 else None


def look(said: Invocation) -> tuple[int, datetime] | None:
    """Up to which look for a free target the caller has waited, and since when; None where no
    waiting is named."""
    found = _WAITED.fullmatch(said.parameters.get("step", ""))
    if found is None or int(found[1]) > MOST_LOOKS:
        return None
    return int(found[1]), datetime.fromtimestamp(int(found[2]), UTC)


def attempt(said: Invocation) -> int | None:
    """The attempt that is told of; None where none is named."""
    named = said.parameters.get("attempt", "")
    return int(named) if _ATTEMPT.fullmatch(named) else None


def answer_signal(said: Invocation, at: Step, now: datetime) -> Signal:
    """What the caller has keyed at a step; nothing is an empty text."""
    keys = said.parameters.get("keys", "")
    keys = "" if keys == _NOTHING_KEYED else keys
    keys = keys.rstrip(_FINISHES) if len(keys) > 1 else keys
    return _heard(SignalKind.ANSWER, said, now, step=str(at), keys=keys[:_MOST_KEYS])


def wait_signal(said: Invocation, number: int, now: datetime) -> Signal:
    """That the caller has waited until look number `number` for a free target."""
    return _heard(SignalKind.WAIT, said, now, step=str(number))


def failed_signal(said: Invocation, number: int, now: datetime) -> Signal | None:
    """That a transfer came to no talk; None for an outcome that is not known. Connect tells busy
    and failed lines by one word."""
    status = _OUTCOMES.get(said.parameters.get("outcome", ""))
    if status is None:
        return None
    return _dial(said, number, status, now)


def ended_signal(said: Invocation, number: int, now: datetime) -> Signal:
    """That the target has hung up after a talk, which may have been of any length."""
    return _dial(said, number, LegStatus.COMPLETED, now)


def _dial(said: Invocation, number: int, status: LegStatus, now: datetime) -> Signal:
    return Signal(
        kind=SignalKind.DIAL,
        attempt=number,
        status=status,
        # No block runs for a caller who has left.
        callers_status=LegStatus.IN_PROGRESS,
        received_at=now,
        raw=_raw(said),
    )


def _heard(
    kind: SignalKind, said: Invocation, now: datetime, *, step: str, keys: str | None = None
) -> Signal:
    """A report of something that goes on while the call does."""
    return Signal(
        kind=kind,
        attempt=0,
        status=LegStatus.IN_PROGRESS,
        received_at=now,
        raw=_raw(said),
        step=step,
        keys=keys,
    )


def _raw(said: Invocation) -> dict[str, str]:
    return {"ContactId": said.contact_id, "InstanceId": said.instance_id, **said.parameters}


def _part(of: object, name: str) -> Mapping[str, Any]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(of: Mapping[str, Any], name: str) -> str:
    found = of.get(name)
    return found[:_MOST_TEXT] if isinstance(found, str) else ""
