"""What happens to recordings that nobody reported, or nobody fetched?

Owns the second look: what was expected is asked of the carrier, and what is known to have media is
asked for once more. Fetching itself belongs to `recordings`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import runtime
from chalicelib.errors import Busy
from chalicelib.providers.carriers import CarrierNamed, CarrierRefused
from chalicelib.recording import CarriersOwn, Report, ReportStatus, recording_id
from chalicelib.store.recordings import DueRecording, RecordingFile
from chalicelib.store.stores import Stores

_LEAST_PUT_OFF = timedelta(minutes=15)
_OVER = frozenset({ReportStatus.COMPLETED, ReportStatus.ABSENT})

Ask = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How many recordings were asked for once more, and how many were found at the carrier."""

    asked: int
    found: int


def look(
    *,
    stores: Stores,
    now: datetime,
    ask: Ask,
    carrier: CarrierNamed,
    limit: int = 500,
) -> Looked:
    """Look at every recording with which somebody should be done by now.

    The next look comes after as long again: what is lost is asked for soon, and what cannot be had
    fills no queue.
    """
    due = stores.recordings.due(now, limit=limit)
    found = 0
    for one in due:
        if one.report is not None:
            ask(one.call_id, one.report.recording_id)
            stores.recordings.look_again(one.call_id, one.part, _next(one, now))
            continue
        told = _found(one, stores, carrier, now)
        found += len(told or ())
        # What is found becomes due by its own report, and comes off the stream besides.
        again = _next(one, now) if told is None else None
        stores.recordings.look_again(one.call_id, one.part, again)
    return Looked(asked=sum(1 for one in due if one.report), found=found)


def _next(one: DueRecording, now: datetime) -> datetime:
    return now + max(_LEAST_PUT_OFF, now - one.since)


def _found(
    one: DueRecording, stores: Stores, carrier: CarrierNamed, now: datetime
) -> list[Report] | None:
    """What the carrier tells of recordings that nobody reported, kept; None when it has to be asked
    again, because it is away or not done with them."""
    file = stores.recordings.file(one.call_id)
    if any(told.attempt == one.attempt and told.status in _OVER for told in file.reports):
        return []
    try:
        made = carrier(file.call.carrier).recordings_of(file.call.carrier_call_id)
    except (Busy, CarrierRefused) as fault:
        what = {"call_id": one.call_id, "fault": repr(fault)}
        runtime.logger().warning("the carrier could not be asked about recordings", extra=what)
        return None
    if not all(own.over for own in made):
        return None
    if not made and now < one.since:
        # Looked for ahead of its time, and not there yet.
        return None
    reports = [_report(own, file, now) for own in made]
    return [report for report in reports if stores.recordings.keep_report(one.call_id, report)]


def _report(own: CarriersOwn, file: RecordingFile, now: datetime) -> Report:
    """A recording that the carrier has, as it would have reported it."""
    return Report(
        recording_id=recording_id(file.call.carrier, own.carrier_id),
        carrier_id=own.carrier_id,
        attempt=_attempt_of(own, file),
        status=ReportStatus.COMPLETED,
        seconds=own.seconds,
        channels=own.channels,
        received_at=now,
        raw={},
    )


def _attempt_of(own: CarriersOwn, file: RecordingFile) -> int:
    """The attempt that was going on: the last to be reserved before; the first, should the clocks
    differ."""
    if own.whole_call:
        return max(file.attempts, default=1)
    before = [n for n, one in file.attempts.items() if one.reserved_at <= own.started_at]
    return max(before, default=1)
