"""What can be written to rows: new ones and changes, all or nothing.

One contract, in memory and on DynamoDB.
"""

from typing import Any

import pytest

from chalicelib.errors import Broken
from chalicelib.store.rows import (
    BOOKS,
    CALLS,
    CATALOG,
    LEDGER,
    Absent,
    AtLeast,
    Change,
    Check,
    Equals,
    Key,
    Present,
    Put,
    Rows,
)
from tests.store.asking import FUNDS, get, put, refusal


class TestPutting:
    def test_a_row_comes_back_as_it_was_put(self, rows: Rows) -> None:
        item = put(
            rows,
            FUNDS,
            doc="{}",
            available_cents=-5,
            state="",
            huge=10**15,
            leases={},
            used={"day#2026-11-23": 3, "nested": {"on": True}},
            tags=["a", 1, []],
            packed=b"\x00\xff{}",
        )
        assert get(rows, FUNDS) == item

    def test_whole_numbers_come_back_as_whole_numbers(self, rows: Rows) -> None:
        put(rows, FUNDS, available_cents=100, on=True)
        row = get(rows, FUNDS)
        assert row is not None
        assert type(row["available_cents"]) is int
        assert row["on"] is True

    def test_attributes_that_are_none_are_left_out(self, rows: Rows) -> None:
        put(rows, FUNDS, doc=None, leases={"call_1": None, "call_2": "x"})
        assert get(rows, FUNDS) == {"pk": FUNDS.pk, "sk": FUNDS.sk, "leases": {"call_2": "x"}}

    def test_a_taken_key_refuses_a_second_row_and_shows_the_first(self, rows: Rows) -> None:
        first = put(rows, FUNDS, available_cents=1)
        second = Put(BOOKS, {"pk": FUNDS.pk, "sk": FUNDS.sk, "available_cents": 2})
        assert refusal(rows, second) == {0: first}
        assert get(rows, FUNDS) == first

    def test_rows_of_one_partition_are_told_apart_by_their_sort_key(self, rows: Rows) -> None:
        call = put(rows, Key(CALLS, "CALL#1"), doc="call")
        verdict = put(rows, Key(CALLS, "CALL#1", "VERDICT"), doc="verdict")
        found, _ = rows.gather([Key(CALLS, "CALL#1"), Key(CALLS, "CALL#1", "VERDICT")])
        assert list(found.values()) in ([call, verdict], [verdict, call])

    def test_a_value_that_no_row_keeps_is_refused(self, rows: Rows) -> None:
        with pytest.raises(TypeError):
            put(rows, FUNDS, available_cents=1.5)

    def test_what_was_put_is_a_copy(self, rows: Rows) -> None:
        leases = {"call_1": "2026"}
        put(rows, FUNDS, leases=leases)
        leases["call_2"] = "2027"
        row = get(rows, FUNDS)
        assert row is not None
        row["leases"]["call_3"] = "2028"
        assert (get(rows, FUNDS) or {})["leases"] == {"call_1": "2026"}

    @pytest.mark.parametrize("unit", ["x", b"x"])
    def test_a_row_beyond_400_kilobytes_is_refused(self, rows: Rows, unit: str | bytes) -> None:
        with pytest.raises(Broken):
            put(rows, FUNDS, doc=unit * 410_000)
        assert get(rows, FUNDS) is None

    @pytest.mark.parametrize("value", ["", 7])
    def test_a_key_of_an_index_is_a_text_that_is_not_empty(
        self, exact_rows: Rows, value: Any
    ) -> None:
        with pytest.raises(Broken):
            put(exact_rows, FUNDS, open=value, open_key="2026")


