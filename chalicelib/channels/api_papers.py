"""How are the documents of an invoice fetched over HTTP, and how does an invoice end unpaid?

Owns the routes of what is kept of an invoice or a statement, as links that last for minutes, of its
mails, and of making one void or writing it off. What an invoice says is served by `api_books`.
"""

from datetime import timedelta

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.api_books import own_document
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import invoice_view
from chalicelib.credit_notes import Printed
from chalicelib.flows import mailing, papers, payout_statements, statement_mails, voiding
from chalicelib.flows.pacing import while_somebody_waits
from chalicelib.flows.papers import Kept, Paper
from chalicelib.keys import PartyKind
from chalicelib.store.books import INVOICES
from chalicelib.store.codec import to_plain
from chalicelib.store.mails import mails_about

blueprint = Blueprint(__name__)

LINK_LASTS = timedelta(minutes=5)
_SUMMARIES = {
    Paper.PDF: "Get a link to an invoice, or a statement, as PDF",
    Paper.UBL: "Get a link to an invoice as UBL 2.1",
    Paper.CALLS: "Get a link to the table of the calls behind an invoice or a statement",
}


def _serve_link(which: Paper) -> None:
    route = Route(
        method="GET",
        path=f"/invoices/{{id}}/{which}",
        summary=_SUMMARIES[which],
        answers="DocumentLinkView",
        sides=(Side(party=PartyKind.ADVERTISER),),
    )

    @endpoint(blueprint, route)
    def give_link(request: Request, id: str) -> Answer:
        return link_to(own_document(request, id), which, request)


def link_to(printed: Printed, which: Paper, request: Request) -> Answer:
    """A link to a document that lasts for minutes."""
    documents = request.context.documents()
    return lasting_link(
        papers.kept(printed, which, stores=request.stores, documents=documents), request
    )


def lasting_link(kept: Kept, request: Request) -> Answer:
    """A link to what is kept that lasts for minutes."""
    expires = request.context.clock() + LINK_LASTS
    url = request.context.documents().link(kept.key, kept.name, LINK_LASTS)
    shown = {"name": kept.name, "url": url, "expires_at": times.written(expires)}
    return Answer(body=shown)


for _which in Paper:
    _serve_link(_which)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/invoices/{id}/void",
        summary="Make an open invoice void, so that its calls are billed again",
        answers="InvoiceView",
    ),
)
def void(request: Request, id: str) -> Answer:
    """The invoice keeps its number; once more changes nothing but goes on with giving back calls
    for which there was no time."""
    now, in_time = request.context.clock(), while_somebody_waits(request.context.clock)
    void = voiding.void_invoice(id, stores=request.stores, now=now, in_time=in_time)
    return Answer(body=invoice_view(void, now))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/invoices/{id}/write-off",
        summary="Write off what an open invoice still asks for",
        answers="InvoiceView",
    ),
)
def write_off(request: Request, id: str) -> Answer:
    """The rest is a loss; once more changes nothing but goes on with collecting calls that are paid
    for and for which there was no time."""
    now, in_time = request.context.clock(), while_somebody_waits(request.context.clock)
    lost = voiding.write_off(id, stores=request.stores, now=now, in_time=in_time)
    return Answer(body=invoice_view(lost, now))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/invoices/{id}/mails",
        summary="Mail an invoice, as often as it is asked for",
        body="MailBody",
        answers="MailView",
        status=201,
    ),
)
def mail(request: Request, id: str) -> Answer:
    """The mail and what became of it; one that could not be sent tells why."""
    from chalicelib.channels.schemas_billing import MailBody

    to = validated(MailBody, request.document())["to"]
    invoice = request.stores.books.get(INVOICES, id)
    now = request.context.clock()
    sent = mailing.send_again(invoice, to, stores=request.stores, post=request.post, now=now)
    return Answer(body=to_plain(sent), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/invoices/{id}/mails",
        summary="Read which mails about an invoice were sent",
        answers="MailsView",
    ),
)
def list_mails(request: Request, id: str) -> Answer:
    """Every mail, and what became of it."""
    request.stores.books.get(INVOICES, id)
    return Answer(body={"invoice_id": id, "mails": to_plain(mails_about(request.stores.rows, id))})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/mailed/{word}",
        summary="Fetch the invoice, credit note or statement that the link of a mail leads to",
        status=302,
        public=True,
    ),
)
def open_mailed(request: Request, word: str) -> Answer:
    """Leads on to the PDF, for minutes; the word itself lasts for 90 days."""
    documents, now = request.context.documents(), request.context.clock()
    stores, key = request.stores, request.post.key
    payout = statement_mails.opened(word, stores=stores, key=key, now=now)
    if payout:
        kept = payout_statements.kept(payout, Paper.PDF, stores=stores, documents=documents)
    else:
        printed = mailing.opened(word, stores=stores, key=key, now=now)
        kept = papers.kept(printed, Paper.PDF, stores=stores, documents=documents)
    url = documents.link(kept.key, kept.name, LINK_LASTS)
    return Answer(body={"url": url}, status=302, headers={"Location": url})
