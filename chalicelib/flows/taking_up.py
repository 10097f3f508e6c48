"""How is failed work that lies parked taken up again?

Joins the places of failed work with the queues whose functions do it. A message is handed on first
and taken away after, so that a run which dies between the two leaves it for the next; that work is
asked for twice does it once, because settling, fetching and closing do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from chalicelib import runtime
from chalicelib.closings import Duty
from chalicelib.parked import Errand, Lying, Place, Refusal, Stretch, Taken, read_stretch
from chalicelib.providers import queue
from chalicelib.providers.parking import Expired, Lot, Message
from chalicelib.store.changes import StreamRecord, finished_recording, told_call


class Parking(Protocol):
    """What keeps failed work."""

    def count(self, place: Place) -> Lying:
        """About how many messages lie there."""
        ...

    def receive(self, place: Place, most: int) -> tuple[Message, ...]:
        """Some of the messages, at most so many, hidden from others for a while."""
        ...

    def remove(self, place: Place, message: Message) -> None:
        """Take the message away for good."""
        ...

    def records(self, stretch: Stretch) -> list[StreamRecord]:
        """The records of the stretch; Expired when the stream no longer has them."""
        ...


@dataclass(frozen=True, slots=True)
class Yard:
    """Where failed work lies, and what asks for it to be done: the queues of `settle`, `recordings`
    and `closing`."""

    parking: Parking = field(default_factory=Lot)
    settle: Callable[[str], None] = queue.settle_later
    fetch: Callable[[str, str], None] = queue.fetch_recording
    close: Callable[[Duty, int], None] = queue.close_party


def look(yard: Yard) -> tuple[Lying, ...]:
    """What lies at every place; nothing is touched."""
    return tuple(yard.parking.count(place) for place in Place)


def take_up(yard: Yard, *, limit: int, tell: Callable[[Taken], None]) -> tuple[Taken, ...]:
    """Hand on up to `limit` messages, place by place; what was done at each.

    A message that cannot be taken up keeps no other from it. `tell` hears how far a place is after
    every few messages.
    """
    taken: list[Taken] = []
    for place in Place:
        rest = limit - sum(one.looked_at for one in taken)
        taken.append(_empty(place, yard, rest, tell))
    return tuple(taken)


def _empty(place: Place, yard: Yard, limit: int, tell: Callable[[Taken], None]) -> Taken:
    taken = Taken(place=place)
    while taken.looked_at < limit:
        known = {refusal.message_id for refusal in taken.refused}
        received = yard.parking.receive(place, limit - taken.looked_at)
        fresh = [message for message in received if message.id not in known]
        if not fresh:
            break
        for message in fresh:
            taken = _after(taken, message, yard)
        tell(taken)
    return taken


def _after(taken: Taken, message: Message, yard: Yard) -> Taken:
    """What has been taken once `message` is dealt with."""
    place = taken.place
    try:
        if place is Place.CLOSING_DEAD:
            yard.close(replace(queue.read_duty(message.body), turn=0), 0)
        else:
            _hand_on(_errands(place, message.body, yard), yard)
        after = replace(taken, taken_up=taken.taken_up + 1)
    except Expired:
        after = replace(taken, expired=taken.expired + 1)
    except Exception as fault:
        # Whatever is wrong with this message, the others are taken up; it stays, and whoever asked
        # is told of it. So it is no fault that has to alarm.
        what = {"message_id": message.id}
        runtime.logger().warning("a message stays parked", extra=what, exc_info=True)
        refusal = Refusal(message.id, f"{type(fault).__name__}: {fault}"[:300])
        return replace(taken, refused=(*taken.refused, refusal))
    yard.parking.remove(place, message)
    return after


def _errands(place: Place, body: str, yard: Yard) -> tuple[Errand, ...]:
    """What a message asks for; ValueError or KeyError when it is none of this place."""
    if place is Place.SETTLE_DEAD:
        return (Errand(queue.read_call_id(body)),)
    if place is Place.RECORDINGS_DEAD:
        return (Errand(*queue.read_recording(body)),)
    return _spoken_of(yard.parking.records(read_stretch(body)))


def _spoken_of(records: list[StreamRecord]) -> tuple[Errand, ...]:
    """What the records ask for, each thing once."""
    found: dict[Errand, None] = {}
    for record in records:
        recording = finished_recording(record)
        if recording is not None:
            found[Errand(*recording)] = None
        call_id = told_call(record)
        if call_id is not None:
            found[Errand(call_id)] = None
    return tuple(found)


def _hand_on(errands: tuple[Errand, ...], yard: Yard) -> None:
    for errand in errands:
        if errand.recording_id is None:
            yard.settle(errand.call_id)
        else:
            yard.fetch(errand.call_id, errand.recording_id)
