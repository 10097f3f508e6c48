"""What do the accounts' histories and the entries say, all of them?

Owns reading the whole ledger, from the tables themselves, so that nothing of it lags. What it must
say belongs to `auditing`; how an entry lies, to `entries`.
"""

from collections.abc import Iterable, Iterator

from chalicelib.auditing import Posting
from chalicelib.ledger import Entry
from chalicelib.store.entries import account_partitions, entry_key, read_entry
from chalicelib.store.rows import LEDGER, Question, Rows

_AT_ONCE = 64


def postings(rows: Rows, accounts: Iterable[str]) -> Iterator[Posting]:
    """Every leg that was ever booked to the accounts."""
    partitions = [(account, one) for account in accounts for one in account_partitions(account)]
    for first in range(0, len(partitions), _AT_ONCE):
        some = partitions[first : first + _AT_ONCE]
        _, answers = rows.gather([], [Question(table=LEDGER, partition=one) for _, one in some])
        for (account, _), items in zip(some, answers, strict=True):
            for item in items:
                yield Posting(
                    entry_id=item["entry_id"], account=account, amount_cents=item["amount_cents"]
                )


def entries_by_id(rows: Rows, ids: Iterable[str]) -> dict[str, Entry]:
    """Those of the entries that exist."""
    found, _ = rows.gather([entry_key(one) for one in ids])
    entries = (read_entry(item) for item in found.values())
    return {entry.id: entry for entry in entries}
