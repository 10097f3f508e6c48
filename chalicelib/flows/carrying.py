"""Does the bank or PayPal carry a payout for us?

What they carry is paid, or they say themselves that it is not: said by hand to be unpaid, it would
be paid twice.
"""

from chalicelib.errors import Conflict
from chalicelib.offers import PayoutMethod
from chalicelib.payout_files import SENT, FileEntry
from chalicelib.payouts import Payout
from chalicelib.paypal_batches import AT_PAYPAL
from chalicelib.store.payout_files import entries_by_trace, find_file
from chalicelib.store.paypal_batches import find_batch, find_item
from chalicelib.store.stores import Stores


def confirm_not_carried(payout: Payout, stores: Stores) -> None:
    """Conflict while the payout is in a file that is sealed and not settled yet, and from when it
    is handed to PayPal until PayPal has said its last word of it."""
    if not payout.submitted_at:
        return
    _confirm_not_in_file(payout, stores)
    if payout.method is PayoutMethod.PAYPAL:
        _confirm_not_at_paypal(payout, stores)


def _confirm_not_in_file(payout: Payout, stores: Stores) -> None:
    entry = _entry_of(payout, stores)
    file = find_file(stores.rows, entry.file_id) if entry else None
    if file and file.state in SENT:
        detail = f"{payout.id} is in {file.id}: what becomes of it, the bank's files tell"
        raise Conflict(detail, code="payout_in_file")


def _confirm_not_at_paypal(payout: Payout, stores: Stores) -> None:
    item = find_item(stores.rows, payout.id)
    batch = find_batch(stores.rows, item.batch_id) if item and not item.ended else None
    if batch and batch.state in AT_PAYPAL:
        detail = f"{payout.id} is in {batch.id}: what becomes of it, PayPal tells"
        raise Conflict(detail, code="payout_in_batch")


def _entry_of(payout: Payout, stores: Stores) -> FileEntry | None:
    """The entry whose trace the payout bears."""
    trace = payout.reference
    entry = entries_by_trace(stores.rows, [trace]).get(trace) if trace else None
    return entry if entry and entry.payout_id == payout.id else None
