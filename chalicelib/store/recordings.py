"""What is remembered of a call's recordings?

Owns the rows of the carrier's reports on recordings, of what is kept of them, and of who was given
a link. The media themselves lie in a bucket, which belongs to `providers`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.calls import Attempt, Call
from chalicelib.errors import NotFound
from chalicelib.recording import Access, KeptRecording, RecordingState, Report, ReportStatus
from chalicelib.store import codec
from chalicelib.store.calls import call_key, read_call
from chalicelib.store.rows import (
    CALLS,
    META,
    Absent,
    Change,
    Item,
    Key,
    NotWritten,
    Present,
    Put,
    Question,
    Rows,
)

FIRST_LOOK = timedelta(minutes=15)
_DUE = "recordings"
_REPORTS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A call with all that is known of its recordings; `attempts` are by their numbers."""

    call: Call
    attempts: dict[int, Attempt]
    reports: tuple[Report, ...]
    kept: tuple[KeptRecording, ...]

    def completed(self, recording_id: str) -> Report | None:
        """The report that the recording has media; None while there is none."""
        of_it = (one for one in self.reports if one.recording_id == recording_id)
        return next((one for one in of_it if one.status is ReportStatus.COMPLETED), None)

    def kept_one(self, recording_id: str) -> KeptRecording | None:
        """What is kept of the recording; None while nothing is."""
        return next((one for one in self.kept if one.id == recording_id), None)


@dataclass(frozen=True, slots=True)
class DueRecording:
    """A recording with which somebody should be done: by its `report`, when that told of media, or
    without one, when the recording of `attempt` was only expected. It is due since `since`."""

    call_id: str
    part: str
    attempt: int
    since: datetime
    report: Report | None = None


