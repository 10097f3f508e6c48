"""What happens when a thing of the catalog is made or changed?

Joins the thing, the things it names and the rules of `consistency`; then writes what follows from
it: the funds of an advertiser, the roster of an offer's numbers, what sites know of a pool.
Completing a thing from what it names belongs to `fitting`, how a request describes it to the
channel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from chalicelib import times
from chalicelib.campaigns import Advertiser, State
from chalicelib.consistency import Thing
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.fitting_terms import Owner, terms_said
from chalicelib.flows.fitting import Vetted, fit, roster_of
from chalicelib.flows.site_pools import hand_out
from chalicelib.numbers import rests_until
from chalicelib.offers import Buyer, Number, Offer, Partnership, PartnershipState
from chalicelib.pools import Pool
from chalicelib.store.carriers import said_of
from chalicelib.store.catalog import Catalog, thing_changes, thing_puts, unchanged
from chalicelib.store.filling import sizes_put
from chalicelib.store.funds import add_funds, open_funds
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores

T = TypeVar("T", bound=Thing)

_TRIES = 8
_NUMBERS_A_WRITE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Generic[T]):
    """What a request made; `repeated` when an earlier delivery of the request had made it."""

    thing: T
    repeated: bool = False


def create(draft: T, *, stores: Stores, claim: RequestClaim | None = None) -> Created[T]:
    """Make a new thing; with a claim, the same request makes it once.

    Invalid names every fault. Conflict when the number, or the publisher's place on the offer, is
    taken. What a draft cannot know (a number's partnership and roster) is filled in. A number that
    was released and has rested begins anew, as the next version of itself.
    """
    for _ in range(_TRIES):
        vetted = vet(draft, stores=stores, claim=claim)
        if isinstance(vetted, Created):
            return vetted
        claims: list[Action] = [claim.put(vetted.thing.id)] if claim else []
        actions = [*_first_writes(vetted), *_opened(vetted.thing), *claims, *vetted.guards]
        if stores.catalog.write(actions):
            return Created(thing=vetted.thing)
    raise Busy("what this rests on keeps changing; send it again")


def vet(draft: T, *, stores: Stores, claim: RequestClaim | None) -> Created[T] | Vetted[T]:
    """What `create` would make now, or what the same request has made; it refuses as `create`."""
    made = stores.catalog.claimed(claim) if claim else None
    earlier = stores.catalog.find(type(draft), made) if made else None
    if earlier is not None:
        return Created(thing=earlier, repeated=True)
    fitted = fit(draft, None, stores)
    before = _taken(fitted.thing, stores)
    if before is None:
        return fitted
    return replace(fitted, thing=replace(fitted.thing, version=before.version + 1), before=before)


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
    reaches the roster of all its numbers, one to a pool the sites that show it; one that was cut
    short is completed by any later change.
    """
    for _ in range(_TRIES):
        before = stores.catalog.find(kind, id)
        if before is None:
            raise NotFound(f"there is no {kind.__name__.lower()} {id}")
        if version is not None and before.version != version:
            raise Conflict(f"{id} is at version {before.version}", code="version_mismatch")
        fitted = fit(edit(before), before, stores)
        after = _put_in_place(before, fitted, stores.catalog)
        if after is not None:
            if isinstance(after, Offer):
                _hand_out_roster(after.id, stores.catalog)
            if isinstance(after, Pool):
                hand_out(after.id, stores)
            return after
    raise Busy(f"{id} keeps changing; send it again")


def archive(kind: type[T], id: str, *, stores: Stores) -> T:
    """Take a thing out of business, keeping its history; a partnership ends. Once is enough."""

    def archived(thing: T) -> T:
        ended = PartnershipState.ENDED if isinstance(thing, Partnership) else State.ARCHIVED
        return cast(T, replace(cast(Any, thing), state=ended))

    return change(kind, id, archived, stores=stores)


def _opened(thing: Thing) -> list[Action]:
    """What a new thing begins with beside its own rows."""
    if isinstance(thing, Advertiser):
        return [open_funds(thing)]
    if isinstance(thing, Number):
        return [*said_of(thing)]
    return [sizes_put(thing.id)] if isinstance(thing, Pool) else []


def _first_writes(vetted: Vetted[T]) -> list[Action]:
    if vetted.before is None:
        return thing_puts(vetted.thing)
    return thing_changes(vetted.before, vetted.thing)


def _taken(thing: Thing, stores: Stores) -> Any:
    """The rested number in whose place the thing comes; Conflict names what is taken."""
    if isinstance(thing, Partnership):
        other = stores.catalog.partnership(thing.offer_id, thing.publisher_id)
        if other is not None:
            reason = f"{thing.publisher_id} is on {thing.offer_id} already, as {other.id}"
            raise Conflict(reason, code="partnership_exists")
    before = stores.catalog.number(thing.e164) if isinstance(thing, Number) else None
    if before is None:
        return None
    until = rests_until(before, find_operator(stores.rows).number_rest_days)
    if until is None:
        raise Conflict(f"{before.e164} is a tracking number already", code="number_taken")
    if thing.created_at < until:
        reason = f"{before.e164} was released and rests until {times.written(until)}"
        raise Conflict(reason, code="number_resting")
    return before


def _put_in_place(before: Thing, fitted: Vetted[T], catalog: Catalog) -> T | None:
    """The thing as its next version, written; as it was when nothing changes; None when it moved
    meanwhile."""
    if fitted.thing == before:
        return fitted.thing
    after = _renewed(before, replace(fitted.thing, version=before.version + 1))
    actions = [*thing_changes(before, after), *_credit(before, after), *fitted.guards]
    return after if catalog.write(actions) else None


def _renewed(before: Thing, after: T) -> T:
    """The thing with the next version of its terms, where it says other ones than before."""
    if not isinstance(before, Owner) or not isinstance(after, Owner):
        return after
    if terms_said(before) == terms_said(after):
        return after
    return cast(T, replace(after, terms_version=before.terms_version + 1))


def _credit(before: Thing, after: Thing) -> list[Action]:
    """A credit limit that moves takes what may be spent along."""
    if not isinstance(before, Advertiser) or not isinstance(after, Advertiser):
        return []
    more = after.credit_limit_cents - before.credit_limit_cents
    return [add_funds(after.id, more)] if more else []


def _hand_out_roster(offer_id: str, catalog: Catalog) -> None:
    """Write the offer's campaigns to each of its numbers that says otherwise.

    Every write holds only while the offer stands as it was read, so that a slower change never
    overwrites a later one. A number made meanwhile has taken its roster from the offer itself.
    """
    for _ in range(_TRIES):
        offer = catalog.find(Offer, offer_id)
        if offer is None:
            return
        roster = roster_of(offer, catalog)
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
