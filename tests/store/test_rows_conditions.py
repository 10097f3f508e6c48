"""Under which conditions rows change, and what a refusal shows.

One contract, in memory and on DynamoDB.
"""

import pytest

from chalicelib.store.rows import (
    BOOKS,
    Absent,
    AtLeast,
    AtMost,
    Change,
    Check,
    Condition,
    Equals,
    FewerThan,
    Key,
    Present,
    Put,
    Rows,
)
from tests.store.asking import FUNDS, get, put, refusal

STATED = {"doc": "text", "count": 5, "leases": {"call_1": "a", "call_2": "b"}}

HOLD = [
    Present(("pk",)),
    Present(("leases", "call_1")),
    Absent(("document_id",)),
    Absent(("leases", "call_9")),
    Absent(("nowhere", "call_1")),
    Absent(("doc", "inside")),
    Equals(("doc",), "text"),
    Equals(("count",), 5),
    Equals(("leases", "call_1"), "a"),
    AtLeast(("count",), 4),
    AtLeast(("count",), 5),
    AtMost(("count",), 5),
    AtMost(("count",), 6),
    AtMost(("paid_cents",), 0),
    FewerThan(("leases",), 3),
    FewerThan(("nowhere",), 1),
]
FAIL = [
    Absent(("pk",)),
    Absent(("leases", "call_1")),
    Present(("document_id",)),
    Present(("leases", "call_9")),
    Equals(("doc",), "Text"),
    Equals(("count",), "5"),
    Equals(("count",), 6),
    Equals(("nowhere",), 0),
    AtLeast(("count",), 6),
    AtLeast(("nowhere",), 0),
    AtMost(("count",), 4),
    AtMost(("paid_cents",), -1),
    FewerThan(("leases",), 2),
    FewerThan(("leases",), 1),
    FewerThan(("nowhere",), 0),
]
OF_ANOTHER_KIND = [AtLeast(("doc",), 0), AtMost(("doc",), 9), FewerThan(("count",), 9)]


class TestConditions:
    @pytest.mark.parametrize("condition", HOLD, ids=repr)
    def test_a_condition_that_holds_lets_a_change_happen(
        self, rows: Rows, condition: Condition
    ) -> None:
        put(rows, FUNDS, **STATED)
        rows.write([Change(key=FUNDS, set={("state",): "done"}, when=[condition])])
        assert (get(rows, FUNDS) or {})["state"] == "done"

    @pytest.mark.parametrize("condition", FAIL, ids=repr)
    def test_a_condition_that_fails_keeps_the_row_and_shows_it(
        self, rows: Rows, condition: Condition
    ) -> None:
        item = put(rows, FUNDS, **STATED)
        change = Change(key=FUNDS, set={("state",): "done"}, when=[condition])
        assert refusal(rows, change) == {0: item}
        assert get(rows, FUNDS) == item

    @pytest.mark.parametrize("condition", OF_ANOTHER_KIND, ids=repr)
    def test_a_value_of_another_kind_fails_the_condition(
        self, exact_rows: Rows, condition: Condition
    ) -> None:
        item = put(exact_rows, FUNDS, **STATED)
        charge = Put(BOOKS, {"pk": "CHARGE#1", "sk": "META", "doc": "{}"})
        assert refusal(exact_rows, charge, Check(FUNDS, [condition])) == {1: item}

    @pytest.mark.parametrize("condition", HOLD, ids=repr)
    def test_a_check_that_holds_lets_the_others_happen(
        self, rows: Rows, condition: Condition
    ) -> None:
        item = put(rows, FUNDS, **STATED)
        rows.write(
            [Check(FUNDS, [condition]), Put(BOOKS, {"pk": "CHARGE#1", "sk": "META", "doc": "{}"})]
        )
        assert get(rows, Key(BOOKS, "CHARGE#1")) is not None
        assert get(rows, FUNDS) == item

    @pytest.mark.parametrize("condition", FAIL, ids=repr)
    def test_a_check_that_fails_stops_the_others(self, rows: Rows, condition: Condition) -> None:
        item = put(rows, FUNDS, **STATED)
        charge = Put(BOOKS, {"pk": "CHARGE#1", "sk": "META", "doc": "{}"})
        assert refusal(rows, charge, Check(FUNDS, [condition])) == {1: item}
        assert get(rows, Key(BOOKS, "CHARGE#1")) is None

    def test_all_conditions_of_an_action_must_hold(self, rows: Rows) -> None:
        put(rows, FUNDS, **STATED)
        both: list[Condition] = [Equals(("doc",), "text"), AtLeast(("count",), 6)]
        assert 0 in refusal(rows, Change(key=FUNDS, set={("state",): "done"}, when=both))

    def test_a_check_may_stand_alone(self, rows: Rows) -> None:
        item = put(rows, FUNDS, **STATED)
        rows.write([Check(FUNDS, [Equals(("count",), 5)])])
        assert refusal(rows, Check(FUNDS, [Equals(("count",), 6)])) == {0: item}

    def test_a_row_that_is_not_there_fails_what_asks_for_it(self, rows: Rows) -> None:
        change = Change(key=FUNDS, add={("count",): 1}, when=[Present(("pk",))])
        assert refusal(rows, change) == {0: None}
        assert refusal(rows, Check(FUNDS, [AtLeast(("count",), 0)])) == {0: None}
        assert get(rows, FUNDS) is None

    def test_a_row_that_is_not_there_meets_what_counts_absence_as_zero(self, rows: Rows) -> None:
        rows.write(
            [
                Change(
                    key=FUNDS,
                    add={("count",): 1},
                    when=[AtMost(("count",), 0), FewerThan(("leases",), 1), Absent(("pk",))],
                )
            ]
        )
        assert (get(rows, FUNDS) or {})["count"] == 1

    def test_conditions_see_the_row_before_the_change(self, rows: Rows) -> None:
        put(rows, FUNDS, available_cents=10)
        spend = Change(
            key=FUNDS, add={("available_cents",): -10}, when=[AtLeast(("available_cents",), 10)]
        )
        rows.write([spend])
        assert (refusal(rows, spend)[0] or {})["available_cents"] == 0
