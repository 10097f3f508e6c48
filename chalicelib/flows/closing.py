"""What happens when a period ends?

Joins the whole round: one document per advertiser for the period that ended last, money that waits
applied to invoices, earnings released, payouts made. Running it again, twice at once, or after it
died anywhere leaves the same documents and nothing new.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.campaigns import Advertiser, Billing
from chalicelib.dunning import Taken
from chalicelib.flows import papers
from chalicelib.flows.billing import Desk, bill
from chalicelib.flows.dunning import take_due
from chalicelib.flows.mailing import PostOffice, send_waiting
from chalicelib.flows.pacing import Latest
from chalicelib.flows.parties import every
from chalicelib.flows.payments import pass_on, release_due
from chalicelib.flows.payouts import pay_out
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning, Payout
from chalicelib.providers.documents import Documents
from chalicelib.store.issuer import find_issuer
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingReport:
    """What this run has done; a repetition has done nothing.

    `unfinished` are drafts of which an index does not show all charges yet: another run soon after
    completes them, and so does the next scheduled one. `unprinted` are invoices whose documents
    could not be made; the next run tries again.
    """

    as_of: datetime
    issued: tuple[Invoice, ...]
    released: int
    payouts: tuple[Payout, ...]
    unfinished: tuple[str, ...]
    unprinted: tuple[str, ...]
    dunned: tuple[Taken, ...]


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
        billed += bill(advertiser, as_of, desk)
    freed = Latest[Earning]()
    for advertiser in every(Advertiser, stores):
        if advertiser.billing is Billing.NET:
            freed.merge(pass_on(advertiser.id, stores=stores, now=now))
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
    as_of: datetime, freed: Latest[Earning], stores: Stores, now: datetime
) -> tuple[int, tuple[Payout, ...]]:
    """Release and pay out what is due to every publisher: how many earnings, and the payouts."""
    released = 0
    paid: list[Payout] = []
    for publisher in every(Publisher, stores):
        fresh = release_due(publisher.id, as_of=as_of, freed=freed, stores=stores, now=now)
        released += fresh.count
        paid += pay_out(publisher, as_of=as_of, released=fresh, stores=stores, now=now)
    return released, tuple(paid)
