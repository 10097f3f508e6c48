"""What happens once an advertiser's unbilled calls reach its threshold?

Joins the threshold with the books: the period ends early, and what came before is billed as a
period is that ended by itself. The cut is kept first, so that whoever comes next, after a death
anywhere, makes the same document of it before there is another.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib import runtime, thresholds
from chalicelib.campaigns import Advertiser
from chalicelib.flows.billing import Desk, bill, complete
from chalicelib.flows.closing import finish_papers
from chalicelib.flows.pacing import TimeUp
from chalicelib.flows.parties import every
from chalicelib.flows.payments import pass_on, release_due
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.store import cuts
from chalicelib.store.invoices import invoices_by_id, open_invoices
from chalicelib.store.payments import unapplied_payments
from chalicelib.store.stores import Stores
from chalicelib.thresholds import Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyReport:
    """The invoices that this run has issued, the advertisers for which there was no time or that
    it failed for, and the documents that could not be made: another run goes on with all three."""

    issued: tuple[Invoice, ...]
    left: tuple[str, ...]
    failed: tuple[str, ...]
    unprinted: tuple[str, ...]


def bill_early(desk: Desk) -> EarlyReport:
    """Bill every advertiser whose unbilled calls have reached its threshold, let money that waits
    pay the invoice, and make and mail its documents."""
    issued: list[Invoice] = []
    left: list[str] = []
    failed: list[str] = []
    for advertiser in every(Advertiser, desk.stores):
        try:
            issued += _bill(advertiser, desk)
        except TimeUp:
            left.append(advertiser.id)
        except Exception:
            # Whatever is wrong with this one, the log says it and the next one is billed.
            who = {"advertiser_id": advertiser.id}
            runtime.logger().exception("not billed at the threshold", extra=who)
            failed.append(advertiser.id)
    unprinted = finish_papers(desk)
    return EarlyReport(
        issued=tuple(issued), left=tuple(left), failed=tuple(failed), unprinted=unprinted
    )


def _bill(advertiser: Advertiser, desk: Desk) -> Iterator[Invoice]:
    """The advertiser's documents that were issued here, with the money that waited for them."""
    if advertiser.bill_at_cents is None or not _may_be_reached(advertiser, desk.stores):
        return
    settled = True
    for document in _documents(advertiser, desk):
        if document.state is not InvoiceState.DRAFT:
            settled = False
            yield document
    if not settled:
        _settle(advertiser, desk)


def _documents(advertiser: Advertiser, desk: Desk) -> Iterator[Invoice]:
    """What was billed here, in whole or so far.

    What has ended or was begun comes first, then what the last cut should have billed, and only
    then is what is left held against the threshold.
    """
    yield from bill(advertiser, desk.now, desk)
    last = cuts.find_cut(desk.stores.rows, advertiser.id)
    if last:
        yield from _complete(advertiser, last, desk)
    cut = thresholds.next_cut(advertiser, last, desk.now)
    if cut and _is_due(advertiser, cut, desk) and cuts.make_cut(desk.stores.rows, last, cut):
        yield from _complete(advertiser, cut, desk)


def _may_be_reached(advertiser: Advertiser, stores: Stores) -> bool:
    """Whether the threshold is reached by what the funds say, which is known without the calls."""
    unbilled = thresholds.unbilled_cents(
        advertiser,
        stores.books.funds(advertiser.id),
        open_invoices(stores.rows, advertiser.id),
        unapplied_payments(stores.rows, advertiser.id),
    )
    return thresholds.is_reached(advertiser, unbilled)


def _is_due(advertiser: Advertiser, cut: Cut, desk: Desk) -> bool:
    """Whether the threshold is reached by the charges that the cut would bill."""
    rows, end, enough = desk.stores.rows, cut.period.end, advertiser.bill_at_cents or 0
    waiting = cuts.waiting_cents(rows, advertiser.id, end, enough=enough)
    return thresholds.is_reached(advertiser, waiting)


def _complete(advertiser: Advertiser, cut: Cut, desk: Desk) -> Iterator[Invoice]:
    """The invoice of the cut, if it was issued here; the draft while not all can be seen of it."""
    wanted = thresholds.draft(advertiser, cut)
    known = next(iter(invoices_by_id(desk.stores.rows, (wanted.id,))), wanted)
    if known.state is InvoiceState.DRAFT:
        made = complete(wanted, advertiser, desk)
        if made:
            yield made


def _settle(advertiser: Advertiser, desk: Desk) -> None:
    """Let money that waits pay what was issued, and release what that frees."""
    stores, now, in_time = desk.stores, desk.now, desk.in_time
    freed = pass_on(advertiser.id, stores=stores, now=now, in_time=in_time)
    for publisher_id in sorted({earning.publisher_id for earning in freed}):
        release_due(publisher_id, as_of=now, freed=freed, stores=stores, now=now, in_time=in_time)
