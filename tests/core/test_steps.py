"""What each step of a ladder asks, at its boundary, and which of several wins."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.criteria import Filter, FilterTest
from chalicelib.endings import Evidence
from chalicelib.findings import Denial, Outcome
from chalicelib.steps import Climb, Money, climb
from chalicelib.terms import Clock, Minutes, Otherwise, Pay, PayKind, Step, StepTest
from chalicelib.times import Hours, OpenBlock
from tests.builders import NOW, a_disposition, a_postback, a_step, call_facts

MOST = Money(most_cents=1_000_000)
TICK = timedelta(microseconds=1)
DAY = timedelta(hours=24)
PASS, FAIL, WAITING = Outcome.PASS, Outcome.FAIL, Outcome.WAITING


def climbed(*steps: Step, now: datetime = NOW, money: Money = MOST, **facts: Any) -> Climb:
    return climb(steps, call_facts(**facts), money, now)


def outcome(step: Step, *, now: datetime = NOW, **facts: Any) -> Outcome:
    return climbed(step, now=now, **facts).findings[0].outcome


class TestAnswered:
    def test_every_conversation_holds(self) -> None:
        assert climbed(a_step(StepTest.ANSWERED), talk_seconds=1).cents == 2000


class TestTalk:
    @pytest.mark.parametrize(("talk", "holds"), [(119, FAIL), (120, PASS), (121, PASS)])
    def test_exactly_the_seconds_asked_for_are_enough(self, talk: int, holds: Outcome) -> None:
        assert outcome(a_step(seconds=120), talk_seconds=talk) is holds

    @pytest.mark.parametrize(
        ("clock", "holds_from"), [(Clock.ANSWER, 120), (Clock.DIAL, 110), (Clock.ARRIVAL, 80)]
    )
    @pytest.mark.parametrize("off", [-1, 0, 1])
    def test_each_clock_begins_where_its_name_says(
        self, clock: Clock, holds_from: int, off: int
    ) -> None:
        talk = holds_from + off
        moments = {
            "dialled_at": NOW + timedelta(seconds=30),
            "answered_at": NOW + timedelta(seconds=40),
            "ended_at": NOW + timedelta(seconds=40 + talk),
        }
        step = a_step(seconds=120, clock=clock)
        assert (outcome(step, talk_seconds=talk, **moments) is PASS) == (off >= 0)

    def test_the_finding_says_on_which_clock_and_by_whose_word(self) -> None:
        step = a_step(seconds=120, clock=Clock.DIAL)
        (found,) = climbed(
            step, dialled_at=NOW, answered_at=NOW + timedelta(seconds=9), evidence=Evidence.RECORD
        ).findings
        assert (found.saw, found.asked) == (
            "99 s from the dial",
            "at least 120 s from the dial",
        )
        assert (found.source, found.denial) == ("record", Denial.TOO_SHORT)


class TestDisposition:
    STEP = a_step(StepTest.DISPOSITION, values=("sold", "quoted"), within_hours=24)

    @pytest.mark.parametrize(
        ("value", "expected"), [("sold", PASS), ("quoted", PASS), ("wrong_number", FAIL)]
    )
    def test_one_of_the_values_holds_and_any_other_does_not(
        self, value: str, expected: Outcome
    ) -> None:
        assert outcome(self.STEP, dispositions=(a_disposition(value),)) is expected

    @pytest.mark.parametrize(("off", "expected"), [(-TICK, PASS), (TICK * 0, PASS), (TICK, FAIL)])
    def test_one_that_comes_at_the_deadline_is_in_time(
        self, off: timedelta, expected: Outcome
    ) -> None:
        said = a_disposition(received_at=NOW + DAY + off)
        assert outcome(self.STEP, dispositions=(said,), now=NOW + 2 * DAY) is expected

    @pytest.mark.parametrize(
        ("off", "expected"), [(-TICK, WAITING), (TICK * 0, WAITING), (TICK, FAIL)]
    )
    def test_without_one_the_step_waits_through_its_deadline(
        self, off: timedelta, expected: Outcome
    ) -> None:
        assert outcome(self.STEP, now=NOW + DAY + off) is expected

    def test_the_named_choice_says_what_follows_when_nothing_came(self) -> None:
        step = a_step(StepTest.DISPOSITION, values=("sold",), otherwise=Otherwise.APPROVE)
        assert outcome(step, now=NOW + DAY + TICK) is PASS

    def test_of_several_the_latest_counts(self) -> None:
        first, second = a_disposition("sold"), a_disposition("lost", at=NOW + TICK)
        for order in ((first, second), (second, first)):
            assert outcome(self.STEP, dispositions=order) is FAIL

    def test_what_another_advertiser_said_of_the_call_is_not_heard(self) -> None:
        theirs = a_disposition("sold", advertiser_id="adv_2")
        assert outcome(self.STEP, dispositions=(theirs,)) is WAITING


class TestIvrAnswer:
    STEP = a_step(StepTest.IVR_ANSWER, question="owner", values=("yes",))

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [({"owner": "yes"}, PASS), ({"owner": "no"}, FAIL), ({}, FAIL), ({"zip": "yes"}, FAIL)],
    )
    def test_the_answer_to_the_question_decides(
        self, answers: dict[str, str], expected: Outcome
    ) -> None:
        assert outcome(self.STEP, answers=answers) is expected


class TestPostback:
    STEP = a_step(StepTest.POSTBACK, minimum_cents=5_000, within_hours=24)

    @pytest.mark.parametrize(
        ("cents", "expected"), [(4_999, WAITING), (5_000, PASS), (5_001, PASS)]
    )
    def test_exactly_the_amount_asked_for_is_enough(self, cents: int, expected: Outcome) -> None:
        assert outcome(self.STEP, postbacks=(a_postback(cents),)) is expected

    @pytest.mark.parametrize(("off", "expected"), [(-TICK, PASS), (TICK * 0, PASS), (TICK, FAIL)])
    def test_one_that_comes_at_the_deadline_is_in_time(
        self, off: timedelta, expected: Outcome
    ) -> None:
        said = a_postback(received_at=NOW + DAY + off)
        assert outcome(self.STEP, postbacks=(said,), now=NOW + 2 * DAY) is expected

    def test_what_is_no_conversion_is_waited_past(self) -> None:
        nothing = a_postback(0, converted=False)
        assert outcome(self.STEP, postbacks=(nothing,)) is WAITING

    def test_a_conversion_of_nothing_counts_where_nothing_is_asked(self) -> None:
        step = a_step(StepTest.POSTBACK)
        assert outcome(step, postbacks=(a_postback(0),)) is PASS
        assert outcome(step, postbacks=(a_postback(0, converted=False),)) is WAITING

    def test_too_small_a_conversion_is_not_taken_for_none(self) -> None:
        step = a_step(StepTest.POSTBACK, minimum_cents=5_000, otherwise=Otherwise.APPROVE)
        late = NOW + DAY + TICK
        assert outcome(step, postbacks=(a_postback(4_999),), now=late) is FAIL
        assert outcome(step, now=late) is PASS


class TestKeyword:
    def test_no_word_is_heard_while_there_are_no_transcripts(self) -> None:
        (found,) = climbed(a_step(StepTest.KEYWORD, values=("quote",))).findings
        assert (found.saw, found.denial) == ("no transcript", Denial.NOT_SAID)


class TestConditions:
    @pytest.mark.parametrize(("opens_in_minutes", "expected"), [(-1, PASS), (0, PASS), (1, FAIL)])
    def test_a_step_holds_from_the_minute_in_which_its_hours_begin(
        self, opens_in_minutes: int, expected: Outcome
    ) -> None:
        opens = (NOW + timedelta(minutes=opens_in_minutes)).time()
        block = OpenBlock(weekday=NOW.weekday(), opens=opens, closes=NOW.replace(hour=20).time())
        assert outcome(a_step(hours=Hours(blocks=(block,)))) is expected

    def test_a_step_is_for_the_calls_that_pass_its_filters(self) -> None:
        wanted = Filter(attribute="tag.plan", test=FilterTest.EQUALS, values=("gold",))
        step = a_step(filters=(wanted,))
        assert outcome(step, attributes={"tag.plan": "gold"}) is PASS
        (found,) = climbed(step, attributes={"tag.plan": "secret"}).findings
        assert found.denial is Denial.STEP_FILTERED
        assert "secret" not in found.saw + found.asked


class TestPay:
    @pytest.mark.parametrize(
        ("talk", "begun", "full"),
        [(59, 0, 0), (60, 0, 0), (61, 100, 0), (119, 100, 0), (120, 100, 100), (121, 200, 100)],
    )
    def test_minutes_are_counted_above_the_start(self, talk: int, begun: int, full: int) -> None:
        for minutes, expected in ((Minutes.BEGUN, begun), (Minutes.FULL, full)):
            pay = Pay(kind=PayKind.PER_MINUTE, cents=100, from_seconds=60, minutes=minutes)
            assert climbed(a_step(pays=pay), talk_seconds=talk).cents == expected

    @pytest.mark.parametrize(
        ("charge", "expected"), [(0, 0), (1, 0), (2, 1), (3, 1), (2_500, 875), (2_501, 875)]
    )
    def test_a_share_is_rounded_once_half_up(self, charge: int, expected: int) -> None:
        pay = Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=3_500)
        money = Money(most_cents=10_000, charge_cents=charge)
        assert climbed(a_step(pays=pay), money=money).cents == expected

    @pytest.mark.parametrize(
        ("charge", "expected"),
        [(998, 500), (1_000, 500), (1_002, 501), (1_998, 999), (2_000, 1_000), (2_002, 1_000)],
    )
    def test_a_share_lies_between_its_floor_and_its_ceiling(
        self, charge: int, expected: int
    ) -> None:
        pay = Pay(
            kind=PayKind.SHARE_OF_CHARGE, basis_points=5_000, floor_cents=500, ceiling_cents=1_000
        )
        money = Money(most_cents=10_000, charge_cents=charge)
        assert climbed(a_step(pays=pay), money=money).cents == expected

    def test_a_share_of_the_conversion_is_of_the_one_that_counts(self) -> None:
        pay = Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=1_000, ceiling_cents=50_000)
        step = a_step(StepTest.POSTBACK, pays=pay)
        told = (a_postback(10_000), a_postback(20_000))
        early = climbed(step, postbacks=told)
        assert (early.cents, early.most_cents) == (2_000, 50_000)
        found = climbed(step, postbacks=told, now=NOW + timedelta(days=30))
        assert (found.cents, found.most_cents) == (2_000, 2_000)

    @pytest.mark.parametrize(("most", "expected"), [(1_999, 1_999), (2_000, 2_000), (2_001, 2_000)])
    def test_no_step_gives_more_than_the_terms_say(self, most: int, expected: int) -> None:
        assert climbed(a_step(), money=Money(most_cents=most)).cents == expected


class TestLadder:
    TWO = (a_step(name="base", seconds=90), a_step(name="long", seconds=120, cents=3500))

    @pytest.mark.parametrize(
        ("talk", "step", "cents"),
        [
            (89, None, 0),
            (90, "base", 2000),
            (119, "base", 2000),
            (120, "long", 3500),
            (121, "long", 3500),
        ],
    )
    def test_the_highest_step_that_holds_wins(
        self, talk: int, step: str | None, cents: int
    ) -> None:
        found = climbed(*self.TWO, talk_seconds=talk)
        assert (found.step, found.cents) == (step, cents)

    @pytest.mark.parametrize(("talk", "cents"), [(29, 0), (30, 700), (31, 700)])
    def test_a_leg_of_thirty_seconds_is_billable_and_one_of_twenty_nine_is_free(
        self, talk: int, cents: int
    ) -> None:
        assert climbed(a_step(seconds=30, cents=700), talk_seconds=talk).cents == cents

    @pytest.mark.parametrize(
        ("talk", "cents"),
        [(119, 0), (120, 1000), (299, 1000), (300, 2000), (599, 2000), (600, 5000), (601, 5000)],
    )
    def test_three_tiers_of_duration_pay_ten_twenty_and_fifty_dollars(
        self, talk: int, cents: int
    ) -> None:
        tiers = ((120, 1000), (300, 2000), (600, 5000))
        steps = [a_step(name=f"from {s}", seconds=s, cents=pays) for s, pays in tiers]
        assert climbed(*steps, talk_seconds=talk).cents == cents

    def test_a_higher_step_that_waits_keeps_the_outcome_open_up_to_its_amount(self) -> None:
        sold = a_step(StepTest.DISPOSITION, cents=9_000, values=("sold",))
        found = climbed(a_step(), sold)
        assert (found.cents, found.most_cents) == (2_000, 9_000)
        assert [one.outcome for one in found.findings] == [PASS, WAITING]

    def test_a_lower_step_is_not_waited_for_once_a_higher_one_holds(self) -> None:
        sold = a_step(StepTest.DISPOSITION, values=("sold",))
        found = climbed(sold, a_step(cents=3_000))
        assert [one.outcome for one in found.findings] == [Outcome.NOT_NEEDED, PASS]
        assert (found.step, found.most_cents) == ("talk", 3_000)

    def test_a_failed_step_denies_only_where_no_other_can_hold(self) -> None:
        long, sold = a_step(seconds=120), a_step(StepTest.DISPOSITION, values=("sold",))
        assert [one.denial for one in climbed(long, sold).findings] == [None, None]
        late = climbed(long, sold, now=NOW + DAY + TICK)
        assert [one.denial for one in late.findings] == [
            Denial.TOO_SHORT,
            Denial.OTHER_DISPOSITION,
        ]
