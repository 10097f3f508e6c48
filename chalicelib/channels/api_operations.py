"""How is the platform itself run over HTTP?

Owns the closing of a period on request, trying out the routing, the sign of life, and the
description of the API.
"""

import json
from importlib import resources

from chalice import Blueprint

from chalicelib import times
from chalicelib.calls import Attestation
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import invoice_view, payout_view
from chalicelib.gate import caller_of
from chalicelib.places import visit_evidence
from chalicelib.reasons import Reason
from chalicelib.store.codec import to_plain

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
        method="POST",
        path="/routing/dry-run",
        summary="Ask who would get a call on this number",
        body="DryRunBody",
        answers="DryRunView",
    ),
)
def try_routing(request: Request) -> Answer:
    """Every target in the order considered, with its reason; nothing is reserved."""
    from chalicelib.channels.schemas_calls import DryRunBody
    from chalicelib.flows.dry_run import Supposed, dry_run

    asked = validated(DryRunBody, request.document())
    now = request.context.clock()
    supposed = Supposed(
        call_id=request.context.new_id("call"),
        e164=asked["number"],
        caller=caller_of(
            asked["caller"],
            Attestation(asked["attestation"]),
            hash_key=request.context.secrets().caller_hash_key,
        ),
        at=times.read(asked["at"]) if asked["at"] else now,
        tags=asked["tags"],
        declared=visit_evidence(asked["state"], asked["zip"]),
    )
    decision = dry_run(supposed, stores=request.stores, now=now)
    chosen = (seen.target_id for seen in decision.considered if seen.reason is Reason.CHOSEN)
    shown = {
        "number": supposed.e164,
        "at": times.written(supposed.at),
        "target_id": next(chosen, None),
        "refusal": decision.refusal,
        "gate": to_plain(decision.gate),
        "strategy": decision.strategy,
        "considered": to_plain(decision.considered),
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
