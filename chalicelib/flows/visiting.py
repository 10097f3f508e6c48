"""What happens when a page asks for its numbers, and each time it says that it is still there?

Joins site, token, slots and the transaction that lends. Which slot a visit gets belongs to
`leasing`, what a page is shown to `showing`, the race for a number to `lending`, the wire to the
channels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.campaigns import State
from chalicelib.errors import Forbidden, NotFound, RateLimited
from chalicelib.flows.lending import Loans, Search, lend_first
from chalicelib.leasing import remembered_until
from chalicelib.pools import Lending, Site
from chalicelib.showing import (
    Told,
    belongs,
    grants,
    leases_of,
    moment,
    open_lendings,
    rests,
    visit_of,
)
from chalicelib.store.leases import Leases, Lent, Longer, Outcome
from chalicelib.store.visit_limits import next_minute_in
from chalicelib.tokens import Grant, InvalidToken, Token
from chalicelib.visits import heartbeat_seconds

_UNLENT = timedelta(hours=1)


class UnknownSite(NotFound):
    """There is no such site, or it is not active."""

    code = "unknown_site"


class ForeignOrigin(Forbidden):
    """The page is on none of the site's domains."""

    code = "foreign_origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for a page. `host` is where the page is, None where somebody with a key asks.

    `address` stands for where the visitor's address counts, None where none does; `home` is the
    visitor's state, where that is known.
    """

    site_id: str
    told: Told
    token: Token | None = None
    origin: str = ""
    host: str | None = None
    address: str | None = None
    home: str | None = None
    bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows, until when the visit's leases run without a heartbeat, and how often one
    comes. `token` is None where nothing is lent: to a program, and where no pool lends."""

    grants: tuple[Grant, ...]
    token: Token | None
    expires_at: datetime
    heartbeat_seconds: int


def visit(
    asked: Asked,
    *,
    leases: Leases,
    clock: Callable[[], datetime],
    new_id: Callable[[str], str],
) -> Shown:
    """The numbers that a visit is shown; a heartbeat is the same question with the visit's token.

    A known visit takes one round trip while its leases run; in ten minutes at most one of its
    heartbeats reads the site besides. A new visit, and one whose lease has ended, takes three, or
    two where the process knows the site. Each slot that is lost to another visit at that moment
    takes one more; so does a large pool in which nothing was free at first sight, and a lease that
    ran by the token and had been taken away.

    UnknownSite, ForeignOrigin, InvalidToken and RateLimited leave everything as it was.
    """
    now, token = clock(), asked.token
    if token is not None and token.site_id != asked.site_id:
        raise InvalidToken
    if token is not None and not asked.bot:
        shown = _go_on(token, asked, leases, now)
        if shown is not None:
            return shown
    site = open_site(asked.site_id, asked.host, leases, now)
    lendings = open_lendings(site)
    if asked.bot or not lendings:
        return Shown(
            grants=grants(site, {}),
            token=None,
            expires_at=now + _UNLENT,
            heartbeat_seconds=int(_UNLENT.total_seconds()),
        )
    lending = _Lending(
        token=_begun(asked, site, lendings, new_id, now),
        site=site,
        told=asked.told,
        address=asked.address,
        leases=leases,
        now=now,
    )
    return lending.lend(asked.home, clock)


def open_site(site_id: str, host: str | None, leases: Leases, now: datetime) -> Site:
    """The site, if it is active and the page at `host` is on it; None is no page."""
    site = leases.site(site_id, now)
    if site is None or site.state is not State.ACTIVE:
        raise UnknownSite("there is no such site")
    if host is not None and not belongs(host, site):
        raise ForeignOrigin("the page is on none of the site's domains")
    return site


