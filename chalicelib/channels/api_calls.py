"""How are calls read over HTTP?

Owns the lists of calls and what is shown of one: the call itself, the decisions that routed it, the
verdict on it, and the carrier's reports. Nothing here changes a call.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.calls import Call, call_id
from chalicelib.campaigns import Advertiser
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.queries import Listing
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.store.calls import CallsPage
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_CARRIER = "twilio"
_UNSAID: Mapping[str, Any] = {"expected_cents": None, "explored": False}
_WAYS = ("carrier_call_id", "campaign_id", "publisher_id", "month")


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls",
        summary="List calls, newest first",
        answers="CallView",
        query=(*_WAYS, "status"),
        paged=True,
    ),
)
def list_calls(request: Request) -> Answer:
    """Calls by one of: the carrier's id, campaign, publisher, month; or all of them."""
    listing = request.listing()
    ways = [name for name in _WAYS if name in listing.filters]
    if len(ways) > 1:
        reason = f"ask by one of these at a time: {', '.join(ways)}"
        raise Invalid(tuple(Fault(field=name, rule="exclusive", reason=reason) for name in ways))
    page = _page(ways[0] if ways else "", request, listing)
    return request.page([call_view(call) for call in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(method="GET", path="/calls/{id}", summary="Read a call", answers="CallView"),
)
def read_call(request: Request, id: str) -> Answer:
    """One call."""
    return Answer(body=call_view(request.stores.calls.get(id)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/decision",
        summary="Read why a call went where it went",
        answers="DecisionsView",
    ),
)
def read_decision(request: Request, id: str) -> Answer:
    """The trace of every attempt: each target considered, and why it was taken or passed over."""
    call = request.stores.calls.get(id)
    traces = request.stores.calls.decisions(id)
    return Answer(body={"call_id": call.id, "decisions": [decision_view(one) for one in traces]})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/verdict",
        summary="Read why a call counts or does not",
        answers="VerdictView",
    ),
)
def read_verdict(request: Request, id: str) -> Answer:
    """Every rule and what it saw; the verdict is null while the call is not judged."""
    call = request.stores.calls.get(id)
    verdict = request.stores.calls.verdict(id)
    shown = _judgement(verdict) if verdict else None
    return Answer(body={"call_id": call.id, "status": call.status.value, "verdict": shown})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/signals",
        summary="Read what the carrier reported of a call",
        answers="SignalsView",
    ),
)
def read_signals(request: Request, id: str) -> Answer:
    """Every report that is still kept, as it came."""
    call = request.stores.calls.get(id)
    return Answer(body={"call_id": call.id, "signals": list(request.stores.calls.signals(id))})


def call_view(call: Call) -> dict[str, Any]:
    """A call as the API shows it; `tried` are the targets of all its attempts, in their order."""
    hold = call.attempt.hold if call.attempt else None
    shown = {
        "id": call.id,
        "carrier": call.carrier,
        "carrier_call_id": call.carrier_call_id,
        "status": call.status,
        "number": call.e164,
        "number_id": call.number_id,
        "offer_id": call.offer_id,
        "advertiser_id": hold.advertiser_id if hold else None,
        "campaign_id": hold.campaign_id if hold else None,
        "target_id": hold.target_id if hold else None,
        "publisher_id": call.publisher_id,
        "partnership_id": call.partnership_id,
        "placement_id": call.placement_id,
        "caller": call.caller,
        "area": call.area,
        "tags": call.tags,
        "attempts": call.attempt.number if call.attempt else len(call.tried),
        "tried": [*call.tried, *([hold.target_id] if hold else [])],
        "talk_seconds": call.talk_seconds,
        "charge_cents": call.charge_cents,
        "earning_cents": call.earning_cents,
        "refusal": call.refusal,
        "reasons": call.reasons,
        "arrived_at": call.arrived_at,
        "ended_at": call.ended_at,
        "judged_at": call.judged_at,
    }
    plain: dict[str, Any] = to_plain(shown)
    return plain


def decision_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """A decision as it is shown: the attempt it led to only by its target and terms.

    What a decision stored by an earlier version does not say of itself is null.
    """
    answer = document["answer"]
    return {
        "attempt": document["number"],
        "target_id": answer["hold"]["target_id"] if answer else None,
        "refusal": document["refusal"],
        "gate": document.get("gate"),
        "strategy": document.get("strategy"),
        "considered": [{**_UNSAID, **seen} for seen in document["considered"]],
    }


def _judgement(document: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as it is shown: both sides, and the talk time it rests on."""
    ending = document["ending"]
    return {
        "approved": document["approved"],
        "judged_at": document["judged_at"],
        "talk_seconds": ending["talk_seconds"],
        "evidence": ending["evidence"],
        **document["verdict"],
    }


def _page(way: str, request: Request, listing: Listing) -> CallsPage:
    if way == "carrier_call_id":
        return _by_carrier_id(request, listing)
    if way == "":
        return _newest_first(request, listing)
    return request.stores.calls.page(
        by=way.removesuffix("_id"),
        partition=listing.filters[way],
        status=listing.filters.get("status"),
        limit=listing.limit,
        after=listing.after,
    )


def _by_carrier_id(request: Request, listing: Listing) -> CallsPage:
    try:
        call = request.stores.calls.get(call_id(_CARRIER, listing.filters["carrier_call_id"]))
    except NotFound:
        return CallsPage((), None)
    wanted = listing.filters.get("status", call.status)
    return CallsPage((call,) if call.status == wanted else (), None)


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
