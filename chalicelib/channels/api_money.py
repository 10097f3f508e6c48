"""How are a bank's statement, refunds and chargebacks recorded over HTTP?

Owns the routes by which the operator tells what the bank did beyond single payments, which are in
`api_books`.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.bank_files import BankFile
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.flows import bank_files as files
from chalicelib.flows import paybacks as flow
from chalicelib.flows.bank_files import SeenLine
from chalicelib.flows.pacing import while_somebody_waits
from chalicelib.flows.paybacks import ChargebackReport
from chalicelib.store.books import CHARGEBACKS, REFUNDS, Shelf
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

View = dict[str, Any]


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payments/preview",
        summary="Read a bank's statement, and book nothing",
        answers="BankFileView",
        status=201,
        media="text/csv",
    ),
)
def preview_file(request: Request) -> Answer:
    """Read a statement; every fault of it is named with its row, and a faulty file is not kept."""
    made = files.preview(
        request.text(),
        id=request.context.new_id("bnk"),
        stores=request.stores,
        now=request.context.clock(),
    )
    return Answer(body=_file_view(made), status=201)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payments/apply",
        summary="Book the next lines of a bank's statement",
        body="BankFileBody",
        answers="BankFileView",
    ),
)
def apply_file(request: Request) -> Answer:
    """Book up to 50 lines and say how far it is: to be repeated until the state is `applied`. What
    is left for a minute goes on by itself."""
    from chalicelib.channels.schemas_money import BankFileBody

    said = validated(BankFileBody, request.document())
    made = _known(said["bank_file_id"], request)
    now = request.context.clock()
    return Answer(body=_file_view(files.apply(made, stores=request.stores, now=now)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/bank-files/{id}",
        summary="Read how far a bank's statement is booked",
        answers="BankFileView",
    ),
)
def read_file(request: Request, id: str) -> Answer:
    """One statement; it is forgotten a week after it came, its payments are not."""
    return Answer(body=_file_view(_known(id, request)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/bank-files/{id}/lines",
        summary="Read whose money the lines of a bank's statement are",
        answers="BankLineView",
        paged=True,
    ),
)
def list_lines(request: Request, id: str) -> Answer:
    """Each line as it was read, with its payment, or whose money it is, or why it is nobody's."""
    listing = request.listing()
    made = _known(id, request)
    first = int(listing.after["first"]) if listing.after else 0
    seen = files.seen_lines(made, first=first, count=listing.limit, stores=request.stores)
    following = first + len(seen)
    mark = {"first": str(following)} if following < made.rows else None
    return request.page([_line_view(one) for one in seen], listing, mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/refunds",
        summary="Record money that went back to an advertiser",
        body="RefundBody",
        answers="RefundView",
        status=201,
    ),
)
def create_refund(request: Request) -> Answer:
    """Money goes back that no invoice took, or of a prepaid balance what no call has used or holds.
    The reference makes the refund once: a repetition is answered as the first."""
    from chalicelib.channels.schemas_money import RefundBody

    said = validated(RefundBody, request.document())
    given = flow.refund(**said, stores=request.stores, now=request.context.clock())
    return Answer(body=to_plain(given), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/refunds",
        summary="List refunds, the oldest first",
        answers="RefundView",
        paged=True,
    ),
)
def list_refunds(request: Request) -> Answer:
    """Every refund, those made at Stripe too."""
    return _page(request, REFUNDS)


@endpoint(
    blueprint,
    Route(method="GET", path="/refunds/{id}", summary="Read a refund", answers="RefundView"),
)
def read_refund(request: Request, id: str) -> Answer:
    """One refund."""
    return Answer(body=to_plain(request.stores.books.get(REFUNDS, id)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payments/{id}/chargeback",
        summary="Record that the bank took a payment back",
        body="ChargebackBody",
        answers="ChargebackView",
    ),
)
def create_chargeback(request: Request, id: str) -> Answer:
    """The invoices it had paid owe again, and its calls wait for money again; of calls whose
    earnings were released it is told. A repetition is answered as the first, as things stand."""
    from chalicelib.channels.schemas_money import ChargebackBody

    said = validated(ChargebackBody, request.document())
    now, in_time = request.context.clock(), while_somebody_waits(request.context.clock)
    report = flow.charge_back(id, **said, stores=request.stores, now=now, in_time=in_time)
    return Answer(body=_chargeback_view(report))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payments/{id}/chargeback",
        summary="Read the chargeback of a payment",
        answers="ChargebackView",
    ),
)
def read_chargeback(request: Request, id: str) -> Answer:
    """What was taken back, and the released earnings that nobody has paid as things stand."""
    in_time = while_somebody_waits(request.context.clock)
    report = flow.known_chargeback(id, stores=request.stores, in_time=in_time)
    return Answer(body=_chargeback_view(report))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/chargebacks",
        summary="List chargebacks, the oldest first",
        answers="ChargebackSummaryView",
        paged=True,
    ),
)
def list_chargebacks(request: Request) -> Answer:
    """What banks took back; `GET /payments/{id}/chargeback` adds what is left to be dealt with."""
    return _page(request, CHARGEBACKS)


def _page(request: Request, shelf: Shelf[Any]) -> Answer:
    listing = request.listing()
    page = request.stores.books.list(shelf, limit=listing.limit, after=listing.after)
    return request.page([to_plain(one) for one in page.items], listing, page.mark)


def _known(id: str, request: Request) -> BankFile:
    return files.known_file(id, stores=request.stores, now=request.context.clock())


def _file_view(made: BankFile) -> View:
    """A statement, and how far it is booked."""
    return {
        "id": made.id,
        "state": made.state.value,
        "lines": made.rows,
        "done": made.done,
        "booked": made.matched,
        "unmatched": made.unmatched,
        "created_at": to_plain(made.created_at),
        "expires_at": to_plain(made.expires_at),
    }


def _line_view(seen: SeenLine) -> View:
    """A line with its payment, or its match."""
    line: View = to_plain(seen.line)
    del line["position"]
    payment, match = seen.payment, seen.match
    return {
        **line,
        "advertiser_id": payment.advertiser_id if payment else match.advertiser_id,
        "invoice_ids": list(match.invoice_ids),
        "matched_by": match.by.value if match.by else None,
        "cause": match.cause.value if match.cause and not payment else None,
        "payment_id": payment.id if payment else None,
    }


def _chargeback_view(report: ChargebackReport) -> View:
    """A chargeback with the released earnings that nobody has paid."""
    released = [
        {
            "call_id": booked.earning.call_id,
            "publisher_id": booked.earning.publisher_id,
            "amount_cents": booked.earning.amount_cents,
            "state": booked.state.value,
            "payout_id": booked.document_id,
        }
        for booked in report.released
    ]
    return {**to_plain(report.chargeback), "released": released, "whole": report.whole}
