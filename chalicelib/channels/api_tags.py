"""What do the pages of a site carry?

Owns the route of a site's tag. How the tag is written belongs to `snippet`, its settings to the
site.
"""

from chalice import Blueprint

from chalicelib import snippet
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import NotFound, Refused
from chalicelib.keys import PartyKind
from chalicelib.pools import Site

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/sites/{id}/tag",
        summary="Read the tag of a site",
        answers="TagView",
        sides=(Side(party=PartyKind.PUBLISHER),),
    ),
)
def read_tag(request: Request, id: str) -> Answer:
    """The element for the head of every page of the site, as the site is set up now."""
    site = request.stores.catalog.find(Site, id)
    if site is None or not request.party.owns(site):
        raise NotFound(f"there is no site {id}")
    service_url = request.context.secrets().dni_url
    if not service_url:
        raise Refused("the deployment does not know its DNI URL yet", code="no_dni_url")
    current = snippet.script()
    body = {
        "tag": snippet.tag(service_url, site.id, snippet.options_of(site)),
        "version": current.version,
        "integrity": current.integrity,
        "service_url": service_url,
    }
    return Answer(body=body)
