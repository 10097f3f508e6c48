"""Past calls, judged as they were, for the tests of judging them again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.backtesting import JudgedAgain, PastCall, TriedTerms, both_sides, judge_again
from chalicelib.call_facts import CallFacts, EarlierCall
from chalicelib.terms import ChargeTerms, EarningTerms, RepeatScope, Since
from chalicelib.validation import judge
from tests.builders import NOW, call_facts, charge_terms

EARNING = EarningTerms(earning_cents=1500)
LATER = NOW + timedelta(days=400)


def a_past_call(
    id: str = "call_1",
    *,
    charge: ChargeTerms | None = None,
    earning: EarningTerms = EARNING,
    facts: CallFacts | None = None,
    judged_at: datetime | None = None,
    **more: Any,
) -> PastCall:
    """A call of 90 seconds for 25 dollars, judged the moment it ended."""
    charge, facts = charge or charge_terms(), facts or call_facts()
    judged_at = judged_at or facts.ended_at
    known = replace(
        facts,
        dispositions=tuple(one for one in facts.dispositions if one.received_at <= judged_at),
        postbacks=tuple(one for one in facts.postbacks if one.received_at <= judged_at),
        reviews=tuple(one for one in facts.reviews if one.decided_at <= judged_at),
    )
    values: dict[str, Any] = {
        "id": id,
        "campaign_id": "cmp_1",
        "target_id": "tgt_1",
        "publisher_id": "pub_1",
        "partnership_id": "par_1",
        "charge": charge,
        "earning": earning,
        "facts": known,
        "first_judged_at": judged_at,
        "judged_at": judged_at,
        "before": both_sides(judge(known, charge, earning, now=judged_at)),
        "dispositions": facts.dispositions,
        "postbacks": facts.postbacks,
        "reviews": facts.reviews,
    }
    return PastCall(**(values | more))


def in_a_row(*seconds: int, charge: ChargeTerms | None = None, gap: float = 1) -> list[PastCall]:
    """Calls of one caller, so many days apart, each with the ones before as its facts would name
    them: the latest connected one and the latest approved one."""
    made: list[PastCall] = []
    for n, talk in enumerate(seconds):
        at = NOW + timedelta(days=gap * n)
        named = [*_latest(made, Since.CONNECTED), *_latest(made, Since.APPROVED)]
        facts = call_facts(arrived_at=at, ended_at=at, talk_seconds=talk, earlier=tuple(named))
        made.append(a_past_call(f"call_{n}", facts=facts, charge=charge))
    return made


def again(
    calls: list[PastCall],
    charge: ChargeTerms | None = None,
    earning: EarningTerms | None = None,
    tested: set[str] | None = None,
) -> dict[str, JudgedAgain]:
    """The calls judged again under these terms, by id."""
    tried = TriedTerms(
        charge={"tgt_1": charge} if charge else {}, earning={"par_1": earning} if earning else {}
    )
    ids = {call.id for call in calls} if tested is None else tested
    return {one.call.id: one for one in judge_again(calls, tried, tested=ids, now=LATER)}


def approved(judged: dict[str, JudgedAgain]) -> set[str]:
    """The ids of the calls that are approved now."""
    return {id for id, one in judged.items() if one.after.approved}


def _latest(calls: list[PastCall], since: Since) -> list[EarlierCall]:
    for call in reversed(calls):
        if call.facts.connected and (since is Since.CONNECTED or call.before.approved):
            at = call.facts.arrived_at
            return [
                EarlierCall(scope=scope, since=since, call_id=call.id, arrived_at=at)
                for scope in RepeatScope
            ]
    return []
