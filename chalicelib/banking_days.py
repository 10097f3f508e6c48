"""On which day does a bank transfer take effect, and when is it believed?

Owns the days on which the Federal Reserve moves money, the effective date of an ACH file, and the
time after which no return of it is expected any more. The clock is an argument.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from chalicelib import times

ZONE = "America/New_York"
"""Whose wall clock the Federal Reserve keeps."""

SETTLING_DAYS = 3
"""ACH says nothing when a credit arrives: returns for bad accounts come within two banking days,
so that a credit counts as settled this many banking days after its effective date."""

LAST_SAME_DAY = time(16, 45)
"""Until then (excluded) the Federal Reserve takes files for the same day."""

_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6
_MONDAY, _THURSDAY = 0, 3
_FIXED = {(1, 1): 0, (6, 19): 2022, (7, 4): 0, (11, 11): 0, (12, 25): 0}
_NTH: Mapping[int, tuple[int, int]] = {
    1: (_MONDAY, 3),
    2: (_MONDAY, 3),
    9: (_MONDAY, 1),
    10: (_MONDAY, 2),
    11: (_THURSDAY, 4),
}


def is_banking_day(day: date) -> bool:
    """Whether the Federal Reserve is open: a holiday on a Sunday closes the Monday after, one on a
    Saturday closes nothing else."""
    if day.weekday() >= _SATURDAY:
        return False
    eve = day - _DAY
    moved = eve.weekday() == _SUNDAY and _is_holiday(eve)
    return not moved and not _is_holiday(day)


def banking_day_after(day: date, count: int) -> date:
    """The `count`-th banking day after `day`, which itself need not be one."""
    if count < 1:
        raise ValueError(f"counts from 1, got {count}")
    found = iter(_later(day))
    for _ in range(count - 1):
        next(found)
    return next(found)


def local_day(moment: datetime) -> date:
    """The date on the Federal Reserve's wall clock."""
    return times.local_time(moment, ZONE).date()


def effective_on(moment: datetime, *, same_day: bool) -> date:
    """The date on which a file released at `moment` takes effect.

    The next banking day; with `same_day` the day itself, where it is one and its last cut-off has
    not passed.
    """
    local = times.local_time(moment, ZONE)
    today = local.date()
    if same_day and is_banking_day(today) and local.time() < LAST_SAME_DAY:
        return today
    return banking_day_after(today, 1)


def settled_on(effective: date) -> date:
    """The date from which a credit that has not come back counts as settled."""
    return banking_day_after(effective, SETTLING_DAYS)


def _later(day: date) -> Iterator[date]:
    while True:
        day += _DAY
        if is_banking_day(day):
            yield day


def _is_holiday(day: date) -> bool:
    """Whether the calendar names the day, before any is moved from a Sunday. Juneteenth is one
    from 2022 on (https://www.federalreserve.gov/aboutthefed/k8.htm)."""
    since = _FIXED.get((day.month, day.day))
    if since is not None:
        return day.year >= since
    if day.month == 5 and day.weekday() == _MONDAY:
        return day.day > 24
    weekday, nth = _NTH.get(day.month, (_SUNDAY, 0))
    return day.weekday() == weekday and (day.day + 6) // 7 == nth
