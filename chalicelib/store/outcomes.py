"""What came of a reservation, and what do the rows that refused it tell?

Owns the reading of a refused transaction: which cap is full, whom the gate lets in no more, which
target has room after all. The transactions belong to `reservations`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.calls import Call
from chalicelib.gate import GateFacts, GateRefusal, too_often
from chalicelib.limits import first_reached, partnership_limits
from chalicelib.market import TargetFacts, expired_leases
from chalicelib.reasons import Reason
from chalicelib.reserving import Place, Reservation
from chalicelib.store.calls import call_item
from chalicelib.store.gate import reread
from chalicelib.store.holds import partnership_key
from chalicelib.store.markets import read_target
from chalicelib.store.rows import Action, Item, Key, NotWritten, key_of
from chalicelib.store.target_holds import target_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether the transaction went through; if not, whether an earlier delivery had done it, why
    the gate lets the caller in no more, or which cap the partnership has reached meanwhile.

    `lost` are the targets that went to others. `reaped` are those, by id, of which others have
    freed the expired slots that were to be freed here, as they stand now: they may have room all
    the same.
    """

    written: bool
    done_before: bool = False
    shut_out: GateRefusal | None = None
    partnership_full: Reason | None = None
    lost: frozenset[str] = frozenset()
    reaped: Mapping[str, TargetFacts] = field(default_factory=dict)


class Overtaken(Exception):
    """A member of the call's group was connected between the read and the write, and the others
    were freed: what was to be given back is another thing now."""


def overtaken(image: Item | None, before: Call) -> bool:
    """Whether the call's row differs from what was read in this alone, that others of its group
    have been freed."""
    stood = call_item(before)
    if image is None or image.get("freed_for") == stood["freed_for"]:
        return False
    return all(image.get(name) == stood[name] for name in ("status", "attempt"))


def lost(refused: NotWritten, actions: list[Action], take: Reservation) -> Outcome:
    """What the rows that refused tell of the candidates that were to ring."""
    images = {
        key_of(actions[position]): image or {}
        for position, image in refused.images.items()
        if position < len(actions)
    }
    reaped = _reaped(images, take)
    return Outcome(
        written=False,
        partnership_full=_partnership_full(images, take),
        lost=frozenset() if reaped else _lost(images, take),
        reaped=reaped,
    )


def _lost(images: Mapping[Key, Item], take: Reservation) -> frozenset[str]:
    """Those whose own rows refused; else the dearest of a group, where the money may do for the
    others; else the first choice."""
    campaign_id = take.attempt.hold.campaign_id
    full = {one for one in _ids(take.places) if target_key(campaign_id, one) in images}
    first, highest = take.places[0].share, take.attempt.hold.amount_cents
    dearest = [one for one in take.places if one.share.amount_cents == highest]
    dear = _ids(dearest) if highest > first.amount_cents else ()
    return frozenset(full or dear or (first.target_id,))


def _ids(places: Iterable[Place]) -> tuple[str, ...]:
    return tuple(one.share.target_id for one in places)


def _partnership_full(images: Mapping[Key, Item], take: Reservation) -> Reason | None:
    """The cap for which the partnership's row refused its change, if it did."""
    image = images.get(partnership_key(take.partnership.id))
    if image is None:
        return None
    attempt = take.attempt
    caps = partnership_limits(take.partnership, attempt.hold.earning_cents, attempt.reserved_at)
    return first_reached(caps, image.get("used", {}))


def _reaped(images: Mapping[Key, Item], take: Reservation) -> dict[str, TargetFacts]:
    """The targets with the use that their rows refused with, if a slot that had expired is gone."""
    now, found = take.attempt.reserved_at, {}
    for place in take.places:
        target = place.facts.target
        image = images.get(target_key(target.campaign_id, target.id))
        gone = set(expired_leases(place.facts, now)) - (image or {}).get("leases", {}).keys()
        if image and gone:
            found[target.id] = replace(read_target(image), target=target)
    return found


def shut_out(
    refused: NotWritten, tallied_from: int, gate: GateFacts, now: datetime
) -> GateRefusal | None:
    """Why the gate lets the caller in no more, if it was the gate."""
    reached = [
        too_often(reread(tally, refused.images[position]), now)
        for position, tally in enumerate(gate.tallies, tallied_from)
        if position in refused.images
    ]
    return next(filter(None, reached), None)
