"""What lies parked because it kept failing, and what comes of taking it up again?

Owns the places where failed work is left, what a message there asks for, and what a run says of
itself. Reading and moving messages belongs to the providers, the order of steps to the flows.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

_NUMBER = re.compile(r"[0-9]{1,60}")
_NO_STRETCH = "the message tells of no stretch of the stream"


class Place(StrEnum):
    """Where failed work is left: each is the end of the name of a queue."""

    VALIDATE_FAILED = "validate-failed"
    SETTLE_DEAD = "settle-dead"
    RECORDINGS_DEAD = "recordings-dead"
    CLOSING_DEAD = "closing-dead"


MEANING = {
    Place.VALIDATE_FAILED: "Records of the calls stream whose calls could not be validated.",
    Place.SETTLE_DEAD: "Calls that could not be settled.",
    Place.RECORDINGS_DEAD: "Recordings that could not be fetched.",
    Place.CLOSING_DEAD: "Advertisers or publishers whose closing failed.",
}


@dataclass(frozen=True, slots=True)
class Errand:
    """Work to be done again: a call to be settled, or the recording of it to be fetched."""

    call_id: str
    recording_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The records of one shard of the calls stream from `first` to `last`, both included.

    Both are sequence numbers as the stream writes them, with zeros in front of some.
    """

    shard_id: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Lying:
    """About how many messages a place holds: those that wait, and those in the hands of a run,
    which wait again a minute later unless it is done with them."""

    place: Place
    waiting: int
    in_hand: int

    @property
    def messages(self) -> int:
        """All of them."""
        return self.waiting + self.in_hand


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that could not be taken up, and stays where it is."""

    message_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a run did at one place.

    `taken_up` messages were handed on. Of `expired` ones the stream no longer has the records, so
    that only the sweep can find what they spoke of.
    """

    place: Place
    taken_up: int = 0
    expired: int = 0
    refused: tuple[Refusal, ...] = ()

    @property
    def looked_at(self) -> int:
        """How many messages the run has had in its hands."""
        return self.taken_up + self.expired + len(self.refused)


def read_stretch(body: str) -> Stretch:
    """The stretch that a message of the stream's on-failure destination tells of.

    Such a message holds positions and none of the records. One of several records may stand for a
    batch of which all but one are done. ValueError when the message tells of no stretch.
    """
    try:
        batch = json.loads(body)["DDBStreamBatchInfo"]
        shard_id, first, last = (
            batch[name] for name in ("shardId", "startSequenceNumber", "endSequenceNumber")
        )
    except (LookupError, TypeError, ValueError) as wrong:
        raise ValueError(_NO_STRETCH) from wrong
    if not all(isinstance(text, str) and text for text in (shard_id, first, last)):
        raise ValueError(_NO_STRETCH)
    if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(last)) or int(first) > int(last):
        raise ValueError(_NO_STRETCH)
    return Stretch(shard_id, first, last)


def next_step(taken: tuple[Taken, ...], left: tuple[Lying, ...]) -> str:
    """What is to be done after a run that did `taken` and left `left`."""
    refused = sum(len(one.refused) for one in taken)
    if refused:
        return (
            f"{refused} could not be taken up and stay where they are; each says why. Mend the "
            "cause and run this again; take out of its queue by hand what nobody can read."
        )
    if any(one.waiting for one in left):
        return "More lies there. Run this again."
    if any(one.taken_up for one in taken):
        return (
            "What was taken up is done within a minute. What fails again comes back after its "
            "retries, with its alarm; the log of its function says why."
        )
    if any(one.expired for one in taken):
        return "The sweep, every minute, finds the calls and recordings that were spoken of."
    if any(one.in_hand for one in left):
        return "Another run has the rest in hand. Look again in a minute."
    return "Nothing lies there. There is nothing to do."


def outlook(lying: tuple[Lying, ...]) -> str:
    """What is to be done about what lies there."""
    if any(one.messages for one in lying):
        return (
            "Read the log of the function that failed, mend the cause, then take up what lies "
            "there: make replay, or POST /v1/operations/replay."
        )
    return "Nothing lies there. There is nothing to do."
