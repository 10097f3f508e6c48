"""What happens when an invoice's money reaches its calls?

Joins the invoice, its calls in the order of booking, and the money that is left for them. However
many calls there are, a page of them is in memory at a time; what one run has collected, the next
finds done.
"""

from collections.abc import Iterable, Iterator

from chalicelib import payments
from chalicelib.flows.pacing import InTime, Latest, paced, unhurried
from chalicelib.invoices import Invoice, InvoiceState, booking_order
from chalicelib.payouts import Earning
from chalicelib.providers.sorting import Sorter
from chalicelib.store.collecting import CHARGES_A_BATCH, collect_batch
from chalicelib.store.invoices import each_charge
from chalicelib.store.rows import Rows, chunks


def collect_covered(
    invoice: Invoice, rows: Rows, in_time: InTime = unhurried
) -> Latest[Earning] | None:
    """Collect the calls that the invoice's money covers and that were not collected before;
    returns the earnings that now wait for release.

    None, and nothing is collected, while an index does not show all calls of the invoice. TimeUp
    where the run's time is over.
    """
    freed, seen, paid = Latest[Earning](), 0, invoice.state is InvoiceState.PAID
    # A paid invoice covers all of them, credited ones that an index shows in full too.
    left = invoice.total_cents if paid else invoice.held_cents
    with Sorter() as waiting:
        for charge in paced(each_charge(rows, invoice.id), in_time):
            seen += 1
            if charge.collected:
                left -= charge.due_cents
            else:
                waiting.add(booking_order(charge), f"{charge.due_cents} {charge.call_id}")
        if seen != invoice.call_count:
            return None
        covered = payments.covered(map(_read, waiting.texts()), left)
        for batch, last in paced(_batches(covered), in_time):
            freed.add(collect_batch(rows, invoice, batch, last=paid and last))
    return freed


def _read(waiting: str) -> tuple[str, int]:
    cents, _, call_id = waiting.partition(" ")
    return call_id, int(cents)


def _batches(covered: Iterable[str]) -> Iterator[tuple[list[str], bool]]:
    """The calls of one transaction each, and whether they are the last; at least one batch, for
    an invoice of which nothing is left to collect waits no more either."""
    batches = chunks(covered, CHARGES_A_BATCH)
    batch: list[str] = next(batches, [])
    for following in batches:
        yield batch, False
        batch = following
    yield batch, True
