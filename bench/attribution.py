"""Is the confidence right with which a call is led back to a visit?

Plays visitors who come to a site, are lent numbers of a pool, look at the page, and call: some
while they look, some long after, when the number is another's. The play knows who called; what the
platform states is set beside it. A number is lent when lease and keeping are over, the longest
rested first. Everything is drawn from a seed. Run it as `python -m bench.attribution`.

Visitors come by Poisson, look for exponentially long, and call by Poisson at a pace that is steady
while they look and falls off afterwards, as `attribution` supposes; strays call each number by
Poisson. `Reality` says how fast; where it is not what `attribution` supposes, the last table shows
what becomes of the confidence.
"""

import heapq
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from chalicelib.attribution import (
    FALLS_SECONDS,
    SECONDS_PER_CALL,
    SECONDS_PER_STRAY,
    SECONDS_PER_VISIT,
    Attribution,
    Held,
    SlotLeases,
    Windows,
    attribute,
    kept_until,
)
from chalicelib.visits import LONGEST_HEARTBEAT_SECONDS

START = datetime(2026, 11, 23, tzinfo=UTC)
WINDOWS = Windows(
    hold_seconds=300, max_lease_seconds=14_400, attribution_seconds=86_400, keep_seconds=1_800
)
LOADS = (50, 80, 120)
E164 = "+18005550100"
STRAY = "a stray"
WIDTH = 10
"""How many per cent a bucket of stated confidence spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reality:
    """How people come and call. Offered is a load of `load_percent`: so many of a hundred numbers
    would be lent on average, if there were enough of them."""

    load_percent: int = 80
    numbers: int = 50
    hours: int = 400
    windows: Windows = WINDOWS
    seconds_per_visit: float = SECONDS_PER_VISIT
    seconds_per_call: float = SECONDS_PER_CALL
    falls_seconds: float = FALLS_SECONDS
    seconds_per_stray: float = SECONDS_PER_STRAY

    @property
    def seconds_per_arrival(self) -> float:
        """How long it takes until the next visitor comes, on average."""
        lease = self.seconds_per_visit + self.windows.hold_seconds
        return lease / self.numbers / self.load_percent * 100


@dataclass(frozen=True, slots=True)
class Known:
    """A call as it was: who called, whether that visit still had the number, and what is stated."""

    caller: str
    was_live: bool
    stated: Attribution


@dataclass
class Outcome:
    """What a run came to: its calls, how many visitors were lent a number and how many found none
    free, and which part of the numbers was lent, and kept for callers, at an arrival."""

    calls: list[Known] = field(default_factory=list)
    lends: int = 0
    overflow: int = 0
    lent_percent: float = 0
    kept_percent: float = 0

    @property
    def precision(self) -> float:
        """Which part of the calls that were led back came from that visit."""
        led = [call for call in self.calls if call.stated.candidates]
        return _part(sum(call.stated.visit_id == call.caller for call in led), len(led))

    @property
    def recall(self) -> float:
        """Which part of the visitors' calls was led back to their visit."""
        own = [call for call in self.calls if call.caller != STRAY]
        return _part(sum(call.stated.visit_id == call.caller for call in own), len(own))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Candidates of similar confidence: how many, what was stated on average, and how many of a
    hundred had called."""

    lowest: int
    count: int
    stated: float
    measured: float


@dataclass
class _Place:
    """A slot of the pool; times are seconds since the beginning."""

    present: Held | None = None
    before: Held | None = None
    until: int = 0
    kept_until: int = 0


class Play:
    """One run: visitors, heartbeats, calls and strays, each at its time."""

    def __init__(self, reality: Reality, seed: str) -> None:
        self.reality, self.outcome = reality, Outcome()
        self._dice = random.Random(seed)
        self._places = [_Place() for _ in range(reality.numbers)]
        self._coming: list[tuple[float, int, str, int, str]] = []
        self._order = itertools.count()

    def run(self) -> Outcome:
        """Play all hours, and tell what came of them."""
        reality, end = self.reality, self.reality.hours * 3600
        self._plan(self._after(reality.seconds_per_arrival), "arrival")
        self._plan(self._after(reality.seconds_per_stray / reality.numbers), "stray")
        while self._coming[0][0] < end:
            at, _, what, number, visit_id = heapq.heappop(self._coming)
            if what == "arrival":
                self._arrive(at)
            elif what == "heartbeat":
                self._beat(at, self._places[number], visit_id)
            elif what == "call":
                self._call(at, self._places[number], visit_id)
            else:
                self._plan(at + self._after(reality.seconds_per_stray / reality.numbers), "stray")
                self._call(at, self._dice.choice(self._places), STRAY)
        return self.outcome

    def _after(self, mean: float) -> float:
        return self._dice.expovariate(1 / mean)

    def _plan(self, at: float, what: str, number: int = 0, visit_id: str = "") -> None:
        heapq.heappush(self._coming, (at, next(self._order), what, number, visit_id))

    def _arrive(self, at: float) -> None:
        """A visitor comes, and is lent a number if one is free."""
        self._plan(at + self._after(self.reality.seconds_per_arrival), "arrival")
        rested = [n for n, place in enumerate(self._places) if place.until <= at]
        free = [n for n in rested if self._places[n].kept_until <= at]
        self._count(len(self._places) - len(rested), len(rested) - len(free))
        if not free:
            self.outcome.overflow += 1
            return
        self.outcome.lends += 1
        self._lend(min(free, key=lambda n: (self._places[n].until, self._dice.random())), at)

    def _count(self, lent: int, kept: int) -> None:
        """Bring the averages over all arrivals up to date."""
        outcome, numbers = self.outcome, len(self._places)
        arrivals = outcome.lends + outcome.overflow + 1
        outcome.lent_percent += (100 * lent / numbers - outcome.lent_percent) / arrivals
        outcome.kept_percent += (100 * kept / numbers - outcome.kept_percent) / arrivals

    def _lend(self, number: int, at: float) -> None:
        """The visitor looks at the page for a while, with heartbeats, and may call."""
        place, visit_id = self._places[number], f"vis_{self.outcome.lends}"
        if place.present is not None:
            place.before = replace(place.present, until=None)
        place.until = int(at) + self.reality.windows.hold_seconds
        place.present = Held(
            visit_id=visit_id, since=_moment(at), seen_at=_moment(at), until=_moment(place.until)
        )
        looks = self._after(self.reality.seconds_per_visit)
        for beat in range(1, int(looks // LONGEST_HEARTBEAT_SECONDS) + 1):
            self._plan(at + beat * LONGEST_HEARTBEAT_SECONDS, "heartbeat", number, visit_id)
        for call in self._calls(looks):
            self._plan(at + call, "call", number, visit_id)

    def _calls(self, looks: float) -> Iterator[float]:
        """How long after its beginning a visit of so many seconds calls; most never do.

        Time is measured in calls to be expected: steady while the page is looked at, and twice
        `falls_seconds` of the steady pace in all the time after it.
        """
        reality = self.reality
        while_looking = looks / reality.seconds_per_call
        later = 2 * reality.falls_seconds / reality.seconds_per_call
        due = self._after(1)
        while due < while_looking + later:
            if due < while_looking:
                yield due * reality.seconds_per_call
            else:
                left = 1 - (due - while_looking) / later
                yield looks + reality.falls_seconds * (left**-2 - 1)
            due += self._after(1)

    def _beat(self, at: float, place: _Place, visit_id: str) -> None:
        held = place.present
        if held is None or held.visit_id != visit_id or at >= place.until:
            return
        place.until = int(at) + self.reality.windows.hold_seconds
        place.present = replace(held, seen_at=_moment(at), until=_moment(place.until))

    def _call(self, at: float, place: _Place, caller: str) -> None:
        windows, now = self.reality.windows, _moment(at)
        facts = SlotLeases(
            e164=E164, present=place.present, before=place.before,
            kept_until=_moment(place.kept_until),
        )  # fmt: skip
        stated = attribute(facts, windows, E164, now)
        if stated.candidates:
            kept = kept_until(facts, windows, now) - START
            place.kept_until = int(kept.total_seconds())
        has = place.present.visit_id if place.present else None
        self.outcome.calls.append(Known(caller, caller == has and int(at) < place.until, stated))


def buckets(calls: Iterable[Known]) -> list[Bucket]:
    """What was stated of every candidate, beside how often it was the caller."""
    found: dict[int, list[tuple[int, bool]]] = {}
    for call in calls:
        for one in call.stated.candidates:
            lowest = one.confidence_percent // WIDTH * WIDTH
            found.setdefault(lowest, []).append(
                (one.confidence_percent, one.visit_id == call.caller)
            )
    return [
        Bucket(
            lowest=lowest,
            count=len(seen),
            stated=_part(sum(stated for stated, _ in seen), len(seen)),
            measured=100 * _part(sum(right for _, right in seen), len(seen)),
        )
        for lowest, seen in sorted(found.items())
    ]


def gap(found: Iterable[Bucket]) -> float:
    """By how many points stated and measured confidence differ on average."""
    listed = list(found)
    apart = sum(one.count * abs(one.stated - one.measured) for one in listed)
    return _part(apart, sum(one.count for one in listed))


def main() -> None:
    """Print what came of each load, the confidence by bucket, and of people who are otherwise."""
    runs = {
        f"{load} % load": Play(Reality(load_percent=load), f"load {load}").run() for load in LOADS
    }
    _print_outcomes(runs)
    for name, outcome in runs.items():
        print(f"\n{name + ': stated':<20} {'candidates':>10} {'stated %':>9} {'measured %':>11}")
        for one in buckets(outcome.calls):
            span = f"{one.lowest} to {one.lowest + WIDTH - 1} %"
            print(f"{span:<20} {one.count:>10} {one.stated:>9.1f} {one.measured:>11.1f}")
    others = {
        "calls half as often": Reality(seconds_per_call=2 * SECONDS_PER_CALL),
        "looks for a minute": Reality(seconds_per_visit=60),
        "looks for 10 minutes": Reality(seconds_per_visit=600),
        "5 times the strays": Reality(seconds_per_stray=SECONDS_PER_STRAY / 5),
        "calls 3 times later": Reality(falls_seconds=3 * FALLS_SECONDS),
    }
    print("\nat 80 % load, where people are not as supposed")
    _print_outcomes({name: Play(reality, name).run() for name, reality in others.items()})


def _print_outcomes(runs: dict[str, Outcome]) -> None:
    titles = ("lent %", "kept %", "none free %", "calls", "precision %", "recall %", "gap, points")
    print(f"{'':<20}" + "".join(f"{title:>13}" for title in titles))
    for name, run in runs.items():
        shown = (
            run.lent_percent, run.kept_percent,
            100 * _part(run.overflow, run.lends + run.overflow), len(run.calls),
            100 * run.precision, 100 * run.recall, gap(buckets(run.calls)),
        )  # fmt: skip
        print(f"{name:<20}" + "".join(f"{value:>13.1f}" for value in shown))


def _part(some: float, every: int) -> float:
    return some / every if every else 0


def _moment(at: float) -> datetime:
    """Rows hold whole seconds."""
    return START + timedelta(seconds=int(at))


if __name__ == "__main__":
    main()
