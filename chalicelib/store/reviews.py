"""How are the operator's reviews remembered, and which calls wait for one?

Owns the rows of reviews beside a call, and the walk over the calls that await one. Which of several
reviews stands belongs to `reviews` of the core.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib import times
from chalicelib.calls import Call, CallStatus
from chalicelib.reviews import Review
from chalicelib.store import codec
from chalicelib.store.calls import DUE, call_key, read_call
from chalicelib.store.rows import CALLS, Absent, Action, Change, Equals, Item, Put, Question, Rows
from chalicelib.store.verdicts import VERDICT_PART, judgement_of
from chalicelib.validation import Verdict

REVIEW_PART = "REVIEW#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreviewed:
    """A call whose verdict awaits a review, `until` then at most."""

    call: Call
    verdict: Verdict
    until: datetime


@dataclass(frozen=True, slots=True)
class UnreviewedPage:
    """Calls of one page that await a review, and the mark at which the next page begins."""

    items: tuple[Unreviewed, ...]
    mark: dict[str, str] | None


def read_reviews(items: Iterable[Item]) -> tuple[Review, ...]:
    """The reviews among the rows of a call, the first one first."""
    docs = (item["doc"] for item in items if str(item["sk"]).startswith(REVIEW_PART))
    return tuple(sorted((codec.from_json(Review, doc) for doc in docs), key=lambda it: it.number))


def reviews_of(rows: Rows, call_id: str) -> tuple[Review, ...]:
    """Every review of the call, the first one first."""
    question = Question(table=CALLS, partition=f"CALL#{call_id}", starts_with=REVIEW_PART)
    _, (items,) = rows.gather([], [question])
    return read_reviews(items)


def review_actions(review: Review) -> list[Action]:
    """The review beside its call; refused where the call has had one of its number, or not the one
    before."""
    part = f"{REVIEW_PART}{times.written(review.decided_at)}#{review.id}"
    path = ("reviews",)
    counted = Change(
        key=call_key(review.call_id),
        set={path: review.number},
        when=[Equals(path, review.number - 1) if review.number > 1 else Absent(path)],
    )
    row: Item = {"pk": f"CALL#{review.call_id}", "sk": part, "doc": codec.to_json(review)}
    return [Put(CALLS, row), counted]


def page_of_unreviewed(
    rows: Rows, *, limit: int, after: Mapping[str, str] | None
) -> UnreviewedPage:
    """Those that await a review of the next `limit` calls that are not judged, by their next look;
    so a page may hold fewer than its limit, and the walk is bounded."""
    question = Question(table=CALLS, index="by_due", partition=DUE, limit=limit, after=after)
    page = rows.page(question)
    calls = [read_call(item) for item in page.items]
    waiting = {call_key(one.id, VERDICT_PART): one for one in calls
               if one.status is CallStatus.PENDING}  # fmt: skip
    found, _ = rows.gather(list(waiting)) if waiting else ({}, ())
    seen = (_unreviewed(call, found.get(key)) for key, call in waiting.items())
    return UnreviewedPage(tuple(one for one in seen if one), page.mark)


def _unreviewed(call: Call, item: Item | None) -> Unreviewed | None:
    """The call, if its verdict stands there and awaits a review."""
    judgement = judgement_of([item] if item else [])
    until = judgement.verdict.review_until if judgement else None
    if judgement is None or until is None:
        return None
    return Unreviewed(call=call, verdict=judgement.verdict, until=until)
