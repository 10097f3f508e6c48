"""What does the whole of the books come to?

Joins everything that is remembered with the laws of `auditing`. It reads, and changes nothing; run
while calls are being booked, it may see one side of a transaction before the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from chalicelib import auditing, ledger
from chalicelib.auditing import Difference, Posting, Records
from chalicelib.campaigns import Advertiser
from chalicelib.flows.parties import every
from chalicelib.offers import Publisher
from chalicelib.payments import Funds
from chalicelib.store.books import (
    CHARGES,
    EARNINGS,
    INVOICES,
    PAYMENTS,
    PAYOUTS,
    STATEMENTS,
    Shelf,
)
from chalicelib.store.funds import funds_from
from chalicelib.store.holds import funds_key
from chalicelib.store.postings import entries_by_id, postings
from chalicelib.store.stores import Stores

T = TypeVar("T")

_FIRST_DIFFERENCES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The balance of every account, how much was compared, and the first differences."""

    accounts: dict[str, int]
    total_cents: int
    counted: dict[str, int]
    differences: tuple[Difference, ...]

    @property
    def clean(self) -> bool:
        """Whether every law holds."""
        return not self.differences


def trial_balance(stores: Stores) -> dict[str, int]:
    """The balance in cents of every account of the chart, recomputed from its legs."""
    accounts = _chart(every(Advertiser, stores), every(Publisher, stores))
    return _totals(accounts, postings(stores.rows, accounts))


def audit(stores: Stores) -> AuditReport:
    """Recompute every balance from its legs, and compare all that the books hold."""
    records = _gather(stores)
    accounts = _chart(records.advertisers, records.publishers)
    balances = _totals(accounts, records.postings)
    found = islice(auditing.differences(records, balances), _FIRST_DIFFERENCES)
    return AuditReport(
        accounts=balances,
        total_cents=sum(balances.values()),
        counted={
            "entries": len(records.entries),
            "legs": len(records.postings),
            "charges": len(records.charges),
            "earnings": len(records.earnings),
            "invoices": len(records.invoices),
            "payments": len(records.payments),
            "payouts": len(records.payouts),
        },
        differences=tuple(found),
    )


def _gather(stores: Stores) -> Records:
    advertisers = tuple(every(Advertiser, stores))
    publishers = tuple(every(Publisher, stores))
    charges, earnings = _all(CHARGES, stores), _all(EARNINGS, stores)
    legs = tuple(postings(stores.rows, _chart(advertisers, publishers)))
    wanted = {leg.entry_id for leg in legs}
    wanted.update(auditing.approval_id(booked.charge.call_id) for booked in charges)
    return Records(
        advertisers=advertisers,
        publishers=publishers,
        funds=_funds(advertisers, stores),
        charges=charges,
        earnings=earnings,
        invoices=(*_all(INVOICES, stores), *_all(STATEMENTS, stores)),
        payments=_all(PAYMENTS, stores),
        payouts=_all(PAYOUTS, stores),
        postings=legs,
        entries=entries_by_id(stores.rows, sorted(wanted)),
    )


def _all(shelf: Shelf[T], stores: Stores) -> tuple[T, ...]:
    found: list[T] = []
    mark: Mapping[str, str] | None = None
    while True:
        page = stores.books.list(shelf, after=mark)
        found += page.items
        mark = page.mark
        if mark is None:
            return tuple(found)


def _funds(advertisers: Iterable[Advertiser], stores: Stores) -> dict[str, Funds]:
    keys = {funds_key(advertiser.id): advertiser.id for advertiser in advertisers}
    found, _ = stores.rows.gather(list(keys))
    return {keys[key]: funds_from(keys[key], item) for key, item in found.items()}


def _chart(advertisers: Iterable[Advertiser], publishers: Iterable[Publisher]) -> tuple[str, ...]:
    return ledger.chart([one.id for one in advertisers], [one.id for one in publishers])


def _totals(accounts: Iterable[str], legs: Iterable[Posting]) -> dict[str, int]:
    """The balance of every account, those that never moved included."""
    totals = dict.fromkeys(accounts, 0)
    for leg in legs:
        totals[leg.account] += leg.amount_cents
    return totals
