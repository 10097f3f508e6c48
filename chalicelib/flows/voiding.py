"""What happens when an invoice is made void, or written off?

Joins the rule with the books. Either may be asked for again, and completes what a dead process
began. However many calls the invoice has, a page of them is in memory at a time.
"""

import contextlib
from datetime import datetime

from chalicelib import voiding
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.pacing import InTime, TimeUp, paced, unhurried
from chalicelib.flows.payments import apply_waiting
from chalicelib.flows.uncollecting import settle_lost
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.stores import Stores
from chalicelib.store.uncollecting import lost_invoices
from chalicelib.store.voiding import end_unpaid, give_back

_TRIES = 8


def void_invoice(
    invoice_id: str, *, stores: Stores, now: datetime, in_time: InTime = unhurried
) -> Invoice:
    """Make the invoice void: it keeps its number, and its charges wait to be billed again; those
    for which there is no time are given back by the next closing.

    One that is void already stays as it is. Conflict unless it is open and nothing has paid it.
    """
    for _ in range(_TRIES):
        before = _issued(invoice_id, stores)
        if before.state is InvoiceState.VOID:
            _give_back(before, stores, in_time)
            return before
        after = voiding.voided(before, now)
        entry = voiding.voiding_entry(before, now)
        if end_unpaid(stores.rows, before, after, entry, freed=before.tax_cents):
            _give_back(after, stores, in_time)
            return after
    raise Busy(f"{invoice_id} is being changed by others")


def write_off(
    invoice_id: str, *, stores: Stores, now: datetime, in_time: InTime = unhurried
) -> Invoice:
    """Write off what the invoice still asks for; what has paid it collects its calls, those for
    which there is no time with the next closing. The next release frees what they earned.

    One that is written off already stays as it is. Conflict unless it is open.
    """
    for _ in range(_TRIES):
        before = _issued(invoice_id, stores)
        if before.state is InvoiceState.UNCOLLECTIBLE:
            if any(
                lost.id == before.id for lost in lost_invoices(stores.rows, before.advertiser_id)
            ):
                _settle(before, stores, in_time)
            return before
        after = voiding.written_off(before, now)
        apply_waiting(before.advertiser_id, stores=stores, now=now)
        before = _issued(invoice_id, stores)
        if before.owed_cents != after.written_off_cents:
            continue
        entry = voiding.write_off_entry(before, now)
        if end_unpaid(stores.rows, before, after, entry, freed=before.owed_cents):
            _settle(after, stores, in_time)
            return after
    raise Busy(f"{invoice_id} is being changed by others")


def _issued(invoice_id: str, stores: Stores) -> Invoice:
    found = invoices_by_id(stores.rows, (invoice_id,))
    if not found or found[0].state is InvoiceState.DRAFT:
        raise NotFound(f"there is no invoice {invoice_id}")
    return found[0]


def _give_back(invoice: Invoice, stores: Stores, in_time: InTime) -> None:
    """As much as there is time for; the void invoice waits until the last charge has gone back."""
    with contextlib.suppress(TimeUp):
        for _ in paced(give_back(stores.rows, invoice), in_time):
            continue


def _settle(invoice: Invoice, stores: Stores, in_time: InTime) -> None:
    """As many calls as there is time for; the written-off invoice waits until all were looked
    through."""
    with contextlib.suppress(TimeUp):
        settle_lost(invoice, stores.rows, in_time)
