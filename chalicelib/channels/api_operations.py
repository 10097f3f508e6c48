"""How is the platform itself run over HTTP?

Owns the closing of a period on request, the sign of life, and the description of the API.
"""

import json
from importlib import resources

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import invoice_view, payout_view

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/closings",
        summary="Close what has ended, as the daily schedule does",
        body="ClosingBody",
        answers="ClosingView",
    ),
)
def close(request: Request) -> Answer:
    """What this run has done; a repetition has done nothing."""
    from chalicelib.channels.schemas_books import ClosingBody
    from chalicelib.flows import closing

    as_of = validated(ClosingBody, request.document())["as_of"]
    now = request.context.clock()
    report = closing.close(
        times.read(as_of) if as_of else now,
        stores=request.stores,
        now=now,
        put_document=request.context.put_document,
    )
    shown = {
        "as_of": times.written(report.as_of),
        "issued": [invoice_view(invoice) for invoice in report.issued],
        "released": report.released,
        "payouts": [payout_view(payout) for payout in report.payouts],
        "unfinished": list(report.unfinished),
    }
    return Answer(body=shown)


@endpoint(
    blueprint,
    Route(
        method="GET", path="/health", summary="Tell that the API answers", answers="HealthView",
        public=True,
    ),
)  # fmt: skip
def tell_health(request: Request) -> Answer:
    """The API answers; nothing behind it is asked."""
    del request
    return Answer(body={"status": "ok"})


@endpoint(
    blueprint,
    Route(
        method="GET", path="/openapi.json", summary="Read this description of the API", public=True
    ),
)
def tell_description(request: Request) -> Answer:
    """The API in OpenAPI 3.1."""
    del request
    document = resources.files("chalicelib").joinpath("assets", "openapi.json").read_text()
    return Answer(body=json.loads(document))
