"""How does a run stay within its time and its memory, however much there is to do?

Owns the end of a run's time, between two pieces of work, and what is kept of a stream of things
that is longer than memory should hold. What the work is belongs to the flows beside it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")
InTime = Callable[[], bool]
"""Whether there is time to begin another piece of work."""

MOST_REMEMBERED = 5_000
_LAST_MILLISECONDS = 60_000
"""A piece of work that is begun so late goes on in another run."""
_WHILE_WAITING = timedelta(seconds=15)
"""An answer takes 29 seconds at most."""


class TimeUp(Exception):
    """The run's time is over. What it did is kept, and another run goes on from there."""


def unhurried() -> bool:
    """There is always time."""
    return True


def until_the_last_minute(context: Any) -> InTime:
    """There is time while more than a minute is left of the function's run, of which Lambda gave
    the context."""
    return lambda: context.get_remaining_time_in_millis() > _LAST_MILLISECONDS


def while_somebody_waits(clock: Callable[[], datetime]) -> InTime:
    """There is time for as long as whoever asks over HTTP can be kept waiting, from now."""
    until = clock() + _WHILE_WAITING
    return lambda: clock() < until


def paced(pieces: Iterable[T], in_time: InTime) -> Iterator[T]:
    """The pieces, one after the other, for as long as there is time; TimeUp after that."""
    for piece in pieces:
        if not in_time():
            raise TimeUp
        yield piece


class Latest(Generic[T]):
    """How many things there were, and the latest few of them.

    What a run did last, an index may not show yet; what it did before that, the index does.
    """

    def __init__(self, things: Iterable[T] = (), most: int = MOST_REMEMBERED) -> None:
        self.count = 0
        self._kept: deque[T] = deque(maxlen=most)
        self.add(things)

    def add(self, things: Iterable[T]) -> None:
        """Some more; the earliest are forgotten beyond `most`."""
        for thing in things:
            self.count += 1
            self._kept.append(thing)

    def merge(self, other: "Latest[T]") -> None:
        """All of another run's."""
        self._kept.extend(other)
        self.count += other.count

    def __iter__(self) -> Iterator[T]:
        return iter(self._kept)
