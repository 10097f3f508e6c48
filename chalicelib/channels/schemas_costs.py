"""What does the API take and show of the costs of placements, and of what they return?

Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from chalicelib import returns
from chalicelib.channels.fields import Cents, Currency, Document, Moment, Name, PositiveCents


def _day(text: str) -> str:
    """A day of this century."""
    if not returns.is_day(text):
        raise PydanticCustomError("format", "must be a day such as 2026-11-01")
    if not text.startswith("20"):
        raise PydanticCustomError("range", "must be in this century")
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)]


class CostBody(Document):
    """What a placement cost from one day on and until another, which is excluded; days are those of
    UTC. Each of them bears the same."""

    model_config = ConfigDict(serialize_by_alias=True)

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    amount_cents: PositiveCents
    currency: Currency = "USD"
    note: Name | None = None


class CostView(CostBody):
    """A cost as it stands; a removed one counts no more."""

    id: str
    placement_id: str
    removed: bool
    version: int
    created_at: Moment


class CostsView(Document):
    """The costs of a placement that are not removed, in the order of their days."""

    data: list[CostView]


class ReturnView(Document):
    """What a placement brought on some days beside what it cost: earnings of approved calls less
    the cost of these days, and that in per cent of the cost (null where it cost nothing)."""

    model_config = ConfigDict(serialize_by_alias=True)

    placement_id: str
    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    currency: Currency
    calls: int
    approved: int
    earnings_cents: Cents
    cost_cents: Cents
    return_cents: int
    return_percent: float | None
