"""How does a publisher see over HTTP when it will be paid?

Owns the routes of what is earned and not paid yet: sums by what they wait for, and the calls behind
them.
"""

from chalice import Blueprint

from chalicelib.channels.book_lists import part_of
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows.outlook import Outlook, look_ahead
from chalicelib.keys import PartyKind
from chalicelib.outlook import Waiting
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_SIDES = (Side(party=PartyKind.PUBLISHER),)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/publishers/{id}/outlook",
        summary="Tell what a publisher's earnings wait for",
        answers="OutlookView",
        sides=_SIDES,
    ),
)
def read_outlook(request: Request, id: str) -> Answer:
    """What is earned and not paid yet, by what it waits for, and what stands in the way."""
    found = _ahead(request, id)
    body = {
        "publisher_id": found.publisher.id,
        "currency": found.publisher.currency,
        "obstacles": to_plain(found.obstacles),
        "sums": to_plain(found.sums),
    }
    return Answer(body=body)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/publishers/{id}/outlook/calls",
        summary="List the calls whose earnings wait",
        answers="WaitingView",
        paged=True,
        sides=_SIDES,
    ),
)
def list_waiting(request: Request, id: str) -> Answer:
    """Every collected earning that is in no payout, with what it waits for, and until when."""
    return part_of(request, [_waiting(one) for one in _ahead(request, id).lines])


def _ahead(request: Request, publisher_id: str) -> Outlook:
    if request.party.own and request.party.id != publisher_id:
        raise NotFound(f"there is no publisher {publisher_id}")
    return look_ahead(
        publisher_id,
        stores=request.stores,
        documents=request.context.documents(),
        now=request.context.clock(),
    )


def _waiting(one: Waiting) -> dict[str, object]:
    plain = to_plain(one.earning)
    names = ("call_id", "credit_id", "adjustment", "payout_id", "currency", "booked_at")
    shown = {name: plain[name] or None for name in names}
    return shown | {
        "amount_cents": one.earning.due_cents,
        "waits_for": one.waits_for.value,
        "until": to_plain(one.until),
    }
