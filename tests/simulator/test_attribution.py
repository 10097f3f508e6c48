"""Stated confidence beside measured, among people of whom it is known who called."""

import pytest

from bench.attribution import STRAY, Outcome, Play, Reality, buckets, gap

TOLERANCE_PERCENT = 8
"""How far stated and measured may differ in a bucket with at least `ENOUGH` candidates."""
GAP = 3
"""How far they may differ on average over all candidates."""
ENOUGH = 120


@pytest.fixture(scope="module", params=[50, 80, 120])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """A pool of 20 numbers for some weeks, under this load."""
    reality = Reality(load_percent=request.param, numbers=20, hours=500)
    return Play(reality, "a fixed seed").run()


def test_stated_confidence_is_what_is_measured(outcome: Outcome) -> None:
    found = buckets(outcome.calls)
    weighty = [one for one in found if one.count >= ENOUGH]
    assert len(weighty) >= 5
    for one in weighty:
        assert abs(one.stated - one.measured) <= TOLERANCE_PERCENT, one
    assert gap(found) <= GAP


def test_a_call_of_a_visit_that_still_has_its_number_is_always_led_back_to_it(
    outcome: Outcome,
) -> None:
    live = [call for call in outcome.calls if call.was_live]
    assert len(live) > 1_000
    assert all(call.stated.live and call.stated.visit_id == call.caller for call in live)


def test_most_calls_are_led_back_and_to_the_right_visit(outcome: Outcome) -> None:
    assert outcome.precision > 0.7
    assert outcome.recall > 0.7


def test_the_play_has_what_makes_it_hard(outcome: Outcome) -> None:
    late = [call for call in outcome.calls if call.caller != STRAY and not call.was_live]
    assert len(late) > 300
    assert any(call.caller == STRAY for call in outcome.calls)
    assert sum(len(call.stated.candidates) == 2 for call in outcome.calls) > 1_000


def test_the_same_seed_plays_the_same(outcome: Outcome) -> None:
    small = Reality(numbers=5, hours=20)
    assert Play(small, "again").run() == Play(small, "again").run()
    assert Play(small, "other").run() != Play(small, "again").run()
