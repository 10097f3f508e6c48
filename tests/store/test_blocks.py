"""The block list and what decisions read of it, in memory and on DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import State
from chalicelib.gate import (
    Block,
    BlockFacts,
    BlockKind,
    BlockScope,
    Caller,
    Callers,
    block_id,
    callers_like,
)
from chalicelib.store.blocks import block_writes, find_block, page_of_blocks, standing
from chalicelib.store.gate import block_facts, blocked_key, gate_keys, read_blockers, read_gate
from chalicelib.store.rows import CATALOG, Action, NotWritten, Rows
from tests.builders import CALLER, NOW, a_number
from tests.fakes import Crash, FakeRows

WHO = Caller(number=CALLER)
EXACT, PREFIX, ANONYMOUS = BlockKind
OWN = Callers(EXACT, CALLER)
HOUR = timedelta(hours=1)


def an_entry(number: str | None = CALLER, kind: BlockKind = EXACT, **more: Any) -> Block:
    values: dict[str, Any] = {
        "id": "", "kind": kind, "number": number, "reason": "Robocalls", "expires_at": None,
        "created_at": NOW,
    }  # fmt: skip
    entry = Block(**values | more)
    return replace(entry, id=block_id(entry.callers, entry.owner))


def put(rows: Rows, *entries: Block) -> None:
    for entry in entries:
        rows.write(block_writes(None, entry, {}))


def archived(entry: Block) -> Block:
    return replace(entry, state=State.ARCHIVED, version=entry.version + 1)


def shut_out(rows: Rows, caller: Caller = WHO) -> list[tuple[str, BlockScope]]:
    """The entries that keep the caller out of a call for the offer and the publisher."""
    found, _ = rows.gather(gate_keys("off_1", caller))
    facts = read_gate(a_number(), caller, read_blockers(caller, found), found)
    return [(block.id, block.scope) for block in facts.blocks]


def passed_over(rows: Rows, *advertiser_ids: str, caller: Caller = WHO) -> tuple[BlockFacts, ...]:
    """The entries of these advertisers about the caller."""
    found, _ = rows.gather(gate_keys("off_1", caller))
    owners = [(BlockScope.ADVERTISER, one) for one in advertiser_ids]
    return block_facts(read_blockers(caller, found), owners)


def told(rows: Rows, callers: Callers = OWN) -> dict[str, str]:
    """What the callers' row says, by whose entry it is."""
    key = blocked_key(callers)
    row = rows.gather([key])[0].get(key, {})
    return {name: said for name, said in row.items() if name not in ("pk", "sk")}


def test_one_read_finds_whoever_shuts_the_caller_out_the_most_exact_first(rows: Rows) -> None:
    about = [
        an_entry(offer_id="off_1"),
        an_entry(publisher_id="pub_1"),
        an_entry(),
        an_entry("+14155550", PREFIX, publisher_id="pub_1"),
        an_entry("+14", PREFIX),
    ]
    others = [
        an_entry(offer_id="off_2"), an_entry(publisher_id="pub_2"), an_entry("+12125550100"),
        an_entry("+1212", PREFIX), an_entry(None, ANONYMOUS), an_entry(advertiser_id="adv_1"),
    ]  # fmt: skip
    put(rows, *reversed(about + others))
    assert [id for id, _ in shut_out(rows)] == [entry.id for entry in about]
    assert shut_out(rows, Caller(number=None)) == [(others[4].id, BlockScope.DEPLOYMENT)]
    assert [scope for _, scope in shut_out(rows)][:3] == [
        BlockScope.OFFER, BlockScope.PUBLISHER, BlockScope.DEPLOYMENT,
    ]  # fmt: skip


def test_an_advertisers_entries_are_its_own_alone(rows: Rows) -> None:
    until = NOW + HOUR
    own = an_entry(advertiser_id="adv_1")
    wider = an_entry("+1415", PREFIX, advertiser_id="adv_1", expires_at=until)
    put(rows, wider, own, an_entry(advertiser_id="adv_2"))
    assert passed_over(rows, "adv_1") == (
        BlockFacts(id=own.id, kind=EXACT, scope=BlockScope.ADVERTISER, expires_at=None),
        BlockFacts(id=wider.id, kind=PREFIX, scope=BlockScope.ADVERTISER, expires_at=until),
    )
    assert passed_over(rows, "adv_3") == ()
    assert passed_over(rows, "adv_1", caller=Caller(number="+12125550100")) == ()
    assert shut_out(rows) == []