class Recordings:
    """The recordings that this deployment was told of."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def keep_report(self, call_id: str, report: Report) -> bool:
        """Keep a report, in one round trip; False when it was kept before."""
        try:
            self._rows.write([Put(CALLS, _report_item(call_id, report))])
        except NotWritten:
            return False
        return True

    def file(self, call_id: str) -> RecordingFile:
        """The call with its recordings, in one round trip; NotFound when it is not known."""
        question = Question(table=CALLS, partition=f"CALL#{call_id}")
        _, (items,) = self._rows.gather([], [question])
        by_part = {item["sk"]: item for item in items}
        if META not in by_part:
            raise NotFound(f"there is no call {call_id}")
        return RecordingFile(
            call=read_call(by_part[META]),
            attempts=_attempts(
                [one for part, one in by_part.items() if part.startswith("DECISION#")]
            ),
            reports=tuple(
                codec.from_json(Report, item["doc"])
                for part, item in by_part.items()
                if part.startswith("REPORT#")
            ),
            kept=tuple(
                _read_kept(item) for part, item in by_part.items() if part.startswith("RECORDING#")
            ),
        )

    def get(self, recording_id: str) -> KeptRecording:
        """What is kept of a recording; NotFound for one whose media were never kept."""
        pointer = _own_key(recording_id)
        found, _ = self._rows.gather([pointer])
        if pointer not in found:
            raise NotFound(f"there is no recording {recording_id}")
        key = _kept_key(json.loads(found[pointer]["doc"])["call_id"], recording_id)
        found, _ = self._rows.gather([key])
        return _read_kept(found[key])

    def keep(self, kept: KeptRecording) -> bool:
        """Keep that the media are in the bucket; False when somebody kept it before."""
        key, pointer = _kept_key(kept.call_id, kept.id), _own_key(kept.id)
        whose = json.dumps({"call_id": kept.call_id})
        try:
            self._rows.write(
                [
                    Put(CALLS, {"pk": key.pk, "sk": key.sk, "doc": codec.to_json(kept)}),
                    Put(CALLS, {"pk": pointer.pk, "sk": pointer.sk, "doc": whose}),
                ]
            )
        except NotWritten:
            return False
        return True

    def mark(self, kept: KeptRecording, what: str, at: datetime) -> None:
        """Keep that the media were removed: `what` is "deleted_at", here, or "carrier_deleted_at",
        at the carrier. The first time counts."""
        change = Change(
            key=_kept_key(kept.call_id, kept.id),
            set={(what,): times.written(at)},
            when=[Present(("pk",)), Absent((what,))],
        )
        self._write_unless_done(change)

    def due(self, now: datetime, *, limit: int) -> tuple[DueRecording, ...]:
        """Recordings with which somebody should be done by now, the longest overdue first."""
        question = Question(
            table=CALLS, index="by_due", partition=_DUE, below=times.written(now), limit=limit
        )
        return tuple(_read_due(item) for item in self._rows.page(question).items)

    def look_again(self, call_id: str, part: str, at: datetime | None) -> None:
        """Put off the next look at a recording; None when all is done with it."""
        change = Change(
            key=call_key(call_id, part),
            set={("due_at",): times.written(at)} if at else {},
            remove=() if at else (("due",), ("due_at",)),
            when=[Present(("due",))],
        )
        self._write_unless_done(change)

    def keep_access(self, access: Access) -> None:
        """Keep that a link is given; written before the link is."""
        item: Item = {
            "pk": f"RECORDING#{access.recording_id}",
            "sk": f"ACCESS#{times.written(access.at)}#{access.id}",
            "doc": codec.to_json(access),
        }
        self._rows.write([Put(CALLS, item)])

    def accesses(self, recording_id: str) -> tuple[Access, ...]:
        """Every link that was given to the recording, the oldest first."""
        question = Question(
            table=CALLS, partition=f"RECORDING#{recording_id}", starts_with="ACCESS#"
        )
        _, (items,) = self._rows.gather([], [question])
        return tuple(codec.from_json(Access, item["doc"]) for item in items)

    def _write_unless_done(self, change: Change) -> None:
        try:
            self._rows.write([change])
        except NotWritten:
            return


def report_part(report: Report) -> str:
    """The sort key of a report."""
    return f"REPORT#{report.key}"


def expected_part(attempt: int) -> str:
    """The sort key of what is expected of an attempt."""
    return f"EXPECTED#{attempt}"


def expected_puts(call_id: str, attempt: Attempt) -> list[Put]:
    """That a recording of the attempt is to be expected by the time when nobody can still be
    talking; nothing for an attempt that is not recorded."""
    if attempt.recording.state is not RecordingState.ON:
        return []
    over = attempt.hold.lease_until
    item: Item = {
        "pk": f"CALL#{call_id}",
        "sk": expected_part(attempt.number),
        "doc": json.dumps({"attempt": attempt.number, "since": times.written(over)}),
        "due": _DUE,
        "due_at": times.written(over),
        "expires_at": int((over + _REPORTS_KEPT).timestamp()),
    }
    return [Put(CALLS, item)]


def _own_key(recording_id: str) -> Key:
    return Key(CALLS, f"RECORDING#{recording_id}")


def _kept_key(call_id: str, recording_id: str) -> Key:
    return call_key(call_id, f"RECORDING#{recording_id}")


def _report_item(call_id: str, report: Report) -> Item:
    """The row of a report; one that tells of media is due until they are kept."""
    due = report.status is ReportStatus.COMPLETED
    return {
        "pk": f"CALL#{call_id}",
        "sk": report_part(report),
        "doc": codec.to_json(report),
        "due": _DUE if due else None,
        "due_at": times.written(report.received_at + FIRST_LOOK) if due else None,
        "expires_at": int((report.received_at + _REPORTS_KEPT).timestamp()),
    }


def _attempts(decisions: Sequence[Item]) -> dict[int, Attempt]:
    """The attempts of a call, out of the decisions that led to them."""
    answers = (json.loads(item["doc"])["answer"] for item in decisions)
    attempts = [codec.from_plain(Attempt, answer) for answer in answers if answer]
    return {attempt.number: attempt for attempt in attempts}


def _read_due(item: Item) -> DueRecording:
    call_id, part = item["pk"].removeprefix("CALL#"), item["sk"]
    if part.startswith("REPORT#"):
        report = codec.from_json(Report, item["doc"])
        return DueRecording(call_id, part, report.attempt, report.received_at, report)
    doc = json.loads(item["doc"])
    return DueRecording(call_id, part, doc["attempt"], times.read(doc["since"]))


def _read_kept(item: Item) -> KeptRecording:
    kept = codec.from_json(KeptRecording, item["doc"])
    return replace(
        kept,
        deleted_at=_moment(item, "deleted_at"),
        carrier_deleted_at=_moment(item, "carrier_deleted_at"),
    )


def _moment(item: Item, name: str) -> datetime | None:
    return times.read(item[name]) if name in item else None
