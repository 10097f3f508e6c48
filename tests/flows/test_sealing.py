"""Days of the ledger are sealed once; what is touched afterwards is found and named."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.auditing import Law
from chalicelib.campaigns import Advertiser
from chalicelib.flows.audit import trial_balance
from chalicelib.ledger import Entry
from chalicelib.offers import Publisher
from chalicelib.store import codec
from chalicelib.store.checkpoints import balance_of, latest_seal, seals
from chalicelib.store.rows import LEDGER, Item, Key, Put
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, HELD, IN_NOVEMBER, NET, PREPAID, WEEKLY, Office, every_crash

NINTH = datetime(2026, 12, 9, 6, tzinfo=UTC)


class OpenedRows(FakeRows):
    """Rows that somebody with the keys to the database can change and take away."""

    def tamper(self, key: Key, **values: object) -> None:
        before = self._memory.get(key)
        assert before is not None
        self._memory.lay(key, before | values)

    def remove(self, key: Key) -> None:
        self._memory.remove(key)


def november(rows: FakeRows | None = None) -> Office:
    """Three days with calls and money, none of them sealed."""
    office = Office(rows=rows or FakeRows()).opens()
    office.receives("topup-1", 20_000, PREPAID)
    office.approves("call_1", NET, WEEKLY)
    office.later(minutes=1).approves("call_2", NET, HELD)
    office.later(days=1).approves("call_3", PREPAID, WEEKLY)
    office.later(days=3).approves("call_4", NET, WEEKLY)
    return office


def unsealed(rows: FakeRows | None = None) -> Office:
    """The same, closed and paid for, on the day of sealing."""
    office = november(rows)
    office.now = CLOSING
    office.closes()
    office.receives("wire-1", 6_000)
    office.now = NINTH
    return office


def sealed(rows: FakeRows | None = None) -> Office:
    """The same, sealed up to December 8."""
    office = unsealed(rows)
    office.seals()
    return office


def test_every_day_from_the_first_booking_on_is_sealed_once() -> None:
    office = sealed()
    days = [seal.day for seal in seals(office.rows)]
    assert (days[0], days[-1], len(days)) == ("2026-11-10", "2026-12-08", 29)
    assert office.seals().sealed == 0
    report = office.audits()
    assert report.clean, report.differences
    assert report.seal == latest_seal(office.rows)


def test_empty_books_have_nothing_to_seal() -> None:
    report = Office().opens().seals()
    assert (report.sealed, report.sealed_through) == (0, None)


def test_a_day_is_not_sealed_while_it_lasts() -> None:
    office = november()
    office.now = IN_NOVEMBER.replace(hour=23, minute=59)
    assert office.seals().sealed == 0


def test_a_seal_stays_as_it_is_whatever_is_booked_later() -> None:
    office = november()
    office.seals()
    before = list(seals(office.rows))
    office.later(days=2).approves("call_9", NET, WEEKLY)
    office.later(days=1).seals()
    assert list(seals(office.rows))[: len(before)] == before
    assert office.audits().clean


def test_a_sealing_that_dies_anywhere_is_completed_by_the_next() -> None:
    wanted = sealed().picture()
    died = every_crash(unsealed, lambda office: office.seals())
    assert len(died) > 40
    for office in died:
        assert office.audits().clean
        office.seals()
        assert office.picture() == wanted


def test_a_long_past_is_sealed_week_by_week() -> None:
    died = every_crash(unsealed, lambda office: office.seals())
    after_a_week = [office for office in died if len(list(seals(office.rows))) == 7]
    assert any(last_checkpoint(office) <= "2026-11-16" for office in after_a_week)


def last_checkpoint(office: Office) -> str:
    """The last day of which any shard has a checkpoint."""
    assert isinstance(office.rows, FakeRows)
    rows = office.rows.rows_of(LEDGER)
    return max(str(row["sk"]) for row in rows if row["pk"].startswith("CHECKPOINT#"))


def test_two_sealings_at_once_come_to_the_same() -> None:
    wanted = sealed().picture()
    for position in (1, 2, 7, 20):
        office = unsealed()
        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(office.seals, position)
        office.seals()
        assert office.picture() == wanted


@given(
    st.lists(
        st.tuples(
            st.sampled_from([NET, PREPAID]),
            st.sampled_from([WEEKLY, HELD]),
            st.integers(0, 40),
            st.sampled_from(["call", "money", "close", "seal"]),
        ),
        max_size=14,
    )
)
def test_checkpoint_and_tail_are_what_all_legs_come_to(
    steps: list[tuple[Advertiser, Publisher, int, str]],
) -> None:
    office = Office().opens()
    office.receives("topup-0", 100_000, PREPAID)
    for number, (advertiser, publisher, hours, what) in enumerate(steps):
        office.later(hours=hours)
        if what == "call":
            office.approves(f"call_{number}", advertiser, publisher)
        elif what == "money":
            office.receives(f"wire-{number}", 3_000, advertiser)
        elif what == "close":
            office.closes()
        else:
            office.seals()
        recomputed = trial_balance(office.stores)
        shown = {name: balance_of(office.rows, name).balance_cents for name in recomputed}
        assert shown == recomputed
    report = office.audits()
    assert report.clean, report.differences


def test_a_balance_tells_what_is_sealed_and_what_came_after() -> None:
    office = sealed()
    office.receives("wire-2", 1_500)
    balance = balance_of(office.rows, "cash:bank")
    assert (balance.sealed_day, balance.sealed_cents, balance.tail_cents) == (
        "2026-12-01", 26_000, 1_500,
    )  # fmt: skip
    untouched = balance_of(office.rows, "pub:pub_b:in_transit")
    assert (untouched.sealed_day, untouched.balance_cents) == (None, 0)


def rows_at(office: Office, start: str) -> list[Item]:
    assert isinstance(office.rows, OpenedRows)
    rows = [row for row in office.rows.rows_of(LEDGER) if row["pk"].startswith(start)]
    return sorted(rows, key=lambda row: (str(row["pk"]), str(row["sk"])))


def key_of(row: Item) -> Key:
    return Key(LEDGER, row["pk"], row["sk"])


def opened(office: Office) -> OpenedRows:
    assert isinstance(office.rows, OpenedRows)
    return office.rows


def leg_removed(office: Office) -> str:
    row = rows_at(office, "ACCOUNT#unbilled:adv_net")[0]
    opened(office).remove(key_of(row))
    return "unbilled:adv_net#0 on 2026-11-10"


def leg_altered(office: Office) -> str:
    row = rows_at(office, "ACCOUNT#unbilled:adv_net")[1]
    opened(office).tamper(key_of(row), amount_cents=2_400)
    return "unbilled:adv_net#0 on 2026-11-10"


def leg_inserted(office: Office) -> str:
    row = rows_at(office, "ACCOUNT#cash:bank")[0]
    moved = row | {"sk": "2026-11-12T00:00:00.000Z#ent_new#0"}
    opened(office).write([Put(LEDGER, moved)])
    return f"{str(row['pk']).removeprefix('ACCOUNT#')} on 2026-11-12"


def legs_swapped(office: Office) -> str:
    first, second, *_ = rows_at(office, "ACCOUNT#unbilled:adv_net")
    for at, said in ((first, second), (second, first)):
        names = ("amount_cents", "entry_id", "payload_hash")
        opened(office).tamper(key_of(at), **{name: said[name] for name in names})
    return "unbilled:adv_net#0 on 2026-11-10"


def checkpoint_altered(office: Office) -> str:
    row = rows_at(office, "CHECKPOINT#prepaid:adv_pre")[0]
    opened(office).tamper(key_of(row), amount_cents=-99_999)
    return "prepaid:adv_pre#0 on 2026-11-10"


def checkpoint_removed(office: Office) -> str:
    opened(office).remove(key_of(rows_at(office, "CHECKPOINT#prepaid:adv_pre")[0]))
    return "prepaid:adv_pre#0 on 2026-11-10"


def whole_entry_rewritten(office: Office) -> str:
    """Both the entry and all of its legs, so that they agree with each other."""
    entry = next(row for row in rows_at(office, "ENTRY#") if '"top_up"' in str(row["doc"]))
    entry_id = str(entry["pk"]).removeprefix("ENTRY#")
    doc = str(entry["doc"]).replace("20000", "90000")
    content = codec.from_json(Entry, doc).payload_hash
    opened(office).tamper(key_of(entry), doc=doc, payload_hash=content)
    for row in rows_at(office, "ACCOUNT#"):
        if row["entry_id"] == entry_id:
            cents = 90_000 if row["amount_cents"] > 0 else -90_000
            opened(office).tamper(key_of(row), amount_cents=cents, payload_hash=content)
    shard = next(r for r in rows_at(office, "ACCOUNT#cash") if r["entry_id"] == entry_id)
    return f"{str(shard['pk']).removeprefix('ACCOUNT#')} on 2026-11-10"


@pytest.mark.parametrize(
    "touch",
    [
        leg_removed,
        leg_altered,
        leg_inserted,
        legs_swapped,
        checkpoint_altered,
        checkpoint_removed,
        whole_entry_rewritten,
    ],
)
def test_the_first_broken_link_is_named(touch: Callable[[Office], str]) -> None:
    office = sealed(OpenedRows())
    assert office.audits().clean
    named = touch(office)
    broken = [one for one in office.audits().differences if one.law is Law.CHAIN]
    assert broken[0].subject == named


@pytest.mark.parametrize("touch", [leg_removed, leg_altered, leg_inserted, legs_swapped])
def test_the_entry_of_a_touched_leg_is_named(touch: Callable[[Office], str]) -> None:
    office = sealed(OpenedRows())
    touch(office)
    report = office.audits()
    named = [one for one in report.differences if one.law is Law.ENTRY]
    assert named[0].subject.startswith("ent_")
    assert named[0].expected != named[0].found


def entry_removed(office: Office) -> str:
    row = rows_at(office, "ENTRY#")[0]
    opened(office).remove(key_of(row))
    return str(row["pk"]).removeprefix("ENTRY#")


def entry_altered(office: Office) -> str:
    row = rows_at(office, "ENTRY#")[-1]
    doc = str(row["doc"]).replace("USD", "EUR")
    opened(office).tamper(key_of(row), doc=doc)
    return str(row["pk"]).removeprefix("ENTRY#")


def entry_altered_with_its_hash(office: Office) -> str:
    row = rows_at(office, "ENTRY#")[0]
    doc = str(row["doc"]).replace("USD", "EUR")
    content = codec.from_json(Entry, doc).payload_hash
    opened(office).tamper(key_of(row), doc=doc, payload_hash=content)
    return str(row["pk"]).removeprefix("ENTRY#")


def entry_that_sums_to_nothing_like_zero(office: Office) -> str:
    row = next(row for row in rows_at(office, "ENTRY#") if "top_up" in str(row["doc"]))
    doc = str(row["doc"]).replace(":20000", ":20001")
    opened(office).tamper(key_of(row), doc=doc)
    return str(row["pk"]).removeprefix("ENTRY#")


@pytest.mark.parametrize(
    "touch",
    [
        entry_removed,
        entry_altered,
        entry_altered_with_its_hash,
        entry_that_sums_to_nothing_like_zero,
    ],
)
@pytest.mark.parametrize("prepare", [sealed, november])
def test_a_touched_entry_is_named_sealed_or_not(
    prepare: Callable[[FakeRows], Office], touch: Callable[[Office], str]
) -> None:
    office = prepare(OpenedRows())
    named = touch(office)
    found = [one for one in office.audits().differences if one.law is Law.ENTRY]
    assert named in {one.subject for one in found}


def seal_altered(office: Office) -> str:
    opened(office).tamper(Key(LEDGER, "SEALS", "2026-11-20"), head="f" * 64)
    return "2026-11-20"


def seal_removed(office: Office) -> str:
    opened(office).remove(Key(LEDGER, "SEALS", "2026-11-20"))
    return "2026-11-20"


def checkpoint_rewritten_with_its_legs(office: Office) -> str:
    """Whoever can rewrite a leg, its entry and its checkpoint still meets the seal."""
    row = rows_at(office, "CHECKPOINT#prepaid:adv_pre")[0]
    opened(office).tamper(key_of(row), head="e" * 64)
    return "2026-11-10"


@pytest.mark.parametrize("touch", [seal_altered, seal_removed, checkpoint_rewritten_with_its_legs])
def test_a_seal_that_is_not_over_its_checkpoints_is_named(touch: Callable[[Office], str]) -> None:
    office = sealed(OpenedRows())
    named = touch(office)
    found = [one for one in office.audits().differences if one.law is Law.SEAL]
    assert found[0].subject == named


def test_an_entry_of_an_account_that_nobody_has_is_named() -> None:
    office = sealed(OpenedRows())
    office.approves("call_8", NET, WEEKLY)
    rows = opened(office)
    for row in rows.rows_of("catalog"):
        if row["pk"] == "PUBLISHER#pub_a":
            rows.remove(Key("catalog", row["pk"], row["sk"]))
    found = [one for one in office.audits().differences if one.law is Law.ENTRY]
    assert any("pub:pub_a" in one.subject for one in found)
