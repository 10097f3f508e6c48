"""What Amazon Connect cannot do or does not tell is refused where its numbers lead, both ways."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.answering import (
    Acceptance,
    Answering,
    Consent,
    Line,
    Question,
    QuestionKind,
)
from chalicelib.calls import Attestation
from chalicelib.campaigns import Advertiser, Campaign, State, Target
from chalicelib.criteria import Filter, FilterTest, Geography, Places
from chalicelib.errors import Invalid
from chalicelib.flows.blocks import gate_settings, set_gate
from chalicelib.flows.catalog import archive, change, create
from chalicelib.flows.settings import set_operator
from chalicelib.gate import GateSettings
from chalicelib.offers import Number, Offer, Partnership
from chalicelib.settings import MachineDetection, OperatorSettings
from chalicelib.store import codec
from chalicelib.store.carriers import said_of
from chalicelib.store.rows import CATALOG, Change, Key
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores
from chalicelib.terms import (
    Clock,
    Disqualifiers,
    EarningTerms,
    Pay,
    PayKind,
    Reviewed,
    StepTest,
)
from tests import builders
from tests.builders import FROM_THE_DIAL
from tests.fakes import FakeRows
from tests.flows.pooling import a_pool

NEAR = Geography(zips=("94105",))
BY_ZIP = Filter(attribute="zip", test=FilterTest.EQUALS, values=("94105",))
ASKING = Answering(
    questions=(
        Question(
            name="zip", prompt=Line(text="Your ZIP?"), kind=QuestionKind.DIGITS, min_digits=5,
            max_digits=5,
        ),
    )
)  # fmt: skip
RECORDING = Line(audio_url="https://example.com/hello.mp3")


def talk(**more: Any) -> Any:
    return builders.charge_terms(
        minimum_talk_seconds=0, steps=(builders.a_step(StepTest.TALK, **more),)
    )


ANSWERED = talk(clock=Clock.ANSWER, seconds=60)


def by_minute() -> Any:
    pays = Pay(kind=PayKind.PER_MINUTE, cents=10)
    step = replace(builders.a_step(StepTest.ANSWERED), pays=pays)
    return builders.charge_terms(minimum_talk_seconds=0, steps=(step,))


class Shop:
    """A market that asks nothing which Connect could not tell, and a number of Connect."""

    def __init__(self, *, carrier: str | None = "connect") -> None:
        self.rows = FakeRows()
        self.stores = Stores(self.rows)
        for thing in (
            builders.an_advertiser(), builders.a_publisher(),
            builders.a_campaign(terms=FROM_THE_DIAL), builders.a_target(), builders.an_offer(),
            builders.a_partnership(), builders.a_placement(),
        ):  # fmt: skip
            create(thing, stores=self.stores)
        if carrier:
            self.lends(carrier)

    def lends(self, carrier: str = "connect", **more: Any) -> Number:
        number = builders.a_number(roster=(), partnership_id="", carrier=carrier, **more)
        return create(number, stores=self.stores).thing

    def changes(self, kind: type[Any], id: str, **said: Any) -> Any:
        return change(kind, id, lambda thing: replace(thing, **said), stores=self.stores)


def refused(act: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as told:
        act()
    return [(fault.field, fault.rule) for fault in told.value.faults]


CAMPAIGNS: list[tuple[str, dict[str, Any]]] = [
    ("terms.minimum_talk_seconds", {"terms": builders.charge_terms()}),
    ("terms.steps.0.clock", {"terms": ANSWERED}),
    ("terms.steps.0.pays.kind", {"terms": by_minute()}),
    ("acceptance", {"acceptance": Acceptance()}),
    ("machine_detection", {"machine_detection": MachineDetection.REFUSE}),
    ("consent.line.audio_url", {"consent": Consent(line=RECORDING)}),
    ("terms.geography.zips", {"terms": replace(FROM_THE_DIAL, geography=NEAR)}),
    ("terms.geography.exclude.zips",
     {"terms": replace(FROM_THE_DIAL, geography=Geography(exclude=Places(zips=("94105",))))}),
    ("terms.steps.0.filters.0.attribute", {"terms": talk(clock=Clock.DIAL, filters=(BY_ZIP,))}),
    ("terms.disqualifiers.review.filters.0.attribute",
     {"terms": replace(FROM_THE_DIAL, disqualifiers=Disqualifiers(
         review=Reviewed(within_hours=24, filters=(BY_ZIP,))))}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "said"), CAMPAIGNS)
def test_a_campaign_that_asks_more_is_refused_while_connects_numbers_lead_to_it(
    field: str, said: dict[str, Any]
) -> None:
    shop = Shop()
    assert refused(lambda: shop.changes(Campaign, "cmp_1", **said)) == [(field, "carrier")]
    standing = shop.stores.catalog.find(Campaign, "cmp_1")
    assert standing is not None
    assert standing.terms == FROM_THE_DIAL


@pytest.mark.parametrize("carrier", ["twilio", None])
@pytest.mark.parametrize(("field", "said"), CAMPAIGNS)
def test_it_is_taken_where_none_does(field: str, said: dict[str, Any], carrier: str | None) -> None:
    del field
    Shop(carrier=carrier).changes(Campaign, "cmp_1", **said)


@pytest.mark.parametrize(("field", "said"), CAMPAIGNS)
def test_a_number_of_connect_is_not_led_to_a_campaign_that_asks_more(
    field: str, said: dict[str, Any]
) -> None:
    shop = Shop(carrier=None)
    shop.changes(Campaign, "cmp_1", **said)
    with pytest.raises(Invalid) as told:
        shop.lends()
    (fault,) = told.value.faults
    assert (fault.field, fault.rule) == ("offer_id", "carrier")
    assert fault.reason.startswith(f"{field} of cmp_1: ")
    assert shop.stores.catalog.number(builders.TRACKING_NUMBER) is None
    shop.lends("twilio")


@pytest.mark.parametrize(
    ("kind", "id", "field", "said"),
    [
        (Target, "tgt_1", "destination", {"destination": "sip:desk@pbx.example.com"}),
        (Target, "tgt_1", "steps.0.clock", {"steps": ANSWERED.steps}),
        (Target, "tgt_1", "geography.zips", {"geography": NEAR}),
        (Offer, "off_1", "earning.geography.zips",
         {"earning": EarningTerms(earning_cents=1, geography=NEAR)}),
        (Target, "tgt_1", "machine_detection", {"machine_detection": MachineDetection.REFUSE}),
        (Offer, "off_1", "earning.minimum_talk_seconds",
         {"earning": EarningTerms(earning_cents=1, minimum_talk_seconds=30)}),
        (Offer, "off_1", "answering.greeting.audio_url",
         {"answering": Answering(greeting=RECORDING)}),
        (Partnership, "par_1", "earning.steps.0.clock",
         {"earning": EarningTerms(earning_cents=2000, steps=ANSWERED.steps)}),
    ],
)  # fmt: skip
def test_targets_offers_and_partnerships_are_held_to_it_in_both_directions(
    kind: type[Any], id: str, field: str, said: dict[str, Any]
) -> None:
    shop = Shop()
    assert refused(lambda: shop.changes(kind, id, **said)) == [(field, "carrier")]
    other = Shop(carrier="twilio")
    other.changes(kind, id, **said)
    told = refused(lambda: other.lends(id="num_2", e164="+12125550199"))
    named = "publisher_id" if kind is Partnership else "offer_id"
    assert told == [(named, "carrier")]


def test_an_offer_takes_no_campaign_in_that_asks_more() -> None:
    shop = Shop()
    create(builders.a_campaign(id="cmp_2"), stores=shop.stores)
    told = refused(lambda: shop.changes(Offer, "off_1", campaign_ids=("cmp_1", "cmp_2")))
    assert told == [("campaign_ids", "carrier")]
    shop.changes(Campaign, "cmp_2", terms=FROM_THE_DIAL)
    shop.changes(Offer, "off_1", campaign_ids=("cmp_1", "cmp_2"))


def test_a_zip_may_count_where_the_offer_asks_for_it_and_as_long_as_it_does() -> None:
    shop = Shop()
    near = {"terms": replace(FROM_THE_DIAL, geography=NEAR)}
    shop.changes(Offer, "off_1", answering=ASKING)
    shop.changes(Campaign, "cmp_1", **near)
    shop.changes(Target, "tgt_1", geography=NEAR)
    shop.lends(id="num_2", e164="+12125550199")
    told = refused(lambda: shop.changes(Offer, "off_1", answering=None))
    assert told == [("campaign_ids", "carrier")] * 2
    create(builders.an_offer(id="off_2"), stores=shop.stores)
    create(builders.a_partnership(id="par_2", offer_id="off_2"), stores=shop.stores)
    create(builders.a_placement(id="plc_2", offer_id="off_2"), stores=shop.stores)
    elsewhere = {"offer_id": "off_2", "placement_id": "plc_2"}
    told = refused(lambda: shop.lends(id="num_3", e164="+12125550198", **elsewhere))
    assert told == [("offer_id", "carrier")] * 2


def test_an_offer_asks_for_the_zip_as_long_as_a_publishers_own_earning_counts_by_it() -> None:
    shop = Shop()
    shop.changes(Offer, "off_1", answering=ASKING)
    near = EarningTerms(earning_cents=2000, geography=NEAR)
    shop.changes(Partnership, "par_1", earning=near)
    with pytest.raises(Invalid) as told:
        shop.changes(Offer, "off_1", answering=None)
    (fault,) = told.value.faults
    assert (fault.field, fault.rule) == ("answering", "carrier")
    assert fault.reason.startswith("earning.geography.zips of par_1: ")
    archive(Number, "num_1", stores=shop.stores)
    assert shop.changes(Offer, "off_1", answering=None).answering is None


def test_another_publishers_numbers_do_not_concern_a_partnership() -> None:
    shop = Shop()
    create(builders.a_publisher(id="pub_2"), stores=shop.stores)
    earning = EarningTerms(earning_cents=2000, steps=ANSWERED.steps)
    other = builders.a_partnership(id="par_2", publisher_id="pub_2", earning=earning)
    assert create(other, stores=shop.stores).thing.earning == earning


def test_what_stood_before_may_stay_and_a_number_can_be_changed_where_it_leads() -> None:
    shop = Shop(carrier="twilio")
    shop.changes(Campaign, "cmp_1", terms=builders.charge_terms())
    shop.rows.write(_as_of_connect(shop))
    assert shop.changes(Campaign, "cmp_1", name="Another name").name == "Another name"
    assert shop.changes(Campaign, "cmp_1", state=State.PAUSED).state is State.PAUSED
    assert shop.changes(Number, "num_1", tags={"station": "kqed"}).tags == {"station": "kqed"}
    more = {"acceptance": Acceptance()}
    assert refused(lambda: shop.changes(Campaign, "cmp_1", **more)) == [("acceptance", "carrier")]


def _as_of_connect(shop: Shop) -> list[Any]:
    """The number as one of Connect that has led there all along."""
    found = shop.stores.catalog.number(builders.TRACKING_NUMBER)
    assert found is not None
    number = replace(found, carrier="connect")
    key = Key(CATALOG, f"NUMBER#{number.e164}")
    return [Change(key=key, set={("doc",): codec.to_json(number)}), *said_of(number)]


def test_a_pool_of_connects_numbers_is_held_to_it_before_any_is_bought() -> None:
    shop = Shop(carrier=None)
    shop.changes(Campaign, "cmp_1", acceptance=Acceptance())
    pool = a_pool(carrier="connect")
    assert refused(lambda: create(pool, stores=shop.stores)) == [("offer_id", "carrier")]
    assert create(a_pool(), stores=shop.stores).thing.carrier == "twilio"


def test_archived_numbers_campaigns_and_targets_do_not_count() -> None:
    shop = Shop()
    archive(Number, "num_1", stores=shop.stores)
    shop.changes(Campaign, "cmp_1", terms=builders.charge_terms())
    told = refused(lambda: shop.changes(Number, "num_1", state=State.ACTIVE))
    assert told == [("offer_id", "carrier")]
    archive(Campaign, "cmp_1", stores=shop.stores)
    assert shop.changes(Number, "num_1", state=State.ACTIVE).state is State.ACTIVE


def test_no_attestation_is_asked_of_callers_whose_carrier_does_not_tell_it() -> None:
    floor = GateSettings(offer_id="off_1", minimum_attestation=Attestation.B)
    shop = Shop()
    told = refused(lambda: set_gate(floor, stores=shop.stores, version=None))
    assert told == [("minimum_attestation", "carrier")]
    assert gate_settings("off_1", stores=shop.stores).version == 0
    other = Shop(carrier="twilio")
    set_gate(floor, stores=other.stores, version=None)
    told = refused(lambda: other.lends(id="num_2", e164="+12125550199"))
    assert told == [("offer_id", "carrier")]


REFUSING = MachineDetection.REFUSE
TO_LISTEN = OperatorSettings(machine_detection=REFUSING)


def listens(shop: Shop) -> None:
    """By the operator's word, machines are refused."""
    set_operator(TO_LISTEN, stores=shop.stores, version=None)


