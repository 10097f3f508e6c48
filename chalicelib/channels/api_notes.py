"""How are credit notes fetched over HTTP?

Owns the routes of what is kept of a credit note, as links that last for minutes. Credits themselves
are served by `api_credits`, the documents of invoices by `api_papers`.
"""

from chalice import Blueprint

from chalicelib.channels.api_credits import own_credit
from chalicelib.channels.api_papers import link_to
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.flows.papers import Paper
from chalicelib.keys import PartyKind
from chalicelib.store.credits import note_of

blueprint = Blueprint(__name__)

_SUMMARIES = {
    Paper.PDF: "Get a link to a credit note as PDF",
    Paper.UBL: "Get a link to a credit note on an invoice as UBL 2.1",
}


def _serve_link(which: Paper) -> None:
    route = Route(
        method="GET",
        path=f"/credits/{{id}}/{which}",
        summary=_SUMMARIES[which],
        answers="DocumentLinkView",
        sides=(Side(party=PartyKind.ADVERTISER),),
    )

    @endpoint(blueprint, route)
    def give_link(request: Request, id: str) -> Answer:
        note = note_of(request.stores.rows, own_credit(request, id))
        return link_to(note, which, request)


for _which in _SUMMARIES:
    _serve_link(_which)
