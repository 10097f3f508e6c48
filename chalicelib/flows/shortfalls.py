"""What happens when a balance falls below what its advertiser wants to have?

Joins the shortfall with the mail that tells of it, once, and leads to the page on which to top up,
whichever that is by the time it is read. The mail is kept before it is sent; one that a process
died over is shown as it stands and never sent again.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import mailing, shortfalls, top_ups
from chalicelib.campaigns import Advertiser, State
from chalicelib.errors import NotFound
from chalicelib.flows.mailing import PostOffice
from chalicelib.issuer import Issuer
from chalicelib.mailing import MailState
from chalicelib.payments import top_up_due
from chalicelib.providers.mail import NotSent, Unsure
from chalicelib.shortfalls import Notice, Shortfall
from chalicelib.store.shortfalls import find_shortfall, keep_shortfall
from chalicelib.store.stores import Stores
from chalicelib.store.top_ups import find_link
from chalicelib.top_ups import LinkState, TopUpLink


def tell(
    advertiser: Advertiser, issuer: Issuer, *, stores: Stores, post: PostOffice, now: datetime
) -> bool:
    """Mail an active advertiser whose balance is low where it may top up; whether this run has."""
    due = top_up_due(advertiser, stores.books.funds(advertiser.id))
    last = find_shortfall(stores.rows, advertiser.id)
    stands = shortfalls.seen(advertiser.id, due, last, now)
    if stands is None or (stands != last and not keep_shortfall(stores.rows, last, stands)):
        return False
    to = advertiser.bill_to.email if advertiser.bill_to else None
    if to is None or issuer.mail is None or advertiser.state is not State.ACTIVE:
        return False
    link = find_link(stores.rows, advertiser.id)
    noted = shortfalls.with_notice(stands, link, to, now)
    if link is None or noted is None or not keep_shortfall(stores.rows, stands, noted):
        return False
    notice = _send(advertiser, link, issuer, to=to, post=post, now=now)
    _settle(noted, notice, stores)
    return True


def opened(word: str, *, stores: Stores, key: str, now: datetime) -> str:
    """The page that the link of a mail leads to now; NotFound for a forged or an expired link, and
    while there is no page that can be paid on."""
    owner = mailing.opened(word, now, key)
    link = find_link(stores.rows, owner) if owner else None
    if link is None:
        raise NotFound("this link leads nowhere, or no longer")
    if link.url is None or top_ups.state_at(link, now) is not LinkState.OPEN:
        raise NotFound("there is nothing to be paid here now; if there is again, this link works")
    return link.url


def _send(
    advertiser: Advertiser,
    link: TopUpLink,
    issuer: Issuer,
    *,
    to: str,
    post: PostOffice,
    now: datetime,
) -> Notice:
    """Send the mail; what became of it."""
    notice = Notice(to=to, at=now)
    word = mailing.signed(advertiser.id, now + mailing.LINK_LASTS, post.key)
    address = issuer.mail.api_url if issuer.mail else ""
    url = f"{address}/v1/top-ups/{word}"
    try:
        sent = post.send(shortfalls.letter(advertiser, link, issuer, to=to, url=url))
    except NotSent as refused:
        return replace(notice, state=MailState.FAILED, error=str(refused))
    except Unsure as lost:
        return replace(notice, state=MailState.UNSURE, error=str(lost))
    return replace(notice, state=MailState.SENT, message_id=sent)


def _settle(noted: Shortfall, notice: Notice, stores: Stores) -> None:
    """Keep what became of the mail, where no other shortfall has begun meanwhile."""
    stands: Shortfall | None = noted
    while stands and stands.n == noted.n:
        after = replace(stands, notice=notice, version=stands.version + 1)
        if keep_shortfall(stores.rows, stands, after):
            return
        stands = find_shortfall(stores.rows, noted.advertiser_id)
