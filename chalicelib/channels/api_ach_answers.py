"""How is what the bank sends back taken over HTTP?

Owns the routes of files of returns and of changes: read first, and applied when somebody says yes.
All of them are the operator's.
"""

from chalice import Blueprint

from chalicelib.ach_answers import AnswerLine, Answers
from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.signing import signed
from chalicelib.channels.views import View
from chalicelib.errors import Fault, Invalid
from chalicelib.flows import ach_answers as flow
from chalicelib.flows.payees import Desk
from chalicelib.store.ach_answers import lines_of
from chalicelib.store.books import ACH_ANSWERS
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_ANSWERS = "/ach-answers/{id}"


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/ach-answers",
        summary="Read a file of returns or changes that the bank sent, and change nothing",
        answers="AchAnswersView",
        status=201,
        media="text/plain",
    ),
)
def preview(request: Request) -> Answer:
    """Read the file; every fault of it is named, and a faulty file is not kept. The same file again
    is answered as it stands."""
    made = flow.preview(
        request.text(),
        by=signed(request),
        cipher=request.context.cipher(),
        stores=request.stores,
    )
    return Answer(body=answers_view(made), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ach-answers",
        summary="List the files that the bank sent back, the oldest first",
        answers="AchAnswersView",
        query=("state",),
        paged=True,
    ),
)
def list_answers(request: Request) -> Answer:
    """How far each is applied."""
    return shelf_page(request, ACH_ANSWERS, answers_view)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_ANSWERS,
        summary="Read how far a file of the bank's is applied",
        answers="AchAnswersView",
    ),
)
def read_answers(request: Request, id: str) -> Answer:
    """One file."""
    return Answer(body=answers_view(flow.known_answers(id, request.stores)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_ANSWERS + "/lines",
        summary="Read the lines of a file of the bank's",
        answers="AchAnswerLineView",
        paged=True,
    ),
)
def list_lines(request: Request, id: str) -> Answer:
    """Which payout each line is about, what its code means, and what it came to."""
    listing = request.listing()
    answers = flow.known_answers(id, request.stores)
    first = int(listing.after["first"]) if listing.after else 0
    lines = lines_of(request.stores.rows, answers, first, listing.limit)
    following = first + len(lines)
    mark = {"first": str(following)} if following < answers.lines else None
    return request.page([_line_view(one) for one in lines], listing, mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_ANSWERS + "/apply",
        summary="Apply the next lines of a file of the bank's",
        body="AchApplyBody",
        answers="AchAnswersView",
    ),
)
def apply(request: Request, id: str) -> Answer:
    """Apply up to 200 lines and say how far it is: to be repeated until the state is `applied`."""
    from chalicelib.channels.schemas_ach import AchApplyBody

    said = validated(AchApplyBody, request.document())
    if said["exempts"] and not said["reason"]:
        why = "must say why corrected accounts are paid without a cool-down"
        raise Invalid((Fault(field="reason", rule="required", reason=why),))
    desk = Desk(
        stores=request.stores,
        post=request.post,
        by=request.credential,
        now=request.context.clock(),
    )
    return Answer(body=answers_view(flow.apply(id, by=signed(request), **said, desk=desk)))


def answers_view(answers: Answers) -> View:
    """A file of the bank's; its lines are at `lines_path`."""
    plain: View = to_plain(answers)
    return plain | {"lines_path": f"/v1/ach-answers/{answers.id}/lines"}


def _line_view(line: AnswerLine) -> View:
    plain: View = to_plain(line)
    if line.corrected:
        account = line.corrected.account
        plain["corrected"].pop("account")
        plain["corrected"]["account_last"] = account.last if account else None
    return plain
