"""How do numbers join and leave a pool over HTTP, and how is its load read?

Owns the routes of a pool's numbers and of its load. Pools and sites themselves are served as every
thing of the catalog.
"""

import json
from datetime import UTC, datetime
from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.filling import SlotFacts
from chalicelib.flows import growing, pool_numbers, pool_purchases
from chalicelib.flows.pool_purchases import Wish
from chalicelib.keys import PartyKind
from chalicelib.numbers import SearchKind
from chalicelib.store.codec import to_plain
from chalicelib.store.filling import read_slots

blueprint = Blueprint(__name__)

_PUBLISHERS = (Side(party=PartyKind.PUBLISHER),)
_NUMBERS = "/pools/{id}/numbers"


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_NUMBERS,
        summary="List the numbers of a pool",
        answers="PoolNumbersView",
        sides=_PUBLISHERS,
    ),
)
def list_numbers(request: Request, id: str) -> Answer:
    """Every number that lies in the pool, with its slot and how long it is bound."""
    pool = pool_numbers.existing(id, request.stores)
    if not request.party.owns(pool):
        raise NotFound(f"there is no pool {id}")
    return Answer(body={"data": _views(id, None, request)})


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_NUMBERS,
        summary="Have numbers join a pool, or buy numbers for it",
        body="PoolNumbersBody",
        answers="FilledPoolView",
        status=201,
        keyed=True,
    ),
)
def fill(request: Request, id: str) -> Answer:
    """Numbers of the pool's placement, or new ones; with an Idempotency-Key these are bought once,
    however often it is sent."""
    from chalicelib.channels.schemas_pools import PoolNumbersBody

    said = validated(PoolNumbersBody, request.document())
    ids, wish = said["number_ids"], said["buy"]
    if (ids is None) is (wish is None):
        reason = "say either number_ids or buy"
        raise Invalid((Fault(field="buy", rule="exclusive", reason=reason),))
    if ids is not None:
        joined = pool_numbers.join(id, ids, stores=request.stores)
        return _filled(id, [number.id for number in joined], 0, request)
    lender = request.context.carrier(pool_numbers.existing(id, request.stores).carrier)
    bought = pool_purchases.buy(
        id,
        _wish(id, wish, request),
        id=request.context.new_id("buy"),
        claim=request.claim(json.dumps(said, sort_keys=True)),
        stores=request.stores,
        carrier=lender,
        now=request.context.clock(),
    )
    return _filled(id, [number.id for number in bought.numbers], bought.missing, request)


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path=f"{_NUMBERS}/{{number_id}}",
        summary="Take a number out of a pool",
        answers="LeftNumberView",
    ),
)
def leave(request: Request, id: str, number_id: str) -> Answer:
    """The number is lent to nobody any more, and leaves once no visit and no call needs it."""
    left = pool_numbers.leave(id, number_id, stores=request.stores, now=request.context.clock())
    body = {
        "id": left.number.id,
        "e164": left.number.e164,
        "left": left.left,
        "bound_until": _moment(left.bound_until),
    }
    return Answer(body=body)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/pools/{id}/load",
        summary="Read how a pool does: load, collisions, overflow, cost, and how many numbers it "
        "should have",
        answers="PoolLoadView",
    ),
)
def read_load(request: Request, id: str) -> Answer:
    """The measures of the past seven days, the advice with its working, and each step taken."""
    found = growing.report(id, stores=request.stores, now=request.context.clock())
    plain: dict[str, Any] = to_plain(found.load)
    return Answer(body={**plain, "next": to_plain(found.next), "decided": to_plain(found.decided)})


def _wish(id: str, said: dict[str, Any], request: Request) -> Wish:
    """What is to be bought; Invalid when that cannot be asked together."""
    pool = pool_numbers.existing(id, request.stores)
    wrong = [
        Fault(
            field=f"buy.{name}", rule="exclusive", reason="a toll-free number belongs to no place"
        )
        for name in ("area_code", "zip")
        if said[name] is not None and pool.kind is SearchKind.TOLL_FREE
    ]
    if wrong:
        raise Invalid(tuple(wrong))
    return Wish(count=said["count"], area_code=said["area_code"], zip=said["zip"])


def _filled(id: str, number_ids: list[str], missing: int, request: Request) -> Answer:
    body = {"data": _views(id, set(number_ids), request), "missing": missing}
    return Answer(body=body, status=201)


def _views(id: str, ids: set[str] | None, request: Request) -> list[dict[str, Any]]:
    slots = read_slots(id, request.stores.rows).filled
    return [_view(one) for one in slots if ids is None or one.number_id in ids]


def _view(one: SlotFacts) -> dict[str, Any]:
    return {
        "id": one.number_id,
        "e164": one.e164,
        "area": one.slot.area,
        "number": one.slot.number,
        "lent_until": _moment(one.until),
        "kept_until": _moment(one.kept_until),
        "leaving_at": _moment(one.leaving_at),
    }


def _moment(second: int | None) -> str | None:
    if not second:
        return None
    plain: str = to_plain(datetime.fromtimestamp(second, UTC))
    return plain
