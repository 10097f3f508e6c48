"""Failed work that lies parked, in memory: messages hide while somebody has them in hand.

A run that dies is played by SystemExit, which nothing catches on its way.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.closings import Duty
from chalicelib.flows.taking_up import Yard
from chalicelib.parked import Lying, Place, Stretch
from chalicelib.providers.parking import HELD_SECONDS, MOST_AT_ONCE, Expired, Message

SHARD = "shardId-00000001"
A_PART = {
    "closing_id": "cls_1", "as_of": "2026-12-01T00:00:00.000Z",
    "asked_at": "2026-12-01T06:10:00.000Z", "party_id": "adv_1", "turn": 7,
}  # fmt: skip
"""What asks for an advertiser's part in a closing, for the eighth time."""


@dataclass
class Parked:
    """One message, and until when it is hidden."""

    id: str
    body: str
    hidden_until: float = 0


@dataclass
class FakeLot:
    """Every place, a stream that has lost what is older than its first record, and a clock."""

    lying: dict[Place, list[Parked]] = field(default_factory=lambda: {one: [] for one in Place})
    stream: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def parks(self, place: Place, body: Mapping[str, Any] | str) -> str:
        """Leave a message there; its id."""
        text = body if isinstance(body, str) else json.dumps(body)
        message = Parked(f"m{next(self._ids)}", text)
        self.lying[place].append(message)
        return message.id

    def later(self, seconds: float = HELD_SECONDS) -> None:
        """Let time pass."""
        self.seconds += seconds

    def count(self, place: Place) -> Lying:
        """Exactly how many lie there."""
        waiting = len(self._waiting(place))
        return Lying(place, waiting=waiting, in_hand=len(self.lying[place]) - waiting)

    def receive(self, place: Place, most: int) -> tuple[Message, ...]:
        """The first that wait, hidden for a while."""
        given = self._waiting(place)[: min(most, MOST_AT_ONCE)]
        for one in given:
            one.hidden_until = self.seconds + HELD_SECONDS
        return tuple(Message(one.id, one.body, receipt=one.id) for one in given)

    def remove(self, place: Place, message: Message) -> None:
        """Gone, however often it is asked for."""
        kept = [one for one in self.lying[place] if one.id != message.receipt]
        self.lying[place] = kept

    def records(self, stretch: Stretch) -> list[dict[str, Any]]:
        """The records of the one shard there is."""
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in self.stream]
        if stretch.shard_id != SHARD or int(stretch.first) not in numbers:
            raise Expired
        return [
            record
            for number, record in zip(numbers, self.stream, strict=True)
            if int(stretch.first) <= number <= int(stretch.last)
        ]

    def _waiting(self, place: Place) -> list[Parked]:
        return [one for one in self.lying[place] if one.hidden_until <= self.seconds]


@dataclass
class Desk:
    """A lot, and what was asked for; it dies at an errand as often as it is told to."""

    lot: FakeLot = field(default_factory=FakeLot)
    settled: list[str] = field(default_factory=list)
    fetched: list[tuple[str, str]] = field(default_factory=list)
    closed: list[Duty] = field(default_factory=list)
    dies_at: set[int] = field(default_factory=set)
    dies_after: bool = False
    away_for: str = ""
    _asked: int = 0

    @property
    def yard(self) -> Yard:
        """Where failed work lies, and who is asked to do it."""
        return Yard(parking=self.lot, settle=self.settle, fetch=self.fetch, close=self.close)

    def settle(self, call_id: str) -> None:
        """Ask for a settlement."""
        with_death = self._reached()
        if call_id == self.away_for:
            raise ConnectionError("the queue is away")
        self.settled.append(call_id)
        self._die(with_death)

    def fetch(self, call_id: str, recording_id: str) -> None:
        """Ask for a recording."""
        with_death = self._reached()
        self.fetched.append((call_id, recording_id))
        self._die(with_death)

    def close(self, duty: Duty, delay_seconds: int) -> None:
        """Ask for a part of a closing."""
        with_death = self._reached()
        assert delay_seconds == 0
        self.closed.append(duty)
        self._die(with_death)

    def _reached(self) -> bool:
        self._asked += 1
        deadly = self._asked in self.dies_at
        if deadly and not self.dies_after:
            raise SystemExit(1)
        return deadly

    def _die(self, deadly: bool) -> None:
        if deadly:
            raise SystemExit(1)


def a_stretch(first: int, last: int | None = None, *, shard: str = SHARD) -> dict[str, Any]:
    """What the stream's on-failure destination gets: positions, and none of the records."""
    end = first if last is None else last
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": str(first),
            "endSequenceNumber": str(end),
            "batchSize": end - first + 1,
            "streamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/calls/stream/2026",
        },
    }


def a_record(
    number: int, call_id: str, sk: str = "SIGNAL#leg#1#completed", *, event: str = "INSERT"
) -> dict[str, Any]:
    """A record of the calls stream, with its keys alone."""
    return {
        "eventName": event,
        "dynamodb": {
            "SequenceNumber": str(number),
            "Keys": {"pk": {"S": f"CALL#{call_id}"}, "sk": {"S": sk}},
        },
    }
