"""What happens when a thing of the catalog is made or changed?

Joins the thing, the things it names and the rules of `consistency`; then writes what follows from
it in one transaction: the funds of an advertiser, the roster of an offer's numbers. How a request
describes the thing belongs to the channel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from chalicelib.campaigns import Advertiser, Campaign, State
from chalicelib.consistency import Thing, faults, partnership_faults, references
from chalicelib.errors import Busy, Conflict, Invalid, NotFound
from chalicelib.offers import Buyer, Number, Offer, Partnership, PartnershipState
from chalicelib.store.catalog import Catalog, thing_changes, thing_puts, unchanged
from chalicelib.store.funds import add_funds, open_funds
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

T = TypeVar("T", bound=Thing)

_TRIES = 8
_NUMBERS_A_WRITE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Generic[T]):
    """What a request made; `repeated` when an earlier delivery of the request had made it."""

    thing: T
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Fitted(Generic[T]):
    """A thing with what follows from the things it names, and what must not change meanwhile."""

    thing: T
    guards: tuple[Action, ...] = ()


def create(draft: T, *, stores: Stores, claim: RequestClaim | None = None) -> Created[T]:
    """Make a new thing; with a claim, the same request makes it once.

    Invalid names every fault. Conflict when the number, or the publisher's place on the offer, is
    taken. What a draft cannot know (a number's partnership and roster) is filled in.
    """
    for _ in range(_TRIES):
        earlier = _made_before(draft, stores.catalog, claim)
        if earlier is not None:
            return Created(thing=earlier, repeated=True)
        fitted = _fit(draft, None, stores.catalog)
        _refuse_taken(fitted.thing, stores.catalog)
        claims: list[Action] = [claim.put(fitted.thing.id)] if claim else []
        opened: list[Action] = (
            [open_funds(fitted.thing)] if isinstance(fitted.thing, Advertiser) else []
        )
        actions = [*thing_puts(fitted.thing), *opened, *claims, *fitted.guards]
        if stores.catalog.write(actions):
            return Created(thing=fitted.thing)
    raise Busy("what this rests on keeps changing; send it again")


def change(
    kind: type[T],
    id: str,
    edit: Callable[[T], T],
    *,
    stores: Stores,
    version: int | None = None,
) -> T:
    """Put `edit(thing)` in the thing's place, as its next version; repeating it changes nothing.

    With a `version`, Conflict when the thing has moved on from it. A change to an offer's campaigns
    reaches the roster of all its numbers; one that was cut short is completed by any later change.
    """
    for _ in range(_TRIES):
        before = stores.catalog.find(kind, id)
        if before is None:
            raise NotFound(f"there is no {kind.__name__.lower()} {id}")
        if version is not None and before.version != version:
            raise Conflict(f"{id} is at version {before.version}", code="version_mismatch")
        fitted = _fit(edit(before), before, stores.catalog)
        after = _put_in_place(before, fitted, stores.catalog)
        if after is not None:
            if isinstance(after, Offer):
                _hand_out_roster(after.id, stores.catalog)
            return after
    raise Busy(f"{id} keeps changing; send it again")


def archive(kind: type[T], id: str, *, stores: Stores) -> T:
    """Take a thing out of business, keeping its history; a partnership ends. Once is enough."""

    def archived(thing: T) -> T:
        ended = PartnershipState.ENDED if isinstance(thing, Partnership) else State.ARCHIVED
        return cast(T, replace(cast(Any, thing), state=ended))

    return change(kind, id, archived, stores=stores)


def _made_before(draft: T, catalog: Catalog, claim: RequestClaim | None) -> T | None:
    made = catalog.claimed(claim) if claim else None
    return catalog.find(type(draft), made) if made else None


def _fit(thing: T, before: T | None, catalog: Catalog) -> _Fitted[T]:
    """The thing completed from what it names; Invalid with every fault when it does not fit."""
    found = catalog.named(references(thing))
    wrong = faults(thing, found, before)
    fitted = _Fitted(thing)
    offer = found.get(thing.offer_id) if isinstance(thing, Number) else None
    if isinstance(thing, Number) and isinstance(offer, Offer):
        partnership = catalog.partnership(offer.id, thing.publisher_id)
        known = isinstance(before, Number) and before.partnership_id
        if thing.publisher_id in found and not (partnership and known == partnership.id):
            wrong += partnership_faults(thing, partnership)
        completed = replace(
            thing,
            partnership_id=partnership.id if partnership else "",
            roster=_roster(offer, catalog),
        )
        fitted = _Fitted(completed, (unchanged(offer),))
    if wrong:
        raise Invalid(tuple(wrong))
    return fitted


def _refuse_taken(thing: Thing, catalog: Catalog) -> None:
    """Name what is taken before anything is written."""
    if isinstance(thing, Number) and catalog.number(thing.e164):
        raise Conflict(f"{thing.e164} is a tracking number already", code="number_taken")
    if isinstance(thing, Partnership):
        other = catalog.partnership(thing.offer_id, thing.publisher_id)
        if other is not None:
            reason = f"{thing.publisher_id} is on {thing.offer_id} already, as {other.id}"
            raise Conflict(reason, code="partnership_exists")


def _put_in_place(before: Thing, fitted: _Fitted[T], catalog: Catalog) -> T | None:
    """The thing as its next version, written; as it was when nothing changes; None when it moved
    meanwhile."""
    if fitted.thing == before:
        return fitted.thing
    after = replace(fitted.thing, version=before.version + 1)
    actions = [*thing_changes(before, after), *_credit(before, after), *fitted.guards]
    return after if catalog.write(actions) else None


def _credit(before: Thing, after: Thing) -> list[Action]:
    """A credit limit that moves takes what may be spent along."""
    if not isinstance(before, Advertiser) or not isinstance(after, Advertiser):
        return []
    more = after.credit_limit_cents - before.credit_limit_cents
    return [add_funds(after.id, more)] if more else []


def _roster(offer: Offer, catalog: Catalog) -> tuple[Buyer, ...]:
    """The offer's campaigns with their advertisers, in the offer's order."""
    found = catalog.named(references(offer))
    campaigns = (found.get(campaign_id) for campaign_id in offer.campaign_ids)
    return tuple(
        Buyer(campaign_id=campaign.id, advertiser_id=campaign.advertiser_id)
        for campaign in campaigns
        if isinstance(campaign, Campaign)
    )


def _hand_out_roster(offer_id: str, catalog: Catalog) -> None:
    """Write the offer's campaigns to each of its numbers that says otherwise.

    Every write holds only while the offer stands as it was read, so that a slower change never
    overwrites a later one. A number made meanwhile has taken its roster from the offer itself.
    """
    for _ in range(_TRIES):
        offer = catalog.find(Offer, offer_id)
        if offer is None:
            return
        roster = _roster(offer, catalog)
        stale = [number for number in catalog.numbers_of(offer.id) if number.roster != roster]
        batches = [
            stale[first : first + _NUMBERS_A_WRITE]
            for first in range(0, len(stale), _NUMBERS_A_WRITE)
        ]
        if all(_rewrite(batch, roster, offer, catalog) for batch in batches):
            return
    raise Busy(f"the numbers of {offer_id} keep changing; send the change again")


def _rewrite(
    numbers: Sequence[Number], roster: tuple[Buyer, ...], offer: Offer, catalog: Catalog
) -> bool:
    changes = [
        action
        for number in numbers
        for action in thing_changes(
            number, replace(number, roster=roster, version=number.version + 1)
        )
    ]
    return catalog.write([*changes, unchanged(offer)])
