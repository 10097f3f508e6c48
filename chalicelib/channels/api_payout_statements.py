"""How is the statement of a payout read over HTTP, and how is it fetched as a page or a table?

Owns the routes of what a payout comes to, and of the documents of that, as links that last for
minutes. The payout itself, and its lines, are served by `api_payouts`.
"""

from chalice import Blueprint

from chalicelib.channels.api_papers import lasting_link
from chalicelib.channels.api_payouts import own_payout
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import statement_view
from chalicelib.flows import payout_statements as flow
from chalicelib.flows.papers import Paper
from chalicelib.keys import PartyKind

blueprint = Blueprint(__name__)

_SIDES = (Side(party=PartyKind.PUBLISHER),)
_SUMMARIES = {
    Paper.PDF: "Get a link to the statement of a payout as PDF",
    Paper.CALLS: "Get a link to the table of the calls behind a payout",
}


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts/{id}/statement",
        summary="Read what a payout comes to",
        answers="PayoutStatementView",
        sides=_SIDES,
    ),
)
def read_statement(request: Request, id: str) -> Answer:
    """From what was open before, over what was earned and clawed back since, to what is sent."""
    made = flow.statement_of(own_payout(request, id), stores=request.stores)
    return Answer(body=statement_view(made))


def _serve_link(which: Paper) -> None:
    route = Route(
        method="GET",
        path=f"/payouts/{{id}}/{which}",
        summary=_SUMMARIES[which],
        answers="DocumentLinkView",
        sides=_SIDES,
    )

    @endpoint(blueprint, route)
    def give_link(request: Request, id: str) -> Answer:
        payout, documents = own_payout(request, id), request.context.documents()
        kept = flow.kept(payout, which, stores=request.stores, documents=documents)
        return lasting_link(kept, request)


for _which in _SUMMARIES:
    _serve_link(_which)
