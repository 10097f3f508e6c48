"""Does a thing of the catalog hold together, fit the things it names, and may it change like this?

Owns the rules that span more than one field or more than one thing: references and their
currencies, fields that never change, the life of a partnership, a campaign's start before its
end. The rules of targets are `target_faults`,
those of what callers hear `answering_faults`, those of pools and sites `pool_faults`; the form of a
single field belongs to the channel that receives it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.advertiser_faults import advertiser_faults
from chalicelib.answering_faults import answering_faults, version_faults, whisper_faults
from chalicelib.campaigns import Advertiser, Campaign, State, Target
from chalicelib.errors import Fault
from chalicelib.fitting_terms import faults_of_terms
from chalicelib.offers import Number, Offer, Partnership, PartnershipState, Placement, Publisher
from chalicelib.overlaps import repetitions
from chalicelib.pool_faults import pool_faults, site_faults
from chalicelib.pools import Pool, Site
from chalicelib.target_faults import target_faults
from chalicelib.vanity import spells

Thing = (
    Advertiser
    | Campaign
    | Target
    | Offer
    | Publisher
    | Partnership
    | Placement
    | Number
    | Pool
    | Site
)
Kind = type[Any]

FIXED: Mapping[Kind, tuple[str, ...]] = {
    Advertiser: ("billing", "currency"),
    Campaign: ("advertiser_id", "currency"),
    Target: ("campaign_id",),
    Offer: ("currency",),
    Publisher: ("currency",),
    Partnership: ("offer_id", "publisher_id"),
    Placement: ("offer_id", "publisher_id"),
    Number: ("e164", "carrier"),
    Pool: ("placement_id", "carrier"),
    Site: ("publisher_id",),
}
"""What is said once, when a thing is made: money already booked or held rests on it."""

_REFERENCES: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    Advertiser: (),
    Publisher: (),
    Campaign: (("advertiser_id", Advertiser),),
    Target: (("campaign_id", Campaign),),
    Offer: (("campaign_ids", Campaign),),
    Partnership: (("offer_id", Offer), ("publisher_id", Publisher)),
    Placement: (("offer_id", Offer), ("publisher_id", Publisher)),
    Number: (("offer_id", Offer), ("publisher_id", Publisher), ("placement_id", Placement)),
    Pool: (("offer_id", Offer), ("publisher_id", Publisher), ("placement_id", Placement)),
    Site: (("publisher_id", Publisher),),
}
_OF_A_POOL = ("offer_id", "publisher_id", "placement_id")

_NEXT_STATES: Mapping[PartnershipState, frozenset[PartnershipState]] = {
    PartnershipState.APPLIED: frozenset({PartnershipState.APPROVED, PartnershipState.ENDED}),
    PartnershipState.APPROVED: frozenset({PartnershipState.PAUSED, PartnershipState.ENDED}),
    PartnershipState.PAUSED: frozenset({PartnershipState.APPROVED, PartnershipState.ENDED}),
    PartnershipState.ENDED: frozenset({PartnershipState.APPLIED}),
}
_FIRST_STATES = frozenset({PartnershipState.APPLIED, PartnershipState.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field of one thing that names another."""

    field: str
    kind: Kind
    id: str


def references(thing: Thing) -> tuple[Reference, ...]:
    """Every thing that this one names, in the order of its fields; what it says nothing of yet is
    left out."""
    return tuple(_references(thing))


def numbers_named(thing: Thing) -> tuple[str, ...]:
    """The digits of every tracking number that this one names."""
    if isinstance(thing, Pool):
        return (thing.fallback_e164,) if thing.fallback_e164 else ()
    if isinstance(thing, Site):
        return tuple(swap.e164 for swap in thing.swaps if swap.e164 is not None)
    return ()


