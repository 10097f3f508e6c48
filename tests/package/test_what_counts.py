"""The page that says what counts says what the rules do."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.findings import Denial
from chalicelib.store import codec
from chalicelib.terms import (
    ChargeTerms,
    Clock,
    Disqualifiers,
    EarningTerms,
    Otherwise,
    PayKind,
    StepTest,
)
from chalicelib.validation import Verdict, judge
from tests.builders import NOW, a_review, call_facts

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explanation" / "what-counts.md").read_text()
GUIDE = (DOCS / "how-to" / "why-was-my-call-denied.md").read_text()
EARNING = EarningTerms(earning_cents=0)
EXAMPLES = [json.loads(said) for said in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_the_worked_ladder_comes_out_as_the_page_says() -> None:
    terms = codec.from_plain(ChargeTerms, EXAMPLES[0])
    rows = re.findall(r"^\| (\d+) s \| (\w+)[^|]*\| \$([\d.]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for talk, step, dollars in rows:
        found = judge(call_facts(talk_seconds=int(talk)), terms, EARNING, now=NOW)
        assert (found.charge_step or "none", found.charge_cents) == (
            step,
            round(float(dollars) * 100),
        )


def test_the_three_clocks_show_what_the_page_says() -> None:
    facts = call_facts(
        talk_seconds=80,
        dialled_at=NOW + timedelta(seconds=30),
        answered_at=NOW + timedelta(seconds=40),
        ended_at=NOW + timedelta(seconds=120),
    )
    for clock, seconds in ((Clock.ANSWER, 80), (Clock.DIAL, 90), (Clock.ARRIVAL, 120)):
        assert f"{seconds} s from the {clock}" in PAGE
        for asked, holds in ((seconds, True), (seconds + 1, False)):
            document = {"charge_cents": 1, "steps": [
                {"name": "a", "test": "talk", "clock": clock.value, "seconds": asked,
                 "pays": {"cents": 1}},
            ]}  # fmt: skip
            terms = codec.from_plain(ChargeTerms, document)
            assert judge(facts, terms, EARNING, now=NOW).approved is holds


def test_the_reviewed_call_comes_out_as_the_page_says() -> None:
    terms = codec.from_plain(ChargeTerms, {"charge_cents": 2500, **EXAMPLES[1]})
    said = EXAMPLES[2]
    assert NOW.weekday() == 0
    assert f"ends on Monday at {NOW:%H:%M}" in PAGE
    wednesday = NOW + timedelta(days=2)

    def told(decision: str | None, decided_at: datetime, *, source: str = "resold") -> Verdict:
        more = {"decision": decision, "reason": said["reason"], "decided_at": decided_at}
        facts = call_facts(
            attributes={"tag.source": source}, reviews=(a_review(**more),) if decision else ()
        )
        return judge(facts, terms, EARNING, now=decided_at)

    late = wednesday + timedelta(seconds=1)
    assert told(None, wednesday).standing == "pending"
    assert told("approve", wednesday).approved
    assert told(said["decision"], NOW + timedelta(days=1)).reasons == ("review_denied",)
    assert told("approve", late).reasons == ("review_missing",)
    chosen = terms.disqualifiers.review
    assert chosen is not None
    terms = replace(
        terms,
        disqualifiers=Disqualifiers(review=replace(chosen, otherwise=Otherwise.APPROVE)),
    )
    assert told("deny", late).approved
    assert told(None, NOW, source="own").approved


def test_every_test_every_way_to_pay_and_every_denial_is_told() -> None:
    for word in (*StepTest, *PayKind):
        assert f"| `{word}` |" in PAGE
    for denial in Denial:
        assert f"`{denial}`" in PAGE, denial


def test_the_publishers_guide_explains_every_denial_that_it_may_meet() -> None:
    unexplained = {Denial.STEP_FILTERED, Denial.NOT_SAID}
    for denial in set(Denial) - unexplained:
        assert f"`{denial}`" in GUIDE, denial
