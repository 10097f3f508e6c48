"""When is an advertiser billed before its period ends?

Owns the threshold: what is unbilled by the advertiser's funds, the cut that ends a period early,
and the document of what came before it. What a document says belongs to `invoices`; whose charges
wait, to the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import invoices, times
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.ids import derived
from chalicelib.invoices import Invoice
from chalicelib.payments import Funds, Payment
from chalicelib.times import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The n-th time that a period of the advertiser ended early, with what it left of it: the
    charges before its end go on one document."""

    advertiser_id: str
    n: int
    period: Period


def is_reached(advertiser: Advertiser, unbilled_cents: int) -> bool:
    """Whether so much unbilled is billed at once; the threshold itself is."""
    at = advertiser.bill_at_cents
    return advertiser.billing is Billing.NET and at is not None and unbilled_cents >= at


def unbilled_cents(
    advertiser: Advertiser, funds: Funds, open_: Iterable[Invoice], waiting: Iterable[Payment]
) -> int:
    """What an advertiser on terms owes for calls that are on no invoice: what is gone of its
    credit, less what `open_` invoices ask for, and with what `waiting` payments have given it.

    It is as exact as what was read of the three, and never dearer to know for more calls.
    """
    gone = advertiser.credit_limit_cents - funds.available_cents - funds.held_cents
    owed = sum(invoice.owed_cents for invoice in open_)
    return gone - owed + sum(payment.unapplied_cents for payment in waiting)


def next_cut(advertiser: Advertiser, last: Cut | None, now: datetime) -> Cut | None:
    """The cut at the start of the minute of `now`; None when nothing of the period is before it."""
    end = times.utc(now).replace(second=0, microsecond=0)
    start = times.cycle_start(advertiser.billing_cycle, now)
    if last:
        start = max(start, last.period.end)
    if end <= start:
        return None
    period = Period(start=start, end=end)
    return Cut(advertiser_id=advertiser.id, n=last.n + 1 if last else 1, period=period)


def draft(advertiser: Advertiser, cut: Cut) -> Invoice:
    """The empty invoice of what came before the cut; one cut makes one."""
    empty = invoices.draft(advertiser, cut.period)
    return replace(empty, id=derived("inv", advertiser.id, "at threshold", str(cut.n)))


def rest(period: Period, last: Cut | None) -> Period:
    """What the last cut has left of a period that has ended."""
    if last and last.period.end in period:
        return Period(start=last.period.end, end=period.end)
    return period
