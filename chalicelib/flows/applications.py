"""Which offers may a publisher see, and what happens when it applies to one?

Joins offers with the publisher's own partnerships, and writes an application under the condition
that the offer stands as it was read. Approving it belongs to `catalog`, as every other change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.consistency import Thing, faults, references
from chalicelib.errors import Busy, Conflict, Invalid, NotFound
from chalicelib.flows.catalog import Created
from chalicelib.offers import Offer, Partnership, PartnershipState, Publisher, open_to
from chalicelib.store.catalog import thing_changes, thing_puts, unchanged
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """An offer that the publisher may see; `partnership` is its own on it, in whatever state."""

    offer: Offer
    partnership: Partnership | None


@dataclass(frozen=True, slots=True)
class OpenOffersPage:
    """Open offers of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[OpenOffer, ...]
    mark: dict[str, str] | None


def open_offers(
    publisher_id: str,
    *,
    stores: Stores,
    limit: int,
    after: Mapping[str, str] | None = None,
) -> OpenOffersPage:
    """The offers that the publisher may see, in the order of their making."""
    publisher = stores.catalog.find(Publisher, publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    page = stores.catalog.page(Offer, where=open_to(publisher), limit=limit, after=after)
    ours = stores.catalog.partnerships([offer.id for offer in page.items], publisher_id)
    items = (OpenOffer(offer=offer, partnership=ours.get(offer.id)) for offer in page.items)
    return OpenOffersPage(tuple(items), page.mark)


def apply(
    draft: Partnership, *, stores: Stores, claim: RequestClaim | None = None
) -> Created[Partnership]:
    """Make a partnership that a publisher applies for, or take its ended one back to `applied`.

    With a claim, the same request applies once. NotFound for an offer that the publisher may not
    see; Conflict where it has a partnership that has not ended.
    """
    for _ in range(_TRIES):
        made = stores.catalog.claimed(claim) if claim else None
        earlier = stores.catalog.find(Partnership, made) if made else None
        if earlier is not None:
            return Created(thing=earlier, repeated=True)
        found = stores.catalog.named(references(draft))
        offer = _seen(draft, found)
        before = stores.catalog.partnership(draft.offer_id, draft.publisher_id)
        after = _applied(draft, before)
        wrong = faults(after, found, before)
        if wrong:
            raise Invalid(tuple(wrong))
        written = thing_changes(before, after) if before else thing_puts(after)
        claims: list[Action] = [claim.put(after.id)] if claim else []
        if stores.catalog.write([*written, unchanged(offer), *claims]):
            return Created(thing=after)
    raise Busy(f"{draft.offer_id} keeps changing; send it again")


def _seen(draft: Partnership, found: Mapping[str, Thing]) -> Offer:
    """The offer, when the publisher may see it."""
    offer, publisher = found.get(draft.offer_id), found.get(draft.publisher_id)
    if isinstance(offer, Offer) and isinstance(publisher, Publisher):
        asked = open_to(publisher).items()
        if all(getattr(offer, name) == value for name, value in asked):
            return offer
    raise NotFound(f"there is no open offer {draft.offer_id}")


def _applied(draft: Partnership, before: Partnership | None) -> Partnership:
    """The draft, or the partnership that has ended as its next version."""
    if before is None:
        return draft
    if before.state is not PartnershipState.ENDED:
        reason = f"you are on {draft.offer_id} already, as {before.id}, which is {before.state}"
        raise Conflict(reason, code="partnership_exists")
    return replace(before, state=PartnershipState.APPLIED, version=before.version + 1)