@pytest.mark.parametrize("owners", [0, 1, 50])
def test_a_decision_reads_as_many_rows_whoever_blocks_the_caller(
    owners: int, fake_rows: FakeRows
) -> None:
    put(fake_rows, *(an_entry(advertiser_id=f"adv_{n}") for n in range(owners)))
    assert len(gate_keys("off_1", WHO)) == 1 + len(callers_like(CALLER))
    assert len(passed_over(fake_rows, *(f"adv_{n}" for n in range(owners)))) == owners


def test_an_entry_changes_only_from_the_version_read_and_with_what_decisions_read(
    rows: Rows,
) -> None:
    entry = an_entry(offer_id="off_1")
    put(rows, entry)
    gone = archived(entry)
    rows.write(block_writes(entry, gone, {}))
    late: list[Sequence[Action]] = [block_writes(None, entry, {}), block_writes(entry, entry, {})]
    for actions in late:
        with pytest.raises(NotWritten):
            rows.write(actions)
    assert (find_block(rows, entry.id), told(rows)) == (gone, {})


def test_an_entry_that_is_taken_up_again_is_told_with_its_new_end(rows: Rows) -> None:
    entry = an_entry(expires_at=NOW + HOUR)
    put(rows, entry)
    assert told(rows) == {"deployment": "2026-11-23T16:00:00.000Z"}
    again = replace(entry, expires_at=None, version=2)
    rows.write(block_writes(entry, again, {}))
    assert told(rows) == {"deployment": "forever"}
    assert find_block(rows, entry.id) == again


def test_archiving_one_entry_leaves_those_of_others_about_the_same_callers(rows: Rows) -> None:
    own, theirs = an_entry(advertiser_id="adv_1"), an_entry(advertiser_id="adv_2")
    put(rows, own, theirs)
    rows.write(block_writes(own, archived(own), {}))
    assert told(rows) == {"adv_2": "forever"}


def test_what_expired_a_while_ago_is_dropped_by_a_later_write(rows: Rows) -> None:
    put(
        rows,
        an_entry(advertiser_id="adv_1", expires_at=NOW),
        an_entry(advertiser_id="adv_2", expires_at=NOW + HOUR),
        an_entry(advertiser_id="adv_3"),
    )
    soon = standing(rows, an_entry(), NOW + timedelta(minutes=4, seconds=59))
    assert (soon.others, dict(soon.over)) == (2, {})
    later = standing(rows, an_entry(), NOW + timedelta(minutes=5))
    assert (later.others, list(later.over)) == (2, ["adv_1"])
    rows.write(block_writes(None, an_entry(), later.over))
    assert told(rows).keys() == {"adv_2", "adv_3", "deployment"}


def test_what_was_taken_up_again_meanwhile_is_not_dropped(rows: Rows) -> None:
    stale = an_entry(advertiser_id="adv_1", expires_at=NOW)
    put(rows, stale)
    read = standing(rows, an_entry(), NOW + HOUR)
    rows.write(block_writes(stale, replace(stale, expires_at=None, version=2), {}))
    with pytest.raises(NotWritten):
        rows.write(block_writes(None, an_entry(), read.over))
    assert told(rows) == {"adv_1": "forever"}
    assert find_block(rows, an_entry().id) is None


def test_after_a_long_while_no_more_is_dropped_in_one_write_than_it_can_carry(rows: Rows) -> None:
    stale = [an_entry(advertiser_id=f"adv_{n:026d}", expires_at=NOW) for n in range(40)]
    put(rows, *stale)
    own = an_entry()
    rows.write(block_writes(None, own, standing(rows, own, NOW + HOUR).over))
    assert len(told(rows)) == 1 + 10
    rows.write(block_writes(own, replace(own, version=2), standing(rows, own, NOW + HOUR).over))
    assert told(rows) == {"deployment": "forever"}


@pytest.mark.parametrize("after", [False, True])
def test_an_entry_and_what_decisions_read_of_it_are_written_both_or_neither(
    after: bool, fake_rows: FakeRows
) -> None:
    if after:
        fake_rows.crash_after_write()
    else:
        fake_rows.crash_before_write()
    with pytest.raises(Crash):
        put(fake_rows, an_entry())
    assert (find_block(fake_rows, an_entry().id) is not None) == (told(fake_rows) != {}) == after


