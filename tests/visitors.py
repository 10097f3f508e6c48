"""Visitors of a site: pages that ask for their numbers, against rows in memory or in DynamoDB."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib import ids
from chalicelib.flows.visiting import Asked, Shown, visit
from chalicelib.offers import ANYWHERE
from chalicelib.pools import Lending, Site
from chalicelib.showing import Told
from chalicelib.store.leases import Leases
from chalicelib.store.rows import VISITS, Item, Rows
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.pools import ORIGIN, SITE, a_site, lay_pool, lay_site, slot_row

HOST = "www.example.com"


@dataclass
class Visitors:
    """A site with its pools over rows, with a clock that stands still until it is moved; the ids of
    its visits count from `first` on."""

    rows: Rows = field(default_factory=FakeRows)
    now: datetime = NOW
    leases: Leases = field(init=False)
    first: int = 1
    _counter: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self._counter = itertools.count(self.first)
        self.leases = Leases(self.rows)

    def opens(self, *lendings: Lending, **overrides: Any) -> Site:
        """Lay a site, with one pool of three numbers unless others are given."""
        return lay_site(self.rows, a_site(*(lendings or (lay_pool(self.rows),)), **overrides))

    def clock(self) -> datetime:
        """The present."""
        return self.now

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def another_process(self) -> None:
        """Whoever asks from now on meets a process that knows no site."""
        self.leases = Leases(self.rows)

    def asks(self, before: Shown | None = None, **overrides: Any) -> Shown:
        """A page asks; with `before`, what it was shown, it is a heartbeat."""
        values: dict[str, Any] = {
            "site_id": SITE,
            "told": Told(page="https://www.example.com/", attributes={"source": "google"}),
            "token": before.token if before else None,
            "origin": ORIGIN,
            "host": HOST,
        }
        asked = Asked(**(values | overrides))
        return visit(asked, leases=self.leases, clock=self.clock, new_id=self._new_id)

    def slot(self, number: int = 0, *, area: str = ANYWHERE) -> Item:
        """A slot of the first pool as it lies."""
        return slot_row(self.rows, number, area=area)

    def live(self) -> list[str]:
        """The visits that slots are lent to now, one for each slot."""
        assert isinstance(self.rows, FakeRows)
        seconds = int(self.now.timestamp())
        return [
            row["visit_id"] for row in self.rows.rows_of(VISITS)
            if row["sk"].startswith("SLOT#") and row.get("until", 0) > seconds
        ]  # fmt: skip

    def id_of(self, n: int) -> str:
        """The id of the `n`th visit that begins, if it begins now."""
        return ids.new("visit", now=self.now, entropy=n.to_bytes(10, "big"))

    def _new_id(self, _prefix: str) -> str:
        return self.id_of(next(self._counter))


def number(shown: Shown, position: int = 0) -> str | None:
    """What is shown for the number of the site at this position."""
    return shown.grants[position].number


def visit_of(shown: Shown) -> str:
    """The visit that was lent numbers."""
    assert shown.token is not None
    return shown.token.visit_id
