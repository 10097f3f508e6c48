"""How are keys issued, listed and revoked over HTTP?

Owns the routes of the keys of publishers and advertisers, and of the operator's people, all of them
the operator's. What a key opens belongs to the door (`http`) and to each route.
"""

import json
from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import Document, validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.errors import Forbidden
from chalicelib.flows import keys as flow
from chalicelib.keys import (
    OPERATOR,
    OWN_KEY,
    ApiKey,
    Party,
    PartyKind,
    key_id,
    key_secret,
    secret_hash,
)
from chalicelib.store.codec import to_plain
from chalicelib.store.keys import page_of_keys

blueprint = Blueprint(__name__)


def _serve_issuing(kind: PartyKind) -> None:
    route = Route(
        method="POST",
        path=f"/{kind}s/{{id}}/keys",
        summary=f"Give {_one(kind)} a key",
        body="KeyBody",
        answers="IssuedKeyView",
        status=201,
        keyed=True,
    )

    @endpoint(blueprint, route)
    def issue(request: Request, id: str) -> Answer:
        from chalicelib.channels.schemas_sides import KeyBody

        said = validated(KeyBody, request.document())
        return _issued(Party(kind=kind, id=id), said, request)


def _serve_list(kind: PartyKind) -> None:
    route = Route(
        method="GET",
        path=f"/{kind}s/{{id}}/keys",
        summary=f"List the keys of {_one(kind)}",
        answers="KeyView",
        paged=True,
    )

    @endpoint(blueprint, route)
    def show_list(request: Request, id: str) -> Answer:
        holder = Party(kind=kind, id=id)
        flow.account(holder, stores=request.stores)
        return _listed(holder, request)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/operator/keys",
        summary="Give one of the operator's people a key",
        body="KeyBody",
        answers="IssuedKeyView",
        status=201,
        keyed=True,
    ),
)
def issue_own(request: Request) -> Answer:
    """A key that does what the deployment's own does, and says who does it. It neither issues nor
    revokes keys like itself."""
    from chalicelib.channels.schemas_sides import KeyBody

    _confirm_own_key(request)
    return _issued(OPERATOR, validated(KeyBody, request.document()), request)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/operator/keys",
        summary="List the keys of the operator's people",
        answers="KeyView",
        paged=True,
    ),
)
def list_own(request: Request) -> Answer:
    """Every key that one of the operator's people ever had."""
    return _listed(OPERATOR, request)


@endpoint(
    blueprint,
    Route(method="DELETE", path="/keys/{id}", summary="Revoke a key", answers="KeyView"),
)
def revoke(request: Request, id: str) -> Answer:
    """Take a key out of use for good."""
    if flow.known_key(id, stores=request.stores).holder == OPERATOR:
        _confirm_own_key(request)
    key = flow.revoke_key(id, stores=request.stores, now=request.context.clock())
    return Answer(body=key_view(key))


def key_view(key: ApiKey) -> dict[str, Any]:
    """A key as the API shows it: neither its secret nor the hash of it."""
    shown = {
        "id": key.id,
        "holder": key.holder,
        "name": key.name,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
    plain: dict[str, Any] = to_plain(shown)
    return plain


def _issued(holder: Party, said: Document, request: Request) -> Answer:
    secret = key_secret(request.context.new_secret())
    hash = secret_hash(secret)
    draft = ApiKey(
        id=key_id(hash),
        holder=holder,
        name=said["name"],
        secret_hash=hash,
        created_at=request.context.clock(),
    )
    claim = request.claim(json.dumps(said, sort_keys=True))
    issued = flow.issue_key(draft, stores=request.stores, claim=claim)
    hit = {"Idempotency-Hit": "true"} if issued.repeated else {}
    shown = key_view(issued.key) | {"secret": None if issued.repeated else secret}
    return Answer(body=shown, status=201, headers=hit)


def _listed(holder: Party, request: Request) -> Answer:
    listing = request.listing()
    page = page_of_keys(request.stores.rows, holder, limit=listing.limit, after=listing.after)
    return request.page([key_view(key) for key in page.items], listing, page.mark)


def _confirm_own_key(request: Request) -> None:
    """Forbidden with a key of one of the operator's people: nobody makes a second pair of hands for
    themselves."""
    if request.credential != OWN_KEY:
        raise Forbidden("only the deployment's own key does this", code="own_key_only")


def _one(kind: PartyKind) -> str:
    return f"an {kind}" if kind is PartyKind.ADVERTISER else f"a {kind}"


for _kind in (PartyKind.PUBLISHER, PartyKind.ADVERTISER):
    _serve_issuing(_kind)
    _serve_list(_kind)
