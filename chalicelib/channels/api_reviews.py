"""How does the operator review calls over HTTP?

Owns the routes of a call's reviews, and the list of the calls that await one. What a review does to
a verdict belongs to `disqualifying`; a verdict is read in `api_verdicts`.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.api_calls import own_call
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.feedback import shown
from chalicelib.flows import reviews as flow
from chalicelib.flows.reviews import Deciding
from chalicelib.reviews import Review, ReviewDecision
from chalicelib.store.codec import to_plain
from chalicelib.store.reviews import Unreviewed, page_of_unreviewed, reviews_of

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/calls/{id}/review",
        summary="Decide of a call that awaits a review",
        body="ReviewBody",
        answers="ReviewView",
    ),
)
def put_review(request: Request, id: str) -> Answer:
    """Keep the decision; what was decided before stays in the history. One that comes after the
    deadline or the verdict, or that no terms ask for, is kept and moves no money."""
    from chalicelib.channels.schemas_reviews import ReviewBody

    call = own_call(id, request)
    said = validated(ReviewBody, request.document())
    deciding = Deciding(
        call_id=call.id,
        decision=ReviewDecision(said["decision"]),
        reason=said["reason"],
        note=said["note"],
    )
    kept = flow.decide(deciding, stores=request.stores, now=request.context.clock())
    return Answer(body=_review_view(kept))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/reviews",
        summary="Read every review of a call",
        answers="ReviewsView",
    ),
)
def list_reviews(request: Request, id: str) -> Answer:
    """Every review with its note, also one that came late."""
    call = own_call(id, request)
    kept = reviews_of(request.stores.rows, call.id)
    return Answer(body={"call_id": call.id, "reviews": [_review_view(one) for one in kept]})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/reviews",
        summary="List the calls that await a review, by their next deadline",
        answers="UnreviewedView",
        paged=True,
    ),
)
def list_unreviewed(request: Request) -> Answer:
    """A page looks at so many calls that are not judged, and holds those of them that await a
    review: it may hold fewer than its limit. Go on while there is a next page."""
    listing = request.listing()
    page = page_of_unreviewed(request.stores.rows, limit=listing.limit, after=listing.after)
    return request.page([_unreviewed_view(one) for one in page.items], listing, page.mark)


def _review_view(review: Review) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(review)
    del plain["call_id"]
    return plain | {"reason": shown(review.reason), "note": shown(review.note)}


def _unreviewed_view(one: Unreviewed) -> dict[str, Any]:
    call, verdict = one.call, one.verdict
    view: dict[str, Any] = to_plain(
        {
            "call_id": call.id,
            "campaign_id": call.attempt.hold.campaign_id if call.attempt else None,
            "publisher_id": call.publisher_id,
            "arrived_at": call.arrived_at,
            "talk_seconds": call.talk_seconds,
            "charge_most_cents": verdict.charge_most_cents,
            "earning_most_cents": verdict.earning_most_cents,
            "until": one.until,
        }
    )
    return view
