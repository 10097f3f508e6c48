"""How much a call takes of each limit, and what its end gives back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import limits
from chalicelib.calls import Reached
from chalicelib.campaigns import Matrix
from chalicelib.reasons import Reason
from chalicelib.settings import CapUse
from chalicelib.times import Hours
from tests.builders import NOW, a_hold, a_partnership, a_target
from tests.core.deciding import DAY, HOUR, outcome

MONDAY_15_UTC = NOW
"""Ten o'clock in the morning in New York."""


def matrix(**hours: int | None) -> Matrix:
    """Nothing said but for hours such as `mon10`."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return tuple(tuple(hours.get(f"{day}{hour:02d}") for hour in range(24)) for day in days)


class TestMatrices:
    @pytest.mark.parametrize(
        ("said", "plain", "used", "reason"),
        [
            ({"mon15": 2}, None, 1, None),
            ({"mon15": 2}, None, 2, Reason.CAPPED_HOUR),
            ({"mon15": 0}, None, 0, Reason.CAPPED_HOUR),
            ({"mon15": 5}, 1, 4, None),
            ({"mon15": 1}, 5, 1, Reason.CAPPED_HOUR),
            ({"mon14": 0, "mon16": 0, "tue15": 0}, None, 99, None),
            ({"mon14": 0}, 1, 1, Reason.CAPPED_HOUR),
        ],
        ids=[
            "room", "full", "no call in this hour", "more than the plain cap", "less than it",
            "other hours say nothing of this one", "the plain cap holds where nothing is said",
        ],
    )  # fmt: skip
    def test_the_cap_of_the_hour_stands_for_the_plain_one(
        self, said: dict[str, int], plain: int | None, used: int, reason: Reason | None
    ) -> None:
        facts: dict[str, Any] = {"hourly_cap_matrix": matrix(**said), "hourly_cap": plain}
        assert outcome(**facts, used={HOUR: used}) is reason

    @pytest.mark.parametrize(("said", "busy", "free"), [(1, 0, True), (1, 1, False),
                                                        (0, 0, False), (None, 2, True),
                                                        (None, 3, False)])  # fmt: skip
    def test_the_slots_of_the_hour_stand_for_the_plain_ones(
        self, said: int | None, busy: int, free: bool
    ) -> None:
        leases = {f"call_{n}": NOW + timedelta(hours=1) for n in range(busy)}
        facts: dict[str, Any] = {"concurrency_matrix": matrix(mon15=said), "concurrency_cap": 3}
        assert outcome(**facts, leases=leases) is (None if free else Reason.AT_CONCURRENCY)

    def test_the_hour_is_that_of_the_targets_wall_clock(self) -> None:
        shut = matrix(mon10=0)
        assert outcome(hourly_cap_matrix=shut) is None
        new_york = Hours(zone="America/New_York")
        assert outcome(hourly_cap_matrix=shut, hours=new_york) is Reason.CAPPED_HOUR

    @pytest.mark.parametrize("utc", ["2026-11-01T05:30Z", "2026-11-01T06:30Z"])
    def test_an_hour_that_the_clock_shows_twice_has_its_cap_both_times(self, utc: str) -> None:
        shut = a_target(hours=Hours(zone="America/New_York"), concurrency_matrix=matrix(sun01=7))
        assert limits.slots(shut, datetime.fromisoformat(utc)) == 7


CAP_USE = [
    (CapUse.ATTEMPT, Reached.NOBODY, 0),
    (CapUse.ATTEMPT, Reached.CONVERSATION, 0),
    (CapUse.ATTEMPT, Reached.CHARGE, 0),
    (CapUse.CONNECT, Reached.NOBODY, 1),
    (CapUse.CONNECT, Reached.CONVERSATION, 0),
    (CapUse.CONNECT, Reached.CHARGE, 0),
    (CapUse.APPROVAL, Reached.NOBODY, 1),
    (CapUse.APPROVAL, Reached.CONVERSATION, 1),
    (CapUse.APPROVAL, Reached.CHARGE, 0),
]


class TestWhatUsesUpACap:
    @pytest.mark.parametrize(("use", "reached", "back"), CAP_USE)
    def test_a_place_goes_back_when_the_call_did_not_come_that_far(
        self, use: CapUse, reached: Reached, back: int
    ) -> None:
        assert limits.given_back(a_hold(cap_use=use), DAY, reached=reached) == back

    @pytest.mark.parametrize("use", CapUse)
    @pytest.mark.parametrize("charged", [0, 1, 2499, 2500])
    def test_money_goes_back_but_for_the_charge_whatever_uses_up_places(
        self, use: CapUse, charged: int
    ) -> None:
        hold = a_hold(cap_use=use, amount_cents=2500)
        back = limits.given_back(hold, f"money:{DAY}", reached=Reached.CHARGE, charge_cents=charged)
        assert back == 2500 - charged


PARTNERSHIP_CAPS = {
    "hourly_cap": Reason.PARTNERSHIP_CAPPED_HOUR,
    "daily_cap": Reason.PARTNERSHIP_CAPPED_DAY,
    "monthly_cap": Reason.PARTNERSHIP_CAPPED_MONTH,
    "total_cap": Reason.PARTNERSHIP_CAPPED_TOTAL,
    "hourly_cap_cents": Reason.PARTNERSHIP_CAPPED_MONEY_HOUR,
    "daily_cap_cents": Reason.PARTNERSHIP_CAPPED_MONEY_DAY,
    "monthly_cap_cents": Reason.PARTNERSHIP_CAPPED_MONEY_MONTH,
    "total_cap_cents": Reason.PARTNERSHIP_CAPPED_MONEY_TOTAL,
}


class TestPartnershipCaps:
    @pytest.mark.parametrize(("cap", "reason"), PARTNERSHIP_CAPS.items())
    def test_each_cap_is_reached_by_itself_and_may_be_used_up_exactly(
        self, cap: str, reason: Reason
    ) -> None:
        partnership = a_partnership(**{cap: 3000})
        (limit,) = limits.partnership_limits(partnership, 1500, NOW)
        room = limit.most - limit.takes
        assert limit.takes == (1500 if cap.endswith("_cents") else 1)
        assert limits.first_reached([limit], {limit.key: room}) is None
        assert limits.first_reached([limit], {limit.key: room + 1}) is reason

    @given(st.dictionaries(st.sampled_from(list(PARTNERSHIP_CAPS)), st.integers(1, 9)))
    def test_every_cap_counts_in_a_window_that_a_hold_keeps(self, caps: dict[str, int]) -> None:
        partnership = a_partnership(**caps, zone="America/New_York")
        windows = limits.cap_windows("America/New_York", NOW)
        hold = a_hold(partnership_windows=windows, earning_cents=1500)
        for limit in limits.partnership_limits(partnership, 1500, NOW):
            assert limit.key in windows
            assert limit.takes == limits.kept_of_partnership(hold, limit.key)
