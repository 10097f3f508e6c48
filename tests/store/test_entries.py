"""How entries, checkpoints and seals lie in the ledger, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import ledger
from chalicelib.auditing_entries import Kept
from chalicelib.chains import Chain, Checkpoint, DaySeal, Shard
from chalicelib.errors import Broken, Conflict
from chalicelib.ledger import Entry, House
from chalicelib.store.checkpoints import (
    balance_of,
    checkpoints_of,
    keep_checkpoint,
    keep_seal,
    latest_checkpoint,
    latest_seal,
    seals,
)
from chalicelib.store.entries import (
    account_legs,
    book,
    entry_puts,
    links_of,
    partition_of,
    shard_links,
    shards_of,
)
from chalicelib.store.journal import kept_entries
from chalicelib.store.rows import BOOKS, LEDGER, Action, Change, Equals, Key, NotWritten, Put, Rows

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
CASH, PREPAID = Shard("cash:bank", 3), Shard("prepaid:adv_1", 0)


def a_top_up(number: int = 1, cents: int = 500, at: datetime = NOON) -> Entry:
    return ledger.top_up(
        payment_id=f"pay_{number}", advertiser_id="adv_1", amount_cents=cents, currency="USD",
        now=at,
    )  # fmt: skip


def a_checkpoint(day: str, cents: int = 500) -> Checkpoint:
    return Checkpoint(shard=PREPAID, day=day, chain=Chain("a" * 64, 1, cents))


def kept(rows: Rows, first_month: str = "2026-11", until: str = "2027") -> list[Kept]:
    return list(kept_entries(rows, first_month, until))


def test_an_entry_is_booked_once_and_its_legs_lie_where_they_are_told(rows: Rows) -> None:
    entry = a_top_up()
    book(rows, entry_puts(entry))
    for shard, link in links_of(entry):
        assert list(shard_links(rows, shard)) == [link]
    (found,) = kept(rows)
    assert (found.entry, found.payload_hash) == (entry, entry.payload_hash)


def test_the_same_key_with_other_content_is_a_conflict(rows: Rows) -> None:
    book(rows, entry_puts(a_top_up()))
    with pytest.raises(Conflict, match="topup:pay_1 has been booked with other content"):
        book(rows, entry_puts(a_top_up(cents=501)))
    with pytest.raises(Conflict, match="topup:pay_1"):
        book(rows, entry_puts(replace(a_top_up(), currency="EUR")))
    assert sum(leg.amount_cents for leg in account_legs(rows, "prepaid:adv_1")) == -500


def test_the_same_entry_again_by_itself_is_broken(rows: Rows) -> None:
    book(rows, entry_puts(a_top_up()))
    with pytest.raises(Broken, match="topup:pay_1 has been booked before"):
        book(rows, entry_puts(a_top_up(at=NOON + timedelta(days=1))))


def test_whoever_booked_with_what_moved_on_reads_again(rows: Rows) -> None:
    book(rows, entry_puts(a_top_up()))
    rows.write([Put(BOOKS, {"pk": "PAYMENT#pay_1", "sk": "META", "state": "new"})])
    moved: Action = Change(
        key=Key(BOOKS, "PAYMENT#pay_1"),
        set={("state",): "newer"},
        when=[Equals(("state",), "old")],
    )
    with pytest.raises(NotWritten):
        book(rows, [moved, *entry_puts(a_top_up(cents=501))])


def test_the_houses_accounts_are_spread_and_all_others_lie_together() -> None:
    for account in House:
        assert len(shards_of(account)) == 8
    assert shards_of("ar:adv_1") == (Shard("ar:adv_1", 0),)
    used = {shard for n in range(200) for shard, _ in links_of(a_top_up(n))}
    assert used == {*shards_of("cash:bank"), PREPAID}


def test_a_leg_from_before_it_named_the_content_of_its_entry_still_reads(rows: Rows) -> None:
    item = {"pk": partition_of(CASH), "sk": "2026-11-10#ent_1#0", "amount_cents": 5}
    rows.write([Put(LEDGER, item | {"entry_id": "ent_1"})])
    (link,) = shard_links(rows, CASH)
    assert (link.entry_id, link.amount_cents, link.payload_hash) == ("ent_1", 5, "")


def test_entries_come_in_order_over_months_and_up_to_an_instant(rows: Rows) -> None:
    days = [NOON + timedelta(days=n) for n in (60, 0, 25, 400)]
    for number, day in enumerate(days):
        book(rows, entry_puts(a_top_up(number, at=day)))
    found = [one.entry.refs["payment_id"] for one in kept(rows, until="2028") if one.entry]
    assert found == ["pay_1", "pay_2", "pay_0", "pay_3"]
    assert len(kept(rows, until="2026-12-05T12:00:00.000Z")) == 1
    assert len(kept(rows, until="2026-12-05T12:00:00.000Z$")) == 2
    assert len(kept(rows, first_month="2027-01")) == 0
    assert len(kept(rows, first_month="2027-01", until="2027-02")) == 1


def test_an_entry_that_is_none_is_told_with_its_fault(rows: Rows) -> None:
    item = entry_puts(a_top_up())[0].item
    doc = str(item["doc"]).replace(":500", ":501")
    rows.write([Put(LEDGER, item | {"doc": doc})])
    (found,) = kept(rows)
    assert found.entry is None
    assert "do not sum to zero" in str(found.fault)


def test_a_checkpoint_and_a_seal_are_written_once(rows: Rows) -> None:
    first = a_checkpoint("2026-11-10")
    assert keep_checkpoint(rows, first) == first
    assert keep_checkpoint(rows, a_checkpoint("2026-11-10", cents=9)) == first
    seal = DaySeal(day="2026-11-10", checkpoints=1, head="b" * 64)
    assert keep_seal(rows, seal) == seal
    assert keep_seal(rows, replace(seal, head="c" * 64)) == seal
    assert list(seals(rows)) == [seal]


def test_the_latest_checkpoint_is_found_and_the_latest_before_a_day(rows: Rows) -> None:
    assert latest_checkpoint(rows, PREPAID) is None
    assert latest_seal(rows) is None
    for day in ("2026-11-10", "2026-11-12", "2026-12-01"):
        keep_checkpoint(rows, a_checkpoint(day))
        keep_seal(rows, DaySeal(day=day, checkpoints=1, head=day))
    assert latest_checkpoint(rows, PREPAID) == a_checkpoint("2026-12-01")
    assert latest_checkpoint(rows, PREPAID, before="2026-12-01") == a_checkpoint("2026-11-12")
    assert latest_checkpoint(rows, PREPAID, before="2026-11-10") is None
    assert sorted(checkpoints_of(rows, PREPAID)) == ["2026-11-10", "2026-11-12", "2026-12-01"]
    latest = latest_seal(rows)
    assert latest and latest.day == "2026-12-01"


def test_a_balance_reads_no_further_back_than_the_last_checkpoint(rows: Rows) -> None:
    book(rows, entry_puts(a_top_up(1, cents=500)))
    book(rows, entry_puts(a_top_up(2, cents=300, at=NOON + timedelta(days=1))))
    keep_checkpoint(rows, a_checkpoint("2026-11-10", cents=-70_000))
    balance = balance_of(rows, "prepaid:adv_1")
    assert (balance.sealed_cents, balance.tail_cents) == (-70_000, -300)
    assert balance.balance_cents == -70_300
