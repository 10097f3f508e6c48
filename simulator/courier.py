"""In which order, how often and how late do the webhooks of one call go out?

Applies the call's `Faults`, sends through the `Wire`, has every answer judged, and keeps the
timeline. What the webhooks say, and which answers the carrier takes, is each carrier's business.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Generic, Protocol, TypeVar

from simulator.faults import Fate, Faults
from simulator.fields import derived_id
from simulator.judging import Violation
from simulator.wire import Answer, Request

D = TypeVar("D")


class Sender(Protocol):
    """A way to the platform."""

    def send(self, request: Request, /) -> Answer:
        """What came back; never raises."""


class Judging(Protocol[D]):
    """How a carrier reads answers: `judging` for one that asks for TwiML."""

    def judge(self, request: Request, answer: Answer, /) -> tuple[D | None, tuple[Violation, ...]]:
        """What an answer says (`None`: nothing to go on with) and what was wrong with it."""

    def differing(self, request: Request, first: D | None, again: D | None, /) -> Violation | None:
        """What is wrong where a request got one answer first and another again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One webhook as it went: when (simulated seconds), what, which copy, and its answer.

    `copy` counts from 1; 0 means that the network lost it and nothing was sent.
    """

    second: float
    request: Request
    copy: int
    answer: Answer = field(default_factory=Answer)
    violations: tuple[Violation, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of callback, as faults name it."""
        return self.request.kind

    @property
    def fields(self) -> dict[str, str]:
        """The form fields that were sent."""
        return dict(self.request.fields)

    @property
    def dropped(self) -> bool:
        """Did the network lose it?"""
        return self.copy == 0


@dataclass(slots=True)
class _Parcel(Generic[D]):
    request: Request
    copies: int = 0
    first: D | None = None
    tried: bool = False


@dataclass(order=True, slots=True)
class _Due(Generic[D]):
    second: float
    order: int
    parcel: _Parcel[D] = field(compare=False)


class Courier(Generic[D]):
    """Carries the webhooks of one call; everything runs in the thread that plays the call."""

    def __init__(
        self,
        wire: Sender,
        faults: Faults,
        seed: str,
        *,
        judging: Judging[D],
        on_exchange: Callable[[Exchange], None],
    ) -> None:
        self._wire = wire
        self._faults = faults
        self._seed = seed
        self._judging = judging
        self._on_exchange = on_exchange
        self._sent: Counter[str] = Counter()
        self._orders = count()
        self._waiting: list[_Due[D]] = []
        self._held: list[_Parcel[D]] = []
        self.timeline: list[Exchange] = []

    def fate(self, request: Request) -> tuple[Request, Fate]:
        """The request with its idempotency token, and what becomes of it."""
        kind = request.kind
        seed = f"{self._seed}|{kind}|{self._sent[kind]}"
        self._sent[kind] += 1
        return replace(request, token=derived_id("", seed)), self._faults.fate(kind, seed)

    def ask(self, request: Request, fate: Fate, second: float) -> D | None:
        """Send a request whose answer matters; `None` when there is nothing to go on with.

        Extra copies follow at once, and their answers must equal the first. Unreachable, it is
        tried once more.
        """
        if fate.copies == 0:
            self._lost(request, second)
            return None
        parcel: _Parcel[D] = _Parcel(request)
        document: D | None = None
        for _ in range(fate.copies):
            document = self._deliver(parcel, second)
        self._release(second)
        return document

    def tell(self, request: Request, fate: Fate, second: float) -> None:
        """Send a request whose answer changes nothing, when its fate lets it.

        Extra copies follow a simulated second apart, so that later events come between.
        """
        if fate.copies == 0:
            self._lost(request, second)
            return
        parcel: _Parcel[D] = _Parcel(request)
        for extra in range(1, fate.copies):
            self._put(parcel, second + fate.delay + extra)
        if fate.delay:
            self._put(parcel, second + fate.delay)
        elif fate.held and not self._held:
            self._held.append(parcel)
        else:
            self._deliver(parcel, second)
            self._release(second)

    def next_due(self) -> float | None:
        """When the earliest late callback is due; `None` without one."""
        return self._waiting[0].second if self._waiting else None

    def send_due(self, second: float) -> None:
        """Send every late callback due by `second`."""
        while self._waiting and self._waiting[0].second <= second:
            due = heapq.heappop(self._waiting)
            self._deliver(due.parcel, due.second)
            self._release(due.second)

    def release_held(self, second: float) -> None:
        """Send a callback that still waits for another to change places with."""
        self._release(second)

    def accuse(self, violation: Violation) -> None:
        """Add a violation to the latest exchange."""
        latest = self.timeline[-1]
        self.timeline[-1] = replace(latest, violations=(*latest.violations, violation))

    def _put(self, parcel: _Parcel[D], second: float) -> None:
        heapq.heappush(self._waiting, _Due(second, next(self._orders), parcel))

    def _release(self, second: float) -> None:
        while self._held:
            self._deliver(self._held.pop(), second)

    def _lost(self, request: Request, second: float) -> None:
        self._note(Exchange(second=second, request=request, copy=0))

    def _deliver(self, parcel: _Parcel[D], second: float) -> D | None:
        answer = self._wire.send(parcel.request)
        if answer.unreachable:
            answer = self._wire.send(parcel.request)
        parcel.copies += 1
        document, violations = self._judging.judge(parcel.request, answer)
        if parcel.tried:
            different = self._judging.differing(parcel.request, parcel.first, document)
            violations += (different,) if different else ()
        else:
            parcel.first, parcel.tried = document, True
        exchange = Exchange(
            second=second,
            request=parcel.request,
            copy=parcel.copies,
            answer=answer,
            violations=violations,
        )
        self._note(exchange)
        return document

    def _note(self, exchange: Exchange) -> None:
        self.timeline.append(exchange)
        self._on_exchange(exchange)