def _go_on(token: Token, asked: Asked, leases: Leases, now: datetime) -> Shown | None:
    """The leases of a known visit go on, and what its page tells is kept where it is new; None when
    one of them has ended, or the site is another by now."""
    seconds = int(now.timestamp())
    site = leases.kept_site(token.site_id, now)
    if not rests(token, site, origin=asked.origin, host=asked.host, now=seconds):
        return None
    held = leases_of(token.grants, seconds)
    longer = [Longer(slot=o.slot, e164=o.e164, until=int(o.until.timestamp())) for o in held]
    digest, told = asked.told.digest, None
    if digest != token.facts:
        told = (visit_of(token, asked.told, seconds), token.forgotten_at)
    if not leases.prolong(token.visit_id, longer, now, told=told):
        return None
    read_at = seconds if site is not None else token.read_at
    return _shown(
        replace(token, facts=digest, origin=asked.origin, read_at=read_at, seen_at=seconds), seconds
    )


def _begun(
    asked: Asked,
    site: Site,
    lendings: tuple[Lending, ...],
    new_id: Callable[[str], str],
    now: datetime,
) -> Token:
    """The visit that is lent numbers now: the one that the token knows, unless that is forgotten,
    or a new one."""
    seconds, before = int(now.timestamp()), asked.token
    if before is not None and seconds >= before.forgotten_at:
        before = None
    return Token(
        visit_id=before.visit_id if before else new_id("visit"),
        site_id=site.id,
        publisher_id=site.publisher_id,
        site_version=site.version,
        read_at=seconds,
        origin=asked.origin,
        began_at=before.began_at if before else seconds,
        seen_at=seconds,
        forgotten_at=remembered_until((one.pool for one in lendings), seconds),
        facts=asked.told.digest,
        grants=before.grants if before else (),
    )


def _shown(token: Token, seconds: int) -> Shown:
    """What a page with this token shows."""
    holds = [grant.hold for grant in token.grants if grant.hold]
    ends = [lease.until for lease in leases_of(token.grants, seconds)]
    return Shown(
        grants=token.grants,
        token=token,
        expires_at=min(ends, default=moment(seconds + min(holds))),
        heartbeat_seconds=heartbeat_seconds(min(holds)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lending:
    """A visit that is lent numbers now; `token` says which visit it is, and what it had before."""

    token: Token
    site: Site
    told: Told
    address: str | None
    leases: Leases
    now: datetime

    def lend(self, home: str | None, clock: Callable[[], datetime]) -> Shown:
        """A number of each pool that has a free one, all in one transaction."""
        own = {grant.slot.pool_id: grant.slot for grant in self.token.grants if grant.slot}
        searches = [
            Search(lending=one, visit_id=self.token.visit_id, home=home, own=own.get(one.pool.id))
            for one in open_lendings(self.site)
        ]
        loans = lend_first(searches, self._write, leases=self.leases, now=self.now, clock=clock)
        if loans is None:
            raise RateLimited(
                "too many visits began in this minute", seconds=next_minute_in(self.now)
            )
        return _shown(self._with(loans), int(self.now.timestamp()))

    def _with(self, loans: Loans) -> Token:
        return replace(self.token, grants=grants(self.site, loans))

    def _write(self, loans: Loans) -> Outcome:
        """Keep what was found; nothing is written for a visit that goes on waiting."""
        seconds, waiting = int(self.now.timestamp()), self._waiting
        if waiting >= loans.keys() and not any(loans.values()):
            return Outcome()
        known = bool(self.token.grants)
        arrived = {
            pool
            for pool, loan in loans.items()
            if pool not in waiting and (loan is None or loan.since == seconds)
        }
        fresh = any(loan is not None and loan.fresh for loan in loans.values())
        after = self._with(loans)
        visit = visit_of(after, self.told, seconds)
        return self.leases.lend(
            Lent(
                site=self.site,
                visit=visit,
                forgotten_at=after.forgotten_at,
                loans=loans,
                arrived=frozenset(arrived),
                counted=fresh or not known,
                address=self.address,
                now=self.now,
            )
        )

    @property
    def _waiting(self) -> frozenset[str]:
        """The pools that the visit has asked before and got nothing from."""
        return frozenset(one.waits_for for one in self.token.grants if one.waits_for)
