"""What does the API take and show of when, from where and by which attributes calls are wanted?

Owns the documents of opening hours, geographies and filters: parts of targets and campaigns.
Import it inside handlers only: no other function shall pay for it.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_serializer, field_validator
from pydantic_core import PydanticCustomError

from chalicelib import criteria, times
from chalicelib.attributes import ATTRIBUTES, can_have
from chalicelib.channels.fields import AreaCode, Clock, Document, UsState, Zip, Zone
from chalicelib.criteria import FilterTest
from chalicelib.overlaps import overlapping, repetitions

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Places(Document):
    """States, area codes and ZIPs."""

    states: Annotated[list[UsState], Field(max_length=70)] = Field(default_factory=list)
    area_codes: Annotated[list[AreaCode], Field(max_length=400)] = Field(default_factory=list)
    zips: Annotated[list[Zip], Field(max_length=500)] = Field(default_factory=list)


class Geography(Places):
    """Where callers must be: in any of the places (none named means anywhere), and in none of
    those to exclude."""

    exclude: Places = Places()


class Filter(Document):
    """What an attribute of the call must be like; negated, must not be like. `in` takes one value
    or more, `present` none, every other test one; `greater` and `less` compare decimal numbers,
    `matches` takes a regular expression of RE2. Tags are attributes named `tag.` and their name."""

    attribute: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
    test: Annotated[FilterTest, Field(strict=False)]
    values: Annotated[list[Text], Field(max_length=500)] = Field(
        default_factory=list, validate_default=True
    )
    negated: bool = False

    @field_validator("attribute")
    @classmethod
    def _known(cls, attribute: str, info: ValidationInfo) -> str:
        stood = {one["attribute"] for one in (info.context or {}).get("filters", [])}
        if attribute not in stood and not can_have(attribute):
            known = ", ".join(ATTRIBUTES)
            reason = "no call has the attribute {it}; calls have {known}, and tag.name for a tag"
            raise PydanticCustomError("choice", reason, {"it": attribute, "known": known})
        return attribute

    @field_validator("values")
    @classmethod
    def _suit_the_test(cls, values: list[str], info: ValidationInfo) -> list[str]:
        """Told together with all else that is wrong; a filter that stood before may stay."""
        said = {**info.data, "values": values}
        stood = (info.context or {}).get("filters", [])
        if "test" not in said or any(said.items() <= one.items() for one in stood):
            return values
        one = criteria.Filter(attribute="", test=said["test"], values=tuple(values))
        fault = criteria.value_fault(one)
        if fault:
            raise PydanticCustomError("filter", "{fault}", {"fault": fault})
        return values


class DatedBlock(Document):
    """Open from `opens` to `closes`; closing at or before opening runs over midnight."""

    opens: Clock
    closes: Clock

    @field_serializer("opens", "closes")
    def _written(self, moment: Any) -> str:
        return str(moment.strftime("%H:%M"))


class Block(DatedBlock):
    """Open on one weekday (0 is Monday) of every week."""

    weekday: Annotated[int, Field(ge=0, le=6)]


def _apart(blocks: list[Any]) -> list[Any]:
    """Blocks none of which are open at the same time; dated ones share one day."""
    spans = [
        times.OpenBlock(
            weekday=getattr(block, "weekday", 0), opens=block.opens, closes=block.closes
        )
        for block in blocks
    ]
    pairs = overlapping(spans)
    if pairs:
        said = "; ".join(f"blocks {one} and {other}" for one, other in pairs[:5])
        raise PydanticCustomError("overlap", "are open at the same time: {said}", {"said": said})
    return blocks


def _day(text: str) -> str:
    """A date that the calendar has."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as wrong:
        raise PydanticCustomError("format", "must be a date such as 2026-12-25") from wrong


class DatedHours(Document):
    """The hours of one date instead of its weekday's; no blocks means closed all day."""

    date: Annotated[str, Field(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]
    blocks: Annotated[list[DatedBlock], Field(max_length=10), AfterValidator(_apart)] = Field(
        default_factory=list
    )


def _once_each(exceptions: list[DatedHours]) -> list[DatedHours]:
    """Exceptions of which every date has one."""
    dates = [one.date for one in exceptions]
    again = [dates[position] for position in repetitions(dates)]
    if again:
        said = ", ".join(again[:5])
        raise PydanticCustomError("repeated", "name a date twice: {said}", {"said": said})
    return exceptions


class Hours(Document):
    """Opening hours in a zone: weekly blocks, and exceptions on single dates.

    Without blocks it is open always but for the exceptions. An exception alone says what is open
    from midnight to midnight of its date; its own blocks may run on into the next day.
    """

    zone: Zone = "UTC"
    blocks: Annotated[list[Block], Field(max_length=70), AfterValidator(_apart)] = Field(
        default_factory=list
    )
    exceptions: Annotated[list[DatedHours], Field(max_length=100), AfterValidator(_once_each)] = (
        Field(default_factory=list)
    )
