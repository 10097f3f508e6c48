"""What does the API take and show of the caller's gate?

Owns the documents of the block list and of an offer's gate settings. Import it inside handlers
only, as the other schemas.
"""

import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib import calls, campaigns, gate
from chalicelib.channels.fields import (
    AdvertiserId,
    Document,
    Moment,
    Name,
    OfferId,
    PublisherId,
    e164,
)

_PREFIX = re.compile(
    rf"\+[1-9][0-9]{{{gate.PREFIX_DIGITS.start - 1},{gate.PREFIX_DIGITS.stop - 2}}}"
)
_PREFIX_FAULT = (
    f"must be a plus and the first {gate.PREFIX_DIGITS.start} to {gate.PREFIX_DIGITS.stop - 1} "
    "digits of numbers, such as +1555"
)


class BlockBody(Document):
    """Who is kept out: the `number` itself (exact), every number that begins with it (prefix), or
    whoever withholds one (anonymous, without a number). From one offer, from whatever one publisher
    brings, from the campaigns of one advertiser, or, with none of the three, from the whole
    deployment; until `expires_at`, or for ever when that is null."""

    kind: Annotated[gate.BlockKind, Field(strict=False)]
    number: Annotated[
        str | None,
        Field(validate_default=True, max_length=64, description="E.164, or its first digits"),
    ] = None
    offer_id: OfferId | None = None
    publisher_id: PublisherId | None = None
    advertiser_id: AdvertiserId | None = None
    reason: Name
    expires_at: Moment | None = None

    @field_validator("number")
    @classmethod
    def _as_its_kind_asks(cls, number: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is None:
            return number
        if kind is gate.BlockKind.ANONYMOUS:
            if number is not None:
                raise PydanticCustomError("exclusive", "anonymous callers have no number")
            return None
        if number is None:
            raise PydanticCustomError("required", "must be said for this kind")
        if kind is gate.BlockKind.EXACT:
            return e164(number)
        if not _PREFIX.fullmatch(number):
            raise PydanticCustomError("format", "{fault}", {"fault": _PREFIX_FAULT})
        return number

    @field_validator("publisher_id", "advertiser_id")
    @classmethod
    def _at_most_one(cls, id: str | None, info: ValidationInfo) -> str | None:
        others = [name for name in ("offer_id", "publisher_id") if info.data.get(name)]
        if id is not None and others:
            reason = "is said beside {other}: an entry has one of them, or none"
            raise PydanticCustomError("exclusive", reason, {"other": others[0]})
        return id


class BlockView(BlockBody):
    """An entry of the block list."""

    id: str
    state: Annotated[campaigns.State, Field(strict=False)]
    version: int
    created_at: Moment


class Velocity(Document):
    """At most `calls` within each stretch of `minutes`; stretches follow one another without a
    gap, those of an hour or a day beginning with it in UTC."""

    calls: Annotated[int, Field(ge=1, le=10_000)]
    minutes: Annotated[int, Field(ge=1, le=1440)]


class GateBody(Document):
    """What an offer asks of its callers: the least attestation (STIR/SHAKEN; none lets everybody
    in), how often one caller may call, and how often all numbers may that share their first eight
    digits; null is no limit."""

    minimum_attestation: Annotated[calls.Attestation, Field(strict=False)] = calls.Attestation.NONE
    caller_velocity: Velocity | None = None
    prefix_velocity: Velocity | None = None


class GateView(GateBody):
    """The gate settings of an offer; version 0 was never set."""

    offer_id: str
    version: int
