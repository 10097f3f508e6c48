"""How are calls read over HTTP?

Owns the routes of calls and what the operator is shown of one: the call itself, the visit that it
belongs to, the decisions that routed it, the verdict on it, and the carrier's reports. Which calls
a list has belongs to `call_lists`; what a publisher or an advertiser is shown, to `sides`. Nothing
here changes a call.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalice import Blueprint

from chalicelib import sides
from chalicelib.calls import Call
from chalicelib.campaigns import Campaign
from chalicelib.channels.call_lists import WAYS, page_of_calls, page_of_visit
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.consistency import Reference
from chalicelib.errors import NotFound
from chalicelib.keys import PartyKind
from chalicelib.ringing import targets_of
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_UNSTEPPED: Mapping[str, Any] = dict.fromkeys(
    ("step", "keys", "callers_status", "sip_code", "target_id", "leg_id")
)
_UNSAID: Mapping[str, Any] = {"expected_cents": None, "explored": False}


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls",
        summary="List calls, newest first",
        answers="CallView",
        query=(*WAYS, "status"),
        paged=True,
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherCallView", query=("status",)),
            Side(
                party=PartyKind.ADVERTISER,
                answers="AdvertiserCallView",
                query=("campaign_id", "status"),
            ),
        ),
    ),
)
def list_calls(request: Request) -> Answer:
    """Calls by one of: the carrier's id, campaign, publisher, month; or all of them.

    A publisher lists its own; an advertiser those of the one campaign of its own that it names.
    """
    listing = request.listing()
    page = page_of_calls(request, listing)
    return request.page([_shown(call, request) for call in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/visits/{id}/calls",
        summary="List the calls of a visit, newest first",
        answers="CallView",
        paged=True,
        sides=(Side(party=PartyKind.PUBLISHER, answers="PublisherCallView"),),
    ),
)
def list_calls_of_visit(request: Request, id: str) -> Answer:
    """The calls that belong to a visit; of a call with two candidates, the likelier one has it."""
    listing = request.listing()
    page = page_of_visit(id, request, listing)
    return request.page([_shown(call, request) for call in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}",
        summary="Read a call",
        answers="CallView",
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherCallView"),
            Side(party=PartyKind.ADVERTISER, answers="AdvertiserCallView"),
        ),
    ),
)
def read_call(request: Request, id: str) -> Answer:
    """One call."""
    return Answer(body=_shown(own_call(id, request), request))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/decision",
        summary="Read why a call went where it went",
        answers="DecisionsView",
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherDecisionsView"),
            Side(party=PartyKind.ADVERTISER, answers="AdvertiserDecisionsView"),
        ),
    ),
)
def read_decision(request: Request, id: str) -> Answer:
    """The trace of every attempt: each target considered, and why it was taken or passed over."""
    call = own_call(id, request)
    traces = request.stores.calls.decisions(id)
    return Answer(body={"call_id": call.id, "decisions": _shown_traces(traces, request)})


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
    signals = [{**_UNSTEPPED, **signal} for signal in request.stores.calls.signals(id)]
    return Answer(body={"call_id": call.id, "signals": signals})


def own_call(id: str, request: Request) -> Call:
    """The call, when it is on the side of whoever asks; NotFound for any other."""
    call = request.stores.calls.get(id)
    if not sides.sees(request.party, call):
        raise NotFound(f"there is no call {id}")
    return call


def _shown(call: Call, request: Request) -> dict[str, Any]:
    """The call as whoever asks sees it."""
    side: Any
    if request.party.kind is PartyKind.PUBLISHER:
        side = to_plain(sides.publisher_call(call))
    elif request.party.kind is PartyKind.ADVERTISER:
        key = request.context.secrets().caller_hash_key
        side = to_plain(sides.advertiser_call(call, key))
    else:
        side = call_view(call)
    plain: dict[str, Any] = side
    return plain


def _shown_traces(traces: Sequence[sides.Document], request: Request) -> list[Any]:
    """The decisions on a call as whoever asks sees them."""
    party = request.party
    if party.kind is PartyKind.PUBLISHER:
        return [to_plain(sides.publisher_decision(one)) for one in traces]
    if party.kind is PartyKind.ADVERTISER:
        ours = _own_campaigns(traces, request)
        return [to_plain(sides.advertiser_decision(one, party.id, ours)) for one in traces]
    return [decision_view(one) for one in traces]


def _own_campaigns(traces: Sequence[sides.Document], request: Request) -> set[str]:
    """Those of the campaigns considered that are the advertiser's, in one round trip."""
    ids = {seen["campaign_id"] for trace in traces for seen in trace["considered"]}
    named = (Reference(field="campaign_id", kind=Campaign, id=id) for id in sorted(ids))
    found = request.stores.catalog.named(named)
    return {id for id, campaign in found.items() if request.party.owns(campaign)}


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
        "attestation": call.attestation,
        "tags": call.tags,
        "attempts": call.attempt.number if call.attempt else len(call.tried),
        "tried": [*call.tried, *(targets_of(call.attempt) if call.attempt else ())],
        "recording": _recording(call),
        "talk_seconds": call.talk_seconds,
        "charge_cents": call.charge_cents,
        "earning_cents": call.earning_cents,
        "credited_cents": call.credited_cents,
        "clawed_back_cents": call.clawed_back_cents,
        "credit_reason": call.credit_reason,
        "disposition": sides.shown_disposition(call),
        "external_id": sides.shown_external_id(call),
        "refusal": call.refusal,
        "reasons": call.reasons,
        "heard": call.heard,
        "voicemail": call.voicemail,
        "lookup": call.lookup,
        "attribution": _attribution(call),
        "arrived_at": call.arrived_at,
        "hung_up_by": call.hung_up_by,
        "hung_up_why": call.hung_up_why,
        "ended_at": call.ended_at,
        "judged_at": call.judged_at,
    }
    plain: dict[str, Any] = to_plain(shown)
    return plain


def _attribution(call: Call) -> dict[str, Any] | None:
    found = call.attribution
    if found is None:
        return None
    return {
        "visit_id": found.visit_id,
        "confidence_percent": found.confidence_percent,
        "live": found.live,
        "candidates": found.candidates,
        "why_none": found.why_none,
    }


def _recording(call: Call) -> dict[str, Any] | None:
    terms = call.attempt.recording if call.attempt else None
    return {"state": terms.state, "reason": terms.reason} if terms else None


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
