"""How is it said and read over HTTP who may not be paid?

Owns the routes of the list, of what it finds of publishers, and of the operator's decisions. All of
them are the operator's alone.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows import screening as flow
from chalicelib.flows.screening import Lookout
from chalicelib.offers import Publisher
from chalicelib.screening import Decision, Screening
from chalicelib.screening_lists import ScreeningList
from chalicelib.store.codec import to_plain
from chalicelib.store.screening import find_list, page_of_screenings

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/screening-list",
        summary="Read which list publishers are looked for on",
        answers="ScreeningListView",
    ),
)
def read_list(request: Request) -> Answer:
    """How long the list is, and since when it is in force; not the names."""
    return Answer(body=_list_view(find_list(request.stores.rows)))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/screening-list",
        summary="Say who may not be paid, and look for every publisher on the list",
        answers="UploadedListView",
        media="text/csv",
    ),
)
def put_list(request: Request) -> Answer:
    """Put a CSV of name, aliases and countries in the place of the list before."""
    made = flow.put_list(request.text(), by=request.credential, lookout=lookout(request))
    counted = {"screened": made.screened, "found": made.found}
    return Answer(body=_list_view(made.list) | counted)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/screenings",
        summary="List the publishers that are not paid because of the list",
        answers="ScreeningView",
        paged=True,
    ),
)
def list_screenings(request: Request) -> Answer:
    """What is found and not decided, and what is confirmed."""
    listing = request.listing()
    page = page_of_screenings(request.stores.rows, limit=listing.limit, after=listing.after)
    return request.page([_view(one) for one in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/publishers/{id}/payee/screening",
        summary="Look for a publisher on the list",
        answers="ScreeningView",
    ),
)
def read_screening(request: Request, id: str) -> Answer:
    """What the list in force finds of the publisher as it is called now."""
    publisher = request.stores.catalog.find(Publisher, id)
    if publisher is None:
        raise NotFound(f"there is no publisher {id}")
    found = flow.look([publisher], lookout=lookout(request))
    return Answer(body=_view(found.get(id) or Screening(publisher_id=id)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/publishers/{id}/payee/screening",
        summary="Decide whether what is found of a publisher is somebody else",
        body="DecisionBody",
        answers="ScreeningView",
    ),
)
def decide(request: Request, id: str) -> Answer:
    """Clear or confirm what is found, with a reason; the same once more changes nothing."""
    from chalicelib.channels.schemas_screening import DecisionBody

    said = validated(DecisionBody, request.document())
    after = flow.decide(
        id,
        Decision(said["decision"]),
        said["reason"],
        by=request.credential,
        lookout=lookout(request),
    )
    return Answer(body=_view(after))


def lookout(request: Request) -> Lookout:
    """What a request looks for publishers with."""
    return Lookout(
        stores=request.stores,
        documents=request.context.documents(),
        now=request.context.clock(),
    )


def _list_view(current: ScreeningList) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(current)
    plain.pop("place")
    return plain


def _view(screening: Screening) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(screening)
    subject = plain.pop("subject")
    return plain | {"names": subject["names"], "country": subject["country"]}
