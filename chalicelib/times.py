"""When does it happen, and in which period does it count?

Owns the guard against naive times, the written form of an instant, half-open periods, and the
hours in which something is open. The clock itself is an argument everywhere.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


def utc(moment: datetime) -> datetime:
    """`moment` in UTC; a naive time raises ValueError, because it names no instant."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def written(moment: datetime) -> str:
    """RFC 3339 with milliseconds and a Z: sorts as text in the order of time."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def read(text: str) -> datetime:
    """The instant that an RFC 3339 text with an offset names; ValueError when it names none."""
    return utc(datetime.fromisoformat(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time that includes `start` and excludes `end`."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Cycle(StrEnum):
    """How often something is closed: weeks begin on Monday, months on the first, both in UTC."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


def cycle_start(cycle: Cycle, moment: datetime) -> datetime:
    """The start of the cycle's period that holds `moment`."""
    midnight = utc(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    if cycle is Cycle.WEEKLY:
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1)


def closed_period(cycle: Cycle, as_of: datetime) -> Period:
    """The last period of the cycle that has ended at `as_of`; one ending exactly then has ended."""
    end = cycle_start(cycle, as_of)
    return Period(start=cycle_start(cycle, end - timedelta(microseconds=1)), end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBlock:
    """Open on one weekday (0 is Monday) from `opens` to `closes`, local time, closing excluded.

    A block that closes at or before it opens runs over midnight into the next day.
    """

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Weekly opening hours in an IANA time zone; no blocks means always open."""

    zone: str = "UTC"
    blocks: tuple[OpenBlock, ...] = ()

    def open_at(self, moment: datetime) -> bool:
        """Whether it is open at `moment`, judged by the wall clock of the zone."""
        if not self.blocks:
            return True
        local = utc(moment).astimezone(ZoneInfo(self.zone))
        return any(_block_holds(block, local) for block in self.blocks)


def _block_holds(block: OpenBlock, local: datetime) -> bool:
    clock = local.time()
    if block.opens < block.closes:
        return local.weekday() == block.weekday and block.opens <= clock < block.closes
    started_today = local.weekday() == block.weekday and clock >= block.opens
    started_yesterday = local.weekday() == (block.weekday + 1) % 7 and clock < block.closes
    return started_today or started_yesterday


class Window(StrEnum):
    """The stretches over which caps and budgets count."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


def window_key(window: Window, moment: datetime, zone: str) -> str:
    """Names the window that holds `moment` on the zone's wall clock, such as `day#2026-11-22`."""
    local = utc(moment).astimezone(ZoneInfo(zone))
    form = {Window.HOUR: "%Y-%m-%dT%H%z", Window.DAY: "%Y-%m-%d", Window.MONTH: "%Y-%m"}
    return window.value if window is Window.TOTAL else f"{window}#{local.strftime(form[window])}"


def window_is_over(key: str, moment: datetime) -> bool:
    """Whether nothing can count in the window `key` any more, in whatever zone it was named."""
    window, _, rest = key.partition("#")
    if window == Window.TOTAL:
        return False
    day = date.fromisoformat((rest + "-01" if window == Window.MONTH else rest)[:10])
    last = day + timedelta(days=31 if window == Window.MONTH else 0)
    return utc(moment) > datetime.combine(last, time.max, UTC) + timedelta(days=1)
