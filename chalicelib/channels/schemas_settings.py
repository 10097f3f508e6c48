"""What does the API take and show of how calls are taken?

Owns the documents of the settings that operator, advertiser, campaign and target may each say, of
caps, and of matrices over the week. Import it inside handlers only: no other function shall pay
for it.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from chalicelib import recording, settings
from chalicelib.channels.fields import Cap, Document, Name, PositiveCents, Zone
from chalicelib.criteria import RouteByArea

CapUse = Annotated[settings.CapUse, Field(strict=False)]
RepeatCallers = Annotated[settings.RepeatCallers, Field(strict=False)]
MachineDetection = Annotated[settings.MachineDetection, Field(strict=False)]
RoutedByArea = Annotated[RouteByArea, Field(strict=False)]
Origin = Annotated[str, Field(pattern="^(target|campaign|advertiser|operator|default)$")]
_Hour = Annotated[int, Field(ge=0, le=1_000_000)] | None
_Day = Annotated[list[_Hour], Field(min_length=24, max_length=24)]
Matrix = Annotated[
    list[_Day],
    Field(
        min_length=7,
        max_length=7,
        description="seven days from Monday, each of 24 hours; null leaves the hour to the cap",
    ),
]


def _vertical(name: str) -> str:
    """A vertical as rules know it."""
    if recording.vertical_name(name) != name:
        raise PydanticCustomError("format", "must be written in small letters")
    return name


def _keep_days(days: int) -> int:
    """A choice that the bucket has."""
    if days not in recording.KEEP_DAYS:
        choices = ", ".join(map(str, recording.KEEP_DAYS))
        raise PydanticCustomError("choice", "must be one of {choices}", {"choices": choices})
    return days


_KEEP_DAYS: dict[str, JsonValue] = {"enum": list(recording.KEEP_DAYS)}
Vertical = Annotated[Name, AfterValidator(_vertical)]


class Settings(Document):
    """How calls are taken. null leaves a setting to the next wider: a target's to its campaign, a
    campaign's to its advertiser, an advertiser's to the operator."""

    ring_seconds: Annotated[int, Field(ge=5, le=600)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=10)] | None = None
    max_call_seconds: Annotated[int, Field(ge=1, le=14_400)] | None = None
    spacing_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    cap_use: CapUse | None = None
    repeat_callers: RepeatCallers | None = None
    repeat_days: Annotated[int, Field(ge=1, le=settings.LONGEST_REPEAT_DAYS)] | None = None
    route_by_area: RoutedByArea | None = None
    recover_seconds: Annotated[int, Field(ge=0, le=120)] | None = None
    machine_detection: MachineDetection | None = None
    machine_detection_seconds: Annotated[int, Field(ge=3, le=60)] | None = None


class Caps(Document):
    """At most so many calls, or cents for them, in each window; null is no cap."""

    hourly_cap: Cap | None = None
    daily_cap: Cap | None = None
    monthly_cap: Cap | None = None
    total_cap: Cap | None = None
    hourly_cap_cents: PositiveCents | None = None
    daily_cap_cents: PositiveCents | None = None
    monthly_cap_cents: PositiveCents | None = None
    total_cap_cents: PositiveCents | None = None


class VerticalRule(Document):
    """What is demanded of recordings in a vertical. Without the agreement on file that is needed
    nothing is recorded; the media are removed after `keep_days`."""

    needs_agreement: bool = False
    keep_days: Annotated[int, AfterValidator(_keep_days), Field(json_schema_extra=_KEEP_DAYS)] = (
        recording.USUAL_KEEP_DAYS
    )


class OperatorSettingsBody(Settings):
    """What holds in the whole deployment where nobody narrower says otherwise. A released number
    may be used again after `number_rest_days`, and nothing is paid to an account of a publisher for
    `payee_cooldown_days` after it was said, nor without a tax form where one is required.
    A year of taxes is the calendar's in `tax_zone`, and where `paypal_reports`, what PayPal pays is
    PayPal's to tell the tax office. `verticals` maps the vertical of campaigns, in small
    letters, to what is demanded of their recordings."""

    number_rest_days: Annotated[int, Field(ge=0, le=365)] = 60
    payee_cooldown_days: Annotated[int, Field(ge=0, le=90)] = 7
    tax_form_required: bool = True
    tax_zone: Zone = "UTC"
    paypal_reports: bool = True
    verticals: Annotated[dict[Vertical, VerticalRule], Field(max_length=100)] = Field(
        default_factory=dict
    )


class OperatorSettingsView(OperatorSettingsBody):
    """The operator's settings as they stand; version 0 was never said."""

    version: int


class InForce(Document):
    """Every setting as it holds for one target."""

    ring_seconds: int
    max_attempts: int
    max_call_seconds: int
    spacing_seconds: int
    cap_use: CapUse
    repeat_callers: RepeatCallers
    repeat_days: int
    route_by_area: RoutedByArea
    recover_seconds: int
    machine_detection: MachineDetection
    machine_detection_seconds: int


class Origins(Document):
    """Who decides each setting; `default` where nobody says it."""

    ring_seconds: Origin
    max_attempts: Origin
    max_call_seconds: Origin
    spacing_seconds: Origin
    cap_use: Origin
    repeat_callers: Origin
    repeat_days: Origin
    route_by_area: Origin
    recover_seconds: Origin
    machine_detection: Origin
    machine_detection_seconds: Origin


class TargetSettingsView(Document):
    """What holds for a target, and by whose word."""

    target_id: str
    in_force: InForce
    said_by: Origins
