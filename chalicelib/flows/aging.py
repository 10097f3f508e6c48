"""What is owed, by whom, on a day?

Joins every invoice and payment with the rule of how late one is. It reads, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib import aging
from chalicelib.aging import Owing
from chalicelib.campaigns import Advertiser
from chalicelib.errors import NotFound
from chalicelib.store.books import INVOICES, PAYMENTS
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """What an advertiser owes, the oldest debt first."""

    advertiser_id: str
    currency: str
    owing: tuple[Owing, ...]

    @property
    def owed_cents(self) -> int:
        """All of it together."""
        return sum(one.owed_cents for one in self.owing)


def debtors(as_of: datetime, *, stores: Stores) -> tuple[Debtor, ...]:
    """Every advertiser that owed anything at `as_of` (inclusive), by id."""
    return tuple(_debtors(as_of, stores))


def debt_of(advertiser_id: str, as_of: datetime, *, stores: Stores) -> Debtor:
    """What the advertiser owed at `as_of`, which may be nothing; NotFound when there is none."""
    advertiser = stores.catalog.find(Advertiser, advertiser_id)
    if advertiser is None:
        raise NotFound(f"there is no advertiser {advertiser_id}")
    nothing = Debtor(advertiser_id=advertiser_id, currency=advertiser.currency, owing=())
    found = (one for one in _debtors(as_of, stores) if one.advertiser_id == advertiser_id)
    return next(found, nothing)


def _debtors(as_of: datetime, stores: Stores) -> Iterator[Debtor]:
    invoices = stores.books.every(INVOICES)
    owing: defaultdict[str, list[Owing]] = defaultdict(list)
    for one in aging.owing(invoices, stores.books.every(PAYMENTS), as_of):
        owing[one.invoice.advertiser_id].append(one)
    for advertiser_id, owed in sorted(owing.items()):
        currency = owed[0].invoice.currency
        yield Debtor(advertiser_id=advertiser_id, currency=currency, owing=tuple(owed))
