"""When is a prepaid advertiser told that its balance is low, and what does it read?

Owns the shortfall, from the look that finds the balance low to the one that finds it high enough
again, and the one mail that goes out on it. The page that the mail leads to belongs to `top_ups`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import mailing
from chalicelib.campaigns import Advertiser
from chalicelib.issuer import Issuer
from chalicelib.mailing import Letter, MailState
from chalicelib.top_ups import LinkState, TopUpLink, state_at

_BETWEEN_MAILS = timedelta(days=1)
"""A balance that goes up and down all day long is mailed about once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The mail on a shortfall; `error` says why it failed, or what is unsure."""

    to: str
    at: datetime
    state: MailState = MailState.SENDING
    message_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """The n-th time that the advertiser's balance was low, until `over_at`; `mailed_at` is when it
    was last mailed, in this one or before. `version` counts the changes of all of them."""

    advertiser_id: str
    n: int
    since: datetime
    over_at: datetime | None = None
    notice: Notice | None = None
    mailed_at: datetime | None = None
    version: int = 1


def seen(
    advertiser_id: str, due_cents: int | None, last: Shortfall | None, now: datetime
) -> Shortfall | None:
    """The shortfall after a look that found so much due: a new one, the last one or its end; None
    where there was none before."""
    stands = last is not None and last.over_at is None
    if (due_cents is not None) == stands:
        return last
    if last and stands:
        return replace(last, over_at=now, version=last.version + 1)
    return Shortfall(
        advertiser_id=advertiser_id,
        n=last.n + 1 if last else 1,
        since=now,
        mailed_at=last.mailed_at if last else None,
        version=last.version + 1 if last else 1,
    )


def with_notice(
    shortfall: Shortfall, link: TopUpLink | None, to: str, now: datetime
) -> Shortfall | None:
    """The shortfall with the mail that is about to be sent; None where there is none to send: it
    is over, it was mailed, there is no page that can be paid on, or the last mail is too fresh."""
    if shortfall.over_at or shortfall.notice:
        return None
    if link is None or state_at(link, now) is not LinkState.OPEN:
        return None
    if shortfall.mailed_at and now - shortfall.mailed_at < _BETWEEN_MAILS:
        return None
    version = shortfall.version + 1
    return replace(shortfall, notice=Notice(to=to, at=now), mailed_at=now, version=version)


def letter(advertiser: Advertiser, link: TopUpLink, issuer: Issuer, *, to: str, url: str) -> Letter:
    """The mail as it goes out; Conflict where the operator has mail switched off."""
    below = mailing.amount(advertiser.top_up_below_cents or 0, link.currency)
    asked = mailing.amount(link.amount_cents, link.currency)
    name = mailing.issuer_name(issuer)
    lasts = f"until {mailing.LINK_LASTS.days} days from now"
    text = (
        f"The balance of {advertiser.name} at {name} is below {below}. Calls stop when it cannot "
        f"carry the next one.\n\nTop up {asked} here, {lasts}:\n{url}\n"
    )
    return mailing.addressed(issuer, to, f"Your balance at {name} is low", text)
