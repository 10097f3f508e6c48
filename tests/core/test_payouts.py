"""When earnings are past their terms, and when they are worth a payout."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import payouts
from chalicelib.offers import PayoutTerms
from chalicelib.payouts import Earning
from chalicelib.times import Cycle
from tests.builders import NOW, a_publisher

HOUR = timedelta(hours=1)


def an_earning(cents: int) -> Earning:
    """What a call earned."""
    return Earning(
        call_id="call_1", publisher_id="pub_1", offer_id="off_1", campaign_id="cmp_1",
        amount_cents=cents, currency="USD", booked_at=NOW, release_after=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cycle", "net_days", "as_of", "cutoff"),
    [
        (Cycle.MONTHLY, 0, (2026, 12, 1), (2026, 12, 1)),
        (Cycle.MONTHLY, 15, (2026, 12, 15), (2026, 11, 1)),
        (Cycle.MONTHLY, 15, (2026, 12, 16), (2026, 12, 1)),
        (Cycle.MONTHLY, 45, (2027, 1, 15), (2026, 12, 1)),
        (Cycle.WEEKLY, 0, (2026, 11, 29), (2026, 11, 23)),
        (Cycle.WEEKLY, 7, (2026, 11, 30), (2026, 11, 23)),
        (Cycle.BIWEEKLY, 0, (2026, 11, 29), (2026, 11, 16)),
        (Cycle.BIWEEKLY, 0, (2026, 11, 30), (2026, 11, 30)),
        (Cycle.BIWEEKLY, 7, (2026, 12, 6), (2026, 11, 16)),
        (Cycle.BIWEEKLY, 7, (2026, 12, 7), (2026, 11, 30)),
    ],
)
def test_earnings_fall_due_net_days_after_the_end_of_their_cycle(
    cycle: Cycle, net_days: int, as_of: tuple[int, int, int], cutoff: tuple[int, int, int]
) -> None:
    terms = PayoutTerms(cycle=cycle, net_days=net_days)
    assert payouts.cutoff(terms, datetime(*as_of, tzinfo=UTC)) == datetime(*cutoff, tzinfo=UTC)


@given(
    st.sampled_from(Cycle),
    st.integers(0, 90),
    st.integers(0, 60_000).map(lambda hours: datetime(2024, 1, 1, tzinfo=UTC) + hours * HOUR),
    st.timedeltas(timedelta(0), timedelta(days=90)),
)
def test_a_cutoff_never_moves_back(
    cycle: Cycle, net_days: int, as_of: datetime, later: timedelta
) -> None:
    terms = PayoutTerms(cycle=cycle, net_days=net_days)
    assert payouts.cutoff(terms, as_of) <= payouts.cutoff(terms, as_of + later)
    assert payouts.cutoff(terms, as_of) <= as_of - timedelta(days=net_days)


@given(
    st.sampled_from(Cycle),
    st.integers(0, 90),
    st.integers(0, 60_000).map(lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + hours * HOUR),
)
def test_an_earning_is_due_from_one_instant_on(
    cycle: Cycle, net_days: int, booked_at: datetime
) -> None:
    terms = PayoutTerms(cycle=cycle, net_days=net_days)
    due = payouts.due_at(terms, booked_at)
    assert payouts.cutoff(terms, due - timedelta(milliseconds=1)) <= booked_at
    assert booked_at < payouts.cutoff(terms, due)


def test_one_publisher_and_cutoff_make_one_payout() -> None:
    publisher = a_publisher()
    assert payouts.draft(publisher, NOW).id == payouts.draft(publisher, NOW).id
    assert payouts.draft(publisher, NOW).id != payouts.draft(a_publisher(id="pub_2"), NOW).id
    assert payouts.draft(publisher, NOW).id != payouts.draft(publisher, NOW + timedelta(days=7)).id


@pytest.mark.parametrize(
    ("minimum", "earned", "worth"),
    [
        (0, [], False),
        (0, [1], True),
        (3000, [1500, 1499], False),
        (3000, [1500, 1500], True),
    ],
    ids=["nothing", "no minimum", "a cent short", "exactly the minimum"],
)
def test_a_sum_is_worth_a_payout_from_the_minimum_on(
    minimum: int, earned: list[int], worth: bool
) -> None:
    terms = PayoutTerms(minimum_cents=minimum)
    assert payouts.worth_paying(terms, [an_earning(cents) for cents in earned]) is worth
