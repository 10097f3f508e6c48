"""What happens to the payouts of an ACH file once the bank has had it?

ACH says nothing when a credit arrives: what has not come back in time counts as settled, and may
come back all the same. Of a file that the bank refused as a whole nobody was paid.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib import payout_file_steps as steps
from chalicelib.errors import Conflict
from chalicelib.flows.ach_files import change, prenotes_of
from chalicelib.flows.payouts import fail_payout, settle_payout
from chalicelib.payout_files import FileEntry, PayoutFile
from chalicelib.store import payout_files as store
from chalicelib.store.stores import Stores

REFUSED = "ach_file_refused"


def settle_file(file: PayoutFile, *, stores: Stores, now: datetime) -> PayoutFile:
    """Settle every payout of a written file that has not come back. Conflict when nobody has
    fetched the file."""
    steps.settled(file, now)
    for entry in written_entries(file, stores):
        if entry.payout_id:
            # What came back has ended otherwise.
            with suppress(Conflict):
                settle_payout(entry.payout_id, stores=stores, now=now)
    return change(file.id, lambda one: steps.settled(one, now), stores)


def undo_file(file: PayoutFile, *, stores: Stores, now: datetime) -> PayoutFile:
    """Fail every payout of a file that the bank refused, and ask for its accounts anew."""
    for entry in written_entries(file, stores):
        if entry.payout_id:
            # What the bank has returned all the same has ended otherwise.
            with suppress(Conflict):
                fail_payout(entry.payout_id, reason=REFUSED, stores=stores, now=now)
    void = [replace(one, void=True) for one in prenotes_of(file, stores)]
    store.keep_prenotes(stores.rows, void)
    return change(file.id, lambda one: steps.undone(one, now), stores)


def written_entries(file: PayoutFile, stores: Stores) -> tuple[FileEntry, ...]:
    """The entries that stand in the file's text."""
    out = {one.trace for one in file.left_out}
    entries = store.entries_of(stores.rows, file)
    return tuple(one for one in entries if one.trace not in out)
