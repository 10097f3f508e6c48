"""When an advertiser is billed before its period ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import invoices, times
from chalicelib.campaigns import Billing
from chalicelib.payments import Funds
from chalicelib.thresholds import Cut, draft, is_reached, next_cut, rest, unbilled_cents
from chalicelib.times import Cycle, Period
from tests.builders import an_advertiser

ACME = an_advertiser(billing=Billing.NET, credit_limit_cents=100_000, bill_at_cents=7_500)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 10, 12, 0, 30, tzinfo=UTC)
NOVEMBER = Period(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("said", "cents", "reached"),
    [
        ({}, 7_499, False),
        ({}, 7_500, True),
        ({"bill_at_cents": None}, 100_000, False),
        ({"billing": Billing.PREPAID}, 7_500, False),
    ],
)
def test_the_threshold_itself_is_billed(said: dict[str, object], cents: int, reached: bool) -> None:
    assert is_reached(replace(ACME, **said), cents) is reached  # type: ignore[arg-type]


def test_a_cut_ends_the_period_at_the_start_of_the_minute_and_the_next_begins_there() -> None:
    first = next_cut(ACME, None, NOON)
    assert first and first.n == 1
    assert first.period == Period(start=NOVEMBER.start, end=NOON.replace(second=0))
    second = next_cut(ACME, first, NOON + timedelta(hours=1))
    assert second and (second.n, second.period.start) == (2, first.period.end)


def test_there_is_one_cut_a_minute_and_none_in_the_first_of_a_period() -> None:
    first = next_cut(ACME, None, NOON)
    assert next_cut(ACME, first, NOON + timedelta(seconds=29)) is None
    assert next_cut(ACME, None, NOVEMBER.start + timedelta(seconds=59)) is None


def test_a_cut_of_the_month_before_takes_nothing_from_this_one() -> None:
    november = next_cut(ACME, None, NOON)
    december = next_cut(ACME, november, NOVEMBER.end + timedelta(days=3))
    assert december and december.period.start == NOVEMBER.end


def test_each_cut_makes_a_document_of_its_own_beside_that_of_the_period() -> None:
    first = next_cut(ACME, None, NOON)
    assert first
    again = draft(ACME, replace(first, period=NOVEMBER))
    second = draft(ACME, replace(first, n=2))
    assert draft(ACME, first).id == again.id
    assert len({again.id, second.id, invoices.draft(ACME, NOVEMBER).id}) == 3


def test_the_rest_of_a_period_begins_with_its_last_cut() -> None:
    cut = next_cut(ACME, None, NOON)
    assert cut
    assert rest(NOVEMBER, cut) == Period(start=cut.period.end, end=NOVEMBER.end)
    assert rest(NOVEMBER, None) == NOVEMBER
    december = Period(start=NOVEMBER.end, end=datetime(2027, 1, 1, tzinfo=UTC))
    assert rest(december, cut) == december


@given(
    cycle=st.sampled_from(Cycle),
    moments=st.lists(
        st.integers(0, 120 * 24 * 3600).map(lambda n: OCTOBER + timedelta(seconds=n)),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
def test_cuts_never_overlap_and_none_reaches_over_the_end_of_a_cycle(
    cycle: Cycle, moments: list[datetime]
) -> None:
    advertiser, last = replace(ACME, billing_cycle=cycle), None
    cuts: list[Cut] = []
    for now in sorted(moments):
        last = next_cut(advertiser, last, now) or last
        if last and (not cuts or cuts[-1] != last):
            cuts.append(last)
    for before, after in pairwise(cuts):
        assert (after.n, after.period.start >= before.period.end) == (before.n + 1, True)
    for cut in cuts:
        assert times.cycle_start(cycle, cut.period.start) == times.cycle_start(
            cycle, cut.period.end - timedelta(microseconds=1)
        )


def test_an_advertiser_of_whom_nothing_is_gone_has_nothing_unbilled() -> None:
    funds = Funds(advertiser_id=ACME.id, available_cents=60_000, held_cents=40_000)
    assert unbilled_cents(ACME, funds, (), ()) == 0
