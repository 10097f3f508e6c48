"""What happens when a period ends?

Joins the whole round: for an advertiser its documents for the period that ended last, money that
waits applied to invoices, documents made and mailed, and steps against what nobody pays; for a
publisher earnings released and payouts made. Doing it again, twice at once, or after it died
anywhere leaves the same documents and nothing new. Who does it for which party, and when, belongs
to `closing_runs` for all that are too many for one run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib import runtime
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.dunning import Taken
from chalicelib.flows import papers
from chalicelib.flows.billing import Desk, bill, standing
from chalicelib.flows.dunning import take_due
from chalicelib.flows.mailing import PostOffice, send_for, send_waiting
from chalicelib.flows.pacing import InTime, Latest, TimeUp, unhurried
from chalicelib.flows.parties import every
from chalicelib.flows.payments import pass_on, release_due
from chalicelib.flows.payouts import pay_out
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning, Payout
from chalicelib.providers.documents import Documents, bucket
from chalicelib.providers.mail import send_mail
from chalicelib.store.issuer import find_issuer
from chalicelib.store.stores import Stores, stores


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingReport:
    """What this run has done; a repetition has done nothing.

    `unfinished` are drafts of which an index does not show all charges yet: another run soon after
    completes them, and so does the next scheduled one. `unprinted` are invoices and credit notes
    whose documents could not be made; the next run tries again. It is not `whole` where the time
    was too short for it: for the advertisers of `left`, and then for publishers.
    """

    as_of: datetime
    issued: tuple[Invoice, ...]
    released: int
    payouts: tuple[Payout, ...]
    unfinished: tuple[str, ...]
    unprinted: tuple[str, ...]
    dunned: tuple[Taken, ...]
    left: tuple[str, ...]
    whole: bool


@dataclass(slots=True)
class Closed:
    """What was done for advertisers so far; `freed` are earnings that their money has freed."""

    issued: list[Invoice] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    unprinted: list[str] = field(default_factory=list)
    dunned: list[Taken] = field(default_factory=list)
    freed: Latest[Earning] = field(default_factory=Latest)


@dataclass(slots=True)
class PaidOut:
    """What was done for publishers so far."""

    released: int = 0
    payouts: list[Payout] = field(default_factory=list)


def desk_of(
    *,
    stores: Stores,
    documents: Documents,
    post: PostOffice,
    now: datetime,
    in_time: InTime = unhurried,
) -> Desk:
    """What closings work with, as things stand `now`."""
    return Desk(
        stores=stores,
        documents=documents,
        post=post,
        issuer=find_issuer(stores.rows),
        now=now,
        in_time=in_time,
    )


def close(as_of: datetime, desk: Desk) -> ClosingReport:
    """Close the last period that has ended at `as_of` for every advertiser, then release and pay
    out what is due at `as_of` to every publisher.

    A charge booked before the period's end belongs to its document; one that comes later waits for
    the next. Documents are issued and entries booked when the desk says.
    """
    closed, done = Closed(), PaidOut()
    left = _advertisers(as_of, desk, closed)
    whole = not left and _publishers(as_of, desk, closed.freed, done)
    closed.unprinted += finish_papers(desk)
    return ClosingReport(
        as_of=as_of,
        issued=tuple(closed.issued),
        released=done.released,
        payouts=tuple(done.payouts),
        unfinished=tuple(closed.unfinished),
        unprinted=tuple(sorted(set(closed.unprinted))),
        dunned=tuple(closed.dunned),
        left=left,
        whole=whole,
    )


def close_advertiser(advertiser: Advertiser, as_of: datetime, desk: Desk, closed: Closed) -> None:
    """Bill the advertiser, let its money collect, make and mail its documents, and take the steps
    that are due against what it does not pay; tells `closed` of each.

    TimeUp where the run's time is over: another run goes on.
    """
    if not desk.in_time():
        raise TimeUp
    stores, now = desk.stores, desk.now
    ids = {standing(advertiser, as_of, stores.rows).id}
    for document in bill(advertiser, as_of, desk):
        ids.add(document.id)
        if document.state is InvoiceState.DRAFT:
            closed.unfinished.append(document.id)
        else:
            closed.issued.append(document)
    if advertiser.billing is Billing.NET:
        closed.freed.merge(pass_on(advertiser.id, stores=stores, now=now, in_time=desk.in_time))
    made = papers.make_for(ids, stores=stores, documents=desk.documents, press=desk.press)
    closed.unprinted += made.failed
    send_for(ids, stores=stores, post=desk.post, now=now)
    closed.dunned += take_due(advertiser.id, stores=stores, post=desk.post, now=now)


def close_publisher(
    publisher: Publisher,
    as_of: datetime,
    desk: Desk,
    done: PaidOut,
    freed: Iterable[Earning] = (),
) -> None:
    """Release and pay out what is due to the publisher; tells `done` of it.

    `freed` are earnings that an index may not show yet. TimeUp where the run's time is over:
    another run goes on.
    """
    stores, now = desk.stores, desk.now
    fresh = release_due(
        publisher.id, as_of=as_of, freed=freed, stores=stores, now=now, in_time=desk.in_time
    )
    done.released += fresh.count
    if not desk.in_time():
        raise TimeUp
    done.payouts += pay_out(publisher, as_of=as_of, released=fresh, stores=stores, now=now)


def finish_papers(desk: Desk) -> tuple[str, ...]:
    """Make and mail the documents that earlier runs have left; those that could not be made."""
    printed = papers.make_waiting(stores=desk.stores, documents=desk.documents, press=desk.press)
    send_waiting(stores=desk.stores, post=desk.post, now=desk.now)
    return printed.failed


def _advertisers(as_of: datetime, desk: Desk, closed: Closed) -> tuple[str, ...]:
    """Those for which there was no time."""
    left: list[str] = []
    for advertiser in every(Advertiser, desk.stores):
        try:
            close_advertiser(advertiser, as_of, desk, closed)
        except TimeUp:
            left.append(advertiser.id)
    return tuple(left)


def _publishers(as_of: datetime, desk: Desk, freed: Latest[Earning], done: PaidOut) -> bool:
    """Whether there was time for all."""
    try:
        for publisher in every(Publisher, desk.stores):
            close_publisher(publisher, as_of, desk, done, freed)
    except TimeUp:
        return False
    return True


def deployed_desk(in_time: InTime = unhurried) -> Desk:
    """What the deployment's own runs work with, now."""
    post = PostOffice(send=send_mail, key=runtime.secret_values().caller_hash_key)
    return desk_of(
        stores=stores(), documents=bucket(), post=post, now=runtime.now(), in_time=in_time
    )
