"""What does the API take and show of a decision that is made again?

Owns the documents of a replay. A decision itself is shown as `schemas_calls` says; the form of a
change is that of the thing's own body in `schemas`.
"""

from typing import Annotated, Any

from pydantic import Field

from chalicelib.channels.fields import Document, Moment
from chalicelib.channels.schemas_calls import ConsideredView, DecisionView

Attempt = Annotated[int, Field(ge=1, le=99)]
Changes = Annotated[
    dict[str, dict[str, Any]],
    Field(max_length=50, description="merge patches by the id of a thing that took part"),
]


class ReplayBody(Document):
    """Which decision to make again: that on an `attempt` of a call, on the facts it had. `changes`
    holds a patch for each thing that is to be other than it was: advertiser, campaign, target,
    offer, publisher or partnership."""

    call_id: Annotated[str, Field(max_length=100)]
    attempt: Attempt = 1
    changes: Changes = Field(default_factory=dict)


class StandingView(ConsideredView):
    """How a target stood; `position` is its place in the order considered, the first being 1."""

    position: int


class DifferenceView(Document):
    """A target that stands otherwise; `was` or `becomes` is null where it is not considered."""

    target_id: str
    was: StandingView | None
    becomes: StandingView | None


class ReplayView(Document):
    """The decision as it went and as it goes now. `at` is when it was made; `same` tells whether
    nothing shown of the two differs."""

    call_id: str
    attempt: int
    at: Moment
    same: bool
    original: DecisionView
    replayed: DecisionView
    differences: list[DifferenceView]
