"""How are calls taken, where the narrower does not say?

Owns the settings that operator, advertiser, campaign and target may each say, and which of them is
in force: the target's own, else its campaign's, else its advertiser's, else the operator's. What a
setting does to a call belongs to `eligibility` and `reserving`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter

from chalicelib.criteria import RouteByArea
from chalicelib.recording import VerticalRule

LONGEST_REPEAT_DAYS = 365
"""The longest time that a caller can be known again for."""


class CapUse(StrEnum):
    """What uses up a place under a target's caps in calls.

    Every call takes the place when it is reserved, so that no cap is ever exceeded, and gives it
    back when it ends before it came that far: `attempt` never, `connect` without a conversation,
    `approval` without a charge.
    """

    ATTEMPT = "attempt"
    CONNECT = "connect"
    APPROVAL = "approval"


class RepeatCallers(StrEnum):
    """Where a caller goes who has talked with a target of the campaign before.

    `any_target` makes no difference, `same_target_first` tries the last one before all others,
    `never_same_target` passes over each that the caller has talked with, `reject` all targets.
    """

    ANY_TARGET = "any_target"
    SAME_TARGET_FIRST = "same_target_first"
    NEVER_SAME_TARGET = "never_same_target"
    REJECT = "reject"


class MachineDetection(StrEnum):
    """What becomes of an answering machine that takes a call.

    `never` does not look for one, `refuse` does not let it have the caller and tries the next.
    """

    NEVER = "never"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Every setting as it holds for one target; the values are those where nobody says any.

    `spacing_seconds` lie at least between two calls of a target, counted from when each is
    reserved. A caller counts as repeated for `repeat_days` times 24 hours.
    When the target hangs up within `recover_seconds` (included) of the bridge, the next is tried;
    0 is never. Whoever answers is listened to for `machine_detection_seconds`, where machines are
    refused.
    """

    ring_seconds: int = 25
    max_attempts: int = 3
    max_call_seconds: int = 3600
    spacing_seconds: int = 0
    cap_use: CapUse = CapUse.APPROVAL
    repeat_callers: RepeatCallers = RepeatCallers.ANY_TARGET
    repeat_days: int = 30
    route_by_area: RouteByArea = RouteByArea.ANYWHERE
    recover_seconds: int = 0
    machine_detection: MachineDetection = MachineDetection.NEVER
    machine_detection_seconds: int = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one of operator, advertiser, campaign and target says; None leaves it to the wider."""

    ring_seconds: int | None = None
    max_attempts: int | None = None
    max_call_seconds: int | None = None
    spacing_seconds: int | None = None
    cap_use: CapUse | None = None
    repeat_callers: RepeatCallers | None = None
    repeat_days: int | None = None
    route_by_area: RouteByArea | None = None
    recover_seconds: int | None = None
    machine_detection: MachineDetection | None = None
    machine_detection_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings(Settings):
    """What holds in the whole deployment; version 0 was never said. `verticals` says what is
    demanded of recordings, by the vertical in small letters.

    A tracking number that was released rests for `number_rest_days` times 24 hours before it may be
    used again, so that late callers of its old placement reach nobody else. Nothing is paid to a
    publisher's account for `payee_cooldown_days` times 24 hours after it was said, and nothing
    without a tax form where one is required. A year of taxes is the calendar's in `tax_zone`;
    where `paypal_reports`, PayPal tells the tax office of what it paid.
    """

    number_rest_days: int = 60
    payee_cooldown_days: int = 7
    tax_form_required: bool = True
    tax_zone: str = "UTC"
    paypal_reports: bool = True
    version: int = 0
    verticals: Mapping[str, VerticalRule] = field(default_factory=dict)


NAMES = tuple(one.name for one in fields(Settings))
_DEFAULTS = InForce()
_all_of = attrgetter(*NAMES)
_NOTHING = _all_of(Settings())


def narrowed(wider: InForce, own: Settings) -> InForce:
    """`wider` with everything that `own` says in its place."""
    said = _all_of(own)
    if said == _NOTHING:
        return wider
    pairs = zip(NAMES, said, _all_of(wider), strict=True)
    return InForce(**{name: theirs if ours is None else ours for name, ours, theirs in pairs})


def in_force(*levels: Settings) -> InForce:
    """What holds under these levels, the widest first."""
    found = _DEFAULTS
    for level in levels:
        found = narrowed(found, level)
    return found


def origins(**levels: Settings) -> dict[str, str]:
    """Which of the named levels, the widest first, decides each setting; `default` where none."""
    return {
        name: next(
            (word for word in reversed(levels) if getattr(levels[word], name) is not None),
            "default",
        )
        for name in NAMES
    }
