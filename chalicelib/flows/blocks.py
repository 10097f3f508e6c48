"""What happens when the block list or an offer's gate settings are changed?

Joins what the operator says with what it names and what is stored, and writes it under a condition.
What an entry does to a caller belongs to `gate`; how a request describes it, to the channel.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.campaigns import Advertiser, State
from chalicelib.consistency import Reference, reference_faults
from chalicelib.errors import Busy, Conflict, Fault, Invalid, NotFound
from chalicelib.flows.fitting_carriers import refuse_floor
from chalicelib.flows.versions import replaced
from chalicelib.gate import Block, GateSettings
from chalicelib.offers import Offer, Publisher
from chalicelib.store.blocks import MOST_OWNERS, Standing, block_writes, find_block, standing
from chalicelib.store.gate import find_settings, settings_write
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_TRIES = 8
_OWNERS = (("offer_id", Offer), ("publisher_id", Publisher), ("advertiser_id", Advertiser))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The entry that a request made; `repeated` when an earlier delivery of it had."""

    block: Block
    repeated: bool = False


def block(draft: Block, *, stores: Stores, claim: RequestClaim | None, now: datetime) -> Blocked:
    """Put an entry on the block list; with a claim, the same request does so once.

    An entry about the same callers that has expired or was archived is taken up again, as its next
    version. Conflict while one is in force; Invalid names every fault.
    """
    for _ in range(_TRIES):
        made = stores.catalog.claimed(claim) if claim else None
        stands = standing(stores.rows, draft, now)
        before = stands.block
        if made is not None and before is not None:
            return Blocked(block=before, repeated=True)
        _refuse_faults(draft, stores, now)
        _refuse_taken(draft, stands, now)
        after = replace(draft, version=before.version + 1) if before else draft
        claims: list[Action] = [claim.put(after.id)] if claim else []
        if stores.catalog.write([*block_writes(before, after, stands.over), *claims]):
            return Blocked(block=after)
    raise Busy("the entry keeps changing; send it again")


def unblock(block_id: str, *, stores: Stores) -> Block:
    """Archive an entry: it keeps nobody out any more. Once is enough."""
    for _ in range(_TRIES):
        before = find_block(stores.rows, block_id)
        if before is None:
            raise NotFound(f"there is no block {block_id}")
        if before.state is State.ARCHIVED:
            return before
        after = replace(before, state=State.ARCHIVED, version=before.version + 1)
        if stores.catalog.write(block_writes(before, after, {})):
            return after
    raise Busy(f"{block_id} keeps changing; send it again")


def gate_settings(offer_id: str, *, stores: Stores) -> GateSettings:
    """What the offer asks of its callers; NotFound for an offer that is not there."""
    if stores.catalog.find(Offer, offer_id) is None:
        raise NotFound(f"there is no offer {offer_id}")
    return find_settings(stores.rows, offer_id)


def set_gate(wanted: GateSettings, *, stores: Stores, version: int | None) -> GateSettings:
    """Put the settings in the place of the offer's own, as their next version.

    Saying the same again changes nothing. With a `version`, Conflict when they have moved on.
    Invalid where numbers lead to the offer whose carrier does not tell what it asks.
    """
    refuse_floor(wanted, stores)
    return replaced(
        wanted,
        f"the gate of {wanted.offer_id}",
        find=lambda: gate_settings(wanted.offer_id, stores=stores),
        write=settings_write,
        version=version,
        stores=stores,
    )


def _refuse_faults(draft: Block, stores: Stores, now: datetime) -> None:
    """Invalid with every fault of an entry that a schema cannot see."""
    wrong = []
    if draft.expires_at is not None and draft.expires_at <= now:
        wrong.append(Fault(field="expires_at", rule="range", reason="must lie in the future"))
    named = [
        Reference(field=field, kind=kind, id=id)
        for field, kind in _OWNERS
        if (id := getattr(draft, field))
    ]
    wrong += reference_faults(named, stores.catalog.named(named))
    if wrong:
        raise Invalid(tuple(wrong))


def _refuse_taken(draft: Block, stands: Standing, now: datetime) -> None:
    """Conflict while the entry is in force, or too many others block the same callers."""
    if stands.block is not None and stands.block.in_force(now):
        raise Conflict(f"they are blocked already, by {stands.block.id}", code="block_exists")
    if draft.owner is not None and stands.others >= MOST_OWNERS:
        reason = f"{stands.others} others block them: block them for the whole deployment"
        raise Conflict(reason, code="too_many_blocks")
