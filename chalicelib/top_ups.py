"""When is a prepaid advertiser given a page to top up on, and how far has that come?

Owns the link: which is the next, when there is none, and how events move it. What a shortfall is
belongs to `payments`; making the page, to the provider.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.campaigns import Advertiser, State
from chalicelib.ids import derived
from chalicelib.payments import Funds, top_up_due

_IN_THE_BANK = timedelta(days=14)
"""So long money that was promised may be on its way before it is asked for again."""
_ASK_AGAIN = timedelta(days=1)


class LinkState(StrEnum):
    """How far a link has come: `asked` for until there is a page, `processing` while the bank is at
    it; `refused` where there will be none."""

    ASKED = "asked"
    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"


_FROM: dict[LinkState, frozenset[LinkState]] = {
    LinkState.PROCESSING: frozenset({LinkState.ASKED, LinkState.OPEN}),
    LinkState.PAID: frozenset(LinkState) - {LinkState.PAID},
    LinkState.FAILED: frozenset({LinkState.ASKED, LinkState.OPEN, LinkState.PROCESSING}),
    LinkState.EXPIRED: frozenset({LinkState.ASKED, LinkState.OPEN}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpLink:
    """The n-th page on which the advertiser may top up; `version` counts its changes and those of
    all before it."""

    id: str
    advertiser_id: str
    n: int
    amount_cents: int
    currency: str
    asked_at: datetime
    state: LinkState = LinkState.ASKED
    url: str | None = None
    expires_at: datetime | None = None
    cause: str | None = None
    version: int = 1


def next_link(
    advertiser: Advertiser, funds: Funds, last: TopUpLink | None, now: datetime
) -> TopUpLink | None:
    """The link to be made: the last one, if its page has yet to be asked for, or the one after it.
    None while nothing is due or the last may still be paid; a paused advertiser is not asked."""
    due = top_up_due(advertiser, funds)
    if due is None or advertiser.state is not State.ACTIVE:
        return None
    if last and last.state is LinkState.ASKED:
        return last
    if last and _may_be_paid(last, now):
        return None
    n = last.n + 1 if last else 1
    return TopUpLink(
        id=derived("tul", advertiser.id, str(n)),
        advertiser_id=advertiser.id,
        n=n,
        amount_cents=due,
        currency=advertiser.currency,
        asked_at=now,
        version=last.version + 1 if last else 1,
    )


def opened(link: TopUpLink, url: str, expires_at: datetime) -> TopUpLink:
    """The link once it has its page."""
    state, version = LinkState.OPEN, link.version + 1
    return replace(link, state=state, url=url, expires_at=expires_at, version=version)


def refused(link: TopUpLink, cause: str) -> TopUpLink:
    """The link of which no page was made; a day later the next one is tried."""
    return replace(link, state=LinkState.REFUSED, cause=cause, version=link.version + 1)


def moved(link: TopUpLink, to: LinkState) -> TopUpLink:
    """The link after an event; events come late and twice, and one that was paid stays so."""
    if link.state not in _FROM[to]:
        return link
    return replace(link, state=to, version=link.version + 1)


def state_at(link: TopUpLink, now: datetime) -> LinkState:
    """Its state, expired once the page is over; it is at that very instant."""
    over = link.expires_at is not None and link.expires_at <= now
    return LinkState.EXPIRED if over and link.state is LinkState.OPEN else link.state


def _may_be_paid(link: TopUpLink, now: datetime) -> bool:
    """Whether money of the link may come, or asking again so soon would be of no use."""
    state = state_at(link, now)
    if state is LinkState.REFUSED:
        return now - link.asked_at < _ASK_AGAIN
    if state is LinkState.PROCESSING:
        return now - link.asked_at < _IN_THE_BANK
    return state is LinkState.OPEN
