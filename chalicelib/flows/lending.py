"""Which of the free numbers can still be had?

Owns the search of a visit in each pool of its site, and trying what was found until one transaction
lends it all or nothing is left. The choice among free numbers belongs to `leasing`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.leasing import Lendable, Loan, Stretch, further, loan, probes, ranked
from chalicelib.offers import Slot
from chalicelib.pools import Lending, Pool
from chalicelib.store.leases import Leases, Outcome

BUDGET = timedelta(seconds=2)
_MOST_LOOKS = 12
Loans = Mapping[str, Loan | None]


@dataclass(slots=True, kw_only=True)
class Search:
    """The search for one number of a pool; `own` is the slot that the visit had.

    It is `over` when nothing was free wherever it looked.
    """

    lending: Lending
    visit_id: str
    home: str | None
    own: Slot | None = None
    over: bool = False
    looks: int = 0
    found: list[Lendable] = field(default_factory=list)

    @property
    def pool(self) -> Pool:
        """The pool that is searched."""
        return self.lending.pool

    @property
    def wants(self) -> bool:
        """Whether it must look again."""
        return not self.found and not self.over

    def stretches(self) -> tuple[Stretch, ...]:
        """Where it looks next: in a large pool elsewhere than at first."""
        beyond = further(self.lending, self.visit_id) if self.looks % 2 else ()
        return beyond or probes(self.lending, self.visit_id, self.home)

    def sees(self, slots: Iterable[Lendable], now: int) -> None:
        """Take in what was there."""
        self.looks += 1
        self.found = ranked(slots, self.visit_id, pool=self.pool, home=self.home, now=now)
        whole = not further(self.lending, self.visit_id)
        if not self.found:
            self.over = whole or self.looks > 1
        if self.looks >= _MOST_LOOKS:
            self.gives_up()

    def gives_up(self) -> None:
        """Look no further."""
        self.found, self.over = [], True

    def best(self, now: int) -> Loan | None:
        """The loan that it tries; None when nothing was free."""
        if not self.found:
            return None
        return loan(self.found[0], self.visit_id, pool=self.pool, now=now)


def lend_first(
    searches: Sequence[Search],
    write: Callable[[Loans], Outcome],
    *,
    leases: Leases,
    now: datetime,
    clock: Callable[[], datetime],
) -> Loans | None:
    """The loans that `write` took, one for each pool that had something free; None where a limit
    refuses them. Whoever has kept losing races for `BUDGET` from `now` on gives up."""
    seconds = int(now.timestamp())
    while True:
        _look(searches, leases, seconds)
        loans = {search.pool.id: search.best(seconds) for search in searches}
        outcome = write(loans)
        if outcome.limited:
            return None
        if outcome.written:
            return loans
        late = clock() - now >= BUDGET
        for search in searches:
            if search.pool.id in outcome.lost:
                del search.found[0]
                if late:
                    search.gives_up()


def _look(searches: Sequence[Search], leases: Leases, now: int) -> None:
    """All that want to look do so together, one round trip each time."""
    while wanting := [search for search in searches if search.wants]:
        stretches = [one for search in wanting for one in search.stretches()]
        slots = [search.own for search in wanting if search.own is not None]
        seen = leases.look(stretches, slots) if stretches or slots else {}
        for search in wanting:
            search.sees(seen.get(search.pool.id, ()), now)
