"""What happens when a period ends?

Joins the whole round: one document per advertiser for the period that ended last, money that waits
applied to invoices, earnings released, payouts made. Running it again, twice at once, or after it
died anywhere leaves the same documents and nothing new.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import invoices, ledger, times
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import Busy
from chalicelib.flows.parties import every
from chalicelib.flows.payments import pass_on, release_due
from chalicelib.flows.payouts import pay_out
from chalicelib.invoices import Invoice, InvoiceKind, InvoiceState
from chalicelib.ledger import Entry
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning, Payout
from chalicelib.providers.documents import PutDocument
from chalicelib.store.invoices import (
    claim_charges,
    finalise,
    invoice_drafts,
    invoices_by_id,
)
from chalicelib.store.stores import Stores

_TRIES = 8
_CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingReport:
    """What this run has done; a repetition has done nothing.

    `unfinished` are drafts of which an index does not show all charges yet: another run soon after
    completes them, and so does the next scheduled one.
    """

    as_of: datetime
    issued: tuple[Invoice, ...]
    released: int
    payouts: tuple[Payout, ...]
    unfinished: tuple[str, ...]


def close(
    as_of: datetime, *, stores: Stores, now: datetime, put_document: PutDocument
) -> ClosingReport:
    """Close the last period that has ended at `as_of` for every advertiser, then release and pay
    out what is due at `as_of`.

    A charge booked before the period's end belongs to its document; one that comes later waits for
    the next. Documents are issued and entries booked `now`.
    """
    billed: list[Invoice] = []
    for advertiser in every(Advertiser, stores):
        billed += _bill(advertiser, as_of, stores=stores, now=now, put_document=put_document)
    freed: list[Earning] = []
    for advertiser in every(Advertiser, stores):
        if advertiser.billing is Billing.NET:
            freed += pass_on(advertiser.id, stores=stores, now=now)
    released = 0
    paid: list[Payout] = []
    for publisher in every(Publisher, stores):
        fresh = release_due(publisher.id, as_of=as_of, freed=freed, stores=stores, now=now)
        released += len(fresh)
        paid += pay_out(publisher, as_of=as_of, released=fresh, stores=stores, now=now)
    return ClosingReport(
        as_of=as_of,
        issued=tuple(one for one in billed if one.state is not InvoiceState.DRAFT),
        released=released,
        payouts=tuple(paid),
        unfinished=tuple(one.id for one in billed if one.state is InvoiceState.DRAFT),
    )


def _bill(
    advertiser: Advertiser,
    as_of: datetime,
    *,
    stores: Stores,
    now: datetime,
    put_document: PutDocument,
) -> tuple[Invoice, ...]:
    """The advertiser's documents that became complete here, and those that could not yet."""
    period = times.closed_period(advertiser.billing_cycle, as_of)
    wanted = invoices.draft(advertiser, period)
    begun = {draft.id: draft for draft in invoice_drafts(stores.rows, advertiser.id)}
    known = next(iter(invoices_by_id(stores.rows, (wanted.id,))), wanted)
    if known.state is InvoiceState.DRAFT:
        begun[known.id] = known
    drafts = sorted(begun.values(), key=lambda draft: draft.period.start)
    made = (
        _complete(draft, advertiser, stores=stores, now=now, put_document=put_document)
        for draft in drafts
    )
    return tuple(document for document in made if document)


def _complete(
    draft: Invoice,
    advertiser: Advertiser,
    *,
    stores: Stores,
    now: datetime,
    put_document: PutDocument,
) -> Invoice | None:
    """Claim the period's charges, write the table of the calls, and issue the document.

    None when there is nothing to bill, or when another run did so; the draft itself when not all
    of its charges can be seen yet.
    """
    for _ in range(_TRIES):
        gathered = claim_charges(stores.rows, draft)
        if gathered is None:
            return None
        if not gathered.whole:
            return gathered.document
        body = invoices.calls_csv(gathered.charges)
        place = invoices.calls_place(draft, body)
        issued = invoices.issue(
            draft, gathered.charges, net_days=advertiser.net_days, calls_key=place, now=now
        )
        put_document(place, body.encode(), _CSV)
        numbered = finalise(
            stores.rows, issued, _entry if issued.kind is InvoiceKind.INVOICE else None
        )
        if numbered:
            return numbered
    raise Busy(f"{draft.id} is being changed by others")


def _entry(invoice: Invoice) -> Entry:
    return ledger.invoice_issued(
        invoice_id=invoice.id,
        number=str(invoice.number),
        advertiser_id=invoice.advertiser_id,
        total_cents=invoice.total_cents,
        currency=invoice.currency,
        now=invoice.issued_at or invoice.period.end,
    )
