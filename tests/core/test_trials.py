"""How a target's recent calls are counted, and what the next one is taken to be worth."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.trials import (
    NEW_BELOW,
    WHOLE,
    Trials,
    counts_trials,
    expected_cents,
    is_new,
    is_over,
    named,
    names_of_a_trial,
    recent,
)

STRETCH = timedelta(days=14)
BEGINS = datetime(1970, 1, 1, tzinfo=UTC) + 1484 * STRETCH
SECOND = timedelta(seconds=1)
NOTHING = Trials()


def trials(dialled: int, approved: int) -> Trials:
    """So many whole trials, all recent."""
    return Trials(dialled * WHOLE, approved * WHOLE)


CALLS = st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
MOMENTS = st.timedeltas(timedelta(days=-2000), timedelta(days=5000)).map(lambda t: BEGINS + t)


class TestStretches:
    def test_a_trial_counts_as_dialled_and_an_approved_one_as_approved_too(self) -> None:
        assert names_of_a_trial(approved=False, now=BEGINS) == ("dialled#14d#1484",)
        assert names_of_a_trial(approved=True, now=BEGINS) == (
            "dialled#14d#1484",
            "approved#14d#1484",
        )

    def test_a_stretch_turns_over_at_midnight_of_utc_every_fourteenth_day(self) -> None:
        assert datetime(2026, 11, 19, tzinfo=UTC) == BEGINS
        (before,) = names_of_a_trial(approved=False, now=BEGINS - SECOND)
        assert before == "dialled#14d#1483"

    @pytest.mark.parametrize(
        ("since", "oldest"),
        [
            (timedelta(0), Fraction(1)),
            (STRETCH / 4, Fraction(3, 4)),
            (STRETCH / 2, Fraction(1, 2)),
            (STRETCH - SECOND, Fraction(1, WHOLE)),
        ],
    )
    def test_the_oldest_stretch_counts_as_far_as_it_lies_in_the_last_28_days(
        self, since: timedelta, oldest: Fraction
    ) -> None:
        counts = {f"dialled#14d#{1484 - back}": 100 for back in range(5)}
        counts["approved#14d#1482"] = 40
        seen = recent(counts, BEGINS + since)
        assert Fraction(seen.dialled, WHOLE) == 200 + 100 * oldest
        assert Fraction(seen.approved, WHOLE) == 40 * oldest

    def test_a_target_is_told_apart_from_others_that_are_counted_beside_it(self) -> None:
        counts = {
            "tgt_1#dialled#14d#1484": 3,
            "tgt_1#approved#14d#1484": 1,
            "tgt_11#dialled#14d#1484": 9,
        }
        assert recent(counts, BEGINS, of="tgt_1") == trials(3, 1)
        assert recent(counts, BEGINS, of="tgt_2") == NOTHING

    def test_other_attributes_of_a_row_are_no_counts(self) -> None:
        assert counts_trials("dialled#14d#1484") and counts_trials("tgt_1#approved#14d#1")
        assert not any(map(counts_trials, ("pk", "doc", "used", "version", "leases")))

    @given(MOMENTS, st.integers(0, 80))
    def test_a_name_is_over_exactly_when_nothing_under_it_is_recent(
        self, now: datetime, days: int
    ) -> None:
        counted_at = now - timedelta(days=days)
        (name,) = names_of_a_trial(approved=False, now=counted_at)
        assert (recent({name: 1}, now) == NOTHING) == is_over(name, now)
        assert is_over(named("tgt_1", name), now) == is_over(name, now)

    @given(MOMENTS, st.integers(0, 60))
    def test_what_is_not_28_days_old_is_never_over(self, now: datetime, days: int) -> None:
        (name,) = names_of_a_trial(approved=False, now=now - timedelta(days=days))
        assert days > 28 or not is_over(name, now)
        assert days < 42 or is_over(name, now)


class TestEstimate:
    @pytest.mark.parametrize(
        ("charge", "everyones", "publishers", "cents"),
        [
            (2500, (0, 0), (0, 0), 1250),  # nothing known: one half
            (2501, (0, 0), (0, 0), 1251),  # half a cent is rounded up
            (0, (9, 9), (9, 9), 0),
            (4000, (20, 20), (0, 0), 3000),  # (20 + 10) / 40 of everyone's calls
            (4000, (20, 20), (20, 20), 3500),  # (20 + 20 x 3/4) / 40 of the publisher's
            (4000, (20, 0), (20, 0), 500),
            (4000, (20, 10), (20, 10), 2000),
            (4000, (980, 0), (0, 0), 40),
            (4000, (0, 0), (1, 1), 2095),  # one call says little: 11 / 21
        ],
    )
    def test_a_call_is_worth_the_charge_times_the_drawn_in_rate(
        self, charge: int, everyones: tuple[int, int], publishers: tuple[int, int], cents: int
    ) -> None:
        estimate = expected_cents(
            charge, everyones=trials(*everyones), publishers=trials(*publishers)
        )
        assert estimate == cents

    @given(st.integers(0, 10**7), CALLS, CALLS)
    def test_the_estimate_is_the_formula_in_exact_fractions(
        self, charge: int, everyones: tuple[int, int], publishers: tuple[int, int]
    ) -> None:
        rate = Fraction(everyones[1] + 10, everyones[0] + 20)
        probability = (publishers[1] + 20 * rate) / (publishers[0] + 20)
        estimate = expected_cents(
            charge, everyones=trials(*everyones), publishers=trials(*publishers)
        )
        assert -Fraction(1, 2) <= charge * probability - estimate < Fraction(1, 2) or (
            estimate - charge * probability == Fraction(1, 2)
        )
        assert 0 <= estimate <= charge

    @given(st.integers(0, 10**6), CALLS, CALLS)
    def test_one_more_approved_of_the_same_calls_is_never_worth_less(
        self, charge: int, everyones: tuple[int, int], publishers: tuple[int, int]
    ) -> None:
        all_calls, own = trials(*everyones), trials(*publishers)
        before = expected_cents(charge, everyones=all_calls, publishers=own)
        more = Trials(own.dialled + WHOLE, own.approved + WHOLE)
        assert expected_cents(charge, everyones=all_calls, publishers=more) >= before
        more = Trials(all_calls.dialled, min(all_calls.dialled, all_calls.approved + WHOLE))
        assert expected_cents(charge, everyones=more, publishers=own) >= before

    def test_many_calls_of_a_publisher_outweigh_everyones(self) -> None:
        poor, rich = trials(10_000, 100), trials(10_000, 9_900)
        assert expected_cents(10_000, everyones=poor, publishers=rich) == 9_880
        assert expected_cents(10_000, everyones=rich, publishers=poor) == 120

    def test_a_target_is_new_to_a_publisher_below_twenty_recent_calls(self) -> None:
        assert is_new(NOTHING)
        assert is_new(Trials(NEW_BELOW * WHOLE - 1, 0))
        assert not is_new(trials(NEW_BELOW, 0))