class TestChanging:
    def test_a_change_without_conditions_makes_the_row(self, rows: Rows) -> None:
        rows.write([Change(key=FUNDS, set={("doc",): "{}"}, add={("available_cents",): 7})])
        assert get(rows, FUNDS) == {
            "pk": FUNDS.pk,
            "sk": FUNDS.sk,
            "doc": "{}",
            "available_cents": 7,
        }

    def test_adding_to_what_is_not_there_starts_from_zero(self, rows: Rows) -> None:
        put(rows, FUNDS, used={})
        rows.write([Change(key=FUNDS, add={("paid_cents",): -3, ("used", "total"): 2})])
        row = get(rows, FUNDS)
        assert row is not None
        assert (row["paid_cents"], row["used"]) == (-3, {"total": 2})

    def test_adding_sums(self, rows: Rows) -> None:
        put(rows, FUNDS, available_cents=100, held_cents=0)
        rows.write([Change(key=FUNDS, add={("available_cents",): -30, ("held_cents",): 30})])
        rows.write([Change(key=FUNDS, add={("available_cents",): -30, ("held_cents",): 30})])
        row = get(rows, FUNDS)
        assert row is not None
        assert (row["available_cents"], row["held_cents"]) == (40, 60)

    def test_setting_replaces_and_leaves_the_rest_alone(self, rows: Rows) -> None:
        put(rows, FUNDS, state="open", doc="old", leases={"call_1": "a", "call_2": "b"})
        rows.write([Change(key=FUNDS, set={("doc",): "new", ("leases", "call_1"): "c"})])
        assert get(rows, FUNDS) == {
            "pk": FUNDS.pk,
            "sk": FUNDS.sk,
            "state": "open",
            "doc": "new",
            "leases": {"call_1": "c", "call_2": "b"},
        }

    def test_setting_none_takes_the_attribute_away(self, rows: Rows) -> None:
        put(rows, FUNDS, doc="old", state="open")
        rows.write([Change(key=FUNDS, set={("doc",): None})])
        assert get(rows, FUNDS) == {"pk": FUNDS.pk, "sk": FUNDS.sk, "state": "open"}

    def test_removing_takes_attributes_and_members_away(self, rows: Rows) -> None:
        put(rows, FUNDS, doc="x", leases={"call_1": "a", "call_2": "b"})
        rows.write([Change(key=FUNDS, remove=[("doc",), ("leases", "call_1")])])
        assert get(rows, FUNDS) == {"pk": FUNDS.pk, "sk": FUNDS.sk, "leases": {"call_2": "b"}}

    def test_removing_what_is_not_there_changes_nothing(self, rows: Rows) -> None:
        item = put(rows, FUNDS, leases={"call_1": "a"})
        rows.write([Change(key=FUNDS, remove=[("doc",), ("leases", "call_9")])])
        assert get(rows, FUNDS) == item

    def test_names_with_dots_spaces_and_signs_are_one_name(self, rows: Rows) -> None:
        put(rows, FUNDS, used={})
        name = "hour#2026-11-23T10-0500 a.b:c"
        rows.write([Change(key=FUNDS, add={("used", name): 1}, when=[Absent(("used", name))])])
        assert (get(rows, FUNDS) or {})["used"] == {name: 1}

    def test_names_that_are_words_of_the_database_are_names(self, rows: Rows) -> None:
        rows.write([Change(key=FUNDS, set={("state",): "open", ("count",): 1, ("name",): "x"})])
        rows.write([Change(key=FUNDS, add={("count",): 1}, when=[Equals(("state",), "open")])])
        assert (get(rows, FUNDS) or {})["count"] == 2

    @pytest.mark.parametrize(
        "change",
        [
            Change(key=FUNDS, set={("leases", "call_1"): "a"}),
            Change(key=FUNDS, add={("leases", "call_1"): 1}),
        ],
    )
    def test_a_nested_path_needs_its_map(self, rows: Rows, change: Change) -> None:
        item = put(rows, FUNDS, doc="{}")
        with pytest.raises(Broken):
            rows.write([change])
        with pytest.raises(Broken):
            rows.write([change, Put(BOOKS, {"pk": "CHARGE#1", "sk": "META"})])
        assert get(rows, FUNDS) == item
        assert get(rows, Key(BOOKS, "CHARGE#1")) is None

    def test_a_text_holds_no_nested_path(self, exact_rows: Rows) -> None:
        put(exact_rows, FUNDS, doc="{}")
        with pytest.raises(Broken):
            exact_rows.write([Change(key=FUNDS, set={("doc", "inside"): "a"})])

    @pytest.mark.parametrize(
        "change",
        [
            Change(key=FUNDS, set={("leases",): {}, ("leases", "call_1"): "a"}),
            Change(key=FUNDS, set={("doc",): "a"}, remove=[("doc",)]),
            Change(key=FUNDS, set={("pk",): "OTHER"}),
            Change(key=FUNDS, add={("doc",): 1}),
        ],
        ids=["a path inside another", "a path twice", "the key", "adding to a text"],
    )
    def test_a_change_that_makes_no_sense_is_refused(self, rows: Rows, change: Change) -> None:
        item = put(rows, FUNDS, doc="{}")
        with pytest.raises(Broken):
            rows.write([change])
        assert get(rows, FUNDS) == item


