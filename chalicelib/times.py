"""When does it happen, and in which period does it count?

Owns the guard against naive times, the written form of an instant, half-open periods, and the
hours in which something is open. The clock itself is an argument everywhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
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


@lru_cache(maxsize=64)
def local_time(moment: datetime, zone: str) -> datetime:
    """What the wall clock of the zone shows at `moment`.

    Kept for the targets of one decision, most of which share a zone.
    """
    return utc(moment).astimezone(ZoneInfo(zone))


def months_between(first: str, last: str) -> Iterator[str]:
    """Every month (`2026-11`) from `first` to `last`, both included; none when `last` is
    earlier."""
    year, month = int(first[:4]), int(first[5:])
    while (name := f"{year:04d}-{month:02d}") <= last:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


class Cycle(StrEnum):
    """How often something is closed, in UTC: weeks begin on Monday, fortnights on every second
    Monday, of which the first of January 2024 is one, months on the first."""

    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"


_FIRST_FORTNIGHT = datetime(2024, 1, 1, tzinfo=UTC)
_DAYS = {Cycle.WEEKLY: 7, Cycle.BIWEEKLY: 14}


def cycle_start(cycle: Cycle, moment: datetime) -> datetime:
    """The start of the cycle's period that holds `moment`."""
    midnight = utc(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    if cycle is Cycle.MONTHLY:
        return midnight.replace(day=1)
    return midnight - timedelta(days=(midnight - _FIRST_FORTNIGHT).days % _DAYS[cycle])


def cycle_end(cycle: Cycle, moment: datetime) -> datetime:
    """The end of the cycle's period that holds `moment`, which is the start of the next."""
    start = cycle_start(cycle, moment)
    if cycle is Cycle.MONTHLY:
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=_DAYS[cycle])


def closed_period(cycle: Cycle, as_of: datetime) -> Period:
    """The last period of the cycle that has ended at `as_of`; one ending exactly then has ended."""
    end = cycle_start(cycle, as_of)
    return Period(start=cycle_start(cycle, end - timedelta(microseconds=1)), end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Open from `opens` to `closes` on the wall clock, closing excluded.

    A block that closes at or before it opens runs over midnight into the next day.
    """

    opens: time
    closes: time

    def holds(self, clock: time) -> bool:
        """Whether it is open at `clock` on the day on which it begins."""
        return self.opens <= clock and (clock < self.closes or self.closes <= self.opens)

    def runs_on_to(self, clock: time) -> bool:
        """Whether it is still open at `clock` on the day after."""
        return self.closes <= self.opens and clock < self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBlock(Block):
    """A block that begins on one weekday (0 is Monday) of every week."""

    weekday: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedHours:
    """The hours of one `date` (such as 2026-12-25); no blocks means closed all day."""

    date: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening hours in an IANA time zone: weekly `blocks`, and `exceptions` on single dates.

    Without blocks it is open always but for its exceptions. An exception alone says what is open
    from midnight to midnight of its date, so a weekly block of the evening before ends at that
    midnight. A block of an exception that runs over midnight goes on in the next day, unless this
    is an exception as well.
    """

    zone: str = "UTC"
    blocks: tuple[OpenBlock, ...] = ()
    exceptions: tuple[DatedHours, ...] = ()

    def open_at(self, moment: datetime) -> bool:
        """Whether it is open at `moment`, judged by the wall clock of the zone.

        A wall clock that daylight saving sets back shows the same hour twice, and it is open or
        closed in both; an hour that is skipped is neither.
        """
        if not self.blocks and not self.exceptions:
            return True
        local = local_time(moment, self.zone)
        today, clock = local.date(), local.time()
        exception = self._exception(today)
        if exception is not None:
            return any(block.holds(clock) for block in exception.blocks)
        if not self.blocks or any(block.holds(clock) for block in self._weekly(today)):
            return True
        yesterday = today - timedelta(days=1)
        earlier = self._exception(yesterday)
        begun = self._weekly(yesterday) if earlier is None else earlier.blocks
        return any(block.runs_on_to(clock) for block in begun)

    def _exception(self, day: date) -> DatedHours | None:
        if not self.exceptions:
            return None
        written_day = day.isoformat()
        return next((one for one in self.exceptions if one.date == written_day), None)

    def _weekly(self, day: date) -> tuple[Block, ...]:
        weekday = day.weekday()
        return tuple(block for block in self.blocks if block.weekday == weekday)


_MONEY = "money:"


class Window(StrEnum):
    """The stretches over which caps and budgets count."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


@lru_cache(maxsize=64)
def window_keys(moment: datetime, zone: str) -> Mapping[Window, str]:
    """Names each window that holds `moment` on the zone's wall clock, such as `day#2026-11-22`.

    Kept for the targets of one decision, most of which share a zone.
    """
    local = local_time(moment, zone)
    day = f"{local.year:04d}-{local.month:02d}-{local.day:02d}"
    return {
        Window.HOUR: f"hour#{day}T{local.hour:02d}{local.strftime('%z')}",
        Window.DAY: f"day#{day}",
        Window.MONTH: f"month#{day[:7]}",
        Window.TOTAL: "total",
    }


def money_window(key: str) -> str:
    """Names the count of cents in the window `key`, beside the count of calls in it."""
    return _MONEY + key


def counts_money(key: str) -> bool:
    """Whether what is counted under `key` is cents."""
    return key.startswith(_MONEY)


def window_is_over(key: str, moment: datetime) -> bool:
    """Whether nothing can count in the window `key` any more, in whatever zone it was named."""
    window, _, rest = key.removeprefix(_MONEY).partition("#")
    if window == Window.TOTAL:
        return False
    day = date.fromisoformat((rest + "-01" if window == Window.MONTH else rest)[:10])
    last = day + timedelta(days=31 if window == Window.MONTH else 0)
    return utc(moment) > datetime.combine(last, time.max, UTC) + timedelta(days=1)
