"""How are the issuer of invoices, and what is owed, read and changed over HTTP?

Owns the routes of who bills, with the picture above it, and of debts by age. Invoices themselves
are served by `api_books`, what is kept of them by `api_papers`.
"""

import base64
from datetime import UTC, date, datetime, time
from typing import Any

from chalice import Blueprint

from chalicelib import aging, times
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.flows import aging as debts
from chalicelib.flows import issuer as flow
from chalicelib.issuer import Issuer
from chalicelib.keys import PartyKind
from chalicelib.store.codec import from_plain, to_plain
from chalicelib.store.issuer import find_issuer

blueprint = Blueprint(__name__)

_AS_OF = {"as_of": (r"20\d\d-\d\d-\d\d", "a day such as 2026-12-31, which counts whole")}


@endpoint(
    blueprint,
    Route(
        method="GET", path="/issuer", summary="Read who issues the invoices", answers="IssuerView"
    ),
)
def read_issuer(request: Request) -> Answer:
    """What stands on every document from now on, and what is still missing."""
    return _shown(find_issuer(request.stores.rows))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/issuer",
        summary="Say who issues the invoices",
        body="IssuerBody",
        answers="IssuerView",
        versioned=True,
    ),
)
def put_issuer(request: Request) -> Answer:
    """Replace what is said, but for the logo; invoices of before stay as they are."""
    from chalicelib.channels.schemas_billing import IssuerBody

    said: dict[str, Any] = validated(IssuerBody, request.document())
    wanted = from_plain(Issuer, said)
    version = request.expected_version()
    return _shown(flow.set_issuer(wanted, stores=request.stores, version=version))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/issuer/logo",
        summary="Put a picture above the invoices, or take it away",
        body="LogoBody",
        answers="IssuerView",
    ),
)
def put_logo(request: Request) -> Answer:
    """The picture stands on every document from now on."""
    from chalicelib.channels.schemas_billing import LogoBody

    said = validated(LogoBody, request.document())["png"]
    picture = None if said is None else base64.b64decode(said)
    documents = request.context.documents()
    return _shown(flow.set_logo(picture, stores=request.stores, documents=documents))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/aging",
        summary="Read what every advertiser owes, by how long",
        answers="AgingView",
        query=("as_of",),
        forms=_AS_OF,
    ),
)
def read_aging(request: Request) -> Answer:
    """Sums by age for every advertiser that owed anything at that time."""
    as_of = _as_of(request)
    found = debts.debtors(as_of, stores=request.stores)
    return Answer(body={"as_of": times.written(as_of), "advertisers": [_debtor(d) for d in found]})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/advertisers/{id}/aging",
        summary="Read what an advertiser owes, by how long",
        answers="AdvertiserAgingView",
        query=("as_of",),
        forms=_AS_OF,
        sides=(Side(party=PartyKind.ADVERTISER, query=("as_of",)),),
    ),
)
def read_aging_of(request: Request, id: str) -> Answer:
    """Each invoice that asked for money at that time, and the sums by age."""
    if request.party.own and request.party.id != id:
        raise NotFound(f"there is no advertiser {id}")
    as_of = _as_of(request)
    found = debts.debt_of(id, as_of, stores=request.stores)
    owing = [_owing(one) for one in found.owing]
    return Answer(body=_debtor(found) | {"as_of": times.written(as_of), "invoices": owing})


def _as_of(request: Request) -> datetime:
    """The end of the day that is named; now when none is."""
    said = request.query.get("as_of")
    if said is None:
        return request.context.clock()
    try:
        return datetime.combine(date.fromisoformat(said), time.max, UTC)
    except ValueError as wrong:
        reason = "must be a day of the calendar"
        raise Invalid((Fault(field="as_of", rule="format", reason=reason),)) from wrong


def _shown(issuer: Issuer) -> Answer:
    plain: dict[str, Any] = to_plain(issuer)
    body = plain | {"missing": list(issuer.missing)}
    return Answer(body=body, headers={"ETag": f'"{issuer.version}"'})


def _debtor(debtor: debts.Debtor) -> dict[str, Any]:
    return {
        "advertiser_id": debtor.advertiser_id,
        "currency": debtor.currency,
        "owed_cents": debtor.owed_cents,
        "ages": to_plain({age.value: cents for age, cents in aging.sums(debtor.owing).items()}),
    }


def _owing(one: aging.Owing) -> dict[str, Any]:
    return {
        "invoice_id": one.invoice.id,
        "number": one.invoice.number,
        "due_at": to_plain(one.invoice.due_at),
        "days_late": one.days_late,
        "owed_cents": one.owed_cents,
    }
