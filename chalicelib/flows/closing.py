"""What happens when a period ends?

Joins the whole round: one document per advertiser for the period that ended last, money that waits
applied to invoices, earnings released, payouts made. Running it again, twice at once, or after it
died anywhere leaves the same documents and nothing new.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from chalicelib import call_tables, invoices, times
from chalicelib.campaigns import Advertiser, Billing, Campaign
from chalicelib.dunning import Taken
from chalicelib.errors import Busy
from chalicelib.flows import papers
from chalicelib.flows.dunning import take_due
from chalicelib.flows.mailing import PostOffice, send_waiting
from chalicelib.flows.parties import every
from chalicelib.flows.payments import pass_on, release_due
from chalicelib.flows.payouts import pay_out
from chalicelib.invoices import Charge, Invoice, InvoiceKind, InvoiceState, Terms
from chalicelib.issuer import BillTo, Issuer, legible
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning, Payout
from chalicelib.providers.documents import Documents
from chalicelib.store.invoices import (
    claim_charges,
    finalise,
    invoice_drafts,
    invoices_by_id,
)
from chalicelib.store.issuer import find_issuer
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores
from chalicelib.store.voiding import finish_voids
from chalicelib.times import Period
from chalicelib.voiding import issued_entry

_TRIES = 8
_CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingReport:
    """What this run has done; a repetition has done nothing.

    `unfinished` are drafts of which an index does not show all charges yet: another run soon after
    completes them, and so does the next scheduled one. `unprinted` are invoices and credit
    notes whose documents could not be made; the next run tries again.
    """

    as_of: datetime
    issued: tuple[Invoice, ...]
    released: int
    payouts: tuple[Payout, ...]
    unfinished: tuple[str, ...]
    unprinted: tuple[str, ...]
    dunned: tuple[Taken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the run works with, the same for every advertiser."""

    stores: Stores
    documents: Documents
    issuer: Issuer
    now: datetime


def close(
    as_of: datetime, *, stores: Stores, now: datetime, documents: Documents, post: PostOffice
) -> ClosingReport:
    """Close the last period that has ended at `as_of` for every advertiser, then release and pay
    out what is due at `as_of`, make the documents, mail the invoices that shall be mailed, and take
    the steps that are due against those that nobody pays.

    A charge booked before the period's end belongs to its document; one that comes later waits for
    the next. Documents are issued and entries booked `now`.
    """
    desk = Desk(stores=stores, documents=documents, issuer=find_issuer(stores.rows), now=now)
    billed: list[Invoice] = []
    for advertiser in every(Advertiser, stores):
        billed += _bill(advertiser, as_of, desk)
    freed: list[Earning] = []
    for advertiser in every(Advertiser, stores):
        if advertiser.billing is Billing.NET:
            freed += pass_on(advertiser.id, stores=stores, now=now)
    released, paid = _pay(as_of, freed, stores, now)
    printed = papers.make_waiting(stores=stores, documents=documents)
    send_waiting(stores=stores, post=post, now=now)
    dunned = take_due(stores=stores, post=post, now=now)
    return ClosingReport(
        as_of=as_of,
        issued=tuple(one for one in billed if one.state is not InvoiceState.DRAFT),
        released=released,
        payouts=paid,
        unfinished=tuple(one.id for one in billed if one.state is InvoiceState.DRAFT),
        unprinted=printed.failed,
        dunned=dunned,
    )


def _pay(
    as_of: datetime, freed: list[Earning], stores: Stores, now: datetime
) -> tuple[int, tuple[Payout, ...]]:
    """Release and pay out what is due to every publisher: how many earnings, and the payouts."""
    released = 0
    paid: list[Payout] = []
    for publisher in every(Publisher, stores):
        fresh = release_due(publisher.id, as_of=as_of, freed=freed, stores=stores, now=now)
        released += len(fresh)
        paid += pay_out(publisher, as_of=as_of, released=fresh, stores=stores, now=now)
    return released, tuple(paid)


def _bill(advertiser: Advertiser, as_of: datetime, desk: Desk) -> tuple[Invoice, ...]:
    """The advertiser's documents that became complete here, and those that could not yet.

    What an invoice that was made void has still to give back comes first, to be billed again.
    """
    rows = desk.stores.rows
    finish_voids(rows, advertiser.id)
    begun = {draft.id: draft for draft in invoice_drafts(rows, advertiser.id)}
    known = _standing(advertiser, times.closed_period(advertiser.billing_cycle, as_of), rows)
    if known.state is InvoiceState.DRAFT:
        begun[known.id] = known
    drafts = sorted(begun.values(), key=lambda draft: draft.period.start)
    made = (_complete(draft, advertiser, desk) for draft in drafts)
    return tuple(document for document in made if document)


def _standing(advertiser: Advertiser, period: Period, rows: Rows) -> Invoice:
    """The document of the period, passing over those that were made void; an empty draft when
    there is none yet."""
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
        gathered = claim_charges(desk.stores.rows, draft)
        if gathered is None:
            return None
        if not gathered.whole:
            return gathered.document
        body = call_tables.calls_csv(gathered.charges)
        place = call_tables.calls_place(draft, body)
        terms = _terms(advertiser, gathered.charges, desk)
        issued = invoices.issue(draft, gathered.charges, terms=terms, calls_key=place, now=desk.now)
        desk.documents.keep(place, body.encode(), _CSV)
        entry_of = issued_entry if issued.kind is InvoiceKind.INVOICE else None
        numbered = finalise(desk.stores.rows, issued, entry_of)
        if numbered:
            return numbered
    raise Busy(f"{draft.id} is being changed by others")


def _terms(advertiser: Advertiser, charges: tuple[Charge, ...], desk: Desk) -> Terms:
    """What stands on the day of issue."""
    ids = sorted({charge.campaign_id for charge in charges})
    campaigns = [desk.stores.catalog.find(Campaign, one) for one in ids]
    return Terms(
        issuer=desk.issuer,
        bill_to=advertiser.bill_to or BillTo(legal_name=legible(advertiser.name)),
        net_days=advertiser.net_days,
        campaigns={one.id: one.name for one in campaigns if one},
    )
