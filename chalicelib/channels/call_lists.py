"""Which calls does a list have, and in which order?

Owns the lists of calls as they are asked for: the operator's by one of several ways, a publisher's
own, an advertiser's by campaign, and those of a visit. How a call is shown belongs to the routes.
"""

from contextlib import suppress
from datetime import datetime

from chalicelib import times
from chalicelib.calls import Call, call_id
from chalicelib.campaigns import Advertiser, Campaign
from chalicelib.channels.http import Request
from chalicelib.channels.queries import Listing
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.keys import PartyKind
from chalicelib.offers import CARRIERS
from chalicelib.store.attributions import calls_of_visit
from chalicelib.store.calls import CallsPage
from chalicelib.store.visits import find_visit

WAYS = ("carrier_call_id", "campaign_id", "publisher_id", "month")


def page_of_calls(request: Request, listing: Listing) -> CallsPage:
    """One page of the calls that whoever asks may see, newest first."""
    if request.party.kind is PartyKind.PUBLISHER:
        return _of("publisher", request.party.id, request, listing)
    if request.party.kind is PartyKind.ADVERTISER:
        return _of("campaign", _own_campaign(request, listing), request, listing)
    ways = [name for name in WAYS if name in listing.filters]
    if len(ways) > 1:
        reason = f"ask by one of these at a time: {', '.join(ways)}"
        raise Invalid(tuple(Fault(field=name, rule="exclusive", reason=reason) for name in ways))
    return _page(ways[0] if ways else "", request, listing)


def page_of_visit(visit_id: str, request: Request, listing: Listing) -> CallsPage:
    """One page of the calls of a visit; NotFound for one of another publisher, and for one that has
    none and is not known, or not known any longer."""
    rows = request.stores.rows
    page = calls_of_visit(rows, visit_id, limit=listing.limit, after=listing.after)
    whose = page.items or (find_visit(rows, visit_id, request.context.clock()),)
    if not all(one and request.party.owns(one) for one in whose):
        raise NotFound(f"there is no visit {visit_id}")
    return page


def _own_campaign(request: Request, listing: Listing) -> str:
    """The advertiser's own campaign that it names: within one, the order of calls is that of an
    index, so that its pages neither miss nor repeat one."""
    if "campaign_id" not in listing.filters:
        reason = "name one of your campaigns, as GET /v1/campaigns lists them"
        raise Invalid((Fault(field="campaign_id", rule="required", reason=reason),))
    id = listing.filters["campaign_id"]
    campaign = request.stores.catalog.find(Campaign, id)
    if campaign is None or not request.party.owns(campaign):
        raise NotFound(f"there is no campaign {id}")
    return id


def _page(way: str, request: Request, listing: Listing) -> CallsPage:
    if way == "carrier_call_id":
        return _by_carrier_id(request, listing)
    if way == "":
        return _newest_first(request, listing)
    return _of(way.removesuffix("_id"), listing.filters[way], request, listing)


def _of(by: str, partition: str, request: Request, listing: Listing) -> CallsPage:
    return request.stores.calls.page(
        by=by,
        partition=partition,
        status=listing.filters.get("status"),
        limit=listing.limit,
        after=listing.after,
    )


def _by_carrier_id(request: Request, listing: Listing) -> CallsPage:
    """The call of this id, whichever carrier it is of."""
    named = listing.filters["carrier_call_id"]
    found = []
    for carrier in CARRIERS:
        with suppress(NotFound):
            found.append(request.stores.calls.get(call_id(carrier, named)))
    wanted = listing.filters.get("status")
    return CallsPage(tuple(one for one in found if wanted in (None, one.status)), None)


def _newest_first(request: Request, listing: Listing) -> CallsPage:
    """All calls, month after month into the past, down to the month of the first advertiser.

    The mark names the month, and the place in it where there is one.
    """
    after = listing.after or {"month": _month(request.context.clock())}
    found: list[Call] = []
    first = None
    while True:
        page = request.stores.calls.page(
            by="month",
            partition=after["month"],
            status=listing.filters.get("status"),
            limit=listing.limit - len(found),
            after=after if "pk" in after else None,
        )
        found += page.items
        if page.mark is not None:
            return CallsPage(tuple(found), page.mark)
        first = first or _first_month(request)
        if after["month"] <= first:
            return CallsPage(tuple(found), None)
        after = {"month": _month_before(after["month"])}
        if len(found) >= listing.limit:
            return CallsPage(tuple(found), after)


def _first_month(request: Request) -> str:
    first = request.stores.catalog.page(Advertiser, limit=1).items
    return _month(first[0].created_at if first else request.context.clock())


def _month(moment: datetime) -> str:
    return times.written(moment)[:7]


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"
