"""What happens until the charges of a period stand on their document?

Joins the charges that wait with the draft that claims them, the table of their calls and the
document that is issued. However many there are, a page of them is in memory at a time; a run whose
time is up, or which died, leaves a draft that the next goes on with.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count

from chalicelib import call_tables, invoices, issuing, times
from chalicelib.campaigns import Advertiser, Campaign
from chalicelib.errors import Busy
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.pacing import InTime, Latest, paced, unhurried
from chalicelib.flows.papers import Press, page_of
from chalicelib.invoices import Charge, Invoice, InvoiceKind, InvoiceState
from chalicelib.issuer import BillTo, Issuer, legible
from chalicelib.issuing import Reckoning, Terms
from chalicelib.providers.documents import Documents
from chalicelib.providers.sorting import Sorter
from chalicelib.store.invoices import (
    charges_to_bill,
    claim_charges,
    each_charge,
    finalise,
    find_draft,
    invoice_drafts,
    invoices_by_id,
)
from chalicelib.store.rows import Rows, chunks
from chalicelib.store.stores import Stores
from chalicelib.store.voiding import finish_voids
from chalicelib.times import Period
from chalicelib.voiding import issued_entry

_TRIES = 8
_A_PAGE = 900
_CSV = "text/csv; charset=utf-8"
_IN_MEMORY = 4 * 1024 * 1024
"""A table of calls that is larger lies on the disk until it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the run works with, the same for every advertiser."""

    stores: Stores
    documents: Documents
    post: PostOffice
    issuer: Issuer
    now: datetime
    in_time: InTime = unhurried
    press: Press = page_of


def bill(advertiser: Advertiser, as_of: datetime, desk: Desk) -> Iterator[Invoice]:
    """The advertiser's documents that became complete here, and those that could not yet.

    What an invoice that was made void has still to give back comes first, to be billed again.
    TimeUp where the run's time is over.
    """
    rows = desk.stores.rows
    for _ in paced(finish_voids(rows, advertiser.id), desk.in_time):
        continue
    begun = {draft.id: draft for draft in invoice_drafts(rows, advertiser.id)}
    known = standing(advertiser, as_of, rows)
    if known.state is InvoiceState.DRAFT:
        begun[known.id] = known
    drafts = sorted(begun.values(), key=lambda draft: draft.period.start)
    for draft in drafts:
        document = _complete(draft, advertiser, desk)
        if document:
            yield document


def standing(advertiser: Advertiser, as_of: datetime, rows: Rows) -> Invoice:
    """The document of the last period that has ended at `as_of`, passing over those that were made
    void; an empty draft when there is none yet."""
    period: Period = times.closed_period(advertiser.billing_cycle, as_of)
    for voided in count():
        wanted = invoices.draft(advertiser, period, voided)
        known = next(iter(invoices_by_id(rows, (wanted.id,))), wanted)
        if known.state is not InvoiceState.VOID:
            break
    return known


def _complete(draft: Invoice, advertiser: Advertiser, desk: Desk) -> Invoice | None:
    """Claim the period's charges, write the table of the calls, and issue the document.

    None when there is nothing to bill, or when another run did so; the draft itself when not all
    of its charges can be seen yet.
    """
    for _ in range(_TRIES):
        claimed = _claim(draft, desk)
        stands = find_draft(desk.stores.rows, draft)
        if stands is None:
            return None
        reckoning = Reckoning()
        with Sorter() as calls:
            for charge in paced(_charges_on(draft, claimed, desk.stores.rows), desk.in_time):
                reckoning.add(charge)
                calls.add(invoices.booking_order(charge), call_tables.call_rows(charge))
            if not reckoning.is_all_of(stands):
                return stands
            place = _keep_table(draft, calls.texts(), desk)
        terms = _terms(advertiser, reckoning, desk)
        issued = issuing.issue(draft, reckoning, terms=terms, calls_key=place, now=desk.now)
        entry_of = issued_entry if issued.kind is InvoiceKind.INVOICE else None
        numbered = finalise(desk.stores.rows, issued, entry_of)
        if numbered:
            return numbered
    raise Busy(f"{draft.id} is being changed by others")


def _claim(draft: Invoice, desk: Desk) -> Latest[Charge]:
    """Put every charge of the period that waits into the draft; the last that this run has put
    there."""
    rows, claimed = desk.stores.rows, Latest[Charge]()
    for page in paced(chunks(charges_to_bill(rows, draft), _A_PAGE), desk.in_time):
        claimed.add(claim_charges(rows, draft, page))
    return claimed


def _charges_on(draft: Invoice, claimed: Latest[Charge], rows: Rows) -> Iterator[Charge]:
    """Every charge known to be on the draft, each once: those of the index, and those of `claimed`
    that it may not show yet."""
    fresh = {charge.call_id: charge for charge in claimed}
    for charge in each_charge(rows, draft.id):
        yield fresh.pop(charge.call_id, charge)
    yield from fresh.values()


def _terms(advertiser: Advertiser, reckoning: Reckoning, desk: Desk) -> Terms:
    """What stands on the day of issue."""
    campaigns = [desk.stores.catalog.find(Campaign, one) for one in reckoning.campaign_ids]
    return Terms(
        issuer=desk.issuer,
        bill_to=advertiser.bill_to or BillTo(legal_name=legible(advertiser.name)),
        net_days=advertiser.net_days,
        campaigns={one.id: one.name for one in campaigns if one},
    )


def _keep_table(draft: Invoice, calls: Iterator[str], desk: Desk) -> str:
    """Keep the table of the calls, in the order in which they come; returns where."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
        for text in paced(chain([call_tables.HEADING], calls), desk.in_time):
            digest.update(text.encode())
            body.write(text.encode())
        place = call_tables.calls_place(draft, digest.hexdigest())
        desk.documents.keep_stream(place, body, _CSV)
    return place
