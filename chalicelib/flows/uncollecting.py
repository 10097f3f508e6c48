"""What happens when an invoice has lost money that its calls had collected?

Joins the invoice with its calls, the latest first: those wait for money again whose earnings were
not released, until it has spent no more than was paid. However many calls there are, a page of them
is in memory at a time, and the rest lies on the disk in its order; what one run has taken back, the
next finds done.
"""

from collections.abc import Iterator

from chalicelib import payments
from chalicelib.errors import Busy
from chalicelib.flows.collecting import collect_covered
from chalicelib.flows.pacing import InTime, Latest, paced, unhurried
from chalicelib.invoices import Invoice, booking_order
from chalicelib.payouts import BookedEarning, Earning
from chalicelib.providers.sorting import Sorter
from chalicelib.store.invoices import each_charge, invoices_by_id
from chalicelib.store.rows import Rows, chunks
from chalicelib.store.uncollecting import CALLS_A_BATCH, look, look_no_more, take_back_batch


def take_back(invoice: Invoice, rows: Rows, in_time: InTime = unhurried) -> bool:
    """Let the calls wait again for money which the invoice collected and of which it has lost too
    much, the latest first; calls whose earnings were released stay collected.

    Returns whether that was all, which it is not while an index does not show every call that is
    collected. TimeUp where the run's time is over.
    """
    if invoice.spare_cents >= 0:
        return True
    bound_cents = 0
    for batch in _latest_first(invoice, rows, in_time):
        seen = take_back_batch(rows, invoice.id, batch)
        if seen.short_cents <= 0:
            return True
        bound_cents += sum(charge.due_cents for charge in seen.bound)
    stands = _as_it_stands(invoice, rows)
    # What an invoice has spent is what its collected calls come to.
    return stands.spare_cents >= 0 or stands.held_cents - stands.spare_cents == bound_cents


def released_unpaid(
    invoice: Invoice, rows: Rows, in_time: InTime = unhurried
) -> Iterator[BookedEarning]:
    """Released earnings of the invoice's calls for which its money does not suffice any more, those
    of the latest calls, the latest first.

    Busy where calls are still to be taken back, or an index does not show all that are collected;
    TimeUp where the time is over.
    """
    missing = -invoice.spare_cents
    if missing <= 0:
        return
    for batch in _latest_first(invoice, rows, in_time):
        seen = look(rows, invoice.id, batch)
        if any(charge.due_cents for charge in seen.free):
            raise Busy(f"the calls of {invoice.id} are still being taken back")
        for charge in payments.to_take_back(seen.bound, missing):
            missing -= charge.due_cents
            yield seen.earnings[charge.call_id]
        if missing <= 0:
            return
    raise Busy(f"the calls of {invoice.id} were collected a moment ago")


def settle_lost(invoice: Invoice, rows: Rows, in_time: InTime = unhurried) -> Latest[Earning]:
    """Look a written-off invoice's calls through: what it has lost is taken back, and every call
    that is paid for is collected, one that costs nothing too, for afterwards nobody would; returns
    the earnings that now wait for release.

    It goes on waiting while an index does not show all of its calls, and where more money was taken
    back meanwhile. TimeUp where the run's time is over.
    """
    before = _as_it_stands(invoice, rows)
    whole = take_back(before, rows, in_time)
    freed = collect_covered(_as_it_stands(invoice, rows), rows, in_time)
    if whole and freed is not None:
        look_no_more(rows, before)
    return freed or Latest()


def _latest_first(invoice: Invoice, rows: Rows, in_time: InTime) -> Iterator[list[str]]:
    """The calls that the invoice has collected as far as an index shows, in the order opposite to
    that of booking, those of one transaction at a time."""
    with Sorter(last_first=True) as collected:
        for charge in paced(each_charge(rows, invoice.id), in_time):
            if charge.collected:
                collected.add(booking_order(charge), charge.call_id)
        yield from paced(chunks(collected.texts(), CALLS_A_BATCH), in_time)


def _as_it_stands(invoice: Invoice, rows: Rows) -> Invoice:
    return invoices_by_id(rows, (invoice.id,))[0]
