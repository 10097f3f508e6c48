"""How much is kept back of a payout, and when it comes back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import adjustments, ledger, payouts
from chalicelib.errors import Conflict
from tests.builders import NOW, a_publisher

DRAFT = payouts.draft(a_publisher(), NOW)


@pytest.mark.parametrize(
    ("amount", "kept", "back", "percent", "reserve"),
    [
        (3000, 0, 0, 0, 0),
        (3000, 0, 0, 10, 300),
        (1005, 0, 0, 10, 101),
        (1004, 0, 0, 10, 100),
        (1, 0, 0, 50, 0),
        (2700, 300, 0, 10, 0),
        (3700, 300, 0, 10, 100),
        (300, 0, 300, 10, 0),
        (1300, 0, 300, 10, 100),
        (2700, 300, 0, 5, 0),
    ],
    ids=[
        "no reserve", "a tenth", "half a cent counts up", "less than half a cent", "a single cent",
        "kept before", "kept before of a part", "only what comes back", "beside what comes back",
        "terms that keep less now",
    ],
)  # fmt: skip
def test_the_reserve_is_a_part_of_what_calls_have_earned(
    amount: int, kept: int, back: int, percent: int, reserve: int
) -> None:
    draft = replace(DRAFT, amount_cents=amount, reserve_kept_cents=kept, reserve_back_cents=back)
    assert adjustments.reserve_cents(draft, percent) == reserve


@given(st.integers(1, 10**9), st.integers(0, 50), st.integers(0, 10**6))
def test_a_payout_keeps_something_and_is_made_again_without_keeping_more(
    earned: int, percent: int, back: int
) -> None:
    draft = replace(DRAFT, amount_cents=earned + back, reserve_back_cents=back)
    kept = adjustments.reserve_cents(draft, percent)
    assert 0 <= kept < earned
    again = replace(draft, amount_cents=earned + back - kept, reserve_kept_cents=kept)
    assert adjustments.reserve_cents(again, percent) == 0


def test_what_is_kept_back_comes_back_after_its_days_past_the_terms() -> None:
    kept, back = adjustments.reserve_lines(DRAFT, 300, 60, NOW)
    assert (kept.amount_cents, back.amount_cents) == (-300, 300)
    assert back.release_after == NOW + timedelta(days=60)
    assert back.booked_at == DRAFT.cutoff
    assert len({kept.id, back.id}) == 2
    assert adjustments.reserve_lines(DRAFT, 0, 60, NOW) == ()


def test_a_reserve_moves_from_payable_to_held_and_back() -> None:
    _, back = adjustments.reserve_lines(DRAFT, 300, 60, NOW)
    entries = [adjustments.reserve_kept(DRAFT, 300, NOW), adjustments.reserve_released(back, NOW)]
    assert [entry.template for entry in entries] == ["reserve", "reserve_released"]
    assert len({entry.key for entry in entries}) == 2
    legs = [leg for entry in entries for leg in entry.legs]
    assert set(ledger.balances(legs).values()) == {0}


@pytest.mark.parametrize("owed", [0, -1])
def test_a_publisher_that_owes_nothing_has_nothing_to_be_given_up(owed: int) -> None:
    with pytest.raises(Conflict):
        adjustments.write_off("pub_1", "exit", cents=owed, currency="USD", now=NOW)
