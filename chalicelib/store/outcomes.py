"""What came of a reservation, and what do the rows that refused it tell?

Owns the reading of a refused transaction: which cap is full, whom the gate lets in no more, which
target has room after all. The transactions belong to `reservations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.gate import GateFacts, GateRefusal, too_often
from chalicelib.limits import first_reached, partnership_limits
from chalicelib.market import TargetFacts, expired_leases
from chalicelib.reasons import Reason
from chalicelib.reserving import Reservation
from chalicelib.store.gate import reread
from chalicelib.store.holds import partnership_key, target_key
from chalicelib.store.markets import read_target
from chalicelib.store.rows import Action, Item, Key, NotWritten, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether the transaction went through; if not, whether an earlier delivery had done it, why
    the gate lets the caller in no more, or which cap the partnership has reached meanwhile.

    `reaped` is the target as it stands after others have freed the expired slots that were to be
    freed here: it may have room all the same.
    """

    written: bool
    done_before: bool = False
    shut_out: GateRefusal | None = None
    partnership_full: Reason | None = None
    reaped: TargetFacts | None = None


def lost(refused: NotWritten, actions: list[Action], take: Reservation) -> Outcome:
    """What the rows that refused tell of the candidate."""
    images = {
        key_of(actions[position]): image or {}
        for position, image in refused.images.items()
        if position < len(actions)
    }
    return Outcome(
        written=False,
        partnership_full=_partnership_full(images, take),
        reaped=_reaped(images, take),
    )


def _partnership_full(images: Mapping[Key, Item], take: Reservation) -> Reason | None:
    """The cap for which the partnership's row refused its change, if it did."""
    image = images.get(partnership_key(take.partnership.id))
    if image is None:
        return None
    attempt = take.attempt
    caps = partnership_limits(take.partnership, attempt.hold.earning_cents, attempt.reserved_at)
    return first_reached(caps, image.get("used", {}))


def _reaped(images: Mapping[Key, Item], take: Reservation) -> TargetFacts | None:
    """The target with the use that its row refused with, if a slot that had expired is gone."""
    image = images.get(target_key(take.attempt.hold.campaign_id, take.facts.target.id))
    if not image:
        return None
    now = take.attempt.reserved_at
    gone = set(expired_leases(take.facts, now)) - image.get("leases", {}).keys()
    return replace(read_target(image), target=take.facts.target) if gone else None


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
