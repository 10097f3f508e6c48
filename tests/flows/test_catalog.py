"""Making and changing things of the catalog: retries, races, and death between two steps."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import Advertiser, Billing, Campaign, State, Target
from chalicelib.consistency import Thing
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows.catalog import archive, change, create
from chalicelib.offers import Buyer, Number, Offer, Partnership, PartnershipState
from chalicelib.store.requests import KeyReused, RequestClaim
from chalicelib.store.stores import Stores
from tests import builders
from tests.fakes import Crash, FakeRows

T = TypeVar("T", bound=Thing)


def does(act: Callable[[], object]) -> Callable[[], None]:
    """What somebody else does meanwhile."""

    def happening() -> None:
        act()

    return happening


class Shop:
    """A market made by the flows alone."""

    def __init__(self) -> None:
        self.rows = FakeRows()
        self.stores = Stores(self.rows)
        for thing in (
            builders.an_advertiser(), builders.a_publisher(), builders.a_campaign(),
            builders.a_campaign(id="cmp_2"), builders.an_offer(), builders.a_partnership(),
            builders.a_placement(),
        ):  # fmt: skip
            self.makes(thing)

    def makes(self, thing: T, claim: RequestClaim | None = None) -> T:
        return create(thing, stores=self.stores, claim=claim).thing

    def number(self, e164: str = builders.TRACKING_NUMBER) -> Number:
        found = self.stores.catalog.number(e164)
        assert found is not None
        return found

    def numbers(self, count: int) -> None:
        for n in range(count):
            e164 = f"+1800555{n:04d}"
            self.makes(builders.a_number(id=f"num_{n}", e164=e164, roster=(), partnership_id=""))

    def rosters(self) -> set[tuple[str, ...]]:
        numbers = self.stores.catalog.numbers_of("off_1")
        return {tuple(buyer.campaign_id for buyer in number.roster) for number in numbers}

    def limits(self, advertiser_id: str, cents: int) -> None:
        """The advertiser's credit limit becomes so many cents."""

        def limited(advertiser: Advertiser) -> Advertiser:
            return replace(advertiser, credit_limit_cents=cents)

        change(Advertiser, advertiser_id, limited, stores=self.stores)

    def competes(self, *campaign_ids: str) -> Offer:
        """The offer's campaigns change."""
        return change(
            Offer, "off_1", lambda offer: replace(offer, campaign_ids=campaign_ids),
            stores=self.stores,
        )  # fmt: skip


def test_a_number_takes_its_roster_and_partnership_from_the_offer() -> None:
    shop = Shop()
    made = shop.makes(builders.a_number(roster=(), partnership_id=""))
    assert made.partnership_id == "par_1"
    assert made.roster == (Buyer(campaign_id="cmp_1", advertiser_id="adv_1"),)


def test_a_prepaid_advertiser_begins_with_nothing_and_one_on_terms_with_its_limit() -> None:
    shop = Shop()
    shop.makes(builders.an_advertiser(id="adv_2", billing=Billing.NET, credit_limit_cents=5_000))
    funds = shop.stores.books.funds
    assert funds("adv_1").available_cents == 0
    assert funds("adv_2").available_cents == 5_000


@given(st.lists(st.integers(0, 9_000), max_size=6))
def test_what_may_be_spent_follows_the_credit_limit(limits: list[int]) -> None:
    shop = Shop()
    shop.makes(builders.an_advertiser(id="adv_2", billing=Billing.NET, credit_limit_cents=5_000))
    for cents in limits:
        shop.limits("adv_2", cents)
    assert shop.stores.books.funds("adv_2").available_cents == (limits or [5_000])[-1]


def test_a_number_is_taken_once() -> None:
    shop = Shop()
    shop.makes(builders.a_number())
    with pytest.raises(Conflict) as refused:
        shop.makes(builders.a_number(id="num_2"))
    assert refused.value.code == "number_taken"


def test_two_who_want_the_same_number_at_once_do_not_both_get_it() -> None:
    shop = Shop()
    shop.rows.before_write(does(lambda: shop.makes(builders.a_number(id="num_1"))))
    with pytest.raises(Conflict) as refused:
        shop.makes(builders.a_number(id="num_2"))
    assert refused.value.code == "number_taken"
    assert shop.number().id == "num_1"


def test_two_partnerships_of_a_publisher_on_an_offer_are_one_too_many() -> None:
    shop = Shop()
    with pytest.raises(Conflict) as refused:
        shop.makes(builders.a_partnership(id="par_2"))
    assert refused.value.code == "partnership_exists"


def test_a_number_needs_a_partnership() -> None:
    shop = Shop()
    shop.makes(builders.a_publisher(id="pub_2"))
    shop.makes(builders.a_placement(id="plc_2", publisher_id="pub_2"))
    with pytest.raises(Invalid) as refused:
        shop.makes(builders.a_number(publisher_id="pub_2", placement_id="plc_2"))
    assert [fault.rule for fault in refused.value.faults] == ["no_partnership"]


