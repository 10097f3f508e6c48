"""Whether a call is worth looking up its caller's line."""

from typing import Any

import pytest

from chalicelib.campaigns import State
from chalicelib.criteria import Filter, FilterTest
from chalicelib.lines import Lookup
from chalicelib.lookups import at_any_line, worth_asking
from chalicelib.market import Market
from tests.builders import a_market, target_facts
from tests.core.deciding import decide

MOBILE = Filter(attribute="line_type", test=FilterTest.EQUALS, values=("mobile",))
NAMED = Filter(attribute="caller_name", test=FilterTest.PRESENT)
RADIO = Filter(attribute="tag.source", test=FilterTest.EQUALS, values=("radio",))


def worth(market: Market, **lookup: Any) -> bool:
    return worth_asking(Lookup(**lookup), decide(at_any_line(market)))


def test_the_price_that_the_offer_names_is_enough() -> None:
    market = a_market(target_facts(charge_cents=2_500))
    assert worth(market, from_charge_cents=2_500)
    assert not worth(market, from_charge_cents=2_501)


def test_the_dearest_of_those_who_could_take_the_call_counts() -> None:
    dear, cheap = target_facts(charge_cents=4_000), target_facts(id="tgt_2", charge_cents=1_000)
    assert worth(a_market(cheap, dear), from_charge_cents=4_000)
    paused = target_facts(charge_cents=4_000, state=State.PAUSED)
    assert not worth(a_market(cheap, paused), from_charge_cents=4_000)


@pytest.mark.parametrize("wanted", [(MOBILE,), (MOBILE, NAMED), ()])
def test_who_wants_certain_lines_could_take_the_call(wanted: tuple[Filter, ...]) -> None:
    assert worth(a_market(target_facts(filters=wanted)))


def test_who_does_not_want_the_call_for_another_reason_could_not() -> None:
    assert not worth(a_market(target_facts(filters=(MOBILE, RADIO))))


def test_where_nobody_could_take_the_call_nothing_is_worth_asking() -> None:
    assert not worth(a_market(campaigns=()))


def test_the_other_filters_of_a_market_at_any_line_stay() -> None:
    market = at_any_line(a_market(target_facts(filters=(MOBILE, RADIO, NAMED))))
    assert market.campaigns[0].targets[0].target.filters == (RADIO,)
