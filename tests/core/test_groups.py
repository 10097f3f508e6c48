"""Who rings along with the first choice, and what the trace tells of it."""

from typing import Any

import pytest

from chalicelib.groups import ring_along, settled_on
from chalicelib.market import Market, TargetFacts
from chalicelib.reasons import Reason
from chalicelib.routing import Decision
from chalicelib.together import MOST_TOGETHER, Together
from tests.builders import a_campaign, a_market, an_advertiser, campaign_facts, target_facts
from tests.core.deciding import decide, first_attempt, order, reasons
from tests.core.ringing import grouped


def member(n: int, group: str | None = "front", **more: Any) -> TargetFacts:
    values: dict[str, Any] = {
        "id": f"tgt_{n:02d}", "priority": n, "ring_group": group, "destination": f"+1212555{n:04d}",
    }  # fmt: skip
    return target_facts(**values | more)


def along(decision: Decision, first: str = "tgt_01", lost: tuple[str, ...] = ()) -> list[str]:
    return [one.facts.target.id for one in ring_along(decision, first, lost)]


def test_those_of_the_first_choices_group_ring_along_in_their_order() -> None:
    decision = decide(a_market(member(3), member(1), member(2, "back"), member(4, None), member(5)))
    assert order(decision) == [f"tgt_0{n}" for n in range(1, 6)]
    assert along(decision) == ["tgt_03", "tgt_05"]
    assert reasons(settled_on(decision, "tgt_01", ())) == {
        "tgt_01": Reason.CHOSEN,
        "tgt_02": Reason.OUTRANKED,
        "tgt_03": Reason.RINGING_TOGETHER,
        "tgt_04": Reason.OUTRANKED,
        "tgt_05": Reason.RINGING_TOGETHER,
    }


def test_a_first_choice_without_a_group_rings_alone() -> None:
    decision = decide(a_market(member(1, None), member(2, None), member(3)))
    assert along(decision) == []
    assert first_attempt(a_market(member(1, None))).together is None


def test_whoever_may_not_take_the_call_does_not_ring() -> None:
    full = member(2, daily_cap=1, used={"day#2026-11-23": 1})
    decision = decide(a_market(member(1), full, member(3)), tried=("tgt_03",))
    assert along(decision) == []
    assert reasons(settled_on(decision, "tgt_01", ()))["tgt_02"] is Reason.CAPPED_DAY


def test_a_group_ends_with_its_campaign() -> None:
    other = a_campaign(id="cmp_2", advertiser_id="adv_2")
    market = a_market(
        campaigns=(
            campaign_facts(targets=(member(1), member(3))),
            campaign_facts(
                campaign=other,
                advertiser=an_advertiser(id="adv_2"),
                targets=(member(2, campaign_id="cmp_2"),),
            ),
        )
    )
    assert along(decide(market)) == ["tgt_03"]


def test_at_most_ten_ring_and_who_is_lost_is_not_replaced() -> None:
    decision = decide(a_market(*(member(n) for n in range(1, 14))))
    ten = [f"tgt_{n:02d}" for n in range(2, 11)]
    assert along(decision) == ten
    assert len(ten) + 1 == MOST_TOGETHER
    assert along(decision, lost=("tgt_05", "tgt_13")) == [one for one in ten if one != "tgt_05"]
    assert along(decision, "tgt_02", lost=("tgt_01",)) == [f"tgt_{n:02d}" for n in range(3, 12)]


def test_of_two_with_one_destination_the_first_rings() -> None:
    same = "+12125550001"
    decision = decide(a_market(member(1, destination=same), member(2, destination=same), member(3)))
    assert along(decision) == ["tgt_03"]


@pytest.mark.parametrize("chosen", [None, "tgt_09"])
def test_nobody_rings_along_with_nobody(chosen: str | None) -> None:
    settled = settled_on(decide(a_market(member(1), member(2))), chosen, ("tgt_01",))
    assert Reason.RINGING_TOGETHER not in reasons(settled).values()


def market_of_two() -> Market:
    return a_market(
        member(1, charge_cents=2_000, ring_seconds=15),
        member(2, charge_cents=4_000, ring_seconds=40, send_digits="1"),
    )


def test_a_group_holds_the_highest_charge_and_rings_as_long_as_its_first_choice() -> None:
    attempt = grouped(market_of_two())
    assert isinstance(attempt.together, Together)
    assert attempt.hold.amount_cents == 4_000
    assert (attempt.hold.target_id, attempt.charge.charge_cents) == ("tgt_01", 2_000)
    assert attempt.ring_seconds == 15
    assert [one.charge_cents for one in attempt.together.members] == [2_000, 4_000]
