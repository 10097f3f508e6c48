"""How does a program show numbers by itself, and how are visits read over HTTP?

Owns the routes of visits. What a visit gets belongs to the flow; what a page asks by itself, to
`dni`.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.dni import shown_view
from chalicelib.channels.dni_forms import home_of
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import Broken, NotFound
from chalicelib.flows import visiting
from chalicelib.keys import PartyKind
from chalicelib.pools import Site
from chalicelib.showing import Told
from chalicelib.store.codec import to_plain
from chalicelib.store.visits import find_visit, page_of_visits
from chalicelib.tokens import opened
from chalicelib.visits import Visit

blueprint = Blueprint(__name__)
_PUBLISHER = (Side(party=PartyKind.PUBLISHER),)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/visits",
        summary="Lend a visit its numbers, or let them go on",
        body="VisitBody",
        answers="ShownView",
        sides=_PUBLISHER,
    ),
)
def show(request: Request) -> Answer:
    """What the snippet does for a page, for a program that has no browser. The repetition of a
    request that has no token is another visit."""
    from chalicelib.channels.schemas_visits import VisitBody

    said = validated(VisitBody, request.document())
    key = request.context.secrets().visit_key
    if not key:
        raise Broken("the stage has no key for visits: deploy it again")
    _own_site(said["site_id"], request)
    names = ("page", "landing_page", "referrer", "attributes")
    told = Told(**{name: said[name] for name in names})
    asked = visiting.Asked(
        site_id=said["site_id"],
        told=told,
        token=opened(said["token"], key) if said["token"] else None,
        home=home_of(told, {}),
    )
    shown = visiting.visit(
        asked,
        leases=request.stores.leases,
        clock=request.context.clock,
        new_id=request.context.new_id,
    )
    return Answer(body=shown_view(shown, key))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/visits/{id}",
        summary="Read a visit",
        answers="VisitView",
        sides=_PUBLISHER,
    ),
)
def read_visit(request: Request, id: str) -> Answer:
    """A visit, as long as a call may lead back to it."""
    visit = find_visit(request.stores.rows, id, request.context.clock())
    if visit is None or not _is_own(visit.publisher_id, request):
        raise NotFound(f"there is no visit {id}")
    return Answer(body=_view(visit))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/sites/{id}/visits",
        summary="List the visits of a site",
        answers="VisitView",
        paged=True,
        sides=_PUBLISHER,
    ),
)
def list_visits(request: Request, id: str) -> Answer:
    """The newest first; those that no call can lead back to are gone."""
    _own_site(id, request)
    listing = request.listing()
    page = page_of_visits(
        request.stores.rows,
        id,
        limit=listing.limit,
        after=listing.after,
        now=request.context.clock(),
    )
    return request.page([_view(visit) for visit in page.items], listing, page.mark)


def _own_site(site_id: str, request: Request) -> Site:
    """The site, in whatever state; not found when it is another's."""
    site = request.stores.leases.site(site_id, request.context.clock())
    if site is None or not _is_own(site.publisher_id, request):
        raise NotFound(f"there is no site {site_id}")
    return site


def _is_own(publisher_id: str, request: Request) -> bool:
    party = request.party
    return party.kind is PartyKind.OPERATOR or party.id == publisher_id


def _view(visit: Visit) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(visit)
    leases = [
        {"pool_id": lease.slot.pool_id}
        | {name: to_plain(getattr(lease, name)) for name in ("e164", "since", "until")}
        for lease in visit.leases
    ]
    return plain | {"leases": leases}
