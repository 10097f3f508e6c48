"""Numbers of an Amazon Connect instance, by AWS's own SDK to an instance on this machine."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.errors import Refused
from chalicelib.flows import numbers as flow
from chalicelib.numbers import NumberSearch, OwnedNumber, SearchKind
from chalicelib.providers.carriers import (
    CarrierAway,
    CarrierRefused,
    NumberUnavailable,
)
from chalicelib.providers.connect_api import ConnectApi
from simulator.connect_instance import ClaimedNumber
from simulator.rest_trouble import Trouble
from tests.carriers import MadeRecording
from tests.flows.test_numbers import Desk
from tests.providers.carrier_contract import LOCAL, NOT_LENT, TOLL_FREE, Bench, NumbersContract
from tests.providers.connecting import Site, site

__all__ = ["site"]


class Once:
    """A client that reaches the API once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked = False

    def __getattr__(self, operation: str) -> Any:
        if self._asked:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        self._asked = True
        return getattr(self._client, operation)


def claimed(site: Site, e164: str = LOCAL) -> ClaimedNumber:
    found = site.instance.number_at(e164)
    assert found is not None
    return found


def nothing(_made: MadeRecording) -> None:
    """Recordings are another part of the suite."""


class TestNumbers(NumbersContract):
    """The part of the suite that is about numbers."""

    @pytest.fixture
    def bench(self, site: Site) -> Bench:
        return Bench(
            carrier=site.carrier(),
            mislead=lambda e164: self.mislead(site, e164),
            away=site.away,
            talk=NotImplemented, lay=nothing, status=NotImplemented, cut=NotImplemented,
            verify=NotImplemented, here=site.here, elsewhere=site.elsewhere,
            costs=(912_500, 1_825_000), unsearched=frozenset({"zip", "contains"}), diverts=False,
            repeats=True,
        )  # fmt: skip

    @staticmethod
    def mislead(site: Site, e164: str) -> None:
        claimed(site, e164).flow_id = site.other.id


def test_a_claim_is_waited_for_until_it_stands(site: Site) -> None:
    site.instance.looks_until_claimed = 3
    bought = site.carrier().buy(LOCAL, site.here)
    assert (bought.e164, bought.webhooks) == (LOCAL, site.here)
    assert claimed(site).status == "CLAIMED"
    assert site.instant.slept == [1.0, 1.0, 1.0]


def test_a_claim_that_does_not_come_to_stand_in_time_may_stand_later(site: Site) -> None:
    site.instance.looks_until_claimed = 10
    numbers = site.carrier()
    with pytest.raises(CarrierAway, match="still going on"):
        numbers.buy(LOCAL, site.here)
    assert numbers.find(LOCAL) is None, "it is not ours before it stands"
    assert numbers.find(LOCAL) is None
    found = numbers.find(LOCAL)
    assert found is not None
    assert found.webhooks.voice_url == ""
    assert numbers.configure(found, site.here).webhooks == site.here


def test_a_claim_beyond_the_quota_is_told_and_leaves_nothing_behind(site: Site) -> None:
    site.instance.number_quota = 1
    numbers = site.carrier()
    numbers.buy(LOCAL, site.here)
    with pytest.raises(NumberUnavailable, match="quota of phone numbers is exceeded"):
        numbers.buy(TOLL_FREE, site.here)
    assert [one.e164 for one in numbers.owned()] == [LOCAL]


def test_the_same_claim_under_one_token_claims_once(site: Site) -> None:
    numbers = site.carrier()
    site.server.troubles.add(Trouble.LOST, method="POST", about="/claim")
    bought = numbers.buy(LOCAL, site.here)
    assert [one.id for one in site.instance.numbers.values()] == [bought.carrier_number_id]


