"""What happens when an advertiser tells something of a call?

Joins feedback with the call that it means and keeps it beside that call, or, where it means none,
with its reason, to be looked at again. Each of it takes effect once: a repetition finds the rows of
the first. What follows for the verdict comes off the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import runtime
from chalicelib.dispositions import ExternalId
from chalicelib.errors import Busy, Conflict
from chalicelib.feedback import Feedback, disposition_of, postback_of
from chalicelib.flows.matching import Matched, external_id_of, match_all
from chalicelib.matching import KNOWN_BY_CALLER, Match
from chalicelib.store.dispositions import disposition_put, postback_put, shown_changes
from chalicelib.store.feedback import (
    NOBODY,
    Event,
    Unmatched,
    due_feedback,
    event_put,
    external_change,
    find_event,
    unmatched_change,
    unmatched_put,
)
from chalicelib.store.rows import Action, NotWritten, Put
from chalicelib.store.stores import Stores

_TRIES = 8
_FIRST_LOOK = timedelta(minutes=1)
_AFTER_FAILURE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an event led to; `repeated` when an earlier delivery of it had."""

    match: Match
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How much waiting feedback was matched after all, how much still waits, and how much could
    not be looked at."""

    matched: int = 0
    waiting: int = 0
    failed: int = 0


def take_event(feedback: Feedback, *, content_hash: str, stores: Stores) -> Taken:
    """Take a postback; its repetition is answered as it was first.

    Conflict when the same event came with other content.
    """
    for _ in range(_TRIES):
        known = find_event(stores.rows, feedback.id)
        if known is not None:
            if known.content_hash != content_hash:
                reason = "the event_id came with other content before"
                raise Conflict(reason, code="event_id_reused")
            return Taken(match=known.match, repeated=True)
        (matched,) = match_all([feedback], stores=stores)
        event = Event(content_hash=content_hash, match=matched.match)
        if stores.catalog.write([event_put(feedback.id, event), *_actions(matched)]):
            return Taken(match=matched.match)
    raise Busy("what this is about keeps changing; send it again")


def take_rows(feedback: Sequence[Feedback], *, stores: Stores) -> tuple[Match, ...]:
    """Take rows of a file of one advertiser, in their order; those that were taken before change
    nothing."""
    taken: list[Match] = []
    told: set[ExternalId] = set()
    for matched in match_all(feedback, stores=stores):
        external_id = external_id_of(matched.feedback)
        current = matched
        if external_id in told:
            # An earlier row may have taught which call the id stands for.
            (current,) = match_all([matched.feedback], stores=stores)
        taken.append(_take_row(current, stores).match)
        told |= {external_id} if external_id else set()
    return tuple(taken)


def look(*, stores: Stores, now: datetime, limit: int = 200) -> Looked:
    """Look again at feedback that has no call, until a day after it came.

    What cannot be looked at does not keep the rest waiting: it is put off, and told of.
    """
    counts = {"matched": 0, "waiting": 0, "failed": 0}
    for unmatched in due_feedback(stores.rows, now, limit=limit):
        try:
            found = _look(unmatched, stores=stores, now=now)
            counts["matched" if found else "waiting"] += 1
        except Exception:
            # Whatever is wrong with this one, the log says it and the next is looked at.
            what = {"feedback_id": unmatched.feedback.id}
            runtime.logger().exception("feedback could not be looked at", extra=what)
            later = unmatched_change(unmatched, unmatched.match, now + _AFTER_FAILURE)
            stores.catalog.write([later])
            counts["failed"] += 1
    return Looked(**counts)


def _look(unmatched: Unmatched, *, stores: Stores, now: datetime) -> bool:
    """Whether the feedback has its call now."""
    (matched,) = match_all([unmatched.feedback], stores=stores)
    if matched.call is not None:
        matched = _take_row(matched, stores)
    next_look = None if matched.call else _next_look(unmatched.feedback, now)
    stores.catalog.write([unmatched_change(unmatched, matched.match, next_look)])
    return matched.call is not None


def _take_row(matched: Matched, stores: Stores) -> Matched:
    """Keep what the feedback says where it belongs, as things stand at last."""
    for _ in range(_TRIES):
        actions = _actions(matched)
        try:
            stores.rows.write(actions)
        except NotWritten as refused:
            if any(isinstance(actions[at], Put) for at in refused.images):
                return matched
            (matched,) = match_all([matched.feedback], stores=stores)
            continue
        return matched
    raise Busy("what this is about keeps changing; send it again")


def _next_look(feedback: Feedback, now: datetime) -> datetime | None:
    """After as long as it has waited, but at the end of the day that it waits; None after that."""
    until = feedback.received_at + KNOWN_BY_CALLER
    if now >= until:
        return None
    return min(until, now + max(_FIRST_LOOK, now - feedback.received_at))


def _actions(matched: Matched) -> list[Action]:
    """Everything that follows from the feedback, all at once."""
    feedback, call = matched.feedback, matched.call
    if call is None:
        first_look = feedback.received_at + _FIRST_LOOK
        return [unmatched_put(feedback, matched.match, first_look)]
    disposition, postback = disposition_of(feedback, call.id), postback_of(feedback, call.id)
    actions: list[Action] = []
    if disposition is not None:
        actions.append(disposition_put(disposition))
    if postback is not None:
        actions.append(postback_put(postback))
    learned = external_id_of(feedback)
    known = call.external_id
    if learned is None or matched.led_to not in (None, NOBODY):
        return [*actions, *shown_changes(call, disposition)]
    if known is not None and known.advertiser_id == feedback.advertiser_id:
        return [*actions, *shown_changes(call, disposition)]
    # The first feedback with both tells which call the advertiser's own id stands for.
    leads = external_change(learned, matched.led_to, call.id)
    return [*actions, leads, *shown_changes(call, disposition, learned)]
