"""How is it read over HTTP what was paid in a year?

Owns the routes of a year's threshold and of what payees were paid in it: the operator has them for
everybody, a publisher for itself.
"""

from typing import Any

from chalice import Blueprint

from chalicelib import tax_years
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows.tax_years import PayeeYear, payee_years, rules_of, set_threshold
from chalicelib.keys import Party, PartyKind
from chalicelib.offers import Publisher
from chalicelib.store.codec import to_plain
from chalicelib.store.settings import find_operator
from chalicelib.store.tax_years import find_year
from chalicelib.tax_years import Sums, TaxYear, YearStanding, year_of

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/tax-years/{year}",
        summary="Read from how much on a year is told of to the tax office",
        answers="TaxYearView",
    ),
)
def read_year(request: Request, year: str) -> Answer:
    """The year's days, its threshold, and who says it."""
    return _shown(find_year(request.stores.rows, year_of(year)), request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/tax-years/{year}",
        summary="Say from how much on a year is told of to the tax office",
        body="TaxYearBody",
        answers="TaxYearView",
        versioned=True,
    ),
)
def put_year(request: Request, year: str) -> Answer:
    """Put this threshold in the place of the table's; null is the table's again."""
    from chalicelib.channels.schemas_tax import TaxYearBody

    wanted = year_of(year)
    said = validated(TaxYearBody, request.document())
    version = request.expected_version()
    after = set_threshold(wanted, **said, stores=request.stores, version=version)
    return _shown(after, request)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/tax-years/{year}/payees",
        summary="List what publishers were paid in a year",
        answers="OperatorPayeeYearView",
        paged=True,
    ),
)
def list_payees(request: Request, year: str) -> Answer:
    """Everybody who was paid anything, in the order of publishers; a page may hold fewer than were
    asked for."""
    rules = rules_of(year_of(year), request.stores)
    listing = request.listing()
    page = request.stores.catalog.page(Publisher, limit=listing.limit, after=listing.after)
    found = payee_years(page.items, rules, stores=request.stores)
    shown = [_operators_view(one) for one in found if one.standing is not YearStanding.NOTHING_PAID]
    return request.page(shown, listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/publishers/{id}/tax-years/{year}",
        summary="Read what a publisher was paid in a year",
        answers="PayeeYearView",
        sides=(Side(party=PartyKind.PUBLISHER),),
    ),
)
def read_payee_year(request: Request, id: str, year: str) -> Answer:
    """The sums that the tax office is told of, and those that PayPal tells of."""
    publisher = request.stores.catalog.find(Publisher, id)
    strange = request.party.own and request.party != Party(kind=PartyKind.PUBLISHER, id=id)
    if publisher is None or strange:
        raise NotFound(f"there is no publisher {id}")
    rules = rules_of(year_of(year), request.stores)
    (found,) = payee_years([publisher], rules, stores=request.stores)
    return Answer(body=_view(found))


def _shown(said: TaxYear, request: Request) -> Answer:
    within = tax_years.period(said.year, find_operator(request.stores.rows).tax_zone)
    by_whom = "table" if said.threshold_cents is None else "operator"
    body = {
        "year": said.year,
        **to_plain(within),
        "threshold_cents": said.in_force,
        "said_by": by_whom if said.in_force is not None else None,
        "version": said.version,
    }
    return Answer(body=body, headers={"ETag": f'"{said.version}"'})


def _view(found: PayeeYear) -> dict[str, Any]:
    totals = found.totals
    return {
        "publisher_id": totals.publisher_id,
        "year": totals.year,
        "currency": totals.currency,
        "own": _sums_view(totals.own),
        "processor": _sums_view(totals.processor),
        "standing": found.standing.value,
    }


def _operators_view(found: PayeeYear) -> dict[str, Any]:
    withholding = found.payee.withholding
    return _view(found) | {
        "name": found.publisher.name,
        "withholding": withholding.on,
        "b_notice": withholding.b_notice.value,
    }


def _sums_view(sums: Sums) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(sums)
    return plain | {"year_end_cents": sums.year_end_cents, "net_cents": sums.net_cents}
