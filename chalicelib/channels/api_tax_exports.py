"""How does the operator get a year's forms for the tax office over HTTP?

Owns the routes of exports: asking for one, reading how far it is, and links to its files. All of
them are the operator's alone, and none shows a tax number.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.flows.tax_exports import ask_export, fetch_file
from chalicelib.store.books import TAX_EXPORTS
from chalicelib.store.codec import to_plain
from chalicelib.tax_exports import ExportFile, TaxExport
from chalicelib.tax_years import year_of

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/tax-years/{year}/exports",
        summary="Have the forms 1099-NEC of a year written",
        answers="TaxExportView",
        status=201,
    ),
)
def create_export(request: Request, year: str) -> Answer:
    """The files are written within minutes; asking again makes another export."""
    export = ask_export(
        year_of(year),
        id=request.context.new_id("txe"),
        by=request.credential,
        stores=request.stores,
        now=request.context.clock(),
    )
    return Answer(body=_view(export), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/tax-exports",
        summary="List which forms were asked for, by whom, and who fetched them",
        answers="TaxExportView",
        paged=True,
    ),
)
def list_exports(request: Request) -> Answer:
    """Every export, the oldest first."""
    return shelf_page(request, TAX_EXPORTS, _view)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/tax-exports/{id}",
        summary="Read how far an export of forms is",
        answers="TaxExportView",
    ),
)
def read_export(request: Request, id: str) -> Answer:
    """One export, and who fetched its files."""
    return Answer(body=_view(request.stores.books.get(TAX_EXPORTS, id)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/tax-exports/{id}/links",
        summary="Get a link to a file of an export",
        body="TaxExportLinkBody",
        answers="TaxExportLinkView",
        status=201,
    ),
)
def create_link(request: Request, id: str) -> Answer:
    """Good for five minutes; that it was given is kept."""
    from chalicelib.channels.schemas_tax import TaxExportLinkBody

    said = validated(TaxExportLinkBody, request.document())
    fetched = fetch_file(
        id,
        ExportFile(said["file"]),
        by=request.credential,
        documents=request.context.documents(),
        stores=request.stores,
        now=request.context.clock(),
    )
    return Answer(body=to_plain(fetched), status=201)


def _view(export: TaxExport) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(export)
    plain.pop("run")
    return plain | {"ends_at": to_plain(export.ends_at)}
