"""How are periods closed over HTTP?

Owns the closing that somebody asks for, as far as there is time for it while they wait, and the
runs that do the rest, party by party, like those of the schedule.
"""

from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import invoice_view, payout_view
from chalicelib.closings import Run
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

MOST_UNFINISHED = 100


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
    """What was done while you waited; a repetition does nothing. What there was no time for is
    being done, and `run` tells how far it is."""
    from chalicelib.channels.schemas_books import ClosingBody
    from chalicelib.flows import closing, closing_runs
    from chalicelib.flows.pacing import while_somebody_waits

    said = validated(ClosingBody, request.document())["as_of"]
    context, now = request.context, request.context.clock()
    desk = closing.desk_of(
        stores=request.stores,
        documents=context.documents(),
        post=request.post,
        now=now,
        in_time=while_somebody_waits(context.clock),
    )
    report = closing.close(times.read(said) if said else now, desk)
    run = None
    if not report.whole:
        run = closing_runs.ask(
            report.as_of, stores=request.stores, send=context.close_party, now=now,
            advertisers=report.left,
        )  # fmt: skip
    shown = {
        "as_of": times.written(report.as_of),
        "issued": [invoice_view(invoice, now) for invoice in report.issued],
        "released": report.released,
        "payouts": [payout_view(payout) for payout in report.payouts],
        "unfinished": list(report.unfinished),
        "unprinted": list(report.unprinted),
        "dunned": to_plain(report.dunned),
        "run": _run_view(run) if run else None,
    }
    return Answer(body=shown)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/closings",
        summary="List the runs that close party by party, the latest first",
        answers="ClosingRunView",
        paged=True,
    ),
)
def list_runs(request: Request) -> Answer:
    """Every run of the schedule, and those that a request has left its rest to."""
    from chalicelib.store.closings import latest_runs, read_runs

    listing = request.listing()
    page = latest_runs(request.stores.rows, limit=listing.limit, after=listing.after)
    return request.page([_run_view(run) for run in read_runs(page)], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/closings/{id}",
        summary="Tell how far a run is, and what it waits for",
        answers="ClosingProgressView",
    ),
)
def tell_run(request: Request, id: str) -> Answer:
    """What the run has done, and the first parts that are not done, with the reason."""
    from chalicelib.flows.closing_runs import look

    report = look(id, stores=request.stores)
    done = len(report.parts) - len(report.waiting)
    shown = {
        **_run_view(report.run),
        "parts_done": done,
        "parts_waiting": len(report.waiting),
        "waiting": [
            {"party_id": part.party_id, "said": part.said, "at": times.written(part.at)}
            for part in report.waiting[:MOST_UNFINISHED]
        ],
        "issued": [one for part in report.parts for one in part.issued],
        "released": sum(part.released for part in report.parts),
        "payouts": [one for part in report.parts for one in part.paid],
    }
    return Answer(body=shown)


def _run_view(run: Run) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(run)
    return plain
