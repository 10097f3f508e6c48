"""What is a page shown, and does what its token says still hold?

Owns the numbers that a site's page shows, given what was lent, what is kept of a visit, and the
rules by which a page belongs to a site and a token is believed. Lending itself belongs to
`leasing`, the token's form to `tokens`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.campaigns import State
from chalicelib.leasing import Loan, prolonged
from chalicelib.pools import Lending, Overflow, Pool, Site, Swap
from chalicelib.tokens import Grant, Token
from chalicelib.visits import Lease, Visit

BELIEVED_SECONDS = 600
"""How long a token is believed in what it says of its site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a page tells of its visit; `attributes` by names of the form of `offers.TAG_NAME`."""

    page: str | None = None
    landing_page: str | None = None
    referrer: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Stands for all of it, and changes with any of it."""
        said = [self.page, self.landing_page, self.referrer, sorted(self.attributes.items())]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def belongs(host: str, site: Site) -> bool:
    """Whether the host is one of the site's domains, or below one."""
    return any(host == domain or host.endswith("." + domain) for domain in site.domains)


def open_lendings(site: Site) -> tuple[Lending, ...]:
    """The pools that lend on the site's pages."""
    named = {swap.pool_id for swap in site.swaps}
    return tuple(
        one for one in site.lendings if one.pool.state is State.ACTIVE and one.pool.id in named
    )


def rests(token: Token, site: Site | None, *, origin: str, host: str | None, now: int) -> bool:
    """Whether the visit's leases may simply go on: every pool of the site has lent it a number, no
    lease has ended, and the site is as the token says.

    `site` None means that this is not known. Then the token is believed for a while, on the page
    that it was given to. `host` None is no page.
    """
    leased = [grant for grant in token.grants if grant.slot is not None]
    if not leased or any(grant.waits_for for grant in token.grants):
        return False
    if any(prolonged(token.seen_at, grant.hold, grant.ends) <= now for grant in leased):
        return False
    if site is None:
        return origin == token.origin and 0 <= now - token.read_at < BELIEVED_SECONDS
    same = site.state is State.ACTIVE and site.version == token.site_version
    return same and (host is None or belongs(host, site))


def grants(site: Site, loans: Mapping[str, Loan | None]) -> tuple[Grant, ...]:
    """What replaces each number of the site, in their order, with `loans` by pool; what waits was
    asked for and not there. Pools that are not asked give what everybody gets."""
    pools = {one.pool.id: one.pool for one in site.lendings}
    return tuple(_grant(swap, pools.get(swap.pool_id or ""), loans) for swap in site.swaps)


def leases_of(granted: Iterable[Grant], now: int) -> tuple[Lease, ...]:
    """The leases among the grants, as a heartbeat at `now` leaves them; a number that replaces
    several is leased once."""
    leased = {grant.slot: grant for grant in granted if grant.slot is not None}
    return tuple(
        Lease(
            slot=slot,
            e164=grant.number or "",
            since=moment(grant.since),
            until=moment(prolonged(now, grant.hold, grant.ends)),
        )
        for slot, grant in leased.items()
    )


def visit_of(token: Token, told: Told, now: int) -> Visit:
    """The visit as it is kept, with what its page tells at `now`."""
    return Visit(
        id=token.visit_id,
        site_id=token.site_id,
        publisher_id=token.publisher_id,
        began_at=moment(token.began_at),
        seen_at=moment(now),
        page=told.page,
        landing_page=told.landing_page,
        referrer=told.referrer,
        attributes=dict(told.attributes),
        leases=leases_of(token.grants, now),
    )


def moment(seconds: int) -> datetime:
    """The instant of so many seconds since the beginning of 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _grant(swap: Swap, pool: Pool | None, loans: Mapping[str, Loan | None]) -> Grant:
    if pool is None:
        return Grant(find=swap.find, number=swap.e164)
    loan = loans.get(pool.id)
    if loan is None:
        shared = pool.fallback_e164 if pool.overflow is Overflow.FALLBACK_NUMBER else None
        waits_for = pool.id if pool.id in loans else None
        return Grant(find=swap.find, number=shared, hold=pool.hold_seconds, waits_for=waits_for)
    return Grant(
        find=swap.find,
        number=loan.e164,
        slot=loan.found.slot,
        since=loan.since,
        hold=pool.hold_seconds,
        ends=loan.ends,
    )
