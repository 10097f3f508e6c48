"""Which visit does a call belong to?

Owns the rule that leads a call on a pool's number back to a visit, and how sure that is. Who is
lent which number belongs to `leasing`; what a call takes over from its visit, to the flow.

A call belongs to the visit that has the number, else to the last one that had it, until the
attribution window after its lease is over. Where the window of the one before still runs as well,
both are candidates.

How sure it is follows from how fast visits call. The pace is steady, one call in 8,000 seconds,
while a page is seen; a page is seen until a heartbeat fails to come, and was left half way to that
heartbeat. From then on the pace falls off as 1 / (1 + t / 120 s) ** 1.5: of those who
call later, half have called after 6 minutes, nine in ten after 3.3 hours. The confidence in a
candidate is its part of the pace of all who may have called: the candidates, whoever had the number
before, as if it had always gone round as it did last, and one in 40 days who has it from elsewhere.
Who was seen later calls faster, so no candidate is likelier than the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.visits import heartbeat_seconds

SECONDS_PER_CALL = 8_000
"""How long a page is seen for one call: 3 calls of 100 visits of `SECONDS_PER_VISIT`."""
SECONDS_PER_VISIT = 240
FALLS_SECONDS = 120
"""How slowly the pace falls off once a page has been left."""
SECONDS_PER_STRAY = 40 * 86_400
"""How rarely somebody calls who has the number from elsewhere."""
_MOST_PERCENT = 99


class NoVisit(StrEnum):
    """Why a call on a pool's number belongs to no visit."""

    LEFT_POOL = "left_pool"
    NEVER_LENT = "never_lent"
    TOO_LATE = "too_late"


MEANING: dict[StrEnum, str] = {
    NoVisit.LEFT_POOL: "the number has left its pool, or another has its place there",
    NoVisit.NEVER_LENT: "the number had been lent to no visit when the call came",
    NoVisit.TOO_LATE: "the attribution window of the last visit that had the number was over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """For how long a pool's numbers are lent and lead back, in the words of `pools.Pool`."""

    hold_seconds: int
    max_lease_seconds: int
    attribution_seconds: int
    keep_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """That a visit was lent a number, and when its page last told of itself.

    The lease ended, or ends, at `until` (exclusive); None where that is not remembered.
    """

    visit_id: str
    since: datetime
    seen_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLeases:
    """A place of a pool as a call finds it: the number in it, the visit that has it or had it last,
    the one before, and until when a call keeps it from being lent to another."""

    e164: str | None
    present: Held | None = None
    before: Held | None = None
    kept_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A visit that may have called, and how sure that is."""

    visit_id: str
    confidence_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Which visits a call on a pool's number may belong to, the likeliest first, which is the one
    it does belong to; or why it belongs to none. A `live` visit had the number as the call came."""

    candidates: tuple[Candidate, ...] = ()
    live: bool = False
    why_none: NoVisit | None = None

    @property
    def visit_id(self) -> str | None:
        """The visit that the call belongs to."""
        return self.candidates[0].visit_id if self.candidates else None

    @property
    def confidence_percent(self) -> int | None:
        """How sure that is; None without a visit."""
        return self.candidates[0].confidence_percent if self.candidates else None


def attribute(leases: SlotLeases, windows: Windows, e164: str, now: datetime) -> Attribution:
    """The visit that a call on `e164` belongs to, which came `now`.

    A lease that began after the call came is no candidate: dialling a number takes longer than the
    clocks of two processes are apart.
    """
    if leases.e164 != e164:
        return Attribution(why_none=NoVisit.LEFT_POOL)
    had = _had(leases, now)
    if not had:
        return Attribution(why_none=NoVisit.NEVER_LENT)
    running = [held for held in had if now < _window_end(held, leases, windows)]
    if not running:
        return Attribution(why_none=NoVisit.TOO_LATE)
    paces = [_pace(held, windows, now) for held in had]
    everybody = sum(paces) + _pace_of_others(had, windows, now)
    return Attribution(
        candidates=tuple(
            Candidate(visit_id=held.visit_id, confidence_percent=_percent(pace / everybody))
            for held, pace in zip(had, paces, strict=True)
            if held in running
        ),
        live=now < _end(running[0], leases, windows),
    )


def kept_until(leases: SlotLeases, windows: Windows, now: datetime) -> datetime:
    """Until when a number that led a call back to a visit `now` is lent to no other."""
    kept = now + timedelta(seconds=windows.keep_seconds)
    return max(kept, leases.kept_until or kept)


def _had(leases: SlotLeases, now: datetime) -> list[Held]:
    """The one or two visits that were lent the number by now, the latest first; one that was lent
    it twice running is one."""
    had = [held for held in (leases.present, leases.before) if held and held.since <= now]
    return had[:1] if len({held.visit_id for held in had}) == 1 else had


def _end(held: Held, leases: SlotLeases, windows: Windows) -> datetime:
    """When the lease ends or, where that is not remembered, when it had ended at the latest."""
    if held.until is not None:
        return held.until
    expired = min(
        held.seen_at + timedelta(seconds=windows.hold_seconds),
        held.since + timedelta(seconds=windows.max_lease_seconds),
    )
    followed = held is not leases.present and leases.present
    return min(expired, followed.since) if followed else expired


def _window_end(held: Held, leases: SlotLeases, windows: Windows) -> datetime:
    end = _end(held, leases, windows) + timedelta(seconds=windows.attribution_seconds)
    return max(end, leases.kept_until or end) if held is leases.present else end


def _pace(held: Held, windows: Windows, now: datetime) -> float:
    """How fast the visit calls, in paces of one whose page is seen."""
    heartbeat = heartbeat_seconds(windows.hold_seconds)
    silent = (now - held.seen_at).total_seconds()
    left = silent - heartbeat / 2 if silent > heartbeat else 0
    return float((1 + left / FALLS_SECONDS) ** -1.5)


def _pace_of_others(had: Sequence[Held], windows: Windows, now: datetime) -> float:
    """How fast all others call: strays, and whoever had the number before these.

    The latter as if they had followed one another as these did, or as usual visits do where these
    were shorter: the sum of their paces, as an integral over the time since they left.
    """
    strays = SECONDS_PER_CALL / SECONDS_PER_STRAY
    if len(had) < 2:
        return strays
    present, before = had
    usual = SECONDS_PER_VISIT + windows.hold_seconds
    every = max((present.since - before.since).total_seconds(), usual)
    nearest = (now - before.seen_at).total_seconds() + every / 2
    return strays + float(2 * FALLS_SECONDS / every * (1 + nearest / FALLS_SECONDS) ** -0.5)


def _percent(share: float) -> int:
    """Whole per cent, rounded; nobody is certain."""
    return min(round(100 * share), _MOST_PERCENT)
