"""What happens when an invoice is made void, or written off?

Joins the rule with the books. Either may be asked for again, and completes what a dead process
began.
"""

from datetime import datetime

from chalicelib import voiding
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.collecting import collect_covered
from chalicelib.flows.payments import pass_on
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.stores import Stores
from chalicelib.store.voiding import end_unpaid, give_back

_TRIES = 8


def void_invoice(invoice_id: str, *, stores: Stores, now: datetime) -> Invoice:
    """Make the invoice void: it keeps its number, and its charges wait to be billed again.

    One that is void already stays as it is. Conflict unless it is open and nothing has paid it.
    """
    for _ in range(_TRIES):
        before = _issued(invoice_id, stores)
        if before.state is InvoiceState.VOID:
            give_back(stores.rows, before)
            return before
        after = voiding.voided(before, now)
        entry = voiding.voiding_entry(before, now)
        if end_unpaid(stores.rows, before, after, entry, freed=before.tax_cents):
            give_back(stores.rows, after)
            return after
    raise Busy(f"{invoice_id} is being changed by others")


def write_off(invoice_id: str, *, stores: Stores, now: datetime) -> Invoice:
    """Write off what the invoice still asks for; what has paid it collects its calls first.

    One that is written off already stays as it is. Conflict unless it is open.
    """
    for _ in range(_TRIES):
        before = _issued(invoice_id, stores)
        if before.state is InvoiceState.UNCOLLECTIBLE:
            return before
        after = voiding.written_off(before, now)
        pass_on(before.advertiser_id, stores=stores, now=now)
        before = _issued(invoice_id, stores)
        if before.owed_cents != after.written_off_cents:
            continue
        _collect_covered(before, stores)
        entry = voiding.write_off_entry(before, now)
        if end_unpaid(stores.rows, before, after, entry, freed=before.owed_cents):
            return after
    raise Busy(f"{invoice_id} is being changed by others")


def _issued(invoice_id: str, stores: Stores) -> Invoice:
    found = invoices_by_id(stores.rows, (invoice_id,))
    if not found or found[0].state is InvoiceState.DRAFT:
        raise NotFound(f"there is no invoice {invoice_id}")
    return found[0]


def _collect_covered(invoice: Invoice, stores: Stores) -> None:
    """Collect every call that is paid for, one that costs nothing too: afterwards nobody would.
    The next release frees what they earned. Busy where an index does not show all calls yet."""
    if collect_covered(invoice, stores.rows) is None:
        raise Busy(f"the calls of {invoice.number} are still being claimed")