def test_a_change_of_an_offers_campaigns_reaches_all_its_numbers() -> None:
    shop = Shop()
    shop.numbers(90)
    assert shop.competes("cmp_2", "cmp_1").version == 2
    assert shop.rosters() == {("cmp_2", "cmp_1")}


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_change_that_died_half_way_is_completed_by_its_repetition(writes: int) -> None:
    shop = Shop()
    shop.numbers(90)
    shop.rows.crash_after_write(writes)
    with pytest.raises(Crash):
        shop.competes("cmp_2")
    assert shop.competes("cmp_2").version == 2
    assert shop.rosters() == {("cmp_2",)}


@given(st.integers(1, 4), st.permutations(["cmp_1", "cmp_2"]), st.integers(0, 2))
def test_two_changes_of_an_offer_at_once_leave_one_roster(
    moment: int, campaigns: list[str], count: int
) -> None:
    shop = Shop()
    shop.numbers(45)
    shop.rows.before_write(does(lambda: shop.competes(*campaigns[:count])), moment)
    shop.competes("cmp_2", "cmp_1")
    offer = shop.stores.catalog.find(Offer, "off_1")
    assert offer is not None
    assert shop.rosters() == {offer.campaign_ids}


def test_a_number_made_while_its_offer_changes_has_the_new_roster() -> None:
    shop = Shop()
    shop.rows.before_write(does(lambda: shop.competes("cmp_2")))
    made = shop.makes(builders.a_number(roster=()))
    assert [buyer.campaign_id for buyer in made.roster] == ["cmp_2"]
    assert shop.rosters() == {("cmp_2",)}


def test_a_change_that_changes_nothing_keeps_the_version() -> None:
    shop = Shop()
    written: list[str] = []
    shop.rows.before_write(lambda: written.append("a write"))
    assert change(Campaign, "cmp_1", lambda same: same, stores=shop.stores).version == 1
    assert written == []


def test_two_changes_at_once_are_both_kept() -> None:
    shop = Shop()

    def renamed() -> None:
        change(Campaign, "cmp_1", lambda c: replace(c, name="New name"), stores=shop.stores)

    shop.rows.before_write(renamed)
    after = change(Campaign, "cmp_1", lambda c: replace(c, vertical="legal"), stores=shop.stores)
    assert (after.name, after.vertical, after.version) == ("New name", "legal", 3)


def test_a_change_that_rests_on_an_old_version_is_refused() -> None:
    shop = Shop()

    def renamed() -> None:
        change(Campaign, "cmp_1", lambda c: replace(c, name="New name"), stores=shop.stores)

    shop.rows.before_write(renamed)
    with pytest.raises(Conflict) as refused:
        change(
            Campaign, "cmp_1", lambda c: replace(c, vertical="legal"), stores=shop.stores, version=1
        )
    assert refused.value.code == "version_mismatch"


def test_nothing_can_be_changed_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        change(Target, "tgt_9", lambda same: same, stores=Shop().stores)


def test_archiving_twice_is_archiving_once() -> None:
    shop = Shop()
    first = archive(Campaign, "cmp_2", stores=shop.stores)
    again = archive(Campaign, "cmp_2", stores=shop.stores)
    assert first == again
    assert (again.state, again.version) == (State.ARCHIVED, 2)
    ended = archive(Partnership, "par_1", stores=shop.stores)
    assert ended.state is PartnershipState.ENDED


def claim(content: str = "content") -> RequestClaim:
    return RequestClaim(scope="POST /campaigns", name="key-1", content=content)


def test_the_same_request_makes_one_thing() -> None:
    shop = Shop()
    first = create(builders.a_campaign(id="cmp_7"), stores=shop.stores, claim=claim())
    again = create(builders.a_campaign(id="cmp_8"), stores=shop.stores, claim=claim())
    assert (first.repeated, again.repeated) == (False, True)
    assert again.thing == first.thing
    assert shop.stores.catalog.find(Campaign, "cmp_8") is None


def test_the_same_request_twice_at_once_makes_one_thing() -> None:
    shop = Shop()
    number = builders.a_number()
    shop.rows.before_write(does(lambda: shop.makes(number, claim())))
    again = create(number, stores=shop.stores, claim=claim())
    assert again.repeated
    assert again.thing == shop.number()


def test_a_request_that_died_after_its_write_is_answered_when_repeated() -> None:
    shop = Shop()
    shop.rows.crash_after_write()
    with pytest.raises(Crash):
        shop.makes(builders.a_campaign(id="cmp_7"), claim())
    again = create(builders.a_campaign(id="cmp_8"), stores=shop.stores, claim=claim())
    assert again.thing.id == "cmp_7"


def test_a_key_stands_for_one_content() -> None:
    shop = Shop()
    shop.makes(builders.a_campaign(id="cmp_7"), claim())
    with pytest.raises(KeyReused):
        shop.makes(builders.a_campaign(id="cmp_8"), claim("other content"))
