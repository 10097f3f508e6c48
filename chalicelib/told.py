"""In which words is a publisher told why a call went where it went?

Owns the words, and the table that puts one in the place of every reason of routing. The reasons
themselves belong to `reasons`, `gate` and `findings`; what else a publisher sees, to `sides`.
"""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.findings import Denial
from chalicelib.gate import GateReason
from chalicelib.reasons import Reason


class PublisherReason(StrEnum):
    """What a publisher is told of routing; stable, meant for programs."""

    CHOSEN = "chosen"
    OUTRANKED = "outranked"
    RINGING_TOGETHER = "ringing_together"
    ALREADY_TRIED = "already_tried"
    LOST_RACE = "lost_race"
    PAUSED = "paused"
    CALLER_BLOCKED = "caller_blocked"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    CLOSED = "closed"
    OUT_OF_AREA = "out_of_area"
    FILTERED = "filtered"
    AT_CONCURRENCY = "at_concurrency"
    CAPPED_HOUR = "capped_hour"
    CAPPED_DAY = "capped_day"
    CAPPED_MONTH = "capped_month"
    CAPPED_TOTAL = "capped_total"
    TOO_SOON = "too_soon"
    TALKED_BEFORE = "talked_before"
    REPEAT_CALLER = "repeat_caller"
    UNAVAILABLE = "unavailable"
    UNKNOWN_NUMBER = "unknown_number"
    NUMBER_PAUSED = "number_paused"
    OFFER_PAUSED = "offer_paused"
    PUBLISHER_PAUSED = "publisher_paused"
    PARTNERSHIP_NOT_APPROVED = "partnership_not_approved"
    PARTNERSHIP_CAPPED_HOUR = "partnership_capped_hour"
    PARTNERSHIP_CAPPED_DAY = "partnership_capped_day"
    PARTNERSHIP_CAPPED_MONTH = "partnership_capped_month"
    PARTNERSHIP_CAPPED_TOTAL = "partnership_capped_total"
    PARTNERSHIP_CAPPED_MONEY_HOUR = "partnership_capped_money_hour"
    PARTNERSHIP_CAPPED_MONEY_DAY = "partnership_capped_money_day"
    PARTNERSHIP_CAPPED_MONEY_MONTH = "partnership_capped_money_month"
    PARTNERSHIP_CAPPED_MONEY_TOTAL = "partnership_capped_money_total"
    NO_TARGET = "no_target"
    ATTEMPTS_USED_UP = "attempts_used_up"
    QUESTION_UNANSWERED = "question_unanswered"


