"""How does a publisher see open offers over HTTP, and apply?

Owns the two routes that are for publishers alone. Their partnerships are read and ended at the
catalog's own routes; approving them is the operator's.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.api_catalog import shown
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.flows import applications
from chalicelib.flows.applications import OpenOffer
from chalicelib.keys import PartyKind
from chalicelib.offers import Partnership, PartnershipState, earning_terms
from chalicelib.store.catalog import PREFIXES
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_FOR_PUBLISHERS = (Side(party=PartyKind.PUBLISHER),)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/open-offers",
        summary="List the offers that you may apply to",
        answers="OpenOfferView",
        paged=True,
        for_operator=False,
        sides=_FOR_PUBLISHERS,
    ),
)
def list_open_offers(request: Request) -> Answer:
    """Active offers in the publisher's currency, each with what it would earn there."""
    listing = request.listing()
    page = applications.open_offers(
        request.party.id, stores=request.stores, limit=listing.limit, after=listing.after
    )
    return request.page([_open_offer(one) for one in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/open-offers/{id}/apply",
        summary="Apply to an offer",
        answers="PartnershipView",
        status=201,
        keyed=True,
        for_operator=False,
        sides=_FOR_PUBLISHERS,
    ),
)
def apply(request: Request, id: str) -> Answer:
    """The publisher's partnership on the offer, applied for; the operator approves it."""
    draft = Partnership(
        id=request.context.new_id(PREFIXES[Partnership]),
        offer_id=id,
        publisher_id=request.party.id,
        state=PartnershipState.APPLIED,
        created_at=request.context.clock(),
    )
    made = applications.apply(draft, stores=request.stores, claim=request.claim(""))
    return shown(made.thing, status=201, repeated=made.repeated)


def _open_offer(one: OpenOffer) -> dict[str, Any]:
    offer, partnership = one.offer, one.partnership
    plain: dict[str, Any] = to_plain(
        {
            "id": offer.id,
            "name": offer.name,
            "vertical": offer.vertical,
            "earning": earning_terms(offer, partnership),
            "currency": offer.currency,
            "partnership_id": partnership.id if partnership else None,
            "partnership_state": partnership.state if partnership else None,
        }
    )
    return plain
