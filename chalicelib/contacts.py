"""What does Amazon Connect tell of a contact?

Owns the reading of contact events, contact records and described contacts, whose keys come in
either case and whose unset moments are of 1970, and the reports that they amount to. Which call a
contact belongs to is looked up by the flow.

Answers and ends are cut to whole seconds, so that the length of a talk and what lies before it add
up to the same wherever the talk began.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.calls import Attempt, HungUpBy, LegStatus, Signal, SignalKind
from chalicelib.times import read

_UNSET_BEFORE = datetime(1971, 1, 1, tzinfo=UTC)
_THIRD_PARTY = "EXTERNAL_OUTBOUND"
_CONNECTED = "CONNECTED_TO_SYSTEM"
_OVER = frozenset({"DISCONNECTED", "COMPLETED"})
_KEPT_FIELDS = 60
_LONGEST = 500
# Contact records data model, DisconnectReason.
_HUNG_UP_BY = {
    "CUSTOMER_DISCONNECT": HungUpBy.CALLER,
    "TELECOM_ORIGINATOR_CANCEL": HungUpBy.CALLER,
    "THIRD_PARTY_DISCONNECT": HungUpBy.TARGET,
}
_UNANSWERED = {
    "TELECOM_BUSY": LegStatus.BUSY,
    "TELECOM_UNANSWERED": LegStatus.NO_ANSWER,
    "TELECOM_TIMEOUT": LegStatus.NO_ANSWER,
    "TELECOM_ORIGINATOR_CANCEL": LegStatus.CANCELED,
}
_TELECOM = "TELECOM_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact, as it is told of. `kind` is an event's type in capitals, empty for a record;
    `callers` are the contacts of which it may be the transfer. Of a caller's contact `talk_seconds`
    is how long a third party was on the line, where a record says so."""

    id: str
    instance_id: str
    kind: str
    callers: tuple[str, ...]
    method: str
    dialled: str | None
    initiated_at: datetime | None
    connected_at: datetime | None
    disconnected_at: datetime | None
    reason: str
    talk_seconds: int | None
    raw: dict[str, str]

    @property
    def is_leg(self) -> bool:
        """Whether it is the transfer to a third party, not the caller's own."""
        return self.method == _THIRD_PARTY

    @property
    def is_over(self) -> bool:
        """Whether it tells of an end."""
        return self.disconnected_at is not None and (not self.kind or self.kind in _OVER)


def read_contact(document: Mapping[str, Any]) -> Contact | None:
    """The contact that a document tells of; None for one that names none. What cannot be read of it
    is not there."""
    found = {str(name).lower(): value for name, value in document.items()}
    id = _text(found.get("contactid") or found.get("id"))
    if not id:
        return None
    tags = found.get("tags")
    tagged = tags.get("aws:connect:systemEndpoint") if isinstance(tags, Mapping) else None
    third_party = _lowered(found.get("externalthirdparty"))
    related = ("initialcontactid", "previouscontactid", "relatedcontactid")
    callers = dict.fromkeys(_text(found.get(name)) for name in related)
    return Contact(
        id=id,
        instance_id=_text(found.get("instancearn") or found.get("arn"))
        .partition(":instance/")[2]
        .partition("/")[0],
        kind=_text(found.get("eventtype")).upper(),
        callers=tuple(one for one in callers if one and one != id),
        method=_text(found.get("initiationmethod")).upper(),
        dialled=_text(_lowered(found.get("systemendpoint")).get("address") or tagged) or None,
        initiated_at=_moment(found.get("initiationtimestamp")),
        connected_at=_second(found.get("connectedtosystemtimestamp")),
        disconnected_at=_second(found.get("disconnecttimestamp")),
        reason=_text(found.get("disconnectreason")).upper(),
        talk_seconds=_seconds(third_party.get("externalthirdpartyinteractionduration")),
        raw={
            str(name)[:_LONGEST]: _text(value)
            for name, value in list(document.items())[:_KEPT_FIELDS]
            if isinstance(value, str | int | datetime)
        },
    )