def faults(thing: Thing, found: Mapping[str, Thing], before: Thing | None = None) -> list[Fault]:
    """Everything wrong with `thing`, given what was found of the things it names, by id, and of the
    numbers it names, by their digits.

    `before` is what it was until now, None for a new one. A thing newly named must not be
    archived; one that was named before may have been archived since.
    """
    known = {reference.id for reference in references(before)} if before else set()
    seen = [_reference_fault(reference, found, known) for reference in references(thing)]
    return [
        *(fault for fault in seen if fault),
        *_currency_faults(thing, found),
        *_own_faults(thing, found, before),
        *faults_of_terms(thing, found, before),
        *(_change_faults(before, thing) if before else _birth_faults(thing)),
    ]


def reference_faults(named: Iterable[Reference], found: Mapping[str, Thing]) -> list[Fault]:
    """What is wrong with things that are newly named: not there, or archived."""
    return [fault for one in named if (fault := _reference_fault(one, found, set()))]


def partnership_faults(number: Number | Pool, partnership: Partnership | None) -> list[Fault]:
    """What keeps a publisher from numbers of this offer: no partnership, or an ended one."""
    if partnership is None:
        reason = f"{number.publisher_id} has no partnership on {number.offer_id}"
        return [Fault(field="publisher_id", rule="no_partnership", reason=reason)]
    if partnership.state is PartnershipState.ENDED:
        reason = f"the partnership of {number.publisher_id} on {number.offer_id} has ended"
        return [Fault(field="publisher_id", rule="partnership_ended", reason=reason)]
    return []


def _references(thing: Thing) -> Iterator[Reference]:
    for field, kind in _REFERENCES[type(thing)]:
        value = getattr(thing, field)
        if isinstance(value, tuple):
            for position, one in enumerate(value):
                yield Reference(field=f"{field}.{position}", kind=kind, id=one)
        elif value:
            yield Reference(field=field, kind=kind, id=value)
    if isinstance(thing, Site):
        for position, swap in enumerate(thing.swaps):
            if swap.pool_id is not None:
                yield Reference(field=f"swaps.{position}.pool_id", kind=Pool, id=swap.pool_id)


def _reference_fault(
    reference: Reference, found: Mapping[str, Thing], known: set[str]
) -> Fault | None:
    noun = reference.kind.__name__.lower()
    other = found.get(reference.id)
    if other is None:
        reason = f"there is no {noun} {reference.id}"
        return Fault(field=reference.field, rule="unknown_reference", reason=reason)
    if reference.id not in known and other.state is State.ARCHIVED:
        reason = f"{noun} {reference.id} is archived"
        return Fault(field=reference.field, rule="archived_reference", reason=reason)
    return None


def _currency_faults(thing: Thing, found: Mapping[str, Thing]) -> list[Fault]:
    """Money never changes its currency on the way from advertiser to publisher."""
    named = [(r, found[r.id]) for r in references(thing) if r.id in found]
    expected = getattr(thing, "currency", None)
    wrong = []
    for reference, other in named:
        theirs = getattr(other, "currency", None)
        expected = expected or theirs
        if theirs is not None and theirs != expected:
            reason = f"{reference.id} is in {theirs}, not in {expected}"
            wrong.append(Fault(field=reference.field, rule="currency_mismatch", reason=reason))
    return wrong


def _own_faults(thing: Thing, found: Mapping[str, Thing], before: Thing | None) -> list[Fault]:
    if isinstance(thing, Advertiser):
        return advertiser_faults(thing)
    if isinstance(thing, Campaign):
        return [*_season_faults(thing), *_price_faults(thing), *whisper_faults(thing)]
    if isinstance(thing, Target):
        stood = before if isinstance(before, Target) else None
        campaign = found.get(thing.campaign_id)
        return target_faults(thing, stood, campaign if isinstance(campaign, Campaign) else None)
    if isinstance(thing, Offer):
        return [*_repetition_faults(thing), *answering_faults(thing.answering)]
    if isinstance(thing, Number):
        return [
            *_placement_faults(thing, found.get(thing.placement_id)),
            *_vanity_faults(thing),
        ]
    return _pool_faults(thing, found)


