"""How are telephone numbers searched, bought, imported and released over HTTP?

Owns the routes of numbers in which the carrier takes part. Reading, listing and changing a tracking
number is as for every thing of the catalog.
"""

import json
from typing import cast

from chalice import Blueprint

from chalicelib.channels.api_catalog import NUMBERS, drafted, shown
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.queries import DEFAULT_LIMIT
from chalicelib.errors import NotFound
from chalicelib.flows import numbers as flow
from chalicelib.flows.catalog import Created
from chalicelib.numbers import NumberSearch, SearchKind
from chalicelib.offers import Number
from chalicelib.providers.carriers import Carrier
from chalicelib.store.codec import to_plain
from chalicelib.store.numbers import latest_reconciliation
from chalicelib.store.requests import RequestClaim

blueprint = Blueprint(__name__)

_CARRIER = {"carrier": ("twilio|connect", "twilio or connect: the usual one unless said")}
_FORMS = {
    **_CARRIER,
    "kind": ("local|toll_free", "local (unless said) or toll_free"),
    "area_code": (r"[2-9]\d\d", "an area code such as 415"),
    "zip": (r"\d{5}", "a ZIP such as 94105"),
    "state": ("[A-Z]{2}", "a state such as CA"),
    "contains": (r"[0-9A-Za-z*]{2,12}", "a piece of the number: digits, letters, * for any digit"),
}


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/available-numbers",
        summary="Search numbers that the carrier would lend",
        answers="AvailableNumbersView",
        query=(*_FORMS, "limit"),
        forms=_FORMS,
    ),
)
def search(request: Request) -> Answer:
    """Numbers that could be bought now, without those that rest."""
    said = request.query
    wanted = NumberSearch(
        kind=SearchKind(said.get("kind", SearchKind.LOCAL)),
        area_code=said.get("area_code"),
        zip=said.get("zip"),
        state=said.get("state"),
        contains=said.get("contains"),
        limit=int(said.get("limit", DEFAULT_LIMIT)),
    )
    lender = _asked(request)
    now = request.context.clock()
    found = flow.available(wanted, stores=request.stores, carrier=lender, now=now)
    return Answer(body={"carrier": lender.name, "data": to_plain(found)})


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=NUMBERS.path,
        summary="Create a number that the carrier's account has already",
        body=NUMBERS.body,
        answers=NUMBERS.view,
        status=201,
        keyed=True,
    ),
)
def adopt(request: Request) -> Answer:
    """The number leads here from now on, if the carrier can be asked."""
    draft, claim = _said(request)
    carrier = request.context.carrier(draft.carrier)
    return _created(flow.adopt(draft, stores=request.stores, carrier=carrier, claim=claim))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/numbers/buy",
        summary="Buy a number at the carrier, and create it",
        body=NUMBERS.body,
        answers=NUMBERS.view,
        status=201,
        keyed=True,
    ),
)
def buy(request: Request) -> Answer:
    """The number costs money and leads here from now on; once, however often it is sent."""
    draft, claim = _said(request)
    carrier = request.context.carrier(draft.carrier)
    return _created(flow.buy(draft, stores=request.stores, carrier=carrier, claim=claim))


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path=f"{NUMBERS.path}/{{id}}",
        summary="Archive a number, and release it at the carrier",
        answers=NUMBERS.view,
    ),
)
def release(request: Request, id: str) -> Answer:
    """The number costs nothing any more, and rests before it may be used again."""
    return shown(
        flow.release(
            id,
            stores=request.stores,
            carrier=request.context.carrier,
            now=request.context.clock(),
        )
    )


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/numbers/reconcile",
        summary="Compare a carrier's numbers with the platform's, as the hourly schedule does",
        answers="ReconciliationView",
        query=tuple(_CARRIER),
        forms=_CARRIER,
    ),
)
def reconcile(request: Request) -> Answer:
    """What was found and set right."""
    report = flow.reconcile(
        stores=request.stores, carrier=_asked(request), now=request.context.clock()
    )
    return Answer(body=to_plain(report))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/numbers/reconciliation",
        summary="Read what the latest comparison with a carrier found",
        answers="ReconciliationView",
        query=tuple(_CARRIER),
        forms=_CARRIER,
    ),
)
def read_reconciliation(request: Request) -> Answer:
    """The latest report."""
    report = latest_reconciliation(request.stores.rows, _named(request))
    if report is None:
        raise NotFound("the carrier's numbers were never compared")
    return Answer(body=to_plain(report))


def _named(request: Request) -> str:
    return request.query.get("carrier") or request.context.usual_carrier()


def _asked(request: Request) -> Carrier:
    """The carrier that the query names."""
    return request.context.carrier(_named(request))


def _created(made: Created[Number]) -> Answer:
    return shown(made.thing, status=201, repeated=made.repeated)


def _said(request: Request) -> tuple[Number, RequestClaim | None]:
    """The number that the body describes, and what the Idempotency-Key stands for."""
    from chalicelib.channels.schemas import NumberBody

    said = validated(NumberBody, request.document())
    draft = cast(Number, drafted(NUMBERS, said, request))
    return draft, request.claim(json.dumps(said, sort_keys=True))
