"""What is remembered of feedback on its way to a call?

Owns the advertiser's own ids of calls, the look-up of the calls that feedback may mean, the events
that were taken, and the feedback that waits for its call. Rows beside a call belong to
`dispositions`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.dispositions import ExternalId
from chalicelib.feedback import Feedback
from chalicelib.matching import NEAR, Match
from chalicelib.store import codec
from chalicelib.store.calls import call_key, read_call
from chalicelib.store.rows import (
    CALLS,
    Absent,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    Path,
    Put,
    Question,
    Rows,
)

WAITING = "unmatched"
NOBODY = "-"
"""Where an id leads that was given to another call, and to none since."""

LONGEST_BEFORE_DIAL = timedelta(minutes=10)
"""How long before its dial a call may have come to be found by the time of that."""

# Spans of time that are closer than this are asked for as one.
_A_SPAN_APART = timedelta(hours=1)
_UNMATCHED_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An advertiser's event that was taken: its content by its hash, and what became of it."""

    content_hash: str
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """Feedback that found no call at first: as the latest look found it. With a call it was
    matched after all."""

    feedback: Feedback
    match: Match


@dataclass(frozen=True, slots=True)
class UnmatchedPage:
    """Unmatched feedback of one page, the latest first, and the mark of the next page."""

    items: tuple[Unmatched, ...]
    mark: dict[str, str] | None


def external_key(external_id: ExternalId) -> Key:
    """Where it is remembered which call has this id."""
    return Key(CALLS, f"EXTERNAL#{external_id.advertiser_id}#{external_id.value}")


def external_change(external_id: ExternalId, before: str | None, call_id: str | None) -> Change:
    """Let the id lead to the call, or to none, while it leads where it did: `before` is a call's
    id, None for one that never led anywhere."""
    stands: Condition = Equals(("doc",), before) if before else Absent(("pk",))
    return Change(key=external_key(external_id), set={("doc",): call_id or NOBODY}, when=[stands])


def led_to(rows: Rows, external_ids: Iterable[ExternalId]) -> dict[ExternalId, str]:
    """Where each of the ids leads that ever led anywhere, as its row says it."""
    keys = {external_key(one): one for one in external_ids}
    found, _ = rows.gather(list(keys)) if keys else ({}, ())
    return {keys[key]: str(item["doc"]) for key, item in found.items()}


def calls_named(rows: Rows, call_ids: Iterable[str]) -> dict[str, Call]:
    """Those of the calls that there are, by their ids, in one round trip."""
    keys = [call_key(call_id) for call_id in call_ids if call_id != NOBODY]
    found, _ = rows.gather(keys) if keys else ({}, ())
    calls = (read_call(item) for item in found.values())
    return {call.id: call for call in calls}


def calls_around(
    rows: Rows, campaign_ids: Sequence[str], moments: Iterable[datetime]
) -> tuple[Call, ...]:
    """The campaigns' calls that may have come, or been dialled, near one of the moments.

    An index tells of them, which may lag behind: what is not there yet is looked for again.
    """
    questions = [
        Question(
            table=CALLS,
            index="by_campaign",
            partition=campaign_id,
            at_least=times.written(start),
            below=times.written(end),
        )
        for start, end in _spans(moments)
        for campaign_id in campaign_ids
    ]
    _, found = rows.gather([], questions) if questions else ({}, ())
    return tuple(read_call(item) for items in found for item in items)


def _spans(moments: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """When calls near the moments can have come, in as few spans as is sensible."""
    spans: list[tuple[datetime, datetime]] = []
    for moment in sorted(moments):
        start = moment - NEAR - LONGEST_BEFORE_DIAL
        # The end is not included, and a written time has milliseconds.
        end = moment + NEAR + timedelta(milliseconds=1)
        if spans and start - spans[-1][1] <= _A_SPAN_APART:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def find_event(rows: Rows, feedback_id: str) -> Event | None:
    """What became of the event; None when it was never taken."""
    key = Key(CALLS, f"EVENT#{feedback_id}")
    found, _ = rows.gather([key])
    return codec.from_json(Event, found[key]["doc"]) if key in found else None


def event_put(feedback_id: str, event: Event) -> Put:
    """The event as it is taken; refused when it was before."""
    item: Item = {"pk": f"EVENT#{feedback_id}", "sk": "META", "doc": codec.to_json(event)}
    return Put(CALLS, item)


def unmatched_put(feedback: Feedback, match: Match, look_at: datetime) -> Put:
    """Feedback that has no call yet, to be looked at again at `look_at`; refused when it waits
    already."""
    key = _unmatched_key(feedback)
    kept_until = feedback.received_at + _UNMATCHED_KEPT
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "doc": codec.to_json(Unmatched(feedback=feedback, match=match)),
        "due": WAITING,
        "due_at": times.written(look_at),
        "expires_at": int(kept_until.timestamp()),
    }
    return Put(CALLS, item)


def unmatched_change(unmatched: Unmatched, match: Match, look_at: datetime | None) -> Change:
    """What the latest look found, while the feedback still waits; without `look_at` it waits no
    more."""
    sets: dict[Path, str] = {
        ("doc",): codec.to_json(Unmatched(feedback=unmatched.feedback, match=match))
    }
    if look_at is not None:
        sets[("due_at",)] = times.written(look_at)
    return Change(
        key=_unmatched_key(unmatched.feedback),
        set=sets,
        remove=[] if look_at else [("due",), ("due_at",)],
        when=[Equals(("due",), WAITING)],
    )


def due_feedback(rows: Rows, now: datetime, *, limit: int) -> tuple[Unmatched, ...]:
    """Feedback whose next look is due, the longest overdue first."""
    question = Question(
        table=CALLS, index="by_due", partition=WAITING, below=times.written(now), limit=limit
    )
    return tuple(_unmatched(item) for item in rows.page(question).items)


def page_of_unmatched(
    rows: Rows, advertiser_id: str, *, limit: int, after: Mapping[str, str] | None
) -> UnmatchedPage:
    """Feedback of the advertiser that has no call, the latest first; the page is filled from as
    many rows as it takes."""
    items: list[Unmatched] = []
    mark = after
    while True:
        page = rows.page(
            Question(
                table=CALLS, partition=f"UNMATCHED#{advertiser_id}", descending=True,
                limit=limit - len(items), after=mark,
            )
        )  # fmt: skip
        found = (_unmatched(item) for item in page.items)
        items += [one for one in found if one.match.call_id is None]
        mark = page.mark
        if mark is None or len(items) >= limit:
            return UnmatchedPage(tuple(items), mark)


def _unmatched_key(feedback: Feedback) -> Key:
    part = f"{times.written(feedback.received_at)}#{feedback.id}"
    return Key(CALLS, f"UNMATCHED#{feedback.advertiser_id}", part)


def _unmatched(item: Item) -> Unmatched:
    return codec.from_json(Unmatched, item["doc"])
