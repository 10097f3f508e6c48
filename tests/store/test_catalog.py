"""The catalog's rows, in memory and on DynamoDB."""

from dataclasses import replace

from chalicelib import ledger
from chalicelib.campaigns import Campaign, Target
from chalicelib.consistency import Thing
from chalicelib.offers import Number, Partnership, Placement
from chalicelib.store.catalog import Catalog, thing_changes, thing_key, thing_puts
from chalicelib.store.entries import entry_puts
from chalicelib.store.history import entries_of_account
from chalicelib.store.rows import Change, Rows
from tests import builders
from tests.builders import NOW


def keep(rows: Rows, *things: Thing) -> Catalog:
    for thing in things:
        rows.write(thing_puts(thing))
    return Catalog(rows)


def test_every_kind_of_thing_comes_back_by_its_id(rows: Rows) -> None:
    things: list[Thing] = [
        builders.an_advertiser(), builders.a_campaign(), builders.a_target(), builders.an_offer(),
        builders.a_publisher(), builders.a_partnership(), builders.a_placement(),
        builders.a_number(),
    ]  # fmt: skip
    catalog = keep(rows, *things)
    assert [catalog.find(type(thing), thing.id) for thing in things] == things
    assert [catalog.find(type(thing), "none") for thing in things] == [None] * len(things)


def test_a_change_leaves_alone_what_calls_move(rows: Rows) -> None:
    target = builders.a_target()
    catalog = keep(rows, target)
    rows.write(
        [Change(key=thing_key(target), set={("leases", "call_1"): 1}, add={("used", "t"): 1})]
    )
    assert catalog.write(thing_changes(target, replace(target, name="Back desk", version=2)))
    row = rows.gather([thing_key(target)])[0][thing_key(target)]
    assert (row["leases"], row["used"], row["version"]) == ({"call_1": 1}, {"t": 1}, 2)
    changed = catalog.find(Target, target.id)
    assert changed is not None
    assert changed.name == "Back desk"


def test_a_change_of_another_version_is_not_written(rows: Rows) -> None:
    campaign = builders.a_campaign()
    catalog = keep(rows, campaign)
    changes = thing_changes(replace(campaign, version=2), replace(campaign, version=3, name="Late"))
    assert not catalog.write(changes)
    assert catalog.find(Campaign, campaign.id) == campaign


def test_a_publisher_is_on_an_offer_once(rows: Rows) -> None:
    catalog = keep(rows, builders.a_partnership())
    assert not catalog.write(thing_puts(builders.a_partnership(id="par_2")))
    assert catalog.partnership("off_1", "pub_1") == builders.a_partnership()
    assert catalog.partnership("off_1", "pub_2") is None


def test_pages_hold_what_fits_and_lead_on(rows: Rows) -> None:
    campaigns = [builders.a_campaign(id=f"cmp_{n}", advertiser_id=f"adv_{n % 2}") for n in range(7)]
    catalog = keep(rows, *campaigns)
    first = catalog.page(Campaign, where={"advertiser_id": "adv_0"}, limit=3)
    assert [campaign.id for campaign in first.items] == ["cmp_0", "cmp_2", "cmp_4"]
    second = catalog.page(Campaign, where={"advertiser_id": "adv_0"}, limit=3, after=first.mark)
    assert [campaign.id for campaign in second.items] == ["cmp_6"]
    assert second.mark is None


def test_what_belongs_to_an_offer_is_listed_by_kind(rows: Rows) -> None:
    catalog = keep(
        rows, builders.a_partnership(), builders.a_placement(), builders.a_number(),
        builders.a_number(id="num_2", e164="+18005550101", offer_id="off_2"),
        builders.a_target(), builders.a_target(id="tgt_2", campaign_id="cmp_2"),
    )  # fmt: skip
    where = {"offer_id": "off_1"}
    assert catalog.page(Partnership, where=where, limit=9).items == (builders.a_partnership(),)
    assert catalog.page(Placement, where=where, limit=9).items == (builders.a_placement(),)
    assert catalog.page(Number, where=where, limit=9).items == (builders.a_number(),)
    by_digits = catalog.page(Number, where={"e164": "+18005550101"}, limit=9)
    assert [number.id for number in by_digits.items] == ["num_2"]
    of_campaign = catalog.page(Target, where={"campaign_id": "cmp_2"}, limit=9)
    assert [target.id for target in of_campaign.items] == ["tgt_2"]


def test_the_numbers_of_an_offer_are_those_that_lead_to_it_now(rows: Rows) -> None:
    number = builders.a_number()
    catalog = keep(rows, number)
    moved = replace(number, offer_id="off_2", version=2)
    assert catalog.write(thing_changes(number, moved))
    assert catalog.numbers_of("off_1") == ()
    assert catalog.numbers_of("off_2") == (moved,)
    assert catalog.page(Number, where={"offer_id": "off_2"}, limit=9).items == (moved,)


def test_the_history_of_a_sharded_account_is_in_the_order_of_booking(rows: Rows) -> None:
    entries = [
        ledger.top_up(
            payment_id=f"pay_{n}", advertiser_id="adv_1", amount_cents=n, currency="USD",
            now=NOW.replace(second=n),
        )
        for n in range(1, 12)
    ]  # fmt: skip
    for entry in reversed(entries):
        rows.write(entry_puts(entry))
    first = entries_of_account(rows, "cash:bank", limit=8, after=None)
    second = entries_of_account(rows, "cash:bank", limit=8, after=first.mark)
    assert [*first.items, *second.items] == entries
    assert second.mark is None
