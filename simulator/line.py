"""Who is on the line, and how does time pass for them?

What every played call has, whichever carrier plays it: its script, its legs, its simulated time,
and how long the caller puts up with what. What happens in that time is the carrier's business.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from simulator.clock import Clock
from simulator.courier import Courier
from simulator.fields import whole_seconds
from simulator.scripts import CallScript, Side
from simulator.wire import Request

D = TypeVar("D")


class CallOver(Exception):
    """The call has ended, by whom; with `sid`, only that leg has."""

    def __init__(self, by: Side, sid: str = "") -> None:
        super().__init__(by)
        self.by = by
        self.sid = sid


@dataclass(slots=True)
class Leg:
    """What becomes of one dialled leg; times are seconds of the call."""

    sid: str
    to: str
    from_: str
    status: str = "queued"
    begun_at: float | None = None
    answered_at: float | None = None
    bridged_at: float | None = None
    ended_at: float | None = None
    events_told: int = 0

    @property
    def duration(self) -> int:
        """Whole seconds from its answer to its end; 0 for a leg that was never answered."""
        return span(self.answered_at, self.ended_at)

    @property
    def talk_seconds(self) -> int:
        """Whole seconds from the bridge to its end."""
        return span(self.bridged_at, self.ended_at)


class OnTheLine(Generic[D]):
    """One caller on the line, in the thread of whoever plays the call; `D` is what the platform's
    answers are read as."""

    status: str

    def __init__(self, sid: str, script: CallScript, courier: Courier[D], clock: Clock) -> None:
        self.sid = sid
        self.script = script
        self.courier = courier
        self.clock = clock
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by = Side.PLATFORM
        self.legs: list[Leg] = []
        self.dials = 0
        self.rung: Counter[str] = Counter()
        self.digits = list(script.digits)
        self._leaves_at: float | None = None
        self._ivr_spent = 0.0

    @property
    def duration(self) -> int:
        """Whole seconds from the answer of the caller's leg to its end."""
        return span(self.answered_at, self.ended_at)

    def wait_until(self, second: float) -> None:
        """Let simulated time pass, sending what falls due.

        Raises `CallOver` at the moment the caller leaves or the API ends the call. A call that
        is over already only lets time pass.
        """
        over = self.ended_at is not None
        leaving = None if over else self._leaves_at
        goal = second if leaving is None else min(second, leaving)
        while (due := self.courier.next_due()) is not None and due <= goal:
            self._advance(due, over)
            self.courier.send_due(due)
        self._advance(goal, over)
        if leaving is not None and leaving <= second:
            raise CallOver(Side.CALLER)

    def wait(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass from now."""
        self.wait_until(self.clock.second + seconds)

    @contextmanager
    def patience(self, seconds: float | None) -> Iterator[None]:
        """Within this block the caller leaves after so many seconds, if not before; `None`: not
        for its sake."""
        before = self._leaves_at
        own = None if seconds is None else self.clock.second + seconds
        self._leaves_at = min((one for one in (before, own) if one is not None), default=None)
        try:
            yield
        finally:
            self._leaves_at = before

    @contextmanager
    def spoken_to(self) -> Iterator[None]:
        """Within this block the caller listens, for as long as the script lets them."""
        begun = self.clock.second
        limit = self.script.hangup_in_ivr
        with self.patience(None if limit is None else max(0.0, limit - self._ivr_spent)):
            yield
        self._ivr_spent += self.clock.second - begun

    def tell(self, request: Request) -> None:
        """Tell the platform something; its answer changes nothing."""
        request, fate = self.courier.fate(request)
        self.courier.tell(request, fate, self.clock.second)

    def tell_the_rest(self) -> None:
        """Send, in simulated time, whatever was held back or is late."""
        self.courier.release_held(self.clock.second)
        while (due := self.courier.next_due()) is not None:
            self.wait_until(due)

    def _advance(self, second: float, over: bool) -> None:
        """Let the time come to `second`; `over` says whether the call has ended."""
        del over
        self.clock.advance(second, lambda: False)


def span(begun: float | None, ended: float | None) -> int:
    """Whole seconds between two moments of a call; 0 when one of them never came."""
    return 0 if begun is None or ended is None else whole_seconds(ended - begun)
