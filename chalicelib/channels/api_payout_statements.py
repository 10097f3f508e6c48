"""How is the statement of a payout read over HTTP, and how is it fetched as a page or a table?

Owns the routes of what a payout comes to, of the documents of that, as links that last for
minutes, and of its mails. The payout itself, and its lines, are served by `api_payouts`.
"""

from chalice import Blueprint

from chalicelib.channels.api_papers import lasting_link
from chalicelib.channels.api_payouts import own_payout
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import statement_view
from chalicelib.flows import payout_statements as flow
from chalicelib.flows import statement_mails
from chalicelib.flows.papers import Paper
from chalicelib.keys import PartyKind
from chalicelib.store.codec import to_plain
from chalicelib.store.mails import mails_about

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


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/mails",
        summary="Mail the statement of a payout, as often as it is asked for",
        body="MailBody",
        answers="MailView",
        status=201,
    ),
)
def mail(request: Request, id: str) -> Answer:
    """The mail and what became of it; one that could not be sent tells why."""
    from chalicelib.channels.schemas_billing import MailBody

    to = validated(MailBody, request.document())["to"]
    sent = statement_mails.send(
        own_payout(request, id),
        to,
        stores=request.stores,
        documents=request.context.documents(),
        post=request.post,
        now=request.context.clock(),
    )
    return Answer(body=to_plain(sent), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts/{id}/mails",
        summary="Read which mails about a payout's statement were sent",
        answers="PayoutMailsView",
    ),
)
def list_mails(request: Request, id: str) -> Answer:
    """Every mail, and what became of it."""
    payout = own_payout(request, id)
    mails = to_plain(mails_about(request.stores.rows, payout.id))
    return Answer(body={"payout_id": id, "mails": mails})