def test_a_claim_that_was_cut_off_before_it_leads_here_is_taken_up(site: Site) -> None:
    desk, carrier = Desk(), site.carrier()
    site.server.troubles.add(Trouble.BROKEN, times=100, about="/contact-flow")
    with pytest.raises(CarrierAway):
        flow.buy(desk.draft(), stores=desk.stores, carrier=carrier)
    assert (claimed(site).flow_id, desk.number()) == (None, None)
    site.server.troubles.clear()
    made = flow.buy(desk.draft(), stores=desk.stores, carrier=carrier).thing
    assert (made.carrier, claimed(site).flow_id) == ("connect", site.flow.id)
    assert len(site.instance.numbers) == 1
    claimed(site).flow_id = site.other.id
    report = flow.reconcile(stores=desk.stores, carrier=carrier, now=desk.now)
    assert [(one.e164, one.was) for one in report.repaired] == [(LOCAL, site.elsewhere)]
    assert claimed(site).flow_id == site.flow.id
    flow.release(made.id, stores=desk.stores, carrier=lambda _name: carrier, now=desk.now)
    assert site.instance.numbers == {}


def test_a_number_that_was_given_back_is_claimed_under_the_next_token(site: Site) -> None:
    numbers = site.carrier()
    seen = set()
    for _ in range(3):
        bought = numbers.buy(LOCAL, site.here)
        seen.add(bought.carrier_number_id)
        numbers.release(bought)
    assert len(seen) == 3


def test_who_is_throttled_asks_again_and_later_each_time(site: Site) -> None:
    site.server.troubles.add(Trouble.TOO_MANY, times=3)
    numbers = site.carrier()
    assert len(numbers.search(NumberSearch(limit=3))) == 3
    assert site.instant.slept == [0.4, 0.8, 1.6]


def test_who_is_throttled_for_too_long_gives_up(site: Site) -> None:
    site.server.troubles.add(Trouble.TOO_MANY, times=100)
    with pytest.raises(CarrierAway, match="too many requests"):
        site.carrier().find(LOCAL)
    assert sum(site.instant.slept) < 3


def test_a_search_by_state_goes_through_its_area_codes(site: Site) -> None:
    found = site.carrier().search(NumberSearch(state="CA", limit=30))
    assert {one.state for one in found} == {"CA"}
    assert len(found) == 30
    assert len(site.carrier().search(NumberSearch(kind=SearchKind.TOLL_FREE, limit=25))) == 25


def test_a_long_search_ends_with_what_it_has_found(site: Site) -> None:
    api = ConnectApi(Once(site.client), clock=site.instant.clock, sleep=site.instant.sleep)
    numbers = site.carrier(api=api)
    assert len(numbers.search(NumberSearch(area_code="415", limit=30))) == 10
    with pytest.raises(CarrierAway, match="EndpointConnectionError"):
        numbers.search(NumberSearch(area_code="415"))


@pytest.mark.parametrize("name", ["zip", "contains"])
def test_what_amazon_connect_cannot_look_for_is_refused_by_name(site: Site, name: str) -> None:
    wanted = NumberSearch(**{name: "94105"})  # type: ignore[arg-type]
    with pytest.raises(CarrierRefused, match=f"and not by {name}"):
        site.carrier().search(wanted)


def test_it_knows_nothing_of_other_lines_and_shows_its_own_numbers_alone(site: Site) -> None:
    numbers = site.carrier()
    with pytest.raises(CarrierRefused, match="looks up no lines"):
        numbers.look_up(LOCAL, caller_name=True)
    assert list(numbers.verified()) == []


def test_a_number_leads_nowhere_before_the_flow_is_there(site: Site) -> None:
    numbers = site.carrier(flow_id="")
    with pytest.raises(Refused) as refused:
        numbers.webhooks()
    assert refused.value.code == "no_flow"


def test_what_another_instance_has_is_not_ours(site: Site) -> None:
    site.carrier().buy(LOCAL, site.here)
    other = site.carrier(instance_id="another")
    with pytest.raises(CarrierRefused):
        other.find(LOCAL)
    gone = OwnedNumber(carrier_number_id="no-such", e164=NOT_LENT, webhooks=site.here)
    with pytest.raises(CarrierRefused):
        site.carrier().configure(gone, site.here)
    site.carrier().release(gone)
