"""What happens when somebody asks for the statement of a payout?

Joins the payout with its earnings and their calls, and keeps the page and the table of what it says
once they are asked for: one pair for each state of the payout, which stays as it was made.
"""

from collections.abc import Iterable, Iterator, Sequence

from chalicelib import payout_statements, sides
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.papers import Kept, Paper
from chalicelib.offers import Publisher
from chalicelib.payout_statements import PayoutStatement, StatementLine
from chalicelib.payouts import Earning, Payout
from chalicelib.providers import statement_paper
from chalicelib.providers.documents import Documents
from chalicelib.providers.letterhead import CONTENT_TYPE
from chalicelib.store.books import EARNINGS
from chalicelib.store.calls import call_key, read_call
from chalicelib.store.issuer import find_issuer
from chalicelib.store.papers import mark_made, papers_made
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores

TABLE_CONTENT_TYPE = "text/csv; charset=utf-8"
_A_BATCH = 100
_SUFFIXES = {Paper.PDF: ".pdf", Paper.CALLS: "-calls.csv"}


def statement_of(payout: Payout, *, stores: Stores) -> PayoutStatement:
    """What the payout comes to, and every line of it, as it stands.

    Conflict when its earnings have gone back to be paid by another; Busy while an index does not
    show all of them.
    """
    if payout.gives_back:
        detail = f"{payout.id} is {payout.state}; another payout pays what it was made of"
        raise Conflict(detail, code="payout_given_back")
    publisher = stores.catalog.find(Publisher, payout.publisher_id)
    earnings = (booked.earning for booked in stores.books.each_of(EARNINGS, payout.id))
    made = PayoutStatement(
        payout=payout,
        publisher=publisher.name if publisher else payout.publisher_id,
        issuer=find_issuer(stores.rows),
        lines=lines_of(payout, payout_statements.in_order(earnings), stores=stores),
    )
    if not made.whole:
        raise Busy(f"not every line of {payout.id} is shown yet")
    return made


def lines_of(
    payout: Payout, earnings: Sequence[Earning], *, stores: Stores
) -> tuple[StatementLine, ...]:
    """The lines of these earnings, each with its call."""
    return tuple(_lines(payout, earnings, stores.rows))


def kept(payout: Payout, which: Paper, *, stores: Stores, documents: Documents) -> Kept:
    """Where the page of a payout's statement lies, or its table, made now if nobody has asked for
    it in this state yet. Refused as `statement_of` is; NotFound for the e-invoice."""
    if which not in _SUFFIXES:
        raise NotFound(f"{payout.id} has no such document")
    suffix, mark = _SUFFIXES[which], f"{payout.id}#{payout.state}"
    if not papers_made(stores.rows, mark):
        _make(statement_of(payout, stores=stores), documents)
        mark_made(stores.rows, mark)
    place = payout_statements.place(payout, suffix)
    return Kept(key=place, name=f"{payout.id}{suffix}")


def _make(statement: PayoutStatement, documents: Documents) -> None:
    page = statement_paper.printed(statement, documents.read)
    table = payout_statements.lines_csv(statement.lines).encode()
    for which, body, content_type in (
        (Paper.PDF, page, CONTENT_TYPE),
        (Paper.CALLS, table, TABLE_CONTENT_TYPE),
    ):
        place = payout_statements.place(statement.payout, _SUFFIXES[which])
        documents.keep(place, body, content_type)


def _lines(payout: Payout, earnings: Sequence[Earning], rows: Rows) -> Iterator[StatementLine]:
    for first in range(0, len(earnings), _A_BATCH):
        batch = earnings[first : first + _A_BATCH]
        calls = _calls(rows, {one.call_id for one in batch if one.call_id})
        for earning in batch:
            yield payout_statements.line(payout, earning, calls.get(earning.call_id))


def _calls(rows: Rows, ids: Iterable[str]) -> dict[str, sides.PublisherCall]:
    """The calls as their publisher sees them."""
    found, _ = rows.gather([call_key(call_id) for call_id in ids])
    calls = (read_call(item) for item in found.values())
    return {call.id: sides.publisher_call(call) for call in calls}
