"""Whatever comes in whatever order: no number has two visits, and none waits while one is free."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flows.visiting import Shown
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.store.rows import Action, Rows
from tests.fakes import FakeRows
from tests.pools import POOL, a_pool, change_slot, lay_pool
from tests.visitors import Visitors, number, visit_of

HOLD, LONGEST = 60, 300


@dataclass
class Held:
    """Who should have a number, until when, and until when a call keeps it."""

    visit: str
    until: int
    since: int
    kept: int = 0


@dataclass
class Book:
    """What lending owes to everybody, kept beside it."""

    visitors: Visitors
    size: int
    held: dict[str, Held] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    @property
    def now(self) -> int:
        return int(self.visitors.now.timestamp())

    def asks(self, before: Shown | None = None) -> None:
        """A visit begins, or gives a sign of life."""
        self.takes_in(self.visitors.asks(before))

    def meets(
        self, rival: Visitors, before: Shown | None = None, others: Shown | None = None
    ) -> None:
        """The same, while another visit begins between its look and its write, or comes back."""
        assert isinstance(self.visitors.rows, FakeRows)
        under_way = [True]

        def begins() -> None:
            if under_way:
                rival.now = self.visitors.now
                self.takes_in(rival.asks(others))

        self.visitors.rows.before_write(begins)
        self.asks(before)
        # A visit that goes on waiting writes nothing, and nobody comes between.
        under_way.clear()

    def takes_in(self, shown: Shown) -> None:
        """What a visit was shown must leave everybody what is theirs."""
        self.shown.append(shown)
        visit, e164 = visit_of(shown), number(shown)
        if e164 is None:
            assert len(self.held) == self.size and not any(map(self.is_free, self.held.values()))
            return
        had = self.held.get(e164)
        assert had is None or had.visit == visit or self.is_free(had), "two visits on one number"
        goes_on = had is not None and had.visit == visit and self.now < had.until
        since = had.since if had and goes_on and self.now < had.since + LONGEST else self.now
        self.held[e164] = Held(visit, min(self.now + HOLD, since + LONGEST), since)
        if had and had.visit == visit:
            self.held[e164].kept = had.kept

    def is_free(self, had: Held) -> bool:
        return had.until <= self.now and had.kept <= self.now

    def calls(self, shown: Shown) -> None:
        """A call comes over the number, if it is still the visit's."""
        slot, e164 = shown.grants[0].slot, number(shown)
        if slot is not None and e164 is not None:
            self.held[e164].kept = self.now + 200
            change_slot(self.visitors.rows, slot, kept_until=self.now + 200)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "begins",
                "beats",
                "meets one that begins",
                "meets one that comes back",
                "beats and meets one",
                "calls",
                "waits",
            ]
        ),
        st.integers(0, 400),
    ),
    max_size=60,
)


@given(size=st.integers(1, 4), events=EVENTS)
def test_no_number_has_two_visits_and_none_waits_while_one_is_free(
    size: int, events: list[tuple[str, int]]
) -> None:
    visitors = Visitors()
    pool = a_pool(hold_seconds=HOLD, max_lease_seconds=LONGEST)
    visitors.opens(lay_pool(visitors.rows, pool, {ANYWHERE: size}))
    book, rival = Book(visitors, size), Visitors(visitors.rows, first=1_000)
    for what, amount in events:
        if what == "waits":
            visitors.later(seconds=amount % 130)
        elif what == "begins" or not book.shown:
            book.asks()
        elif what == "meets one that begins":
            book.meets(rival)
        elif what == "meets one that comes back":
            book.meets(rival, others=book.shown[amount % len(book.shown)])
        elif what == "beats and meets one":
            book.meets(rival, book.shown[amount % len(book.shown)])
        elif what == "beats":
            book.asks(book.shown[amount % len(book.shown)])
        else:
            book.calls(book.shown[amount % len(book.shown)])


def crowd(
    rows_of: Callable[[], Rows], visitors: int, numbers: int, **overrides: Any
) -> list[str | None]:
    """The numbers of so many visitors at once, each in a process of its own, all of which have read
    before the first of them writes."""
    lay = Visitors(rows_of())
    lay.opens(lay_pool(lay.rows, a_pool(), {ANYWHERE: numbers}), **overrides)
    everybody = threading.Barrier(visitors)

    def alone(place: int) -> str | None:
        one = Visitors(rows_of(), first=place + 1)
        one.leases.rows = Meeting(one.rows, everybody)  # type: ignore[assignment]
        return number(one.asks())

    with ThreadPoolExecutor(max_workers=visitors) as threads:
        return list(threads.map(alone, range(visitors)))


class Meeting:
    """Rows whose first write waits until everybody is about to write."""

    def __init__(self, rows: Rows, everybody: threading.Barrier) -> None:
        self._rows, self._everybody, self._waits = rows, everybody, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def write(self, actions: list[Action]) -> None:
        if self._waits:
            self._waits = False
            self._everybody.wait(timeout=30)
        self._rows.write(actions)


def test_of_sixty_four_visitors_for_fifty_numbers_each_number_has_one() -> None:
    rows = FakeRows()
    found = crowd(lambda: rows, 64, 50)
    lent = [one for one in found if one]
    assert len(lent) == len(set(lent)) == 50


def test_a_lease_that_ends_while_a_rival_reads_is_had_by_one_of_the_two() -> None:
    visitors = Visitors()
    assert isinstance(visitors.rows, FakeRows)
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    rival = Visitors(visitors.rows, first=77)
    for late in (299, 301):
        visitors.now = rival.now = rival.now.replace(minute=late // 60, second=late % 60)
        shown = rival.asks()
        assert (number(shown) is None) == (late < 300)
    again = visitors.asks(first)
    assert number(again) is None, "the rival has it by now"
    slot = Slot(pool_id=POOL, area=ANYWHERE, number=0)
    assert visitors.slot(slot.number)["visit_id"] == visit_of(shown)
