"""A group that rings, for the tests of who took the call."""

from chalicelib.calls import Attempt
from chalicelib.groups import ring_along
from chalicelib.market import Market
from chalicelib.reserving import reservation
from tests.builders import NOW, a_call
from tests.core.deciding import decide


def grouped(market: Market) -> Attempt:
    """The attempt on the first candidate and all that ring along."""
    decision = decide(market)
    first = decision.candidates[0]
    others = ring_along(decision, first.facts.target.id, ())
    return reservation(
        market,
        first.campaign,
        first.facts,
        call=a_call(attempt=None),
        number=1,
        now=NOW,
        others=tuple(one.facts for one in others),
    ).attempt
