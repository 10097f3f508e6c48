"""What happens when a number is bought, imported or released, and do carrier and platform agree?

Joins the carrier with the catalog. The carrier always goes first where money begins and last where
it ends: a crash between the two leaves a number that costs money and can be found, by the same
request sent again or by the comparison, and never one that rings nowhere and is thought of as ours.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import runtime
from chalicelib.campaigns import Campaign, State
from chalicelib.errors import Conflict, Invalid, NotFound, Refused
from chalicelib.flows import catalog
from chalicelib.flows.catalog import Created
from chalicelib.flows.parties import every
from chalicelib.numbers import (
    AvailableNumber,
    Comparison,
    NumberSearch,
    OwnedNumber,
    Reconciliation,
    Repair,
    Unrepaired,
    Webhooks,
    compare,
    foreign_caller_ids,
    monthly_cost_micros,
    reached_elsewhere,
    reconciliation,
    rests_until,
    search_faults,
)
from chalicelib.offers import Number
from chalicelib.providers.carriers import (
    Carrier,
    CarrierAway,
    CarrierNamed,
    CarrierRefused,
    NumberUnavailable,
)
from chalicelib.store.numbers import keep_reconciliation
from chalicelib.store.requests import RequestClaim
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores

_SAID = ("carrier", "offer_id", "publisher_id", "placement_id", "tags", "vanity", "state")


def available(
    wanted: NumberSearch, *, stores: Stores, carrier: Carrier, now: datetime
) -> tuple[AvailableNumber, ...]:
    """Numbers that could be bought and used now: without those that rest, or are known here."""
    faults = search_faults(wanted)
    if faults:
        raise Invalid(faults)
    found = carrier.search(wanted)
    known = stores.catalog.numbers(one.e164 for one in found)
    rest_days = find_operator(stores.rows).number_rest_days
    return tuple(one for one in found if _usable(known.get(one.e164), rest_days, now))


def buy(
    draft: Number, *, stores: Stores, carrier: Carrier, claim: RequestClaim | None = None
) -> Created[Number]:
    """Rent the draft's number, leading here, and make it a tracking number; once, however often.

    Its carrier is the one given. Refused before anything is bought when the number could not be
    made. The number alone makes a repetition too: one that leads there already is answered as it
    stands.
    """
    priced = _priced(draft, carrier)
    try:
        vetted = catalog.vet(priced, stores=stores, claim=claim)
        if isinstance(vetted, Created):
            return vetted
        _rent(draft.e164, carrier)
        return catalog.create(priced, stores=stores, claim=claim)
    except Conflict:
        standing = stores.catalog.number(draft.e164)
        if standing is None or not _says_the_same(standing, priced):
            raise
        return Created(thing=standing, repeated=True)


def adopt(
    draft: Number, *, stores: Stores, carrier: Carrier, claim: RequestClaim | None = None
) -> Created[Number]:
    """Make a number that the account has already a tracking number, and lead it here.

    One that the carrier does not have, or that it cannot lead here now, is made all the same: the
    comparison names the one, and sets the other right.
    """
    made = catalog.create(_priced(draft, carrier), stores=stores, claim=claim)
    about = {"number_id": made.thing.id}
    try:
        owned = carrier.find(made.thing.e164)
        if owned is not None:
            _lead_here(owned, carrier.webhooks(), carrier)
        else:
            runtime.logger().warning("an imported number is not the account's", extra=about)
    except Refused as fault:
        # The number is made; the comparison names it every hour until it leads here.
        about["fault"] = repr(fault)
        runtime.logger().warning("an imported number could not be led here yet", extra=about)
    return made


def release(id: str, *, stores: Stores, carrier: CarrierNamed, now: datetime) -> Number:
    """Archive the number, give it back to its own carrier, and let it rest from `now`; once is
    enough.

    Conflict for one that a pool lends: it may be with a visit. CarrierAway leaves it archived: no
    call is taken any more, and the same request goes on.
    """
    number = stores.catalog.find(Number, id)
    if number is None:
        raise NotFound(f"there is no number {id}")
    if number.released_at is not None:
        return number
    if number.slot is not None:
        reason = f"{number.slot.pool_id} lends the number; take it out of the pool first"
        raise Conflict(reason, code="number_in_pool")
    catalog.archive(Number, id, stores=stores)
    lender = carrier(number.carrier)
    owned = lender.find(number.e164)
    if owned is not None:
        lender.release(owned)
    return catalog.change(
        Number,
        id,
        lambda before: replace(before, state=State.ARCHIVED, released_at=before.released_at or now),
        stores=stores,
    )


def reconcile(*, stores: Stores, carrier: Carrier, now: datetime) -> Reconciliation:
    """Compare one carrier's numbers with the platform's of that carrier, set right what leads
    elsewhere, report; also which campaigns show numbers that the carrier does not let them show.

    It never buys, releases or archives. CarrierAway when the carrier's numbers cannot be read.
    """
    webhooks = carrier.webhooks()
    owned = tuple(carrier.owned())
    known = tuple(every(Number, stores))
    comparison = _compared(owned, known, carrier, stores=stores, now=now)
    repaired, unrepaired = _repair(comparison.drifted, webhooks, carrier)
    may_be_shown = {one.e164 for one in owned} | set(carrier.verified())
    report = reconciliation(
        comparison,
        repaired=repaired,
        unrepaired=unrepaired,
        foreign=foreign_caller_ids(
            every(Campaign, stores), may_be_shown, reached_elsewhere(known, carrier.name)
        ),
        carrier=carrier.name,
        at=now,
    )
    keep_reconciliation(report, stores.rows)
    runtime.logger().info("numbers were compared", extra={"counted": dict(report.counted)})
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the comparisons with all carriers counted together, and how many `failed`."""

    counted: Mapping[str, int]
    failed: int = 0


