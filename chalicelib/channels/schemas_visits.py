"""What does the API take and show of visits?

Owns the documents of server-side number insertion. Import it inside handlers only, as the other
schemas.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from chalicelib.channels.dni_forms import MOST_ATTRIBUTES, MOST_OF_A_URL, MOST_OF_A_VALUE
from chalicelib.channels.fields import Document, Moment, TagName, plain_text

Url = Annotated[str, Field(max_length=MOST_OF_A_URL), AfterValidator(plain_text)]
Value = Annotated[str, Field(max_length=MOST_OF_A_VALUE), AfterValidator(plain_text)]


def _with_values(attributes: Any) -> Any:
    """The attributes without those that say nothing."""
    if not isinstance(attributes, dict):
        return attributes
    return {name: value for name, value in attributes.items() if value not in (None, "")}


Attributes = Annotated[
    dict[TagName, Value],
    Field(
        max_length=MOST_ATTRIBUTES,
        description="facts by name, such as source and keyword; `state` says where the visitor is",
    ),
    BeforeValidator(_with_values),
]


class VisitBody(Document):
    """A visit that is shown numbers by your own program: a page, a mail, an app. With the `token`
    of the answer before, the visit goes on."""

    site_id: Annotated[str, Field(max_length=64, pattern="^[A-Za-z0-9_]+$")]
    token: Annotated[str | None, Field(max_length=6000)] = None
    page: Url | None = None
    landing_page: Url | None = None
    referrer: Url | None = None
    attributes: Attributes = Field(default_factory=dict)


class ShownNumber(Document):
    """The number to show in the place of `find`."""

    find: str
    number: str


class ShownView(Document):
    """What to show, and until when the numbers are the visit's without a heartbeat; a number of the
    site that is not named stays as it is. Without pools nothing is lent, and there is no visit."""

    visit_id: str | None
    token: str | None
    expires_at: Moment
    heartbeat_seconds: int
    numbers: list[ShownNumber]


class LeaseView(Document):
    """A number that a visit was lent from `since` on, until `until` when it was last lent or
    told anything new."""

    pool_id: str
    e164: str
    since: Moment
    until: Moment


class VisitView(Document):
    """What is known of a visit. `seen_at` is when it was last lent a number, or told anything
    new."""

    id: str
    site_id: str
    publisher_id: str
    began_at: Moment
    seen_at: Moment
    page: str | None
    landing_page: str | None
    referrer: str | None
    attributes: dict[str, str]
    leases: list[LeaseView]