def _pool_faults(thing: Thing, found: Mapping[str, Thing]) -> list[Fault]:
    numbers = {one.e164: one for one in found.values() if isinstance(one, Number)}
    if isinstance(thing, Pool):
        return pool_faults(thing, numbers)
    if isinstance(thing, Site):
        pools = {one.id: one for one in found.values() if isinstance(one, Pool)}
        return site_faults(thing, pools, numbers)
    return []


def _season_faults(campaign: Campaign) -> list[Fault]:
    starts, ends = campaign.starts_at, campaign.ends_at
    if starts is None or ends is None or starts < ends:
        return []
    return [Fault(field="ends_at", rule="order", reason="must lie after starts_at")]


def _price_faults(campaign: Campaign) -> list[Fault]:
    most = campaign.maximum_charge_cents
    if most is None or campaign.terms.charge_cents <= most:
        return []
    reason = "is more than the campaign's maximum_charge_cents"
    return [Fault(field="terms.charge_cents", rule="range", reason=reason)]


def _repetition_faults(offer: Offer) -> list[Fault]:
    ids = offer.campaign_ids
    return [
        Fault(field=f"campaign_ids.{at}", rule="repeated", reason=f"{ids[at]} is named before")
        for at in repetitions(ids)
    ]


def _placement_faults(number: Number, placement: Thing | None) -> list[Fault]:
    if not isinstance(placement, Placement):
        return []
    ours = (number.offer_id, number.publisher_id)
    if (placement.offer_id, placement.publisher_id) == ours:
        return []
    reason = (
        f"{placement.id} is a placement of {placement.publisher_id} on {placement.offer_id}, "
        f"not of {number.publisher_id} on {number.offer_id}"
    )
    return [Fault(field="placement_id", rule="placement_mismatch", reason=reason)]


def _vanity_faults(number: Number) -> list[Fault]:
    if number.vanity is None or spells(number.vanity, number.e164):
        return []
    reason = f"does not spell {number.e164} on the keys of a telephone"
    return [Fault(field="vanity", rule="vanity", reason=reason)]


def _birth_faults(thing: Thing) -> list[Fault]:
    if not isinstance(thing, Partnership) or thing.state in _FIRST_STATES:
        return []
    reason = "a partnership begins as applied or approved"
    return [Fault(field="state", rule="transition", reason=reason)]


def _change_faults(before: Thing, after: Thing) -> list[Fault]:
    changed = [
        Fault(field=field, rule="fixed", reason=f"{field} does not change once it is said")
        for field in FIXED[type(before)]
        if getattr(before, field) != getattr(after, field)
    ]
    if isinstance(before, Partnership) and isinstance(after, Partnership):
        changed += _transition_faults(before.state, after.state)
    if isinstance(before, Number) and isinstance(after, Number):
        changed += _number_faults(before, after)
    if isinstance(before, Offer | Campaign) and isinstance(after, Offer | Campaign):
        changed += version_faults(before, after)
    return changed


def _number_faults(before: Number, after: Number) -> list[Fault]:
    """A released number stays so, and one that a pool lends is in business and stays where it
    leads."""
    if before.released_at and after.state is not State.ARCHIVED:
        reason = "the carrier lends the number no more; buy or import it again once it has rested"
        return [Fault(field="state", rule="released", reason=reason)]
    if before.slot is None or after.slot is None:
        return []
    reason = f"{before.slot.pool_id} lends the number; take it out of the pool first"
    moved = [name for name in _OF_A_POOL if getattr(before, name) != getattr(after, name)]
    closed = [] if after.state is State.ACTIVE else ["state"]
    return [Fault(field=name, rule="in_pool", reason=reason) for name in (*moved, *closed)]


def _transition_faults(before: PartnershipState, after: PartnershipState) -> list[Fault]:
    if after is before or after in _NEXT_STATES[before]:
        return []
    possible = " or ".join(sorted(_NEXT_STATES[before]))
    reason = f"a partnership that is {before} can become {possible}, not {after}"
    return [Fault(field="state", rule="transition", reason=reason)]
