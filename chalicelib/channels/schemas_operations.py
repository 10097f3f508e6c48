"""What does the API take and show of failed work that lies parked?

Owns the documents of taking it up. Import it inside handlers only: no other function shall pay for
it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import parked
from chalicelib.channels.fields import Document

MOST_AT_ONCE = 200

Count = Annotated[int, Field(ge=0)]
ParkedPlace = Annotated[parked.Place, Field(strict=False)]


class TakeUpBody(Document):
    """How many messages are taken up at most; the rest waits for the next request."""

    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 100


class LyingView(Document):
    """About how many messages a place holds. Those `in_hand` were received by a run; they wait
    again a minute later unless it is done with them."""

    place: ParkedPlace
    meaning: str
    waiting: Count
    in_hand: Count


class ParkedView(Document):
    """All that lies parked, and what to do `next`."""

    places: list[LyingView]
    next: str


class RefusalView(Document):
    """A message that stays where it is, and why."""

    message_id: str
    reason: str


class TakenView(Document):
    """What was done at one place. Of `expired` messages the stream no longer has the records, so
    that the sweep alone finds what they spoke of. `waiting` and `in_hand` is what lies there now.
    """

    place: ParkedPlace
    taken_up: Count
    expired: Count
    refused: list[RefusalView]
    waiting: Count
    in_hand: Count


class TakenUpView(Document):
    """What was taken up at every place, and what to do `next`."""

    places: list[TakenView]
    next: str
