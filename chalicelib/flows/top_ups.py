"""What happens while a prepaid advertiser may spend less than it wants to have?

Joins the shortfall with the page of Stripe that it is given, and the mail that tells of it. The
link is kept before the page is asked for, and gives that its key, so that whoever died in between
finds the same page.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import runtime, top_ups
from chalicelib.campaigns import Advertiser
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.pacing import InTime, unhurried
from chalicelib.flows.parties import every
from chalicelib.flows.shortfalls import tell
from chalicelib.providers.stripe import Checkout, Order
from chalicelib.store.issuer import find_issuer
from chalicelib.store.stores import Stores
from chalicelib.store.top_ups import find_link, keep_link
from chalicelib.top_ups import LinkState, TopUpLink

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpsReport:
    """How many links were made and mails sent, and the advertisers that it failed for: the next
    run tries again."""

    made: int
    mailed: int
    failed: tuple[str, ...]


NO_TOP_UPS = TopUpsReport(made=0, mailed=0, failed=())


def ask_for_top_ups(
    *,
    stores: Stores,
    checkout: Checkout,
    post: PostOffice,
    now: datetime,
    in_time: InTime = unhurried,
) -> TopUpsReport:
    """Give every prepaid advertiser below its balance a page to top up on, if the issuer has said
    where its browser goes then, and mail it once. Once the time is up the rest is left for the next
    run."""
    issuer = find_issuer(stores.rows)
    made, mailed, failed = 0, 0, []
    if issuer.paid_url is None:
        return NO_TOP_UPS
    for advertiser in every(Advertiser, stores):
        if advertiser.top_up_cents is None:
            continue
        if not in_time():
            break
        try:
            made += _ask(advertiser, issuer.paid_url, stores=stores, checkout=checkout, now=now)
            mailed += tell(advertiser, issuer, stores=stores, post=post, now=now)
        except Exception:
            # Whatever is wrong with this one, the log says it and the next one is asked.
            who = {"advertiser_id": advertiser.id}
            runtime.logger().exception("not asked for a top-up", extra=who)
            failed.append(advertiser.id)
    return TopUpsReport(made=made, mailed=mailed, failed=tuple(failed))


def move_link(advertiser_id: str, link_id: str, to: LinkState, *, stores: Stores) -> None:
    """Move the advertiser's link by what Stripe tells of its page; an older one stays as it is."""
    for _ in range(_TRIES):
        last = find_link(stores.rows, advertiser_id)
        if last is None or last.id != link_id:
            return
        after = top_ups.moved(last, to)
        if after == last or keep_link(stores.rows, last, after):
            return
    raise Busy(f"{link_id} is being changed by others")


def _ask(
    advertiser: Advertiser, paid_url: str, *, stores: Stores, checkout: Checkout, now: datetime
) -> bool:
    """Whether the advertiser got a page here."""
    last = find_link(stores.rows, advertiser.id)
    link = top_ups.next_link(advertiser, stores.books.funds(advertiser.id), last, now)
    if link is None or (link != last and not keep_link(stores.rows, last, link)):
        return False
    try:
        page = checkout(_order(link, paid_url))
    except Conflict as refused:
        keep_link(stores.rows, link, top_ups.refused(link, str(refused)))
        return False
    return keep_link(stores.rows, link, top_ups.opened(link, page.url, page.expires_at))


def _order(link: TopUpLink, paid_url: str) -> Order:
    return Order(
        key=link.id,
        advertiser_id=link.advertiser_id,
        invoice_id=None,
        title="Top-up",
        amount_cents=link.amount_cents,
        currency=link.currency,
        success_url=paid_url,
        top_up_id=link.id,
    )
