"""How are calls credited over HTTP?

Owns the routes of credits: giving one, and reading them, which an advertiser does with its own.
"""

import json

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import View, advertiser_credit_view, credit_view
from chalicelib.credits import Credit, CreditReason, EarningChoice, Wish
from chalicelib.errors import NotFound
from chalicelib.flows.crediting import credit_call
from chalicelib.keys import PartyKind
from chalicelib.store.books import CREDITS
from chalicelib.store.credits import page_of_credits

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/calls/{id}/credit",
        summary="Credit a call that was charged, in whole or in part",
        body="CreditBody",
        answers="CreditView",
        status=201,
        keyed=True,
    ),
)
def create_credit(request: Request, id: str) -> Answer:
    """A call is credited in whole once; a part once for each Idempotency-Key, which it needs."""
    from chalicelib.channels.schemas_credits import CreditBody

    said = validated(CreditBody, request.document())
    claim = request.claim(json.dumps(said, sort_keys=True))
    if claim is not None:
        request.stores.catalog.claimed(claim)
    wish = Wish(
        call_id=id,
        reason=CreditReason(said["reason"]),
        earning=EarningChoice(said["earning"]),
        note=said["note"],
        amount_cents=said["amount_cents"],
        cause=claim.name if claim else None,
    )
    done = credit_call(wish, stores=request.stores, now=request.context.clock())
    if claim is not None:
        request.stores.catalog.write([claim.put(done.credit.id)])
    headers = {} if done.fresh else {"Idempotency-Hit": "true"}
    return Answer(body=credit_view(done.credit), status=201, headers=headers)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/credits",
        summary="List credits, the oldest first",
        answers="CreditView",
        query=("advertiser_id",),
        paged=True,
        sides=(Side(party=PartyKind.ADVERTISER, answers="AdvertiserCreditView"),),
    ),
)
def list_credits(request: Request) -> Answer:
    """Credits of all calls, or of an advertiser's; those with a number are credit notes."""
    listing = request.listing()
    advertiser_id = request.party.id or listing.filters.get("advertiser_id")
    if advertiser_id is None:
        books = request.stores.books.list(CREDITS, limit=listing.limit, after=listing.after)
        return request.page([_shown(one, request) for one in books.items], listing, books.mark)
    page = page_of_credits(
        request.stores.rows, advertiser_id, limit=listing.limit, after=listing.after
    )
    return request.page([_shown(one, request) for one in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/credits/{id}",
        summary="Read a credit",
        answers="CreditView",
        sides=(Side(party=PartyKind.ADVERTISER, answers="AdvertiserCreditView"),),
    ),
)
def read_credit(request: Request, id: str) -> Answer:
    """One credit."""
    return Answer(body=_shown(own_credit(request, id), request))


def own_credit(request: Request, credit_id: str) -> Credit:
    """The credit; NotFound for one of another advertiser than the one that asks."""
    credit = request.stores.books.get(CREDITS, credit_id)
    if request.party.kind is PartyKind.ADVERTISER and credit.advertiser_id != request.party.id:
        raise NotFound(f"there is no credit {credit_id}")
    return credit


def _shown(credit: Credit, request: Request) -> View:
    """The credit as whoever asks sees it."""
    ours = request.party.kind is PartyKind.OPERATOR
    return credit_view(credit) if ours else advertiser_credit_view(credit)
