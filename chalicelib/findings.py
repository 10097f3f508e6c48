"""In which words does a rule say what it found?

Owns the rules' names, the denials and their meaning, and the finding itself. What makes a rule pass
or fail belongs to `steps` and `disqualifying`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rule(StrEnum):
    """The rules: of every call, of the steps of a ladder, and what disqualifies."""

    CONNECTED = "connected"
    ANSWERED = "answered"
    MINIMUM_TALK = "minimum_talk"
    DISPOSITION = "disposition"
    IVR_ANSWER = "ivr_answer"
    POSTBACK = "postback"
    KEYWORD = "keyword"
    CALLER_AREA = "caller_area"
    REPEAT_CALLER = "repeat_caller"
    BLOCKED_CALLER = "blocked_caller"
    ANONYMOUS_CALLER = "anonymous_caller"
    HOURS = "hours"
    DISPOSITION_MISSING = "disposition_missing"
    DISPOSITION_REJECTED = "disposition_rejected"
    CONSENT = "consent"
    REVIEW = "review"
    CHARGED = "charged"
    EARNING_CAP = "earning_cap"


class Denial(StrEnum):
    """Why a call does not count: what the reasons of a denied call say."""

    NOT_CONNECTED = "not_connected"
    ABANDONED = "abandoned"
    TOO_SHORT = "too_short"
    OTHER_DISPOSITION = "other_disposition"
    OTHER_ANSWER = "other_answer"
    NOT_CONVERTED = "not_converted"
    NOT_SAID = "not_said"
    STEP_CLOSED = "step_closed"
    STEP_FILTERED = "step_filtered"
    OUT_OF_AREA = "out_of_area"
    REPEAT_CALLER = "repeat_caller"
    CALLER_BLOCKED = "caller_blocked"
    ANONYMOUS_CALLER = "anonymous_caller"
    OUTSIDE_HOURS = "outside_hours"
    DISPOSITION_MISSING = "disposition_missing"
    DISPOSITION_REJECTED = "disposition_rejected"
    CONSENT_WITHHELD = "consent_withheld"
    REVIEW_DENIED = "review_denied"
    REVIEW_MISSING = "review_missing"
    NOT_CHARGED = "not_charged"
    PARTNERSHIP_CAPPED = "partnership_capped"


MEANING: dict[StrEnum, str] = {
    Denial.NOT_CONNECTED: "no conversation with the target took place",
    Denial.ABANDONED: "the caller left before anybody was chosen",
    Denial.TOO_SHORT: "the talk was shorter than the minimum (the minimum itself is enough)",
    Denial.OTHER_DISPOSITION: "none of the dispositions that count came in time",
    Denial.OTHER_ANSWER: "the caller gave none of the answers that count",
    Denial.NOT_CONVERTED: "no conversion of the amount asked for came in time",
    Denial.NOT_SAID: "none of the words that count was said",
    Denial.STEP_CLOSED: "the step does not hold at the time when the call arrived",
    Denial.STEP_FILTERED: "the step is not for calls like this one",
    Denial.OUT_OF_AREA: "the caller is in none of the places bought, or in one that is excluded",
    Denial.REPEAT_CALLER: "the caller had another call within the window that the terms name",
    Denial.CALLER_BLOCKED: "a block list named the caller when the call was judged first",
    Denial.ANONYMOUS_CALLER: "the caller withheld the number",
    Denial.OUTSIDE_HOURS: "the call arrived outside of the hours that the terms name",
    Denial.DISPOSITION_MISSING: "no disposition came in time, and one is owed",
    Denial.DISPOSITION_REJECTED: "the disposition that stands is one of those that reject a call",
    Denial.CONSENT_WITHHELD: "the caller withheld consent",
    Denial.REVIEW_DENIED: "the operator has reviewed the call and found against it",
    Denial.REVIEW_MISSING: "the operator was to review the call and has not done so in time",
    Denial.NOT_CHARGED: "the advertiser is not charged, so the publisher earns nothing",
    Denial.PARTNERSHIP_CAPPED: "the partnership had reached a cap when the call came",
}


class Outcome(StrEnum):
    """What came of a rule. One that waits is decided by what it awaits, or at its deadline; one
    that is not needed waits in vain, because a higher step holds already."""

    PASS = "pass"  # noqa: S105, no password
    FAIL = "fail"
    WAITING = "waiting"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule applied: what it saw and who told that, what it asked for, and what came of it.

    `denial` is set where the failure denies the call: a step that fails does not while another one
    holds, or may yet. `step` names the step of a ladder, `cents` is what it gives, or may yet.
    """

    rule: Rule
    saw: str
    asked: str
    denial: Denial | None = None
    outcome: Outcome = Outcome.PASS
    source: str = ""
    step: str | None = None
    cents: int | None = None
    until: datetime | None = None
