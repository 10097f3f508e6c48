"""Which telephone numbers does the carrier lend this deployment, and do they lead here?

Owns what a carrier tells of numbers, what one costs a month, how long a released one rests, and the
comparison of the carrier's numbers with the platform's. Asking a carrier belongs to `carriers`;
where a tracking number leads, to `offers`.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.answering import CALLER, TRACKING_NUMBER
from chalicelib.campaigns import Campaign, State
from chalicelib.errors import Fault
from chalicelib.offers import CONNECT, TWILIO, Number
from chalicelib.places import NumberKind, kind_of


class SearchKind(StrEnum):
    """Which numbers are looked for: those of a place, or those that cost callers nothing."""

    LOCAL = "local"
    TOLL_FREE = "toll_free"


MONTHLY_COST_MICROS: Mapping[str, Mapping[NumberKind, int]] = {
    TWILIO: {NumberKind.GEOGRAPHIC: 1_150_000, NumberKind.TOLL_FREE: 2_150_000},
    # Amazon Connect charges by the day (0.03 and 0.06 dollars); a month is a twelfth of a year.
    CONNECT: {NumberKind.GEOGRAPHIC: 912_500, NumberKind.TOLL_FREE: 1_825_000},
}
"""What a number of the United States costs a month at each carrier, in millionths of a US dollar
(list price)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Where a carrier sends the calls of a number, and the reports of their end.

    The fallback is asked when the voice URL gives no usable answer. A carrier that leads a number
    into a flow names that in place of the voice URL, and knows none of the others.
    """

    voice_url: str
    fallback_url: str
    status_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedNumber:
    """A number that the carrier lends the deployment's account.

    `elsewhere` says that calls do not go by the webhooks as the platform needs it: an application
    or a trunk takes them, or they are not posted.
    """

    carrier_number_id: str
    e164: str
    webhooks: Webhooks
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSearch:
    """What an available number shall be like, and how many are wanted at most.

    `contains` is a piece of the number, `*` standing for any digit.
    """

    kind: SearchKind = SearchKind.LOCAL
    area_code: str | None = None
    zip: str | None = None
    state: str | None = None
    contains: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableNumber:
    """A number that the carrier would lend; the place is the carrier's word."""

    e164: str
    kind: SearchKind
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    monthly_cost_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What a carrier can look up of anybody's number; None for what it does not know. `country` is
    an ISO 3166 code."""

    e164: str
    valid: bool
    line_type: str | None = None
    carrier_name: str | None = None
    caller_name: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A released number, and when it may be used again."""

    e164: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The carrier's numbers beside the platform's; no number is in two places, all in order.

    `in_order` lead here. `drifted` do not, and can be set right. `strangers` are at the carrier and
    unknown here (or released here), `orphans` are in business here and not at the carrier, `unused`
    are archived here and cost money still.
    """

    in_order: tuple[str, ...] = ()
    drifted: tuple[OwnedNumber, ...] = ()
    strangers: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    resting: tuple[Resting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A number that was set right, and where it led before."""

    e164: str
    was: Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrepaired:
    """A number that could not be set right, and why."""

    e164: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCallerId:
    """A campaign that shows its targets a number which the carrier does not let it show."""

    campaign_id: str
    e164: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What one comparison with one carrier found and set right.

    `counted` has the length of every list; the lists name the first `MOST_NAMED`, by number.
    `monthly_cost_micros` is what all numbers at the carrier cost, as far as their price is known.
    """

    at: datetime
    carrier: str = TWILIO
    counted: Mapping[str, int]
    monthly_cost_micros: int
    repaired: tuple[Repair, ...] = ()
    unrepaired: tuple[Unrepaired, ...] = ()
    strangers: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    resting: tuple[Resting, ...] = ()
    foreign_caller_ids: tuple[ForeignCallerId, ...] = ()


MOST_NAMED = 500
"""A report is one row, whatever happened to how many numbers."""


def monthly_cost_micros(e164: str, carrier: str = TWILIO) -> int | None:
    """What the number costs a month at the carrier; None where the price table does not know its
    kind."""
    return MONTHLY_COST_MICROS[carrier].get(kind_of(e164))


def rests_until(number: Number, rest_days: int) -> datetime | None:
    """When a released number may be used again, exclusive; None for one that was not released."""
    if number.released_at is None:
        return None
    return number.released_at + timedelta(days=rest_days)


def search_faults(wanted: NumberSearch) -> tuple[Fault, ...]:
    """What cannot be asked together: a toll-free number belongs to no place."""
    if wanted.kind is SearchKind.LOCAL:
        return ()
    return tuple(
        Fault(field=name, rule="exclusive", reason="a toll-free number belongs to no place")
        for name in ("state", "zip")
        if getattr(wanted, name) is not None
    )


def compare(
    owned: Iterable[OwnedNumber],
    numbers: Iterable[Number],
    *,
    webhooks: Webhooks,
    rest_days: int,
    now: datetime,
) -> Comparison:
    """Each number of the carrier (`owned`) and of the platform in the one place it belongs."""
    at_carrier = {one.e164: one for one in owned}
    here = {number.e164: number for number in numbers}
    found: dict[str, list[str]] = {}
    for e164 in sorted(at_carrier.keys() | here.keys()):
        place = _place(at_carrier.get(e164), here.get(e164), webhooks)
        found.setdefault(place, []).append(e164)
    waiting = (
        Resting(e164=e164, until=until)
        for e164 in found.get("released", ())
        if (until := rests_until(here[e164], rest_days)) is not None and now < until
    )
    return Comparison(
        in_order=tuple(found.get("in_order", ())),
        drifted=tuple(at_carrier[e164] for e164 in found.get("drifted", ())),
        strangers=tuple(found.get("strangers", ())),
        orphans=tuple(found.get("orphans", ())),
        unused=tuple(found.get("unused", ())),
        resting=tuple(waiting),
    )


def reconciliation(
    comparison: Comparison,
    *,
    repaired: tuple[Repair, ...],
    unrepaired: tuple[Unrepaired, ...],
    foreign: tuple[ForeignCallerId, ...] = (),
    carrier: str = TWILIO,
    at: datetime,
) -> Reconciliation:
    """The report of a comparison with the carrier after which these numbers were set right, and
    these were not; with the caller ids that the carrier would refuse."""
    lists = {
        "repaired": repaired,
        "unrepaired": unrepaired,
        "strangers": comparison.strangers,
        "orphans": comparison.orphans,
        "unused": comparison.unused,
        "resting": comparison.resting,
        "foreign_caller_ids": foreign,
    }
    drifted = tuple(one.e164 for one in comparison.drifted)
    lent = (*comparison.in_order, *drifted, *comparison.strangers, *comparison.unused)
    counted = {name: len(found) for name, found in lists.items()}
    return Reconciliation(
        at=at,
        carrier=carrier,
        counted={"at_carrier": len(lent), "in_order": len(comparison.in_order), **counted},
        monthly_cost_micros=sum(monthly_cost_micros(e164, carrier) or 0 for e164 in lent),
        repaired=repaired[:MOST_NAMED],
        unrepaired=unrepaired[:MOST_NAMED],
        strangers=comparison.strangers[:MOST_NAMED],
        orphans=comparison.orphans[:MOST_NAMED],
        unused=comparison.unused[:MOST_NAMED],
        resting=comparison.resting[:MOST_NAMED],
        foreign_caller_ids=foreign[:MOST_NAMED],
    )


def foreign_caller_ids(
    campaigns: Iterable[Campaign], may_be_shown: Set[str], elsewhere: Set[str] = frozenset()
) -> tuple[ForeignCallerId, ...]:
    """The campaigns in business, by id, whose `caller_id` is a number that is none of those; not
    those `elsewhere`, whose calls come by other carriers alone."""
    shown = (
        ForeignCallerId(campaign_id=one.id, e164=one.caller_id)
        for one in campaigns
        if one.state is not State.ARCHIVED and one.caller_id not in (CALLER, TRACKING_NUMBER)
        if one.id not in elsewhere
    )
    found = (one for one in shown if one.e164 not in may_be_shown)
    return tuple(sorted(found, key=lambda one: one.campaign_id))


def reached_elsewhere(numbers: Iterable[Number], carrier: str) -> frozenset[str]:
    """The campaigns to which numbers in business lead, and none of them is this carrier's."""
    ours: set[str] = set()
    theirs: set[str] = set()
    for number in numbers:
        if number.state is not State.ARCHIVED:
            reached = ours if number.carrier == carrier else theirs
            reached.update(buyer.campaign_id for buyer in number.roster)
    return frozenset(theirs - ours)


def _place(owned: OwnedNumber | None, number: Number | None, webhooks: Webhooks) -> str:
    """Where a number belongs that at least one side has."""
    released = number is not None and number.released_at is not None
    archived = number is not None and number.state is State.ARCHIVED
    if owned is None:
        return "released" if released else "gone" if archived else "orphans"
    if number is None or released:
        return "strangers"
    if archived:
        return "unused"
    drifted = owned.elsewhere or owned.webhooks != webhooks
    return "drifted" if drifted else "in_order"
