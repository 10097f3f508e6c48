"""How far is a closing that is done party by party?

Owns a run over all parties, the part of each in it, what asks for a part to be done, and when the
turn of the publishers has come. What is done for a party belongs to the flows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.errors import Broken
from chalicelib.ids import derived

ADVERTISERS_LAST = timedelta(hours=2)
"""How long publishers wait for advertisers whose part does not end."""
MOST_TURNS = 100
"""How often a part is begun before somebody must look at it: each turn lasts up to fifteen minutes,
and a million calls take a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The closing of what has ended at `as_of`, asked for at `asked_at`."""

    id: str
    as_of: datetime
    asked_at: datetime


class PartState(StrEnum):
    """Whether all is done for a party."""

    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a run has done for one advertiser or publisher until `at`.

    `issued` and `paid` are the ids of its new documents and payouts, `released` is how many
    earnings were. Of one that waits, `said` is why it was not done the last time.
    """

    party_id: str
    at: datetime
    state: PartState = PartState.WAITING
    issued: tuple[str, ...] = ()
    released: int = 0
    paid: tuple[str, ...] = ()
    said: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One party's part in a run, to be begun for the `turn`-th time (the first is 0); without a
    party, the asking of all publishers."""

    run: Run
    party_id: str | None
    turn: int = 0

    @property
    def again(self) -> "Duty":
        """The same, once more; Broken when that is too often."""
        if self.turn >= MOST_TURNS:
            raise Broken(f"{self.run.id} does not come to an end with {self.party_id}")
        return replace(self, turn=self.turn + 1)


def run_of(as_of: datetime, now: datetime) -> Run:
    """The run over what has ended at `as_of`; the same instant gives the same run."""
    return Run(id=derived("cls", times.written(as_of)), as_of=as_of, asked_at=now)


def publishers_turn(run: Run, parts: Iterable[Part], now: datetime) -> bool:
    """Whether publishers are to be released and paid: once no part waits, for their money comes
    with the advertisers', or when that takes too long."""
    if now >= run.asked_at + ADVERTISERS_LAST:
        return True
    return all(part.state is PartState.DONE for part in parts)
