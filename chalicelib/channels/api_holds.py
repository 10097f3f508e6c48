"""How is a publisher's money held back, and let go, over HTTP?

Owns the routes of holds, and of giving up what a publisher owes. What is held is owed still; it
waits until the hold is lifted.
"""

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import View, earning_view
from chalicelib.flows import holding as flow
from chalicelib.flows.adjustments import write_off_debt
from chalicelib.holding import Hold
from chalicelib.store.books import HOLDS
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/publishers/{id}/holds",
        summary="Pay a publisher nothing until further notice",
        body="HoldBody",
        answers="HoldView",
        status=201,
        keyed=True,
    ),
)
def place_hold(request: Request, id: str) -> Answer:
    """A hold with its reason, once for each Idempotency-Key; each is lifted by itself."""
    from chalicelib.channels.schemas_payouts import HoldBody

    said = validated(HoldBody, request.document())
    now, cause = request.context.clock(), _cause(request)
    placed = flow.hold_publisher(id, **said, cause=cause, stores=request.stores, now=now)
    return Answer(body=_view(placed), status=201)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/calls/{id}/holds",
        summary="Keep what a call has earned out of payouts",
        body="HoldBody",
        answers="HoldView",
        status=201,
        keyed=True,
    ),
)
def hold_call(request: Request, id: str) -> Answer:
    """A hold on one earning, once for each Idempotency-Key; not while it is in a payout."""
    from chalicelib.channels.schemas_payouts import HoldBody

    said = validated(HoldBody, request.document())
    now, cause = request.context.clock(), _cause(request)
    placed = flow.hold_earning(id, **said, cause=cause, stores=request.stores, now=now)
    return Answer(body=_view(placed), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/holds",
        summary="List holds, the oldest first",
        answers="HoldView",
        query=("publisher_id",),
        paged=True,
    ),
)
def list_holds(request: Request) -> Answer:
    """Every hold, lifted ones too."""
    return shelf_page(request, HOLDS, _view)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/holds/{id}/lift",
        summary="Let what was held be paid",
        answers="HoldView",
    ),
)
def lift_hold(request: Request, id: str) -> Answer:
    """The hold, lifted; lifting it again changes nothing."""
    lifted = flow.lift_hold(id, stores=request.stores, now=request.context.clock())
    return Answer(body=_view(lifted))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/publishers/{id}/write-off",
        summary="Give up what a publisher owes",
        answers="EarningView",
        status=201,
        keyed=True,
    ),
)
def write_off(request: Request, id: str) -> Answer:
    """The line that makes up for the debt, once for each Idempotency-Key."""
    line = write_off_debt(
        id, cause=_cause(request), stores=request.stores, now=request.context.clock()
    )
    return Answer(body=earning_view(line), status=201)


def _cause(request: Request) -> str:
    """What makes it happen once."""
    claim = request.claim("")
    return claim.name if claim else request.context.new_id("hld")


def _view(hold: Hold) -> View:
    plain: View = to_plain(hold)
    return plain
