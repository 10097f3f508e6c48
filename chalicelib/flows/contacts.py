"""What happens when Amazon Connect tells of a contact?

Joins what is told with the call that it belongs to, and keeps it as reports; what follows from them
comes off the stream. Contacts that are no call of ours, nor the transfer of one, are passed over.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.calls import Signal, SignalKind, call_id
from chalicelib.contacts import Contact, callers_reports, legs_reports
from chalicelib.offers import CONNECT
from chalicelib.recording import RecordingState
from chalicelib.store.recordings import expected_part
from chalicelib.store.stores import Stores

SOUND_WRITTEN = timedelta(minutes=3)
"""How long an instance usually takes to put a recording into its bucket."""


class Heard(StrEnum):
    """What became of a report: kept, known before, or none of ours."""

    KEPT = "kept"
    KNOWN = "known"
    PASSED_OVER = "passed_over"


def hear(contact: Contact, *, stores: Stores, now: datetime) -> Heard:
    """Keep what the contact reports of its call; repeating it changes nothing.

    The end of a call may be heard before the call itself is kept; then the dialled number tells
    that it is one of ours.
    """
    if contact.is_leg:
        return _of_leg(contact, stores, now)
    id = call_id(CONNECT, contact.id)
    file = stores.calls.file(id)
    if file is None and not _ours(contact, stores, now):
        return Heard.PASSED_OVER
    attempt = file.call.attempt if file else None
    heard = _kept(id, callers_reports(contact, attempt, SignalKind.CALL, now), stores)
    if heard is Heard.KEPT and attempt and attempt.recording.state is RecordingState.ON:
        # Amazon Connect reports on no recording: it is looked for soon after the end.
        part = expected_part(attempt.number)
        stores.recordings.look_again(id, part, now + SOUND_WRITTEN)
    return heard


def _of_leg(contact: Contact, stores: Stores, now: datetime) -> Heard:
    for caller in contact.callers:
        id = call_id(CONNECT, caller)
        file = stores.calls.file(id)
        if file is not None:
            told = legs_reports(contact, file.call.attempt, SignalKind.LEG, now)
            return _kept(id, told, stores)
    return Heard.PASSED_OVER


def _ours(contact: Contact, stores: Stores, now: datetime) -> bool:
    if contact.dialled is None:
        return False
    number = stores.markets.number(contact.dialled, now)
    return number is not None and number.carrier == CONNECT


def _kept(id: str, told: tuple[Signal, ...], stores: Stores) -> Heard:
    if not told:
        return Heard.PASSED_OVER
    kept = [stores.calls.keep_signal(id, signal) for signal in told]
    return Heard.KEPT if any(kept) else Heard.KNOWN
