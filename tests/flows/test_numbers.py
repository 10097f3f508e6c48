"""Numbers come from the carrier and go back: once, whatever breaks between two steps."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.campaigns import Campaign, State
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows import numbers as flow
from chalicelib.flows.catalog import change, create
from chalicelib.numbers import ForeignCallerId, NumberSearch, Reconciliation, Repair
from chalicelib.offers import Number
from chalicelib.providers.carriers import CarrierAway, CarrierRefused, NumberUnavailable
from chalicelib.store.numbers import keep_reconciliation, latest_reconciliation
from chalicelib.store.requests import KeyReused, RequestClaim
from chalicelib.store.settings import find_operator, operator_write
from chalicelib.store.stores import Stores
from tests import builders
from tests.builders import NOW
from tests.carriers import ELSEWHERE, HERE, FakeCarrier, lost
from tests.fakes import Crash, FakeRows

E164 = "+14155550103"


class Desk:
    """An operator with an offer, a publisher, a placement and a carrier."""

    def __init__(self) -> None:
        self.rows = FakeRows()
        self.stores = Stores(self.rows)
        self.carrier = FakeCarrier()
        self.now = NOW
        for thing in (
            builders.an_advertiser(), builders.a_publisher(),
            builders.a_campaign(terms=builders.FROM_THE_DIAL), builders.an_offer(),
            builders.a_partnership(), builders.a_placement(),
        ):  # fmt: skip
            create(thing, stores=self.stores)

    def draft(self, e164: str = E164, **overrides: object) -> Number:
        drafted: Number = builders.a_number(
            id=f"num_{e164[1:]}", e164=e164, created_at=self.now, roster=(), partnership_id="",
            **overrides,
        )  # fmt: skip
        return drafted

    def buys(self, e164: str = E164, *, key: str = "", **overrides: object) -> Number:
        claim = RequestClaim(scope="buy", name=key, content=e164) if key else None
        draft = self.draft(e164, **overrides)
        return flow.buy(draft, stores=self.stores, carrier=self.carrier, claim=claim).thing

    def adopts(self, e164: str = E164) -> Number:
        return flow.adopt(self.draft(e164), stores=self.stores, carrier=self.carrier).thing

    def releases(self, e164: str = E164) -> Number:
        id = f"num_{e164[1:]}"
        return flow.release(
            id, stores=self.stores, carrier=lambda _name: self.carrier, now=self.now
        )

    def reconciles(self) -> Reconciliation:
        return flow.reconcile(stores=self.stores, carrier=self.carrier, now=self.now)

    def finds(self, **wanted: object) -> set[str]:
        search = NumberSearch(**wanted)  # type: ignore[arg-type]
        found = flow.available(search, stores=self.stores, carrier=self.carrier, now=self.now)
        return {one.e164 for one in found}

    def number(self, e164: str = E164) -> Number | None:
        return self.stores.catalog.number(e164)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def test_a_caller_id_that_the_carrier_refuses_is_reported() -> None:
    desk = Desk()
    desk.buys()
    for id, shown in (("cmp_2", E164), ("cmp_3", "+18005550177"), ("cmp_4", "+18005550188")):
        campaign = builders.a_campaign(id=id, caller_id=shown, advertiser_id="adv_1")
        create(campaign, stores=desk.stores)
    desk.carrier.shown.append("+18005550188")
    found = desk.reconciles()
    assert found.foreign_caller_ids == (ForeignCallerId(campaign_id="cmp_3", e164="+18005550177"),)
    assert found.counted["foreign_caller_ids"] == 1
    assert latest_reconciliation(desk.rows) == found
    change(
        Campaign, "cmp_3", lambda one: replace(one, caller_id="tracking_number"),
        stores=desk.stores,
    )  # fmt: skip
    assert desk.reconciles().foreign_caller_ids == ()


def test_a_bought_number_leads_here_and_is_a_tracking_number() -> None:
    desk = Desk()
    number = desk.buys(tags={"source": "radio"})
    assert desk.carrier.rented[E164].webhooks == HERE
    assert (number.state, number.monthly_cost_micros) == (State.ACTIVE, 1_150_000)
    assert (number.partnership_id, number.tags) == ("par_1", {"source": "radio"})
    assert desk.number() == number
    assert desk.reconciles().counted["in_order"] == 1


def test_the_same_purchase_twice_buys_once() -> None:
    desk = Desk()
    first = desk.buys()
    again = flow.buy(desk.draft(), stores=desk.stores, carrier=desk.carrier)
    assert again.repeated
    assert again.thing == first
    assert desk.carrier.bought == [E164]


def test_a_key_makes_one_purchase_and_stands_for_one_content() -> None:
    desk = Desk()
    assert desk.buys(key="key-1") == desk.buys(key="key-1")
    with pytest.raises(KeyReused):
        desk.buys("+14155550104", key="key-1")
    assert desk.carrier.bought == [E164]


def test_a_number_that_leads_to_another_placement_is_taken() -> None:
    desk = Desk()
    create(builders.a_placement(id="plc_2"), stores=desk.stores)
    desk.buys()
    with pytest.raises(Conflict) as refused:
        desk.buys(placement_id="plc_2")
    assert refused.value.code == "number_taken"


def test_nothing_is_bought_that_could_not_be_made() -> None:
    desk = Desk()
    with pytest.raises(Invalid):
        desk.buys(offer_id="off_9")
    assert desk.carrier.bought == []


def test_a_number_that_the_carrier_does_not_lend_is_not_made() -> None:
    desk = Desk()
    with pytest.raises(NumberUnavailable):
        desk.buys("+14155559999")
    assert desk.number("+14155559999") is None


def test_death_between_purchase_and_write_leaves_a_stranger_that_a_repetition_takes_up() -> None:
    desk = Desk()
    desk.rows.crash_before_write()
    with pytest.raises(Crash):
        desk.buys(key="key-1")
    report = desk.reconciles()
    assert (report.strangers, report.counted["strangers"]) == ((E164,), 1)
    assert report.monthly_cost_micros == 1_150_000
    desk.buys(key="key-1")
    assert desk.carrier.bought == [E164]
    assert desk.reconciles().strangers == ()


def test_death_after_the_write_is_answered_as_it_stands() -> None:
    desk = Desk()
    desk.rows.crash_after_write()
    with pytest.raises(Crash):
        desk.buys()
    assert desk.buys().version == 1
    assert desk.carrier.bought == [E164]


def test_a_purchase_whose_answer_is_lost_is_found_out() -> None:
    desk = Desk()
    desk.carrier.happens_after("buy", lost)
    assert desk.buys() == desk.number()
    assert desk.carrier.bought == [E164]


def test_a_purchase_that_never_arrived_is_told_and_may_be_repeated() -> None:
    desk = Desk()
    desk.carrier.happens_before("buy", lost)
    with pytest.raises(CarrierAway):
        desk.buys()
    assert (desk.carrier.rented, desk.number()) == ({}, None)
    desk.buys()
    assert desk.carrier.bought == [E164]


def test_two_purchases_at_once_buy_one_number() -> None:
    desk = Desk()
    desk.carrier.happens_before("buy", desk.buys)
    again = flow.buy(desk.draft(), stores=desk.stores, carrier=desk.carrier)
    assert again.repeated
    assert (again.thing, desk.carrier.bought) == (desk.number(), [E164])


def test_a_rival_for_another_placement_gets_the_number_alone() -> None:
    desk = Desk()
    create(builders.a_placement(id="plc_2"), stores=desk.stores)
    desk.carrier.happens_before("buy", lambda: desk.buys(placement_id="plc_2"))
    with pytest.raises(Conflict):
        desk.buys()
    number = desk.number()
    assert number is not None
    assert (number.placement_id, desk.carrier.bought) == ("plc_2", [E164])


def test_an_imported_number_is_led_here() -> None:
    desk = Desk()
    desk.carrier.has(E164, ELSEWHERE, elsewhere=True)
    assert desk.adopts().monthly_cost_micros == 1_150_000
    assert desk.carrier.rented[E164].webhooks == HERE
    assert desk.carrier.bought == []


def test_an_import_does_not_wait_for_a_carrier_that_is_away() -> None:
    desk = Desk()
    desk.carrier.has(E164, ELSEWHERE)
    desk.carrier.away = True
    assert desk.adopts() == desk.number()
    desk.carrier.away = False
    assert desk.reconciles().repaired == (Repair(e164=E164, was=ELSEWHERE),)
    assert desk.carrier.rented[E164].webhooks == HERE


def test_an_imported_number_that_the_carrier_does_not_have_is_an_orphan() -> None:
    desk = Desk()
    desk.adopts()
    assert desk.reconciles().orphans == (E164,)


def test_a_released_number_is_archived_here_and_gone_at_the_carrier() -> None:
    desk = Desk()
    desk.buys()
    number = desk.releases()
    assert (number.state, number.released_at) == (State.ARCHIVED, NOW)
    assert (desk.carrier.released, desk.carrier.rented) == ([E164], {})
    desk.later(days=1)
    assert desk.releases() == number, "once is enough"
    report = desk.reconciles()
    assert [(one.e164, one.until) for one in report.resting] == [(E164, NOW + timedelta(days=60))]


def test_a_released_number_cannot_be_brought_back_by_a_change() -> None:
    desk = Desk()
    desk.buys()
    desk.releases()
    with pytest.raises(Invalid) as refused:
        change(Number, f"num_{E164[1:]}", lambda n: replace(n, state=State.ACTIVE),
               stores=desk.stores)  # fmt: skip
    assert [(one.field, one.rule) for one in refused.value.faults] == [("state", "released")]


@pytest.mark.parametrize("write", [1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_release_that_dies_is_completed_when_repeated(write: int, when: str) -> None:
    desk = Desk()
    desk.buys()
    crash = {"before": desk.rows.crash_before_write, "after": desk.rows.crash_after_write}[when]
    crash(write)
    with pytest.raises(Crash):
        desk.releases()
    number = desk.releases()
    assert (number.state, number.released_at) == (State.ARCHIVED, NOW)
    assert desk.carrier.released == [E164]


def test_a_release_that_the_carrier_does_not_hear_takes_no_call_and_may_be_repeated() -> None:
    desk = Desk()
    desk.buys()
    desk.carrier.happens_before("release", lost)
    with pytest.raises(CarrierAway):
        desk.releases()
    number = desk.number()
    assert number is not None
    assert (number.state, number.released_at) == (State.ARCHIVED, None)
    assert desk.reconciles().unused == (E164,)
    assert desk.releases().released_at == NOW
    assert desk.reconciles().unused == ()


def test_nothing_is_released_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        Desk().releases()


def test_a_released_number_rests_before_it_is_used_again() -> None:
    desk = Desk()
    first = desk.buys()
    desk.releases()
    desk.later(days=59, hours=23)
    assert E164 not in desk.finds(area_code="415")
    for again in (desk.buys, desk.adopts):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.code == "number_resting"
    desk.later(hours=1)
    assert E164 in desk.finds(area_code="415")
    number = desk.buys(tags={"source": "tv"})
    assert (number.id, number.version) == (first.id, 4)
    assert (number.state, number.released_at, number.tags) == (
        State.ACTIVE, None, {"source": "tv"},
    )  # fmt: skip
    assert [one.e164 for one in desk.stores.catalog.numbers_of("off_1")] == [E164]
    assert desk.carrier.bought == [E164, E164]


def test_how_long_a_number_rests_is_the_operators_setting() -> None:
    desk = Desk()
    desk.buys()
    desk.releases()
    before = find_operator(desk.stores.rows)
    after = replace(before, number_rest_days=0, version=1)
    desk.stores.catalog.write([operator_write(before, after)])
    assert desk.buys().released_at is None


def test_two_who_take_up_a_rested_number_at_once_get_it_once() -> None:
    desk = Desk()
    create(builders.a_placement(id="plc_2"), stores=desk.stores)
    desk.buys()
    desk.releases()
    desk.later(days=60)
    desk.rows.before_write(lambda: desk.buys(placement_id="plc_2"))
    with pytest.raises(Conflict):
        desk.buys()
    number = desk.number()
    assert number is not None
    assert number.placement_id == "plc_2"


def test_a_search_leaves_out_what_is_known_here() -> None:
    desk = Desk()
    desk.adopts("+14155550101")
    found = desk.finds(area_code="415")
    assert "+14155550101" not in found
    assert len(found) == 9
    with pytest.raises(Invalid):
        flow.available(
            NumberSearch(kind="toll_free", zip="94105"),  # type: ignore[arg-type]
            stores=desk.stores, carrier=desk.carrier, now=NOW,
        )  # fmt: skip


def test_a_comparison_sets_right_what_drifted_and_touches_nothing_else() -> None:
    desk = Desk()
    desk.buys()
    desk.buys("+14155550104")
    desk.carrier.has(E164, ELSEWHERE)
    desk.carrier.has("+12125550101", ELSEWHERE)
    desk.carrier.rented.pop("+14155550104")
    report = desk.reconciles()
    assert report.repaired == (Repair(e164=E164, was=ELSEWHERE),)
    assert (report.strangers, report.orphans) == (("+12125550101",), ("+14155550104",))
    assert desk.carrier.rented["+12125550101"].webhooks == ELSEWHERE
    assert desk.carrier.bought == [E164, "+14155550104"]
    assert desk.carrier.released == []
    again = desk.reconciles()
    assert (again.repaired, again.counted["in_order"]) == ((), 1)
    assert latest_reconciliation(desk.rows) == again


def test_what_the_carrier_will_not_set_right_is_named_with_its_reason() -> None:
    desk = Desk()
    for e164 in (E164, "+14155550104", "+14155550105"):
        desk.buys(e164)
        desk.carrier.has(e164, ELSEWHERE)

    def refuse() -> None:
        raise CarrierRefused("the carrier refuses: suspended")

    desk.carrier.happens_before("configure", refuse)
    desk.carrier.happens_before("configure", lost)
    report = desk.reconciles()
    assert [(one.e164, one.reason) for one in report.unrepaired] == [
        (E164, "the carrier refuses: suspended"),
        ("+14155550104", "the carrier does not answer: a lost answer"),
        ("+14155550105", "the carrier does not answer"),
    ]
    assert report.repaired == ()
    assert desk.reconciles().counted["repaired"] == 3


def test_a_number_bought_while_the_carriers_list_is_read_is_no_stranger() -> None:
    desk = Desk()
    desk.carrier.happens_before("owned", desk.buys)
    report = desk.reconciles()
    assert (report.strangers, report.counted["in_order"]) == ((), 1)


def test_a_number_released_while_the_carriers_list_is_read_is_no_orphan() -> None:
    desk = Desk()
    desk.buys()
    desk.carrier.happens_before("owned", desk.releases)
    report = desk.reconciles()
    assert (report.orphans, [one.e164 for one in report.resting]) == ((), [E164])


def test_a_comparison_with_a_carrier_that_is_away_keeps_the_report_that_stands() -> None:
    desk = Desk()
    desk.buys()
    before = desk.reconciles()
    desk.carrier.away = True
    with pytest.raises(CarrierAway):
        desk.reconciles()
    assert latest_reconciliation(desk.rows) == before


def test_a_slow_comparison_does_not_replace_a_later_one() -> None:
    desk = Desk()
    late = replace(desk.reconciles(), at=NOW + timedelta(hours=1))
    keep_reconciliation(late, desk.rows)
    desk.reconciles()
    assert latest_reconciliation(desk.rows) == late


class Troubled(RuleBasedStateMachine):
    """Numbers are bought, released and compared while answers get lost and processes die."""

    E164S = st.sampled_from(["+14155550100", "+14155550101", "+18005550100"])
    REQUESTS = st.sampled_from(["find", "buy", "release", "configure", "owned"])

    @initialize()
    def opens(self) -> None:
        self.desk = Desk()
        self.meant: set[str] = set()

    @rule(request=REQUESTS)
    def an_answer_will_be_lost(self, request: str) -> None:
        self.desk.carrier.happens_after(request, lost)

    @rule(request=REQUESTS)
    def a_request_will_be_lost(self, request: str) -> None:
        self.desk.carrier.happens_before(request, lost)

    @rule(write=st.integers(1, 2), after=st.booleans())
    def a_process_will_die(self, write: int, after: bool) -> None:
        rows = self.desk.rows
        (rows.crash_after_write if after else rows.crash_before_write)(write)

    @rule(e164=E164S)
    def somebody_buys(self, e164: str) -> None:
        self.tries(lambda: self.desk.buys(e164))

    @rule(e164=E164S)
    def somebody_releases(self, e164: str) -> None:
        self.tries(lambda: self.desk.releases(e164))

    @rule(days=st.integers(1, 61))
    def time_passes(self, days: int) -> None:
        self.desk.later(days=days)

    @rule(e164=E164S)
    def somebody_misleads(self, e164: str) -> None:
        if e164 in self.desk.carrier.rented:
            self.desk.carrier.has(e164, ELSEWHERE)

    @rule()
    def the_hour_strikes(self) -> None:
        self.tries(self.desk.reconciles)

    def tries(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(Crash, CarrierAway, Conflict, NotFound):
            act()

    @invariant()
    def a_number_in_business_is_the_accounts_and_a_released_one_is_out_of_it(self) -> None:
        carrier, stores = self.desk.carrier, self.desk.stores
        for e164, number in stores.catalog.numbers(carrier.stock).items():
            assert number.state is not State.ACTIVE or e164 in carrier.rented
            assert number.released_at is None or number.state is State.ARCHIVED

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        calm = Desk()
        calm.rows, calm.stores, calm.now = self.desk.rows, self.desk.stores, self.desk.now
        calm.rows._before.clear()
        calm.rows._after.clear()
        calm.carrier.rented = self.desk.carrier.rented
        first, again = calm.reconciles(), calm.reconciles()
        assert (again.repaired, again.unrepaired) == ((), ())
        assert again.counted["at_carrier"] == len(calm.carrier.rented), "all is accounted for"
        assert set(again.strangers) == set(first.strangers)
        assert all(
            calm.carrier.rented[e164].webhooks == HERE
            for e164, number in calm.stores.catalog.numbers(calm.carrier.rented).items()
            if number.state is State.ACTIVE
        )


TestTroubled = Troubled.TestCase
TestTroubled.settings = settings(stateful_step_count=20, deadline=None)
