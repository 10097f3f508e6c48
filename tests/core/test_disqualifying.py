"""What denies a call whatever it meets: each disqualifier at its boundary, apart for both sides."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.call_facts import EarlierCall
from chalicelib.criteria import Filter, FilterTest, Geography
from chalicelib.findings import Outcome, Rule
from chalicelib.terms import (
    Disqualifiers,
    EarningTerms,
    Missing,
    Otherwise,
    Rejected,
    Repeat,
    RepeatScope,
    Reviewed,
    Since,
    Withheld,
)
from chalicelib.times import Hours, OpenBlock
from chalicelib.validation import Standing, Verdict, judge
from tests.builders import NOW, a_disposition, a_review, call_facts, charge_terms

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
    (
        Disqualifiers(review=Reviewed(within_hours=48)),
        {"reviews": (a_review("deny"),)},
        "review_denied",
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
    elif reason == "review_denied":
        facts = {"reviews": (a_review("approve"),)}
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


@pytest.mark.parametrize(
    ("otherwise", "after"), [(Otherwise.DENY, DENIED), (Otherwise.APPROVE, APPROVED)]
)
@pytest.mark.parametrize("off", [-TICK, TICK * 0, TICK])
def test_a_review_is_waited_for_through_its_deadline(
    otherwise: Otherwise, after: Standing, off: timedelta
) -> None:
    asked = Disqualifiers(review=Reviewed(within_hours=48, otherwise=otherwise))
    found = judged(asked, now=NOW + 2 * DAY + off)
    assert found.standing is (after if off > TICK * 0 else PENDING)
    assert found.review_until == (None if off > TICK * 0 else NOW + 2 * DAY)
    assert found.reasons == (("review_missing",) if found.standing is DENIED else ())


@pytest.mark.parametrize("off", [-TICK, TICK * 0, TICK])
@pytest.mark.parametrize(
    ("decision", "in_time", "late"), [("deny", DENIED, APPROVED), ("approve", APPROVED, DENIED)]
)
def test_a_review_counts_through_its_deadline_and_one_that_is_late_does_not(
    decision: str, in_time: Standing, late: Standing, off: timedelta
) -> None:
    # What holds without a review is the opposite of what it says.
    otherwise = Otherwise.APPROVE if decision == "deny" else Otherwise.DENY
    asked = Disqualifiers(review=Reviewed(within_hours=48, otherwise=otherwise))
    said = a_review(decision, decided_at=NOW + 2 * DAY + off)
    found = judged(asked, reviews=(said,), now=NOW + 3 * DAY)
    assert found.standing is (late if off > TICK * 0 else in_time)


@pytest.mark.parametrize(("plan", "expected"), [("gold", PENDING), ("iron", APPROVED)])
def test_only_calls_that_pass_its_filters_await_a_review(plan: str, expected: Standing) -> None:
    gold = Filter(attribute="tag.plan", test=FilterTest.EQUALS, values=("gold",))
    asked = Disqualifiers(review=Reviewed(within_hours=48, filters=(gold,)))
    facts: dict[str, Any] = {"attributes": {"tag.plan": plan}}
    assert judged(asked, **facts).standing is expected
    denied = judged(asked, reviews=(a_review("deny"),), **facts)
    assert denied.standing is (DENIED if expected is PENDING else APPROVED)


def test_of_several_reviews_the_last_one_in_time_counts() -> None:
    asked = Disqualifiers(review=Reviewed(within_hours=48))
    said = (
        a_review("deny", number=1),
        a_review("approve", number=2, decided_at=NOW + DAY),
        a_review("deny", number=3, decided_at=NOW + 3 * DAY),
    )
    assert judged(asked, reviews=said, now=NOW + 4 * DAY).standing is APPROVED
    assert judged(asked, reviews=said[:1], now=NOW + 4 * DAY).standing is DENIED


def test_a_finding_of_a_review_says_what_was_decided_why_and_by_whom() -> None:
    asked = Disqualifiers(review=Reviewed(within_hours=48))
    found = judged(asked, reviews=(a_review("deny", reason="wrong_product"),))
    (told,) = (one for one in found.charge if one.rule is Rule.REVIEW)
    assert (told.saw, told.source) == ("deny: wrong_product", "operator")
    assert told.asked == "the operator's approval within 48 h of the end"


@pytest.mark.parametrize("charge_hours", [2, None])
def test_the_review_that_is_awaited_is_the_next_one_of_either_side(
    charge_hours: int | None,
) -> None:
    charge = Disqualifiers(review=Reviewed(within_hours=charge_hours)) if charge_hours else None
    found = judged(charge, Disqualifiers(review=Reviewed(within_hours=9)))
    assert found.review_until == NOW + timedelta(hours=charge_hours or 9)


def test_a_call_that_is_denied_anyway_awaits_no_review() -> None:
    asked = Disqualifiers(anonymous_caller=True, review=Reviewed(within_hours=48))
    assert judged(asked, anonymous=True).review_until is None


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