def reconcile_all(
    names: Iterable[str], *, stores: Stores, carrier: CarrierNamed, now: datetime
) -> Compared:
    """Compare with each of the carriers, by name; one that is away keeps no other from its turn."""
    counted: Counter[str] = Counter()
    failed = 0
    for name in names:
        try:
            counted.update(reconcile(stores=stores, carrier=carrier(name), now=now).counted)
        except Refused:
            what = {"carrier": name}
            runtime.logger().exception("a carrier's numbers could not be compared", extra=what)
            failed += 1
    return Compared(counted=counted, failed=failed)


def _compared(
    owned: tuple[OwnedNumber, ...],
    known: tuple[Number, ...],
    carrier: Carrier,
    *,
    stores: Stores,
    now: datetime,
) -> Comparison:
    """The comparison with the numbers that are this carrier's here, as they stand after its list
    was read.

    Those known come from an index that may lag behind; all are read anew by their key, so that a
    number bought or released meanwhile is not reported.
    """
    e164s = {number.e164 for number in known} | {one.e164 for one in owned}
    found: Mapping[str, Number] = stores.catalog.numbers(sorted(e164s))
    here = [number for number in found.values() if number.carrier == carrier.name]
    rest_days = find_operator(stores.rows).number_rest_days
    return compare(owned, here, webhooks=carrier.webhooks(), rest_days=rest_days, now=now)


def _repair(
    drifted: tuple[OwnedNumber, ...], webhooks: Webhooks, carrier: Carrier
) -> tuple[tuple[Repair, ...], tuple[Unrepaired, ...]]:
    """Which numbers lead here now, and which do not; a carrier that is away is asked no further."""
    repaired: list[Repair] = []
    unrepaired: list[Unrepaired] = []
    away = False
    for one in drifted:
        if away:
            unrepaired.append(Unrepaired(e164=one.e164, reason="the carrier does not answer"))
            continue
        try:
            _lead_here(one, webhooks, carrier)
        except (CarrierAway, CarrierRefused) as fault:
            away = isinstance(fault, CarrierAway)
            unrepaired.append(Unrepaired(e164=one.e164, reason=fault.detail))
        else:
            repaired.append(Repair(e164=one.e164, was=one.webhooks))
    return tuple(repaired), tuple(unrepaired)


def _rent(e164: str, carrier: Carrier) -> None:
    """Have the number, and have it lead here, whatever an earlier try came to."""
    webhooks = carrier.webhooks()
    owned = carrier.find(e164)
    if owned is not None:
        _lead_here(owned, webhooks, carrier)
        return
    try:
        carrier.buy(e164, webhooks)
    except (CarrierAway, NumberUnavailable):
        # The answer may be lost, or a rival of ours was quicker: then it is ours all the same.
        owned = carrier.find(e164)
        if owned is None:
            raise
        _lead_here(owned, webhooks, carrier)


def _lead_here(owned: OwnedNumber, webhooks: Webhooks, carrier: Carrier) -> None:
    if owned.elsewhere or owned.webhooks != webhooks:
        carrier.configure(owned, webhooks)


def _priced(draft: Number, carrier: Carrier) -> Number:
    cost = monthly_cost_micros(draft.e164, carrier.name)
    return replace(draft, carrier=carrier.name, monthly_cost_micros=cost)


def _says_the_same(standing: Number, draft: Number) -> bool:
    said = all(getattr(standing, name) == getattr(draft, name) for name in _SAID)
    return said and standing.released_at is None


def _usable(known: Number | None, rest_days: int, now: datetime) -> bool:
    """Whether a number of the carrier's stock may become a tracking number now."""
    if known is None:
        return True
    until = rests_until(known, rest_days)
    return until is not None and until <= now
