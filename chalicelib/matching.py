"""Which call does an advertiser mean?

Owns the one rule by which feedback finds its call: our id, else the advertiser's own, else the
caller's number within a minute, for a day. Where calls are looked up belongs to the store; what is
ambiguous is told of, and never guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.feedback import Feedback

NEAR = timedelta(seconds=60)
"""How far the named time may be from when the call came, or was dialled; inclusive."""

KNOWN_BY_CALLER = timedelta(hours=24)
"""For how long a call is known by its caller's number, and unmatched feedback waits for its call;
inclusive."""


class MatchedBy(StrEnum):
    """What led to the call."""

    CALL_ID = "call_id"
    EXTERNAL_ID = "external_id"
    CALLER = "caller"


class UnmatchedReason(StrEnum):
    """Why feedback has no call."""

    UNKNOWN_CALL = "unknown_call"
    UNKNOWN_EXTERNAL_ID = "unknown_external_id"
    NO_CALL_OF_CALLER = "no_call_of_caller"
    TOO_OLD = "too_old"
    AMBIGUOUS = "ambiguous"


MEANING = {
    UnmatchedReason.UNKNOWN_CALL: "The advertiser has no call with the `call_id`.",
    UnmatchedReason.UNKNOWN_EXTERNAL_ID: "No call of the advertiser has the `external_id`.",
    UnmatchedReason.NO_CALL_OF_CALLER: "No call of the `caller` came, or was sent to the "
    "advertiser, within 60 seconds of the `time`.",
    UnmatchedReason.TOO_OLD: "The `time` is more than 24 hours before the feedback: so old a call "
    "is known by its id alone.",
    UnmatchedReason.AMBIGUOUS: "More than one call of the `caller` fits the `time`; `candidates` "
    "names them.",
}
"""What each reason means, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A call of the advertiser: who called, when it came, and when the advertiser was dialled."""

    call_id: str
    caller: str | None
    arrived_at: datetime
    dialled_at: datetime

    def near(self, time: datetime) -> bool:
        """Whether the call came, or was dialled, within a minute of `time`."""
        return min(abs(self.arrived_at - time), abs(self.dialled_at - time)) <= NEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The advertiser's calls that feedback may mean, by what they were looked up."""

    by_call_id: Candidate | None = None
    by_external_id: Candidate | None = None
    around: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The one call that is meant, and what led to it; or the reason why there is none."""

    call_id: str | None = None
    by: MatchedBy | None = None
    reason: UnmatchedReason | None = None
    candidates: tuple[str, ...] = ()


def match(feedback: Feedback, found: Found) -> Match:
    """The call that the feedback means.

    Whoever says our id means that call or none. An own id that no call has leaves it to the caller
    and the time, where those are said.
    """
    named = feedback.named
    if named.call_id is not None:
        return _only(found.by_call_id, MatchedBy.CALL_ID, UnmatchedReason.UNKNOWN_CALL)
    if named.external_id is not None and (found.by_external_id or named.caller is None):
        known = found.by_external_id
        return _only(known, MatchedBy.EXTERNAL_ID, UnmatchedReason.UNKNOWN_EXTERNAL_ID)
    return _by_caller(feedback, found.around)


def asks_by_caller(feedback: Feedback) -> bool:
    """Whether calls around the named time are worth a look-up."""
    named = feedback.named
    return named.call_id is None and named.time is not None and not _too_old(feedback)


def _by_caller(feedback: Feedback, around: Sequence[Candidate]) -> Match:
    named = feedback.named
    if named.caller is None or named.time is None:
        raise ValueError(f"{feedback.id} names no call")
    if _too_old(feedback):
        return Match(reason=UnmatchedReason.TOO_OLD)
    time = named.time
    fit = sorted({one.call_id for one in around if one.caller == named.caller and one.near(time)})
    if len(fit) > 1:
        return Match(reason=UnmatchedReason.AMBIGUOUS, candidates=tuple(fit))
    if not fit:
        return Match(reason=UnmatchedReason.NO_CALL_OF_CALLER)
    return Match(call_id=fit[0], by=MatchedBy.CALLER)


def _only(candidate: Candidate | None, by: MatchedBy, reason: UnmatchedReason) -> Match:
    return Match(call_id=candidate.call_id, by=by) if candidate else Match(reason=reason)


def _too_old(feedback: Feedback) -> bool:
    time = feedback.named.time
    return time is not None and feedback.received_at - time > KNOWN_BY_CALLER
