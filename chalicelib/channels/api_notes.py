"""How are credit notes fetched and mailed over HTTP?

Owns the routes of what is kept of a credit note, as links that last for minutes, and of its mails.
Credits themselves are served by `api_credits`, the documents of invoices by `api_papers`.
"""

from chalice import Blueprint

from chalicelib.channels.api_credits import own_credit
from chalicelib.channels.api_papers import link_to
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.flows import mailing
from chalicelib.flows.papers import Paper
from chalicelib.keys import PartyKind
from chalicelib.store.codec import to_plain
from chalicelib.store.credits import find_note, note_of
from chalicelib.store.mails import mails_about

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


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/credits/{id}/mails",
        summary="Mail a credit note, as often as it is asked for",
        body="MailBody",
        answers="MailView",
        status=201,
    ),
)
def mail(request: Request, id: str) -> Answer:
    """The mail and what became of it; one that could not be sent tells why."""
    from chalicelib.channels.schemas_billing import MailBody

    to = validated(MailBody, request.document())["to"]
    note = find_note(request.stores.rows, id)
    now = request.context.clock()
    sent = mailing.send_again(note, to, stores=request.stores, post=request.post, now=now)
    return Answer(body=to_plain(sent), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/credits/{id}/mails",
        summary="Read which mails about a credit note were sent",
        answers="CreditMailsView",
    ),
)
def list_mails(request: Request, id: str) -> Answer:
    """Every mail, and what became of it."""
    note = find_note(request.stores.rows, id)
    mails = to_plain(mails_about(request.stores.rows, note.id))
    return Answer(body={"credit_id": id, "mails": mails})
