"""How are the keys of publishers and advertisers issued, listed and revoked over HTTP?

Owns their routes, all of them the operator's. What a key opens belongs to the door (`http`) and to
each route.
"""

import json
from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.flows import keys as flow
from chalicelib.keys import ApiKey, Party, PartyKind, key_id, key_secret, secret_hash
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
        secret = key_secret(request.context.new_secret())
        hash = secret_hash(secret)
        draft = ApiKey(
            id=key_id(hash),
            holder=Party(kind=kind, id=id),
            name=said["name"],
            secret_hash=hash,
            created_at=request.context.clock(),
        )
        claim = request.claim(json.dumps(said, sort_keys=True))
        issued = flow.issue_key(draft, stores=request.stores, claim=claim)
        hit = {"Idempotency-Hit": "true"} if issued.repeated else {}
        shown = key_view(issued.key) | {"secret": None if issued.repeated else secret}
        return Answer(body=shown, status=201, headers=hit)


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
        listing = request.listing()
        holder = Party(kind=kind, id=id)
        flow.account(holder, stores=request.stores)
        page = page_of_keys(request.stores.rows, holder, limit=listing.limit, after=listing.after)
        return request.page([key_view(key) for key in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(method="DELETE", path="/keys/{id}", summary="Revoke a key", answers="KeyView"),
)
def revoke(request: Request, id: str) -> Answer:
    """Take a key out of use for good."""
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


def _one(kind: PartyKind) -> str:
    return f"an {kind}" if kind is PartyKind.ADVERTISER else f"a {kind}"


for _kind in (PartyKind.PUBLISHER, PartyKind.ADVERTISER):
    _serve_issuing(_kind)
    _serve_list(_kind)
