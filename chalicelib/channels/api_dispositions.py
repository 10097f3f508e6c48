"""How do advertisers say over HTTP what calls came to?

Owns the routes of a call's dispositions and external id, of files of dispositions, and of what
matched no call. Postbacks are in `api_postbacks`, their common documents in `feedback_views`.
"""

from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.channels.api_calls import own_call
from chalicelib.channels.bodies import validated
from chalicelib.channels.feedback_views import (
    disposition_view,
    postback_view,
    preview_view,
    row_view,
    unmatched_view,
)
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.dispositions import ExternalId
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.flows import disposition_files as files
from chalicelib.flows import dispositions as flow
from chalicelib.flows.dispositions import Saying
from chalicelib.keys import PartyKind
from chalicelib.previews import Preview
from chalicelib.store.codec import to_plain
from chalicelib.store.dispositions import said_of
from chalicelib.store.feedback import page_of_unmatched

blueprint = Blueprint(__name__)

_ADVERTISER = (Side(party=PartyKind.ADVERTISER),)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/calls/{id}/disposition",
        summary="Say what a call came to",
        body="DispositionBody",
        answers="DispositionView",
        sides=_ADVERTISER,
    ),
)
def put_disposition(request: Request, id: str) -> Answer:
    """Keep what the call came to; what was said before stays in its history."""
    from chalicelib.channels.schemas_dispositions import DispositionBody

    call = own_call(id, request)
    said = validated(DispositionBody, request.document())
    saying = Saying(
        call_id=id,
        advertiser_id=_advertiser_of(call),
        value=said["value"],
        note=said["note"],
        at=times.read(said["at"]) if said["at"] else None,
    )
    kept = flow.dispose(saying, stores=request.stores, now=request.context.clock())
    return Answer(body=disposition_view(kept))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/dispositions",
        summary="Read all that was said of what a call came to",
        answers="DispositionsView",
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherDispositionsView"),
            Side(party=PartyKind.ADVERTISER),
        ),
    ),
)
def list_dispositions(request: Request, id: str) -> Answer:
    """Every disposition and postback of the advertiser who has the call; a publisher reads the
    values alone."""
    call = own_call(id, request)
    whose = call.attempt.hold.advertiser_id if call.attempt else None
    said = said_of(request.stores.rows, id)
    own = [one for one in said.dispositions if one.advertiser_id == whose]
    if request.party.kind is PartyKind.PUBLISHER:
        values = [{"value": one.value, "at": one.at} for one in own]
        return Answer(body=to_plain({"call_id": id, "dispositions": values}))
    postbacks = [one for one in said.postbacks if one.advertiser_id == whose]
    shown: dict[str, Any] = {
        "call_id": id,
        "dispositions": [disposition_view(one) for one in own],
        "postbacks": [postback_view(one) for one in postbacks],
    }
    return Answer(body=shown)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/calls/{id}/external-id",
        summary="Say which id a call has in the advertiser's own system",
        body="ExternalIdBody",
        answers="ExternalIdView",
        sides=_ADVERTISER,
    ),
)
def put_external_id(request: Request, id: str) -> Answer:
    """Let the id stand for the call, in the place of the one that the call had."""
    from chalicelib.channels.schemas_dispositions import ExternalIdBody

    call = own_call(id, request)
    said = validated(ExternalIdBody, request.document())
    external_id = ExternalId(_advertiser_of(call), said["external_id"])
    flow.name_call(id, external_id, stores=request.stores)
    return Answer(body={"call_id": id, "external_id": external_id.value})


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/dispositions/preview",
        summary="Read a file of dispositions, and change nothing",
        answers="PreviewView",
        status=201,
        query=("advertiser_id",),
        media="text/csv",
        sides=_ADVERTISER,
    ),
)
def preview_file(request: Request) -> Answer:
    """Read a file; every fault of it is named with its row, and a faulty file is not kept."""
    made = files.preview(
        request.text(),
        id=request.context.new_id("pvw"),
        advertiser_id=_own_advertiser(request),
        stores=request.stores,
        now=request.context.clock(),
    )
    return Answer(body=preview_view(made), status=201)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/dispositions/apply",
        summary="Apply the next rows of a file of dispositions",
        body="ApplyBody",
        answers="PreviewView",
        sides=_ADVERTISER,
    ),
)
def apply_file(request: Request) -> Answer:
    """Apply up to 400 rows and say how far it is: to be repeated until the state is `applied`. What
    is left for a minute goes on by itself."""
    from chalicelib.channels.schemas_dispositions import ApplyBody

    said = validated(ApplyBody, request.document())
    made = _own_preview(said["preview_id"], request)
    now = request.context.clock()
    return Answer(body=preview_view(files.apply(made, stores=request.stores, now=now)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/dispositions/previews/{id}",
        summary="Read how far a file of dispositions is applied",
        answers="PreviewView",
        sides=_ADVERTISER,
    ),
)
def read_preview(request: Request, id: str) -> Answer:
    """One file; it is forgotten a week after it came."""
    return Answer(body=preview_view(_own_preview(id, request)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/dispositions/previews/{id}/rows",
        summary="Read which calls the rows of a file match",
        answers="PreviewRowView",
        paged=True,
        sides=_ADVERTISER,
    ),
)
def list_rows(request: Request, id: str) -> Answer:
    """Each row as it was read, with the call that it matches as things stand, or the reason why it
    matches none."""
    listing = request.listing()
    made = _own_preview(id, request)
    first = int(listing.after["first"]) if listing.after else 0
    seen = files.seen_rows(made, first=first, count=listing.limit, stores=request.stores)
    following = first + len(seen)
    mark = {"first": str(following)} if following < made.rows else None
    return request.page([row_view(one.row, one.match) for one in seen], listing, mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/dispositions/unmatched",
        summary="List what was told of calls and matched none, newest first",
        answers="UnmatchedView",
        query=("advertiser_id",),
        paged=True,
        sides=_ADVERTISER,
    ),
)
def list_unmatched(request: Request) -> Answer:
    """Rows of files and postbacks without a call, with the reason and any candidates."""
    listing = request.listing()
    page = page_of_unmatched(
        request.stores.rows, _own_advertiser(request), limit=listing.limit, after=listing.after
    )
    return request.page([unmatched_view(one) for one in page.items], listing, page.mark)


def _advertiser_of(call: Call) -> str:
    """Who has the call; Conflict when nobody does."""
    if call.attempt is None:
        raise Conflict(f"no advertiser has {call.id}", code="no_advertiser")
    return call.attempt.hold.advertiser_id


def _own_advertiser(request: Request) -> str:
    """The advertiser who asks, or whom the operator names."""
    if request.party.kind is PartyKind.ADVERTISER:
        return request.party.id
    if "advertiser_id" not in request.query:
        reason = "name the advertiser whose calls they are"
        raise Invalid((Fault(field="advertiser_id", rule="required", reason=reason),))
    return request.query["advertiser_id"]


def _own_preview(id: str, request: Request) -> Preview:
    whose = request.party.id if request.party.kind is PartyKind.ADVERTISER else None
    now = request.context.clock()
    return files.known_preview(id, advertiser_id=whose, stores=request.stores, now=now)