def test_the_key_of_what_decisions_read_tells_no_number(fake_rows: FakeRows) -> None:
    put(fake_rows, an_entry(), an_entry("+1415", PREFIX))
    rows = [row for row in fake_rows.rows_of(CATALOG) if row["pk"].startswith("BLOCKED#")]
    assert len(rows) == 2
    assert "1415" not in str(rows)


OWNERS: list[dict[str, str]] = [
    {}, {"offer_id": "off_1"}, {"publisher_id": "pub_1"}, {"advertiser_id": "adv_1"},
    {"advertiser_id": "adv_2"},
]  # fmt: skip
ABOUT = [(CALLER, EXACT), ("+1415", PREFIX), (None, ANONYMOUS)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(OWNERS), st.sampled_from(ABOUT), st.sampled_from(["for ever", "hour", ""])
    ),
    max_size=15,
)


@given(STEPS)
def test_whatever_is_blocked_and_let_in_decisions_read_what_the_entries_say(
    steps: list[tuple[dict[str, str], tuple[str | None, BlockKind], str]],
) -> None:
    rows = FakeRows()
    for n, (owner, (number, kind), said) in enumerate(steps):
        now = NOW + n * timedelta(minutes=20)
        wanted = an_entry(number, kind, **owner)
        stands = standing(rows, wanted, now)
        before, version = stands.block, stands.block.version + 1 if stands.block else 1
        after = replace(
            wanted,
            version=version,
            expires_at=now + HOUR if said == "hour" else None,
            state=State.ACTIVE if said else State.ARCHIVED,
        )
        rows.write(block_writes(before, after, stands.over))
    end = NOW + len(steps) * timedelta(minutes=20)
    listed = page_of_blocks(rows, {}, limit=100).items
    for number in (CALLER, None):
        caller = Caller(number=number)
        found, _ = rows.gather(gate_keys("off_1", caller))
        blockers = read_blockers(caller, found)
        seen = [
            *read_gate(a_number(), caller, blockers, found).blocks,
            *block_facts(blockers, [(BlockScope.ADVERTISER, f"adv_{n}") for n in (1, 2)]),
        ]
        assert {block.id for block in seen if block.in_force(end)} == {
            entry.id
            for entry in listed
            if entry.in_force(end) and entry.callers in callers_like(number)
        }


def test_pages_of_entries_hold_what_was_asked_for_and_lead_on(rows: Rows) -> None:
    owners: list[dict[str, Any]] = [
        {}, {"offer_id": "off_1"}, {"publisher_id": "pub_1"}, {"advertiser_id": "adv_1"},
    ]  # fmt: skip
    entries = [
        an_entry(
            f"+1415555010{n}",
            state=State.ARCHIVED if n < 4 else State.ACTIVE,
            **owners[n % 4],
        )
        for n in range(8)
    ]
    put(rows, *entries)

    def walk(**where: str) -> set[Block]:
        found: list[Block] = []
        mark = None
        while True:
            page = page_of_blocks(rows, where, limit=1, after=mark)
            found += page.items
            mark = page.mark
            if mark is None:
                assert len(found) == len(set(found))
                return set(found)

    assert walk() == set(entries)
    assert walk(offer_id="off_1") == set(entries[1::4])
    assert walk(publisher_id="pub_1") == set(entries[2::4])
    assert walk(advertiser_id="adv_1") == set(entries[3::4])
    assert walk(state="active") == set(entries[4:])
    assert walk(offer_id="off_1", state="archived") == {entries[1]}
    assert walk(offer_id="off_1", publisher_id="pub_1") == set()


def test_a_page_gives_up_after_a_thousand_rows_and_leads_on(fake_rows: FakeRows) -> None:
    for n in range(1100):
        put(fake_rows, an_entry(f"+1415{n:07d}"))
    page = page_of_blocks(fake_rows, {"publisher_id": "pub_1"}, limit=5)
    assert (page.items, page.mark is None) == ((), False)
    assert (
        page_of_blocks(fake_rows, {"publisher_id": "pub_1"}, limit=5, after=page.mark).mark is None
    )
