"""How is the judgement on a call remembered?

Owns the row with the verdict, the facts it rests on, and how it stood before while it waited. What
else changes with it belongs to `settlements`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.call_facts import CallFacts
from chalicelib.endings import Ending
from chalicelib.store import codec
from chalicelib.store.rows import CALLS, Action, Change, Equals, Item, Key, Put
from chalicelib.terms import TermsVersion
from chalicelib.validation import Standing, Verdict

VERDICT_PART = "VERDICT"
_KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How a verdict stood from `judged_at` on, while something was awaited."""

    judged_at: datetime
    charge_standing: Standing
    earning_standing: Standing
    charge_most_cents: int
    earning_most_cents: int
    waits_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with all that it follows from. The same facts under the same terms at `judged_at`
    lead to it again. `stages` are how it stood before, the latest 50."""

    verdict: Verdict
    ending: Ending
    facts: CallFacts
    terms: tuple[TermsVersion, ...] = ()
    judged_at: datetime
    approved: bool
    revision: int = 1
    stages: tuple[Stage, ...] = ()


def judgement_of(items: Iterable[Item]) -> Judgement | None:
    """The judgement among the rows of a call that still waits for its verdict."""
    docs = (item["doc"] for item in items if item["sk"] == VERDICT_PART)
    return next((codec.from_json(Judgement, doc) for doc in docs), None)


def judgement_action(call_id: str, judgement: Judgement, before: Judgement | None) -> Action:
    """The judgement in the place of the one `before`, refused when that has been replaced; or as
    the call's first, refused when there is one."""
    if before is None:
        row: Item = {
            "pk": f"CALL#{call_id}",
            "sk": VERDICT_PART,
            "doc": codec.to_json(judgement),
            "revision": judgement.revision,
        }
        return Put(CALLS, row)
    stages = (*before.stages, _stage(before))[-_KEPT:]
    after = replace(judgement, revision=before.revision + 1, stages=stages)
    return Change(
        key=Key(CALLS, f"CALL#{call_id}", VERDICT_PART),
        set={("doc",): codec.to_json(after), ("revision",): after.revision},
        when=[Equals(("revision",), before.revision)],
    )


def _stage(judgement: Judgement) -> Stage:
    verdict = judgement.verdict
    return Stage(
        judged_at=judgement.judged_at,
        charge_standing=verdict.charge_standing,
        earning_standing=verdict.earning_standing,
        charge_most_cents=verdict.charge_most_cents,
        earning_most_cents=verdict.earning_most_cents,
        waits_until=verdict.waits_until,
    )
