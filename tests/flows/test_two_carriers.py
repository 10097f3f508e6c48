"""Two carriers lend numbers to one platform: each has its own, and neither waits for the other."""

from dataclasses import replace

import pytest

from chalicelib.campaigns import Campaign, State
from chalicelib.errors import Conflict, Invalid
from chalicelib.flows import growing, pool_numbers
from chalicelib.flows import numbers as flow
from chalicelib.flows.catalog import change
from chalicelib.numbers import Reconciliation, reached_elsewhere
from chalicelib.offers import Buyer, Number
from chalicelib.providers.carriers import CarrierAway
from chalicelib.store.numbers import latest_reconciliation
from tests import builders
from tests.carriers import ELSEWHERE, FakeCarrier
from tests.flows.pooling import GROWING, POOL, Yard, a_pool
from tests.flows.test_numbers import E164, Desk

OTHER = "+12125550101"


class TwoDesk(Desk):
    """An operator with two carriers."""

    def __init__(self) -> None:
        super().__init__()
        self.connect = FakeCarrier(name="connect")
        self.carriers = {"twilio": self.carrier, "connect": self.connect}

    def buys_there(self, e164: str = OTHER) -> Number:
        return flow.buy(self.draft(e164), stores=self.stores, carrier=self.connect).thing

    def reconciles_there(self) -> Reconciliation:
        return flow.reconcile(stores=self.stores, carrier=self.connect, now=self.now)

    def reconciles_all(self) -> flow.Compared:
        return flow.reconcile_all(
            self.carriers, stores=self.stores, carrier=self.carriers.__getitem__, now=self.now
        )


def test_a_number_remembers_who_lends_it_and_what_it_costs_there() -> None:
    desk = TwoDesk()
    number = desk.buys_there()
    assert (number.carrier, number.monthly_cost_micros) == ("connect", 912_500)
    assert desk.buys().carrier == "twilio"
    assert (desk.carrier.bought, desk.connect.bought) == ([E164], [OTHER])


def test_the_same_number_is_not_bought_of_another_carrier() -> None:
    desk = TwoDesk()
    desk.buys()
    with pytest.raises(Conflict):
        desk.buys_there(E164)
    assert desk.connect.bought == []


def test_a_number_goes_back_to_its_own_carrier() -> None:
    desk = TwoDesk()
    number = desk.buys_there()
    released = flow.release(
        number.id, stores=desk.stores, carrier=desk.carriers.__getitem__, now=desk.now
    )
    assert released.state is State.ARCHIVED
    assert (desk.carrier.released, desk.connect.released) == ([], [OTHER])


def test_each_comparison_knows_the_numbers_of_its_carrier_alone() -> None:
    desk = TwoDesk()
    desk.buys()
    desk.buys_there()
    ours, theirs = desk.reconciles(), desk.reconciles_there()
    assert (ours.counted["in_order"], ours.orphans) == (1, ())
    assert (theirs.counted["in_order"], theirs.orphans) == (1, ())
    assert (ours.monthly_cost_micros, theirs.monthly_cost_micros) == (1_150_000, 912_500)
    assert latest_reconciliation(desk.rows) == ours
    assert latest_reconciliation(desk.rows, "connect") == theirs


def test_what_one_carrier_has_and_the_other_should_have_is_named_twice() -> None:
    desk = TwoDesk()
    desk.buys()
    desk.connect.has(E164, ELSEWHERE)
    desk.carrier.rented.clear()
    assert desk.reconciles().orphans == (E164,)
    theirs = desk.reconciles_there()
    assert (theirs.strangers, theirs.repaired) == ((E164,), ())


def test_a_carrier_that_is_away_keeps_the_other_from_nothing() -> None:
    desk = TwoDesk()
    desk.buys()
    desk.buys_there()
    desk.connect.has(OTHER, ELSEWHERE)
    desk.carrier.away = True
    compared = desk.reconciles_all()
    assert (compared.failed, compared.counted["repaired"]) == (1, 1)
    desk.carrier.away = False
    desk.connect.happens_before("owned", away)
    assert desk.reconciles_all().failed == 1
    compared = desk.reconciles_all()
    assert (compared.failed, compared.counted["in_order"]) == (0, 2)


def away() -> None:
    raise CarrierAway("the carrier does not answer")


def test_a_caller_id_counts_with_the_carrier_whose_calls_show_it() -> None:
    led = replace(
        TwoDesk().buys_there(), roster=(Buyer(campaign_id="cmp_2", advertiser_id="adv_1"),)
    )
    assert reached_elsewhere([led], "twilio") == {"cmp_2"}
    assert reached_elsewhere([led], "connect") == frozenset()
    both = [led, replace(led, carrier="twilio")]
    assert reached_elsewhere(both, "twilio") == frozenset()
    assert reached_elsewhere([replace(led, state=State.ARCHIVED)], "twilio") == frozenset()


def test_a_caller_id_that_only_the_other_carriers_calls_show_is_not_reported() -> None:
    desk = TwoDesk()
    desk.buys_there()
    change(
        Campaign, "cmp_1", lambda one: replace(one, caller_id="+18005550177"), stores=desk.stores
    )
    assert desk.reconciles().foreign_caller_ids == ()
    assert [one.campaign_id for one in desk.reconciles_there().foreign_caller_ids] == ["cmp_1"]
    desk.buys()
    assert [one.campaign_id for one in desk.reconciles().foreign_caller_ids] == ["cmp_1"]


def test_a_pool_grows_by_numbers_of_its_own_carrier() -> None:
    yard = Yard(carrier="connect", minimum_numbers=3, growth=GROWING)
    connect = FakeCarrier(name="connect")
    carriers = {"twilio": yard.carrier, "connect": connect}
    growing.grow(POOL, stores=yard.stores, carrier=carriers.__getitem__, now=yard.now)
    assert (len(connect.bought), yard.carrier.bought) == (3, [])
    assert yard.report().load.monthly_cost_micros == 3 * 912_500


def test_a_number_of_another_carrier_does_not_join_a_pool() -> None:
    yard = Yard(carrier="connect")
    with pytest.raises(Invalid) as refused:
        yard.joins(*yard.numbers(1))
    assert [fault.rule for fault in refused.value.faults] == ["carrier_mismatch"]
    faults = pool_numbers.joining_faults(
        a_pool(carrier="connect"), builders.a_number(carrier="connect", placement_id="plc_1"),
        "num_1", (),
    )  # fmt: skip
    assert faults == []
