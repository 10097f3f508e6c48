"""What was a payee paid in a calendar year, and is the tax office told of it?

Owns the sums of a year by the day on which money moved, the year's threshold, and what of that goes
on a form 1099-NEC. What a form looks like as a file belongs to `tax_files`. Nothing here is advice:
the operator's accountant decides.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from chalicelib import times
from chalicelib.errors import NotFound
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout, PayoutState
from chalicelib.tax_forms import Classification, FormKind, TaxForm
from chalicelib.times import Period

FIRST_YEAR, LAST_YEAR = 2000, 2098
_YEAR = re.compile(r"\d{4}", re.ASCII)
_CURRENCY = "USD"
_THRESHOLDS: Mapping[int, int] = {2025: 60_000, 2026: 200_000}
"""From how many cents on a year is told of; from 2027 on the sum follows prices, and is said by
the operator once the tax office has announced it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """What the operator says of a year; version 0 was never said. Without a `threshold_cents` the
    table's holds."""

    year: int
    threshold_cents: int | None = None
    version: int = 0

    @property
    def in_force(self) -> int | None:
        """From how many cents (included) on the year is told of; None when nobody knows yet."""
        return _THRESHOLDS.get(self.year) if self.threshold_cents is None else self.threshold_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Payouts that were settled in the year, before what was withheld of them. `returned_cents` of
    them came back in the same year, `returned_later_cents` after it; what was withheld of these is
    not in `withheld_cents`."""

    payout_count: int = 0
    paid_cents: int = 0
    returned_cents: int = 0
    returned_later_cents: int = 0
    withheld_cents: int = 0
    withheld_returned_later_cents: int = 0

    @property
    def year_end_cents(self) -> int:
        """What the payee had at the end of the year."""
        return self.paid_cents - self.returned_cents

    @property
    def net_cents(self) -> int:
        """What the payee has of it as far as is known now."""
        return self.year_end_cents - self.returned_later_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTotals:
    """What a payee was paid in a year: what the operator tells of, and apart from it what the
    processor that paid it tells of."""

    publisher_id: str
    year: int
    currency: str = _CURRENCY
    own: Sums = field(default_factory=Sums)
    processor: Sums = field(default_factory=Sums)


class YearStanding(StrEnum):
    """Whether a payee's year goes on a form 1099-NEC, and if not, why.

    `form_1099_nec` goes there. `tax_form_missing` would, once a W-9 is on file, and
    `threshold_unknown` cannot be told before the operator has said the year's threshold.
    """

    FORM = "form_1099_nec"
    NOTHING_PAID = "nothing_paid"
    BY_PROCESSOR = "reported_by_processor"
    OTHER_CURRENCY = "other_currency"
    ABROAD = "w8"
    CORPORATION = "corporation"
    THRESHOLD_UNKNOWN = "threshold_unknown"
    BELOW_THRESHOLD = "below_threshold"
    FORM_MISSING = "tax_form_missing"


def year_of(word: str) -> int:
    """The year that a word names; NotFound when it names none that is kept."""
    year = int(word) if _YEAR.fullmatch(word) else 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound(f"there is no year {word}")
    return year


def period(year: int, zone: str) -> Period:
    """The calendar year on the wall clock of the zone."""
    start, end = (datetime(one, 1, 1, tzinfo=ZoneInfo(zone)) for one in (year, year + 1))
    return Period(start=times.utc(start), end=times.utc(end))


def totals(
    empty: YearTotals, payouts: Iterable[Payout], within: Period, *, processor_reports: bool
) -> YearTotals:
    """The year of `empty`, with every payout that was settled `within` it, and no other.

    A payout by PayPal is the processor's where `processor_reports`, unless a part of it was
    withheld: that part is the operator's to tell, and so the whole.
    """
    found = empty
    for payout in payouts:
        if payout.settled_at is None or payout.settled_at not in within:
            continue
        by_processor = (
            processor_reports and payout.method is PayoutMethod.PAYPAL and not payout.withheld_cents
        )
        if by_processor:
            found = replace(found, processor=_with(found.processor, payout, within))
        else:
            found = replace(found, own=_with(found.own, payout, within))
    return found


def standing(year: YearTotals, form: TaxForm | None, threshold_cents: int | None) -> YearStanding:
    """Whether the year goes on a form. What it stood at when the year ended decides, so that a form
    which has been sent is corrected, and does not vanish, when money comes back later."""
    own = year.own
    withheld = own.withheld_cents + own.withheld_returned_later_cents
    if not own.year_end_cents:
        return (
            YearStanding.BY_PROCESSOR
            if year.processor.year_end_cents
            else YearStanding.NOTHING_PAID
        )
    if year.currency != _CURRENCY:
        return YearStanding.OTHER_CURRENCY
    if form and form.kind is FormKind.W8:
        return YearStanding.ABROAD
    if form and form.classification is Classification.CORPORATION and not withheld:
        return YearStanding.CORPORATION
    if not withheld:
        if threshold_cents is None:
            return YearStanding.THRESHOLD_UNKNOWN
        if own.year_end_cents < threshold_cents:
            return YearStanding.BELOW_THRESHOLD
    return YearStanding.FORM if form and form.tin else YearStanding.FORM_MISSING


def _with(sums: Sums, payout: Payout, within: Period) -> Sums:
    """The sums with one more payout of the year."""
    back = payout.ended_at if payout.state is PayoutState.RETURNED else None
    soon = back is not None and back in within
    later = back is not None and not soon
    return Sums(
        payout_count=sums.payout_count + 1,
        paid_cents=sums.paid_cents + payout.amount_cents,
        returned_cents=sums.returned_cents + (payout.amount_cents if soon else 0),
        returned_later_cents=sums.returned_later_cents + (payout.amount_cents if later else 0),
        withheld_cents=sums.withheld_cents + (0 if back else payout.withheld_cents),
        withheld_returned_later_cents=sums.withheld_returned_later_cents
        + (payout.withheld_cents if later else 0),
    )
