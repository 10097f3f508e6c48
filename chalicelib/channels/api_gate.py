"""How is the caller's gate read and changed over HTTP?

Owns the routes of the block list and of an offer's gate settings. The form of both belongs to
`schemas_gate`, what may be written to the flow.
"""

import json
from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows import blocks
from chalicelib.gate import Block, BlockKind, Callers, GateSettings, block_id
from chalicelib.store.blocks import find_block, page_of_blocks
from chalicelib.store.codec import from_plain, to_plain

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/blocks",
        summary="Block callers",
        body="BlockBody",
        answers="BlockView",
        status=201,
        keyed=True,
    ),
)
def create_block(request: Request) -> Answer:
    """Put an entry on the block list; its id follows from whom it is about and whose it is."""
    from chalicelib.channels.schemas_gate import BlockBody

    said = validated(BlockBody, request.document())
    now = request.context.clock()
    callers = Callers(BlockKind(said["kind"]), said["number"])
    owner = said["offer_id"] or said["publisher_id"] or said["advertiser_id"]
    born = {"id": block_id(callers, owner), "created_at": times.written(now)}
    made = blocks.block(
        from_plain(Block, {**said, **born}),
        stores=request.stores,
        claim=request.claim(json.dumps(said, sort_keys=True)),
        now=now,
    )
    hit = {"Idempotency-Hit": "true"} if made.repeated else {}
    return _shown(made.block, status=201, headers=hit)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/blocks",
        summary="List blocked callers",
        answers="BlockView",
        query=("offer_id", "publisher_id", "advertiser_id", "state"),
        paged=True,
    ),
)
def list_blocks(request: Request) -> Answer:
    """Entries in whatever state, unless one is asked for; an expired one is still active."""
    listing = request.listing()
    page = page_of_blocks(
        request.stores.rows, listing.filters, limit=listing.limit, after=listing.after
    )
    return request.page([to_plain(block) for block in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(method="GET", path="/blocks/{id}", summary="Read a block", answers="BlockView"),
)
def read_block(request: Request, id: str) -> Answer:
    """One entry of the block list."""
    block = find_block(request.stores.rows, id)
    if block is None:
        raise NotFound(f"there is no block {id}")
    return _shown(block)


@endpoint(
    blueprint,
    Route(method="DELETE", path="/blocks/{id}", summary="Archive a block", answers="BlockView"),
)
def archive_block(request: Request, id: str) -> Answer:
    """Let the callers of an entry in again."""
    return _shown(blocks.unblock(id, stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/offers/{id}/gate",
        summary="Read what an offer asks of its callers",
        answers="GateView",
    ),
)
def read_gate(request: Request, id: str) -> Answer:
    """The offer's gate settings; those that were never set ask nothing."""
    return _shown(blocks.gate_settings(id, stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/offers/{id}/gate",
        summary="Say what an offer asks of its callers",
        body="GateBody",
        answers="GateView",
        versioned=True,
    ),
)
def put_gate(request: Request, id: str) -> Answer:
    """Replace the offer's gate settings whole; what is not said goes back to its default."""
    from chalicelib.channels.schemas_gate import GateBody

    said: dict[str, Any] = validated(GateBody, request.document())
    wanted = from_plain(GateSettings, {**said, "offer_id": id})
    version = request.expected_version()
    return _shown(blocks.set_gate(wanted, stores=request.stores, version=version))


def _shown(
    thing: Block | GateSettings, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    etag = {"ETag": f'"{thing.version}"'}
    return Answer(body=to_plain(thing), status=status, headers=etag | (headers or {}))
