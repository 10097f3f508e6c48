"""What denies a call whatever it meets: each disqualifier at its boundary, apart for both sides."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.call_facts import EarlierCall
from chalicelib.criteria import Geography
from chalicelib.findings import Outcome, Rule
from chalicelib.terms import (
    Disqualifiers,
    EarningTerms,
    Missing,
    Otherwise,
    Rejected,
    Repeat,
    RepeatScope,
    Since,
    Withheld,
)
from chalicelib.times import Hours, OpenBlock
from chalicelib.validation import Standing, Verdict, judge
from tests.builders import NOW, a_disposition, call_facts, charge_terms

DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
APPROVED, DENIED, PENDING = Standing.APPROVED, Standing.DENIED, Standing.PENDING


def judged(
    charge: Disqualifiers | None = None,
    earning: Disqualifiers | None = None,
    *,
    now: datetime = NOW,
    **facts: Any,
) -> Verdict:
    """The verdict on a call that meets every step, by these disqualifiers."""
    return judge(
        call_facts(**facts),
        charge_terms(disqualifiers=charge or Disqualifiers()),
        EarningTerms(earning_cents=1500, disqualifiers=earning or Disqualifiers()),
        now=now,
    )


SWITCHES: list[tuple[Disqualifiers, dict[str, Any], str]] = [
    (Disqualifiers(blocked_caller=True), {"blocked_by": "publisher"}, "caller_blocked"),
    (Disqualifiers(anonymous_caller=True), {"anonymous": True}, "anonymous_caller"),
    (
        Disqualifiers(repeat_callers=(Repeat(days=None),)),
        {
            "earlier": (
                EarlierCall(
                    scope=RepeatScope.CAMPAIGN,
                    since=Since.APPROVED,
                    call_id="call_0",
                    arrived_at=NOW - timedelta(days=4000),
                ),
            )
        },
        "repeat_caller",
    ),
    (
        Disqualifiers(
            outside_hours=Hours(
                blocks=(
                    OpenBlock(
                        weekday=(NOW.weekday() + 1) % 7,
                        opens=NOW.time(),
                        closes=NOW.replace(hour=20).time(),
                    ),
                )
            )
        ),
        {},
        "outside_hours",
    ),
    (
        Disqualifiers(disposition_rejected=Rejected(values=("wrong_number",))),
        {"dispositions": (a_disposition("wrong_number"),)},
        "disposition_rejected",
    ),
    (
        Disqualifiers(consent_withheld=Withheld(question="consent", answers=("no",))),
        {"answers": {"consent": "no"}},
        "consent_withheld",
    ),
    (
        Disqualifiers(consent_withheld=Withheld(dispositions=("refused_consent",))),
        {"dispositions": (a_disposition("refused_consent"),)},
        "consent_withheld",
    ),
]


@pytest.mark.parametrize(("asked", "facts", "reason"), SWITCHES)
def test_a_disqualifier_denies_the_side_that_switches_it_on_alone(
    asked: Disqualifiers, facts: dict[str, Any], reason: str
) -> None:
    charged, earned = judged(charge=asked, **facts), judged(earning=asked, **facts)
    assert charged.reasons == (reason,)
    assert (charged.charge_standing, charged.earning_standing) == (DENIED, DENIED)
    assert (earned.charge_standing, earned.earning_standing) == (APPROVED, DENIED)
    assert [one.denial for one in earned.earning if one.denial] == [reason]
    assert judged(**facts).earned


@pytest.mark.parametrize(("asked", "facts", "reason"), SWITCHES)
def test_a_disqualifier_that_finds_nothing_lets_the_call_pass(
    asked: Disqualifiers, facts: dict[str, Any], reason: str
) -> None:
    if reason == "outside_hours":
        facts = {"arrived_at": NOW + timedelta(days=1)}
    elif reason == "disposition_rejected":
        facts = {"dispositions": (a_disposition("sold"),)}
    else:
        facts = {}
    assert judged(asked, asked, **facts).earned


@pytest.mark.parametrize("scope", list(RepeatScope))
@pytest.mark.parametrize("since", list(Since))
@pytest.mark.parametrize(
    ("off", "expected"), [(-TICK, DENIED), (TICK * 0, APPROVED), (TICK, APPROVED)]
)
def test_a_repeat_window_counts_in_its_own_scope_and_ends_whole_days_later(
    scope: RepeatScope, since: Since, off: timedelta, expected: Standing
) -> None:
    asked = Disqualifiers(repeat_callers=(Repeat(scope=scope, since=since, days=7),))
    for seen_scope in RepeatScope:
        for seen_since in Since:
            earlier = EarlierCall(
                scope=seen_scope,
                since=seen_since,
                call_id="call_0",
                arrived_at=NOW - timedelta(days=7) - off,
            )
            own = (seen_scope, seen_since) == (scope, since)
            assert judged(asked, earlier=(earlier,)).standing is (expected if own else APPROVED)


@pytest.mark.parametrize(("days", "expected"), [(0, APPROVED), (None, DENIED)])
def test_a_repeat_rule_may_hold_for_no_day_or_for_ever(
    days: int | None, expected: Standing
) -> None:
    earlier = EarlierCall(
        scope=RepeatScope.OFFER, since=Since.CONNECTED, call_id="call_0", arrived_at=NOW - 999 * DAY
    )
    rule = Repeat(scope=RepeatScope.OFFER, since=Since.CONNECTED, days=days)
    asked = Disqualifiers(repeat_callers=(rule,))
    assert judged(asked, earlier=(earlier,)).standing is expected


@pytest.mark.parametrize(
    ("otherwise", "after"), [(Otherwise.DENY, DENIED), (Otherwise.APPROVE, APPROVED)]
)
@pytest.mark.parametrize("off", [-TICK, TICK * 0, TICK])
def test_a_disposition_that_is_owed_is_waited_for_through_its_deadline(
    otherwise: Otherwise, after: Standing, off: timedelta
) -> None:
    owed = Disqualifiers(disposition_missing=Missing(within_hours=48, otherwise=otherwise))
    found = judged(owed, now=NOW + 2 * DAY + off)
    assert found.standing is (after if off > TICK * 0 else PENDING)
    assert found.waits_until == (None if off > TICK * 0 else NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("off", "expected"), [(-TICK, APPROVED), (TICK * 0, APPROVED), (TICK, DENIED)]
)
def test_any_disposition_in_time_pays_what_was_owed(off: timedelta, expected: Standing) -> None:
    owed = Disqualifiers(disposition_missing=Missing(within_hours=48))
    said = a_disposition("anything", received_at=NOW + 2 * DAY + off)
    found = judged(owed, dispositions=(said,), now=NOW + 3 * DAY)
    assert found.standing is expected
    assert found.reasons == (() if expected is APPROVED else ("disposition_missing",))


@pytest.mark.parametrize(
    ("value", "expected"), [(None, PENDING), ("sold", APPROVED), ("wrong_number", DENIED)]
)
def test_a_rejection_is_waited_for_until_the_first_disposition_settles_it(
    value: str | None, expected: Standing
) -> None:
    asked = Disqualifiers(disposition_rejected=Rejected(values=("wrong_number",), within_hours=2))
    said = (a_disposition(value),) if value else ()
    assert judged(asked, dispositions=said).standing is expected


@pytest.mark.parametrize("off", [-TICK, TICK * 0, TICK])
def test_a_rejection_that_never_comes_lets_the_call_pass_after_its_deadline(
    off: timedelta,
) -> None:
    asked = Disqualifiers(disposition_rejected=Rejected(values=("spam",), within_hours=2))
    found = judged(asked, now=NOW + timedelta(hours=2) + off)
    assert found.standing is (APPROVED if off > TICK * 0 else PENDING)


def test_a_publisher_may_earn_from_places_of_its_own() -> None:
    facts = call_facts()
    nevada = EarningTerms(earning_cents=1500, geography=Geography(states=("NV",)))
    found = judge(facts, charge_terms(), nevada, now=NOW)
    assert (found.charge_cents, found.earning_cents) == (2500, 0)
    assert [one.denial for one in found.earning if one.denial] == ["out_of_area"]


def test_one_denial_decides_whatever_else_is_awaited() -> None:
    asked = Disqualifiers(anonymous_caller=True, disposition_missing=Missing(within_hours=48))
    found = judged(asked, anonymous=True)
    assert (found.standing, found.waits_until) == (DENIED, None)
    waiting = [one for one in found.charge if one.outcome is Outcome.WAITING]
    assert [one.rule for one in waiting] == [Rule.DISPOSITION_MISSING]


def test_the_next_deadline_is_the_first_of_both_sides() -> None:
    late = Disqualifiers(disposition_missing=Missing(within_hours=48))
    soon = Disqualifiers(disposition_rejected=Rejected(values=("spam",), within_hours=3))
    assert judged(late, soon).waits_until == NOW + timedelta(hours=3)


def test_an_approved_charge_waits_for_the_earning() -> None:
    owed = Disqualifiers(disposition_missing=Missing(within_hours=48))
    found = judged(earning=owed)
    assert (found.charge_standing, found.earning_standing) == (APPROVED, PENDING)
    assert found.standing is PENDING
    assert (found.charge_cents, found.earning_cents) == (2500, 0)
    assert (found.charge_most_cents, found.earning_most_cents) == (2500, 1500)
