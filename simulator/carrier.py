"""What does the carrier itself know of each call and number, whatever the platform was told?

The truth behind the REST side. Kept in memory, and when a journal is given also in a file that
several processes share: one may place calls while another answers questions about them.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from simulator.recordings import RecordingRecord
from simulator.stock import NumberRecord

T = TypeVar("T")

LIVE = ("queued", "initiated", "ringing", "in-progress")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call or leg. `start` is when it was made, `duration` whole seconds since its answer."""

    sid: str
    parent_sid: str | None
    account_sid: str
    to: str
    from_: str
    direction: str
    status: str
    created: datetime
    updated: datetime
    ended: datetime | None = None
    duration: int | None = None

    @property
    def live(self) -> bool:
        """Has the call not ended yet?"""
        return self.status in LIVE


class Carrier:
    """The records of every call, recording and rented number, by sid; safe to share between
    threads.
    """

    def __init__(self, journal: Path | None = None) -> None:
        self._records: dict[str, CallRecord] = {}
        self._recordings: dict[str, RecordingRecord] = {}
        self._hangups: set[str] = set()
        self._numbers: dict[str, NumberRecord] = {}
        self._verified: list[str] = []
        self._lock = threading.RLock()
        self._journal = journal
        self._read_to = 0
        if journal is not None:
            journal.parent.mkdir(parents=True, exist_ok=True)

    def keep(self, record: CallRecord) -> None:
        """Keep a record, in the place of an earlier one of the same call."""
        with self._lock:
            self._records[record.sid] = record
            self._write(_row(record))

    def find(self, sid: str) -> CallRecord | None:
        """The record of a sid; `None` when the carrier never saw it."""
        with self._lock:
            self._catch_up()
            return self._records.get(sid)

    def calls(self) -> list[CallRecord]:
        """Every record, newest first."""
        with self._lock:
            self._catch_up()
            return sorted(self._records.values(), key=lambda r: (r.created, r.sid), reverse=True)

    def keep_recording(self, record: RecordingRecord) -> None:
        """Keep a recording, in the place of an earlier one of the same sid."""
        with self._lock:
            self._recordings[record.sid] = record
            row = {key: _plain(value) for key, value in asdict(record).items()}
            self._write({"recording": row})

    def recording(self, sid: str) -> RecordingRecord | None:
        """The recording of a sid; `None` when the carrier never made it."""
        with self._lock:
            self._catch_up()
            return self._recordings.get(sid)

    def recordings_of(self, call_sid: str) -> list[RecordingRecord]:
        """Every recording of a call, in the order in which they were begun."""
        with self._lock:
            self._catch_up()
            return [one for one in self._recordings.values() if one.call_sid == call_sid]

    def ask_hangup(self, sid: str) -> None:
        """Note that the platform wants a live call ended; whoever plays it ends it."""
        with self._lock:
            self._hangups.add(sid)
            self._write({"hangup": sid})

    def hangup_asked(self, sid: str) -> bool:
        """Did the platform ask for the end of this call?"""
        with self._lock:
            self._catch_up()
            return sid in self._hangups

    def rent(self, record: NumberRecord) -> bool:
        """Rent a number out, or change one that is rented; `False` when another has it."""
        with self._lock:
            holder = self.number_at(record.e164)
            if holder is not None and holder.sid != record.sid:
                return False
            self._numbers[record.sid] = record
            self._write({"number": _row(record)})
            return True

    def take_back(self, sid: str) -> bool:
        """End the renting of a number; `False` when nobody rents it."""
        with self._lock:
            self._catch_up()
            if self._numbers.pop(sid, None) is None:
                return False
            self._write({"taken_back": sid})
            return True

    def number(self, sid: str) -> NumberRecord | None:
        """A rented number by its sid."""
        with self._lock:
            self._catch_up()
            return self._numbers.get(sid)

    def number_at(self, e164: str) -> NumberRecord | None:
        """A rented number by its digits."""
        with self._lock:
            self._catch_up()
            return next((one for one in self._numbers.values() if one.e164 == e164), None)

    def verify(self, e164: str) -> None:
        """Let the account show this number, although it does not rent it."""
        with self._lock:
            self._verified.append(e164)
            self._write({"verified": e164})

    def verified(self) -> list[str]:
        """Every number that the account may show without renting it."""
        with self._lock:
            self._catch_up()
            return list(dict.fromkeys(self._verified))

    def numbers(self) -> list[NumberRecord]:
        """Every rented number, newest first."""
        with self._lock:
            self._catch_up()
            return sorted(self._numbers.values(), key=lambda n: (n.created, n.sid), reverse=True)

    def _write(self, row: Mapping[str, object]) -> None:
        if self._journal is None:
            return
        with self._journal.open("ab") as file:
            file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")

    def _catch_up(self) -> None:
        if self._journal is None or not self._journal.exists():
            return
        if self._journal.stat().st_size <= self._read_to:
            return
        with self._journal.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                self._take(json.loads(line))

    def _take(self, row: Mapping[str, object]) -> None:
        if "hangup" in row:
            self._hangups.add(str(row["hangup"]))
            return
        if "verified" in row:
            self._verified.append(str(row["verified"]))
            return
        if "taken_back" in row:
            self._numbers.pop(str(row["taken_back"]), None)
            return
        number = row.get("number")
        if isinstance(number, dict):
            rented = _record(NumberRecord, number)
            self._numbers[rented.sid] = rented
            return
        recording = row.get("recording")
        if isinstance(recording, dict):
            made = _record(RecordingRecord, recording)
            self._recordings[made.sid] = made
            return
        record = _record(CallRecord, row)
        self._records[record.sid] = record


def _row(record: CallRecord | NumberRecord) -> dict[str, object]:
    return {key: _plain(value) for key, value in asdict(record).items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(kind: type[T], row: Mapping[str, object]) -> T:
    moments = ("created", "updated", "ended")
    values = {
        key: datetime.fromisoformat(str(value)) if key in moments and value else value
        for key, value in row.items()
    }
    return kind(**values)
