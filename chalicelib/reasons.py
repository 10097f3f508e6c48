"""Why was a target taken or passed over, or a call refused?

Owns the one table of routing's reason codes and their meaning. Which applies is for `routing`.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a target was taken or passed over, or a call refused; stable, meant for programs."""

    CHOSEN = "chosen"
    OUTRANKED = "outranked"
    RINGING_TOGETHER = "ringing_together"
    ALREADY_TRIED = "already_tried"
    LOST_RACE = "lost_race"
    ADVERTISER_PAUSED = "advertiser_paused"
    CAMPAIGN_PAUSED = "campaign_paused"
    TARGET_PAUSED = "target_paused"
    CALLER_BLOCKED = "caller_blocked"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    BEYOND_CARRIER = "beyond_carrier"
    CLOSED = "closed"
    OUT_OF_AREA = "out_of_area"
    FILTERED = "filtered"
    AT_CONCURRENCY = "at_concurrency"
    CAPPED_HOUR = "capped_hour"
    CAPPED_DAY = "capped_day"
    CAPPED_MONTH = "capped_month"
    CAPPED_TOTAL = "capped_total"
    CAPPED_MONEY_HOUR = "capped_money_hour"
    CAPPED_MONEY_DAY = "capped_money_day"
    CAPPED_MONEY_MONTH = "capped_money_month"
    CAPPED_MONEY_TOTAL = "capped_money_total"
    NO_BUDGET_DAY = "no_budget_day"
    NO_BUDGET_MONTH = "no_budget_month"
    NO_BUDGET_TOTAL = "no_budget_total"
    NO_FUNDS = "no_funds"
    TOO_SOON = "too_soon"
    TALKED_BEFORE = "talked_before"
    REPEAT_CALLER = "repeat_caller"
    OVER_MAXIMUM_CHARGE = "over_maximum_charge"
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


MEANING: dict[StrEnum, str] = {
    Reason.CHOSEN: "took the call",
    Reason.OUTRANKED: "could have taken it, but another came first",
    Reason.RINGING_TOGETHER: "rings together with the choice, in its group",
    Reason.ALREADY_TRIED: "was dialled before in this call",
    Reason.LOST_RACE: "its last place, slot or money went to another call in the same moment",
    Reason.ADVERTISER_PAUSED: "its advertiser is paused or archived",
    Reason.CAMPAIGN_PAUSED: "its campaign is paused or archived",
    Reason.TARGET_PAUSED: "is paused or archived itself",
    Reason.CALLER_BLOCKED: "its advertiser blocks this caller",
    Reason.NOT_STARTED: "its campaign has not started yet",
    Reason.ENDED: "its campaign has ended",
    Reason.BEYOND_CARRIER: "asks for something that the carrier of the call cannot do",
    Reason.CLOSED: "is closed at this time in its time zone",
    Reason.OUT_OF_AREA: "does not want calls from where this caller is",
    Reason.FILTERED: "its filters do not let this call's attributes pass",
    Reason.AT_CONCURRENCY: "has as many live calls as it takes at once",
    Reason.CAPPED_HOUR: "has had its calls of the hour",
    Reason.CAPPED_DAY: "has had its calls of the day",
    Reason.CAPPED_MONTH: "has had its calls of the month",
    Reason.CAPPED_TOTAL: "has had all its calls",
    Reason.CAPPED_MONEY_HOUR: "its money for the hour cannot carry another charge",
    Reason.CAPPED_MONEY_DAY: "its money for the day cannot carry another charge",
    Reason.CAPPED_MONEY_MONTH: "its money for the month cannot carry another charge",
    Reason.CAPPED_MONEY_TOTAL: "its money for all its calls cannot carry another charge",
    Reason.NO_BUDGET_DAY: "the campaign's budget of the day cannot carry another charge",
    Reason.NO_BUDGET_MONTH: "the campaign's budget of the month cannot carry another charge",
    Reason.NO_BUDGET_TOTAL: "the campaign's total budget cannot carry another charge",
    Reason.NO_FUNDS: "the advertiser's balance or credit cannot carry another charge",
    Reason.TOO_SOON: "took its latest call less than its spacing ago",
    Reason.TALKED_BEFORE: "the caller has talked with it, and is to reach another one",
    Reason.REPEAT_CALLER: "the caller has talked with a target of its campaign, which is enough",
    Reason.OVER_MAXIMUM_CHARGE: "asks more than its campaign pays for any call",
    Reason.UNKNOWN_NUMBER: "nobody has the dialled number",
    Reason.NUMBER_PAUSED: "the dialled number is out of service",
    Reason.OFFER_PAUSED: "the number's offer is paused or archived",
    Reason.PUBLISHER_PAUSED: "the number's publisher is paused or archived",
    Reason.PARTNERSHIP_NOT_APPROVED: "the publisher's partnership on the offer is not approved",
    Reason.PARTNERSHIP_CAPPED_HOUR: "the partnership has had its calls of the hour",
    Reason.PARTNERSHIP_CAPPED_DAY: "the partnership has had its calls of the day",
    Reason.PARTNERSHIP_CAPPED_MONTH: "the partnership has had its calls of the month",
    Reason.PARTNERSHIP_CAPPED_TOTAL: "the partnership has had all its calls",
    Reason.PARTNERSHIP_CAPPED_MONEY_HOUR: "the partnership has had its earnings of the hour",
    Reason.PARTNERSHIP_CAPPED_MONEY_DAY: "the partnership has had its earnings of the day",
    Reason.PARTNERSHIP_CAPPED_MONEY_MONTH: "the partnership has had its earnings of the month",
    Reason.PARTNERSHIP_CAPPED_MONEY_TOTAL: "the partnership has had all its earnings",
    Reason.NO_TARGET: "no target is left, for more than one reason",
    Reason.ATTEMPTS_USED_UP: "the campaign allows no further attempt",
    Reason.QUESTION_UNANSWERED: "the caller did not answer a question that the offer insists on",
}