class TestAllOrNothing:
    def test_every_refused_action_is_named_with_its_row(self, rows: Rows) -> None:
        charge = put(rows, Key(BOOKS, "CHARGE#1"), doc="{}")
        funds = put(rows, FUNDS, available_cents=1)
        images = refusal(
            rows,
            Put(LEDGER, {"pk": "ENTRY#1", "sk": "META", "doc": "{}"}),
            Put(BOOKS, {"pk": "CHARGE#1", "sk": "META", "doc": "other"}),
            Change(key=FUNDS, add={("held_cents",): 5}, when=[AtLeast(("available_cents",), 5)]),
            Check(Key(CALLS, "CALL#1"), [Present(("pk",))]),
            Change(key=Key(CATALOG, "CAMPAIGN#1"), set={("doc",): "{}"}),
        )
        assert images == {1: charge, 2: funds, 3: None}
        assert get(rows, Key(LEDGER, "ENTRY#1")) is None
        assert get(rows, Key(CATALOG, "CAMPAIGN#1")) is None
        assert get(rows, FUNDS) == funds

    def test_actions_over_all_tables_happen_together(self, rows: Rows) -> None:
        tables = (CATALOG, CALLS, BOOKS, LEDGER)
        rows.write([Put(table, {"pk": "A#1", "sk": "META", "doc": table}) for table in tables])
        found, _ = rows.gather([Key(table, "A#1") for table in tables])
        assert {key.table: row["doc"] for key, row in found.items()} == {t: t for t in tables}

    def test_a_hundred_actions_fit_in_one_write(self, rows: Rows) -> None:
        rows.write([Put(BOOKS, {"pk": f"CHARGE#{n}", "sk": "META"}) for n in range(100)])
        keys = [Key(BOOKS, f"CHARGE#{n}") for n in range(100)]
        assert len(rows.gather(keys)[0]) == 100

    def test_a_hundred_and_one_actions_do_not(self, rows: Rows) -> None:
        with pytest.raises(ValueError, match="100"):
            rows.write([Put(BOOKS, {"pk": f"CHARGE#{n}", "sk": "META"}) for n in range(101)])
        assert get(rows, Key(BOOKS, "CHARGE#0")) is None

    def test_a_row_twice_in_one_write_is_refused(self, rows: Rows) -> None:
        one = Change(key=FUNDS, add={("count",): 1})
        with pytest.raises(ValueError, match="once"):
            rows.write([one, Check(FUNDS, [Absent(("pk",))])])
        assert get(rows, FUNDS) is None

    @pytest.mark.parametrize(
        "actions",
        [[], [Change(key=FUNDS)], [Check(FUNDS, [])]],
        ids=["no action", "an empty change", "a check of nothing"],
    )
    def test_a_write_of_nothing_is_a_mistake(self, rows: Rows, actions: list[Any]) -> None:
        with pytest.raises(ValueError):
            rows.write(actions)
