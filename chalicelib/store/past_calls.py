"""Which calls of a campaign were judged in a period, and on what?

Owns reading them page by page with what is kept of their verdicts, and others by their ids. Judging
them again belongs to `backtesting`. Nothing is written here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import times
from chalicelib.backtesting import PastCall, both_sides
from chalicelib.call_facts import CallFacts
from chalicelib.campaigns import Target
from chalicelib.store import codec
from chalicelib.store.calls import call_key
from chalicelib.store.dispositions import DISPOSITION_PART, read_said
from chalicelib.store.reviews import REVIEW_PART, read_reviews
from chalicelib.store.rows import CALLS, Item, Question, Rows
from chalicelib.store.target_holds import target_key
from chalicelib.store.verdicts import VERDICT_PART
from chalicelib.terms import ChargeTerms, EarningTerms
from chalicelib.times import Period
from chalicelib.validation import Verdict

Document = Mapping[str, Any]

_A_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCalls:
    """Calls of one slice of a period, in the order of arrival, and the mark at which the next
    begins. Those without a verdict are counted, and those whose verdict is of an earlier release,
    which kept no facts."""

    calls: tuple[PastCall, ...] = ()
    not_judged: int = 0
    facts_not_kept: int = 0
    mark: Mapping[str, str] | None = None


def page_of_past_calls(
    rows: Rows,
    campaign_id: str,
    period: Period,
    *,
    limit: int,
    after: Mapping[str, str] | None,
) -> PastCalls:
    """Up to `limit` calls of the campaign that arrived within the period, from the mark on."""
    calls: list[PastCall] = []
    counted = [0, 0]
    left, mark = limit, after
    while True:
        page = rows.page(_question(campaign_id, period, min(left, _A_BATCH), mark))
        keys = [call_key(_id(item), VERDICT_PART) for item in page.items]
        verdicts = rows.gather(keys)[0] if keys else {}
        for item, key in zip(page.items, keys, strict=True):
            judged = _verdict(verdicts.get(key))
            if judged is not None and "facts" in judged:
                calls.append(_past(_id(item), json.loads(item["doc"]), judged))
            else:
                counted[judged is not None] += 1
        left -= len(page.items)
        mark = page.mark
        if mark is None or left <= 0:
            return PastCalls(
                calls=tuple(calls), not_judged=counted[0], facts_not_kept=counted[1], mark=mark
            )


def past_calls(rows: Rows, call_ids: Sequence[str]) -> Iterator[PastCall]:
    """Those of the calls that were judged on facts that are kept, of whatever campaign."""
    keys = {id: (call_key(id), call_key(id, VERDICT_PART)) for id in call_ids}
    found, _ = rows.gather([key for pair in keys.values() for key in pair])
    for id, (head, part) in keys.items():
        judged = _verdict(found.get(part))
        if head in found and judged is not None and "facts" in judged:
            doc = json.loads(found[head]["doc"])
            if doc["attempt"]:
                yield _past(id, doc, judged)


def with_all_said(rows: Rows, calls: Iterable[PastCall]) -> Iterator[PastCall]:
    """The calls with all that advertisers and the operator have said of them up to now, one
    question each."""
    for batch in _batches(list(calls)):
        _, found = rows.gather([], [_said_of(call) for call in batch])
        for call, items in zip(batch, found, strict=True):
            said = read_said(items)
            yield replace(
                call,
                dispositions=tuple(replace(it, note=None) for it in said.dispositions),
                postbacks=said.postbacks,
                reviews=tuple(replace(it, note=None) for it in read_reviews(items)),
            )


def _said_of(call: PastCall) -> Question:
    """From its dispositions to its reviews; the little that lies between them is read along."""
    return Question(
        table=CALLS,
        partition=f"CALL#{call.id}",
        at_least=DISPOSITION_PART,
        below=f"{REVIEW_PART}~",
    )


def targets_of(rows: Rows, campaign_id: str, target_ids: Sequence[str]) -> list[Target]:
    """Those of the campaign's targets, as they stand; archived ones are kept too."""
    keys = [target_key(campaign_id, id) for id in target_ids]
    found = rows.gather(keys)[0] if keys else {}
    return [codec.from_json(Target, item["doc"]) for item in found.values()]


def _question(
    campaign_id: str, period: Period, limit: int, after: Mapping[str, str] | None
) -> Question:
    return Question(
        table=CALLS,
        index="by_campaign",
        partition=campaign_id,
        at_least=times.written(period.start),
        below=times.written(period.end),
        limit=limit,
        after=after,
    )


def _batches(calls: Sequence[PastCall]) -> Iterator[Sequence[PastCall]]:
    return (calls[first : first + _A_BATCH] for first in range(0, len(calls), _A_BATCH))


def _id(item: Item) -> str:
    return str(item["pk"]).removeprefix("CALL#")


def _verdict(item: Item | None) -> Document | None:
    if item is None:
        return None
    document: Document = json.loads(item["doc"])
    return document


def _past(id: str, call: Document, judged: Document) -> PastCall:
    """A judged call has an attempt, and with it the terms by which it was judged."""
    attempt, stages = call["attempt"], judged.get("stages")
    judged_at = times.read(judged["judged_at"])
    return PastCall(
        id=id,
        campaign_id=attempt["hold"]["campaign_id"],
        target_id=attempt["hold"]["target_id"],
        publisher_id=call.get("publisher_id") or "",
        partnership_id=call.get("partnership_id") or "",
        charge=codec.from_plain(ChargeTerms, attempt["charge"]),
        earning=codec.from_plain(EarningTerms, attempt["earning"]),
        facts=codec.from_plain(CallFacts, judged["facts"]),
        first_judged_at=times.read(stages[0]["judged_at"]) if stages else judged_at,
        judged_at=judged_at,
        before=both_sides(codec.from_plain(Verdict, judged["verdict"])),
    )
