"""Does the bank carry a payout in one of our files?

What it carries is paid, or comes back in a file of the bank's: said by hand to be unpaid, it would
be paid twice.
"""

from chalicelib.errors import Conflict
from chalicelib.payout_files import SENT, FileEntry
from chalicelib.payouts import Payout
from chalicelib.store.payout_files import entries_by_trace, find_file
from chalicelib.store.stores import Stores


def confirm_not_carried(payout: Payout, stores: Stores) -> None:
    """Conflict while the payout is in a file that is sealed and not settled yet."""
    entry = _entry_of(payout, stores)
    file = find_file(stores.rows, entry.file_id) if entry else None
    if file and file.state in SENT:
        detail = f"{payout.id} is in {file.id}: what becomes of it, the bank's files tell"
        raise Conflict(detail, code="payout_in_file")


def _entry_of(payout: Payout, stores: Stores) -> FileEntry | None:
    """The entry whose trace the payout bears."""
    trace = payout.reference
    entry = entries_by_trace(stores.rows, [trace]).get(trace) if trace else None
    return entry if entry and entry.payout_id == payout.id else None
