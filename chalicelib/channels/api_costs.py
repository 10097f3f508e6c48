"""How are the costs of a placement entered over HTTP, and its return read?

Owns the routes of both, for the operator and for the placement's own publisher.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalice import Blueprint

from chalicelib.channels.api_catalog import said_version
from chalicelib.channels.bodies import Document, merged, validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.flows import costs
from chalicelib.keys import PartyKind
from chalicelib.offers import Placement
from chalicelib.returns import Cost, Days, is_day
from chalicelib.store.codec import from_plain, to_plain
from chalicelib.store.costs import costs_of

blueprint = Blueprint(__name__)

_PUBLISHERS = (Side(party=PartyKind.PUBLISHER),)
_COSTS = "/placements/{id}/costs"
_COST = f"{_COSTS}/{{cost_id}}"
_DAY = (r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", "a day such as 2026-11-01")
_DAYS = {"from": _DAY, "to": _DAY}
_SAID = ("from", "to", "amount_cents", "currency", "note")


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_COSTS,
        summary="Enter what a placement cost",
        body="CostBody",
        answers="CostView",
        status=201,
        keyed=True,
        sides=_PUBLISHERS,
    ),
)
def enter(request: Request, id: str) -> Answer:
    """The cost counts for its days from now on."""
    placement = _own(id, request)
    said = _validated(request.document())
    draft = Cost(
        id=request.context.new_id("cost"),
        placement_id=placement.id,
        created_at=request.context.clock(),
        **_parts(said),
    )
    claim = request.claim(json.dumps(said, sort_keys=True))
    made = costs.enter(draft, stores=request.stores, claim=claim)
    return _shown(made.cost, status=201, repeated=made.repeated)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_COSTS,
        summary="List the costs of a placement",
        answers="CostsView",
        sides=_PUBLISHERS,
    ),
)
def list_costs(request: Request, id: str) -> Answer:
    """Those that are not removed."""
    _own(id, request)
    found = costs_of(id, request.stores.rows)
    return Answer(body={"data": [_view(cost) for cost in found]})


@endpoint(
    blueprint,
    Route(
        method="PATCH",
        path=_COST,
        summary="Correct a cost of a placement",
        body="CostBody",
        answers="CostView",
        versioned=True,
        sides=_PUBLISHERS,
    ),
)
def correct(request: Request, id: str, cost_id: str) -> Answer:
    """The cost as it should have been entered, as its next version."""
    _own(id, request)
    patch = request.document()
    version = said_version(patch, request)

    def edit(cost: Cost) -> Cost:
        stands = _view(cost)
        sayable = {name: stands[name] for name in _SAID}
        parts = _parts(_validated(merged(sayable, patch)))
        return from_plain(Cost, {**to_plain(cost), **to_plain(parts)})

    return _shown(costs.correct(id, cost_id, edit, stores=request.stores, version=version))


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path=_COST,
        summary="Remove a cost of a placement",
        answers="CostView",
        sides=_PUBLISHERS,
    ),
)
def remove(request: Request, id: str, cost_id: str) -> Answer:
    """The cost counts no more."""
    _own(id, request)
    return _shown(costs.remove(id, cost_id, stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/placements/{id}/return",
        summary="Read what a placement brought on some days, beside what it cost",
        answers="ReturnView",
        query=("from", "to"),
        forms=_DAYS,
        sides=(Side(party=PartyKind.PUBLISHER, query=("from", "to")),),
    ),
)
def read_return(request: Request, id: str) -> Answer:
    """Both days are asked for; the latter is excluded."""
    placement = _own(id, request)
    days = _days(request.query)
    plain: Document = to_plain(costs.returned(placement, days, stores=request.stores))
    return Answer(body=_flat(plain))


def _days(query: Mapping[str, str]) -> Days:
    """The days that are asked for; Invalid names each that is not said, or is none."""
    wrong = []
    for name in _DAYS:
        if name not in query:
            reason = "must be said: a day such as 2026-11-01"
            wrong.append(Fault(field=name, rule="required", reason=reason))
        elif not is_day(query[name]):
            reason = "must be a day of the calendar"
            wrong.append(Fault(field=name, rule="format", reason=reason))
    if wrong:
        raise Invalid(tuple(wrong))
    return Days(start=query["from"], end=query["to"])


def _own(id: str, request: Request) -> Placement:
    """The placement, when it is on the side of whoever asks."""
    placement = request.stores.catalog.find(Placement, id)
    if placement is None or not request.party.owns(placement):
        raise NotFound(f"there is no placement {id}")
    return placement


def _validated(document: Document) -> Document:
    from chalicelib.channels.schemas_costs import CostBody

    return validated(CostBody, document)


def _parts(said: Document) -> dict[str, Any]:
    """What a body says, as the cost has it."""
    days = Days(start=said["from"], end=said["to"])
    return {
        "days": days,
        "amount_cents": said["amount_cents"],
        "currency": said["currency"],
        "note": said["note"],
    }


def _view(cost: Cost) -> Document:
    return _flat(to_plain(cost))


def _flat(plain: Document) -> Document:
    days = plain.pop("days")
    return {"from": days["start"], "to": days["end"], **plain}


def _shown(cost: Cost, *, status: int = 200, repeated: bool = False) -> Answer:
    hit = {"Idempotency-Hit": "true"} if repeated else {}
    return Answer(body=_view(cost), status=status, headers={"ETag": f'"{cost.version}"', **hit})