def callers_reports(
    contact: Contact, attempt: Attempt | None, kind: SignalKind, now: datetime
) -> tuple[Signal, ...]:
    """What the caller's own contact reports: its end, and before that how long the present attempt
    talked, where a record says so. Connect answers every call, so an end is a completed one."""
    if not contact.is_over or contact.disconnected_at is None:
        return ()
    begun = (contact.initiated_at or contact.disconnected_at).replace(microsecond=0)
    end = Signal(
        kind=kind,
        attempt=0,
        status=LegStatus.COMPLETED,
        seconds=_between(begun, contact.disconnected_at),
        happened_at=contact.disconnected_at,
        ended_by=_HUNG_UP_BY.get(contact.reason),
        received_at=now,
        raw=contact.raw,
    )
    if attempt is None or not contact.talk_seconds:
        return (end,)
    talk = Signal(
        kind=SignalKind.RECORD,
        attempt=attempt.number,
        status=LegStatus.COMPLETED,
        seconds=contact.talk_seconds,
        happened_at=contact.disconnected_at,
        received_at=now,
        raw=contact.raw,
    )
    return (talk, end)


def outlasting(contact: Contact, attempt: Attempt | None, now: datetime) -> tuple[Signal, ...]:
    """That a call goes on although its lease is over: Connect knows no longest time."""
    if attempt is None or contact.disconnected_at or now < attempt.hold.lease_until:
        return ()
    return (
        Signal(
            kind=SignalKind.RECORD,
            attempt=0,
            status=LegStatus.IN_PROGRESS,
            happened_at=now.replace(microsecond=0),
            received_at=now,
            raw=contact.raw,
        ),
    )


def rang_for(leg: Contact, attempt: Attempt) -> bool:
    """Whether the transfer did not begin before the attempt; contact records know seconds alone."""
    begun, reserved = leg.initiated_at, attempt.reserved_at
    if begun is None:
        return False
    return begun >= (reserved if begun.microsecond else reserved.replace(microsecond=0))


def legs_reports(
    contact: Contact, attempt: Attempt | None, kind: SignalKind, now: datetime
) -> tuple[Signal, ...]:
    """What the contact of a transfer reports of the attempt whose target it rang: that this
    answered, and how it ended. Nothing where the attempt is a later one: what came before it has
    failed.

    Without a moment of its answer, a leg that the network ended was not answered; of one that
    somebody hung up it is not known.
    """
    if attempt is None or not rang_for(contact, attempt):
        return ()
    answered, over = contact.connected_at, contact.disconnected_at
    told = []
    if answered is not None and (contact.is_over or contact.kind == _CONNECTED):
        told.append(_of_leg(contact, attempt, SignalKind.LEG, LegStatus.IN_PROGRESS, answered, now))
    status = LegStatus.COMPLETED if answered else _unanswered(contact.reason)
    if contact.is_over and over is not None and status is not None:
        told.append(_of_leg(contact, attempt, kind, status, over, now))
    return tuple(told)


def _unanswered(reason: str) -> LegStatus | None:
    """Why nobody answered; None for a reason that does not say so."""
    failed = LegStatus.FAILED if reason.startswith(_TELECOM) else None
    return _UNANSWERED.get(reason, failed)


def _of_leg(
    contact: Contact,
    attempt: Attempt,
    kind: SignalKind,
    status: LegStatus,
    at: datetime,
    now: datetime,
) -> Signal:
    talked = status is LegStatus.COMPLETED and contact.connected_at is not None
    return Signal(
        kind=kind,
        attempt=attempt.number,
        status=status,
        seconds=_between(contact.connected_at, at) if talked and contact.connected_at else None,
        happened_at=at,
        received_at=now,
        raw=contact.raw,
        leg_id=contact.id,
    )


def _between(start: datetime, end: datetime) -> int:
    return max(0, int((end - start.replace(microsecond=0)).total_seconds()))


def _lowered(value: object) -> Mapping[str, Any]:
    """The object with its keys in small letters; nothing for anything else."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name).lower(): one for name, one in value.items()}


def _text(value: object) -> str:
    return str(value)[:_LONGEST] if isinstance(value, str | int | datetime) else ""


def _seconds(value: object) -> int | None:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _moment(value: object) -> datetime | None:
    """The moment; None for one that is unset or cannot be read."""
    try:
        found = value if isinstance(value, datetime) else read(_text(value))
    except ValueError:
        return None
    if found.tzinfo is None or found < _UNSET_BEFORE:
        return None
    return found.astimezone(UTC)


def _second(value: object) -> datetime | None:
    found = _moment(value)
    return found and found.replace(microsecond=0)