TOLD_TO_PUBLISHERS: Mapping[Reason, PublisherReason] = {
    Reason.CHOSEN: PublisherReason.CHOSEN,
    Reason.OUTRANKED: PublisherReason.OUTRANKED,
    Reason.RINGING_TOGETHER: PublisherReason.RINGING_TOGETHER,
    Reason.ALREADY_TRIED: PublisherReason.ALREADY_TRIED,
    Reason.LOST_RACE: PublisherReason.LOST_RACE,
    Reason.ADVERTISER_PAUSED: PublisherReason.PAUSED,
    Reason.CAMPAIGN_PAUSED: PublisherReason.PAUSED,
    Reason.TARGET_PAUSED: PublisherReason.PAUSED,
    Reason.CALLER_BLOCKED: PublisherReason.CALLER_BLOCKED,
    Reason.NOT_STARTED: PublisherReason.NOT_STARTED,
    Reason.ENDED: PublisherReason.ENDED,
    Reason.BEYOND_CARRIER: PublisherReason.FILTERED,
    Reason.CLOSED: PublisherReason.CLOSED,
    Reason.OUT_OF_AREA: PublisherReason.OUT_OF_AREA,
    Reason.FILTERED: PublisherReason.FILTERED,
    Reason.AT_CONCURRENCY: PublisherReason.AT_CONCURRENCY,
    Reason.CAPPED_HOUR: PublisherReason.CAPPED_HOUR,
    Reason.CAPPED_DAY: PublisherReason.CAPPED_DAY,
    Reason.CAPPED_MONTH: PublisherReason.CAPPED_MONTH,
    Reason.CAPPED_TOTAL: PublisherReason.CAPPED_TOTAL,
    Reason.CAPPED_MONEY_HOUR: PublisherReason.UNAVAILABLE,
    Reason.CAPPED_MONEY_DAY: PublisherReason.UNAVAILABLE,
    Reason.CAPPED_MONEY_MONTH: PublisherReason.UNAVAILABLE,
    Reason.CAPPED_MONEY_TOTAL: PublisherReason.UNAVAILABLE,
    Reason.NO_BUDGET_DAY: PublisherReason.UNAVAILABLE,
    Reason.NO_BUDGET_MONTH: PublisherReason.UNAVAILABLE,
    Reason.NO_BUDGET_TOTAL: PublisherReason.UNAVAILABLE,
    Reason.NO_FUNDS: PublisherReason.UNAVAILABLE,
    Reason.TOO_SOON: PublisherReason.TOO_SOON,
    Reason.TALKED_BEFORE: PublisherReason.TALKED_BEFORE,
    Reason.REPEAT_CALLER: PublisherReason.REPEAT_CALLER,
    Reason.OVER_MAXIMUM_CHARGE: PublisherReason.UNAVAILABLE,
    Reason.UNKNOWN_NUMBER: PublisherReason.UNKNOWN_NUMBER,
    Reason.NUMBER_PAUSED: PublisherReason.NUMBER_PAUSED,
    Reason.OFFER_PAUSED: PublisherReason.OFFER_PAUSED,
    Reason.PUBLISHER_PAUSED: PublisherReason.PUBLISHER_PAUSED,
    Reason.PARTNERSHIP_NOT_APPROVED: PublisherReason.PARTNERSHIP_NOT_APPROVED,
    Reason.PARTNERSHIP_CAPPED_HOUR: PublisherReason.PARTNERSHIP_CAPPED_HOUR,
    Reason.PARTNERSHIP_CAPPED_DAY: PublisherReason.PARTNERSHIP_CAPPED_DAY,
    Reason.PARTNERSHIP_CAPPED_MONTH: PublisherReason.PARTNERSHIP_CAPPED_MONTH,
    Reason.PARTNERSHIP_CAPPED_TOTAL: PublisherReason.PARTNERSHIP_CAPPED_TOTAL,
    Reason.PARTNERSHIP_CAPPED_MONEY_HOUR: PublisherReason.PARTNERSHIP_CAPPED_MONEY_HOUR,
    Reason.PARTNERSHIP_CAPPED_MONEY_DAY: PublisherReason.PARTNERSHIP_CAPPED_MONEY_DAY,
    Reason.PARTNERSHIP_CAPPED_MONEY_MONTH: PublisherReason.PARTNERSHIP_CAPPED_MONEY_MONTH,
    Reason.PARTNERSHIP_CAPPED_MONEY_TOTAL: PublisherReason.PARTNERSHIP_CAPPED_MONEY_TOTAL,
    Reason.NO_TARGET: PublisherReason.NO_TARGET,
    Reason.ATTEMPTS_USED_UP: PublisherReason.ATTEMPTS_USED_UP,
    Reason.QUESTION_UNANSWERED: PublisherReason.QUESTION_UNANSWERED,
}
"""What a publisher is told in place of each reason: nothing of the money of those who buy. The caps
of its own partnership it is told in full."""

_WORDS: Mapping[str, str] = {
    **{reason.value: told.value for reason, told in TOLD_TO_PUBLISHERS.items()},
    **{word.value: word.value for words in (GateReason, Denial) for word in words},
}


def told(word: str) -> str:
    """The word for a reason of routing, of the gate or of a denial; one that is not known here
    tells nothing."""
    return _WORDS.get(word, PublisherReason.UNAVAILABLE.value)