def advertiser_listens(shop: Shop) -> None:
    """By the advertiser's."""
    shop.changes(Advertiser, "adv_1", machine_detection=REFUSING)


WIDER = [listens, advertiser_listens]


@pytest.mark.parametrize("says", WIDER)
def test_the_wider_do_not_ask_for_it_of_campaigns_that_say_nothing_themselves(
    says: Callable[[Shop], None],
) -> None:
    shop = Shop()
    assert refused(lambda: says(shop)) == [("machine_detection", "carrier")]
    assert find_operator(shop.rows).version == 0
    shop.changes(Campaign, "cmp_1", machine_detection=MachineDetection.NEVER)
    says(shop)
    told = refused(lambda: shop.changes(Campaign, "cmp_1", machine_detection=None))
    assert told == [("machine_detection", "carrier")]
    says(shop)


@pytest.mark.parametrize("carrier", ["twilio", None])
@pytest.mark.parametrize("says", WIDER)
def test_no_number_is_led_to_campaigns_of_which_the_wider_ask_for_it(
    says: Callable[[Shop], None], carrier: str | None
) -> None:
    shop = Shop(carrier=carrier)
    says(shop)
    with pytest.raises(Invalid) as told:
        shop.lends(id="num_2", e164="+12125550199")
    (fault,) = told.value.faults
    assert (fault.field, fault.rule) == ("offer_id", "carrier")
    assert fault.reason.startswith("machine_detection of cmp_1: ")


@pytest.mark.parametrize("said", [REFUSING, None])
def test_the_operators_word_counts_for_nothing_where_the_advertiser_says_another(
    said: MachineDetection | None,
) -> None:
    shop = Shop()
    shop.changes(Advertiser, "adv_1", machine_detection=MachineDetection.NEVER)
    listens(shop)
    told = refused(lambda: shop.changes(Advertiser, "adv_1", machine_detection=said))
    assert told == [("machine_detection", "carrier")]


def test_an_offer_takes_no_campaign_in_whose_advertiser_asks_more() -> None:
    shop = Shop()
    create(builders.an_advertiser(id="adv_2", machine_detection=REFUSING), stores=shop.stores)
    other = builders.a_campaign(id="cmp_2", advertiser_id="adv_2", terms=FROM_THE_DIAL)
    create(other, stores=shop.stores)
    told = refused(lambda: shop.changes(Offer, "off_1", campaign_ids=("cmp_1", "cmp_2")))
    assert told == [("campaign_ids", "carrier")]
