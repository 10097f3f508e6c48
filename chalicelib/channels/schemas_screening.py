"""What does the API take and show of who may not be paid?

Owns the documents of the list, of what it finds, and of the operator's decision. Import it inside
handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import screening
from chalicelib.channels.fields import Document, Moment, Name

Decision = Annotated[screening.Decision, Field(strict=False)]
ScreeningState = Annotated[screening.ScreeningState, Field(strict=False)]


class ScreeningListView(Document):
    """The list in force; version 0 was never said, and nobody is looked for."""

    id: str
    rows: int
    uploaded_at: Moment | None
    uploaded_by: str | None
    version: int


class UploadedListView(ScreeningListView):
    """The list in force, how many publishers were looked for on it, and how many of them are not
    paid because of it."""

    screened: int
    found: int


class HitView(Document):
    """A name of the list that is like one of the publisher's, or its country."""

    listed: str
    ours: str
    countries: list[str]


class ScreeningView(Document):
    """What the list finds of a publisher. `passed` was decided to be somebody else."""

    publisher_id: str
    state: ScreeningState
    names: list[str]
    country: str | None
    hits: list[HitView]
    passed: list[HitView]
    list_id: str
    screened_at: Moment | None
    decided_at: Moment | None
    decided_by: str | None
    reason: str | None
    version: int


class DecisionBody(Document):
    """Whether it is somebody else (`cleared`) or the publisher (`confirmed`), and why."""

    decision: Decision
    reason: Name
