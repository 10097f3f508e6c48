"""What is remembered of a year for the tax office?

Owns what the operator said of it, and finding the payouts that were settled in it: the ledger knows
by day what left for each publisher. What that comes to belongs to `tax_years` of the core.
"""

from collections.abc import Iterable, Sequence

from chalicelib import times
from chalicelib.ledger import PublisherAccount, publisher_account
from chalicelib.payouts import Payout
from chalicelib.store import codec
from chalicelib.store.entries import entry_key, partition_of, read_entry, shards_of
from chalicelib.store.payouts import payout_key, read_payout
from chalicelib.store.rows import CATALOG, LEDGER, Change, Item, Key, Put, Question, Rows
from chalicelib.store.versions import version_write
from chalicelib.tax_years import TaxYear
from chalicelib.times import Period

_SETTLED = "payout_settled"
_A_READ = 100
_ACCOUNTS_A_READ = 25


def find_year(rows: Rows, year: int) -> TaxYear:
    """What the operator said of the year; nothing where there is no word."""
    key = _year_key(year)
    found, _ = rows.gather([key])
    return codec.from_json(TaxYear, found[key]["doc"]) if key in found else TaxYear(year=year)


def year_write(before: TaxYear, after: TaxYear) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(_year_key(after.year), before, after)


def settled_payouts(
    rows: Rows, publisher_ids: Sequence[str], within: Period
) -> dict[str, list[Payout]]:
    """Every payout that was settled in the period, by publisher, each as it stands now."""
    found: dict[str, list[Payout]] = {one: [] for one in publisher_ids}
    entry_ids = _moved(rows, publisher_ids, within)
    entries = map(read_entry, _read(rows, [entry_key(one) for one in entry_ids]))
    payout_ids = {entry.refs["payout_id"]: None for entry in entries if entry.template == _SETTLED}
    for item in _read(rows, [payout_key(one) for one in payout_ids]):
        payout = read_payout(item)
        found[payout.publisher_id].append(payout)
    return found


def _moved(rows: Rows, publisher_ids: Sequence[str], within: Period) -> Iterable[str]:
    """The entries that have moved what was on its way to the publishers."""
    shards = [
        shard
        for one in publisher_ids
        for shard in shards_of(publisher_account(PublisherAccount.IN_TRANSIT, one))
    ]
    for first in range(0, len(shards), _ACCOUNTS_A_READ):
        questions = [
            Question(
                table=LEDGER,
                partition=partition_of(shard),
                at_least=times.written(within.start),
                below=times.written(within.end),
            )
            for shard in shards[first : first + _ACCOUNTS_A_READ]
        ]
        _, answers = rows.gather([], questions)
        for legs in answers:
            # What leaves an account of money owed is a debit.
            yield from (leg["entry_id"] for leg in legs if leg["amount_cents"] > 0)


def _read(rows: Rows, keys: Sequence[Key]) -> Iterable[Item]:
    for first in range(0, len(keys), _A_READ):
        found, _ = rows.gather(keys[first : first + _A_READ])
        yield from found.values()


def _year_key(year: int) -> Key:
    return Key(CATALOG, "OPERATOR", f"TAX_YEAR#{year}")
