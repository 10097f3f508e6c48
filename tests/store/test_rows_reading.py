"""How rows are read: gathered, paged, and through sparse indexes.

One contract, in memory and on DynamoDB.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.store.rows import (
    BOOKS,
    CALLS,
    CATALOG,
    LEDGER,
    Change,
    Key,
    Present,
    Put,
    Question,
    Rows,
)
from tests.store.asking import FUNDS, put, refusal


class TestGathering:
    def test_rows_that_do_not_exist_are_left_out(self, rows: Rows) -> None:
        put(rows, FUNDS, count=1)
        found, answers = rows.gather([FUNDS, Key(BOOKS, "FUNDS#adv_2")])
        assert set(found) == {FUNDS}
        assert answers == ()

    def test_a_key_asked_twice_is_answered(self, rows: Rows) -> None:
        item = put(rows, FUNDS, count=1)
        assert rows.gather([FUNDS, FUNDS])[0] == {FUNDS: item}

    def test_nothing_asked_is_nothing_answered(self, rows: Rows) -> None:
        assert rows.gather([]) == ({}, ())

    def test_more_than_a_hundred_keys_over_two_tables(self, rows: Rows) -> None:
        tables = (CATALOG, CALLS)
        for table in tables:
            rows.write([Put(table, {"pk": f"A#{n}", "sk": "META", "doc": "{}"}) for n in range(60)])
        keys = [Key(table, f"A#{n}") for n in range(60) for table in tables]
        assert set(rows.gather(keys)[0]) == set(keys)

    def test_keys_and_questions_are_answered_together_and_in_order(self, rows: Rows) -> None:
        put(rows, FUNDS, count=1)
        for campaign in ("1", "2"):
            put(rows, Key(CATALOG, f"CAMPAIGN#{campaign}"), doc="campaign")
            for target in ("b", "a"):
                put(rows, Key(CATALOG, f"CAMPAIGN#{campaign}", f"TARGET#{target}"), doc=target)
        found, answers = rows.gather(
            [FUNDS],
            [
                Question(table=CATALOG, partition="CAMPAIGN#2"),
                Question(table=CATALOG, partition="CAMPAIGN#9"),
                Question(table=CATALOG, partition="CAMPAIGN#1", starts_with="TARGET#"),
            ],
        )
        assert set(found) == {FUNDS}
        assert [[row["doc"] for row in answer] for answer in answers] == [
            ["campaign", "a", "b"],
            [],
            ["a", "b"],
        ]

    def test_a_question_is_answered_whole_beyond_a_megabyte(self, rows: Rows) -> None:
        for n in range(8):
            put(rows, Key(CATALOG, "CAMPAIGN#1", f"TARGET#{n}"), doc="x" * 200_000)
        _, (targets,) = rows.gather([], [Question(table=CATALOG, partition="CAMPAIGN#1")])
        assert [row["sk"] for row in targets] == [f"TARGET#{n}" for n in range(8)]


def call_row(n: int, **attributes: Any) -> Put:
    row = {"pk": f"CALL#{n:02}", "sk": "META", "doc": "{}", "month": "2026-11"}
    return Put(CALLS, row | {"started_key": f"2026-11-{n:02}#call_{n:02}"} | attributes)


def walk(rows: Rows, question: Callable[[Mapping[str, str] | None], Question]) -> list[list[str]]:
    """The pages of a question as lists of partition keys, until there is no mark."""
    pages: list[list[str]] = []
    mark: Mapping[str, str] | None = None
    while True:
        page = rows.page(question(mark))
        pages.append([row["pk"] for row in page.items])
        mark = page.mark
        if mark is None:
            return pages


class TestPaging:
    def month(self, **asked: Any) -> Callable[[Mapping[str, str] | None], Question]:
        return lambda mark: Question(
            table=CALLS, index="by_month", partition="2026-11", after=mark, **asked
        )

    def test_pages_hold_every_row_once_in_order(self, rows: Rows) -> None:
        rows.write([call_row(n) for n in range(1, 8)])
        assert walk(rows, self.month(limit=3)) == [
            ["CALL#01", "CALL#02", "CALL#03"],
            ["CALL#04", "CALL#05", "CALL#06"],
            ["CALL#07"],
        ]

    def test_newest_first_goes_the_other_way(self, rows: Rows) -> None:
        rows.write([call_row(n) for n in range(1, 5)])
        assert walk(rows, self.month(limit=3, descending=True)) == [
            ["CALL#04", "CALL#03", "CALL#02"],
            ["CALL#01"],
        ]

    def test_a_page_that_ends_with_the_last_row_has_no_mark(self, rows: Rows) -> None:
        rows.write([call_row(n) for n in range(1, 5)])
        assert walk(rows, self.month(limit=2)) == [["CALL#01", "CALL#02"], ["CALL#03", "CALL#04"]]

    def test_no_row_is_one_empty_page(self, rows: Rows) -> None:
        assert walk(rows, self.month(limit=2)) == [[]]
        assert walk(rows, self.month()) == [[]]

    def test_without_a_limit_the_pages_together_hold_all(self, rows: Rows) -> None:
        rows.write([call_row(n, doc="x" * 300_000) for n in range(1, 6)])
        pages = walk(rows, self.month())
        assert [pk for page in pages for pk in page] == [f"CALL#{n:02}" for n in range(1, 6)]

    def test_a_mark_is_plain_text_and_survives_its_row(self, rows: Rows) -> None:
        rows.write([call_row(n) for n in range(1, 4)])
        mark = rows.page(self.month(limit=1)(None)).mark
        assert mark is not None
        assert mark == {
            "pk": "CALL#01",
            "sk": "META",
            "month": "2026-11",
            "started_key": "2026-11-01#call_01",
        }
        rows.write([Change(key=Key(CALLS, "CALL#01"), remove=[("month",)])])
        assert [row["pk"] for row in rows.page(self.month(limit=1)(mark)).items] == ["CALL#02"]

    def test_rows_with_one_sort_key_are_all_paged(self, rows: Rows) -> None:
        rows.write([call_row(n, started_key="same") for n in range(1, 6)])
        pages = walk(rows, self.month(limit=2))
        assert sorted(pk for page in pages for pk in page) == [f"CALL#{n:02}" for n in range(1, 6)]

    def test_a_table_is_paged_by_its_sort_key(self, rows: Rows) -> None:
        for n in range(5):
            put(rows, Key(LEDGER, "ACCOUNT#cash:bank#0", f"2026-11-0{n}"), amount_cents=n)
        first = rows.page(Question(table=LEDGER, partition="ACCOUNT#cash:bank#0", limit=3))
        rest = rows.page(
            Question(table=LEDGER, partition="ACCOUNT#cash:bank#0", limit=3, after=first.mark)
        )
        assert [row["amount_cents"] for row in (*first.items, *rest.items)] == [0, 1, 2, 3, 4]
        assert first.mark == {"pk": "ACCOUNT#cash:bank#0", "sk": "2026-11-02"}

    @pytest.mark.parametrize(
        ("bounds", "days"),
        [
            ({"at_least": "2026-11-03"}, [3, 4, 5]),
            ({"at_least": "2026-11-03#call_03"}, [3, 4, 5]),
            ({"at_least": "2026-11-03#call_03!"}, [4, 5]),
            ({"below": "2026-11-03#call_03"}, [1, 2]),
            ({"below": "2026-11-03#call_03!"}, [1, 2, 3]),
            ({"at_least": "2026-11-02", "below": "2026-11-04"}, [2, 3]),
            ({"at_least": "2026-11-02", "below": "2026-11-04#call_04"}, [2, 3]),
            ({"at_least": "2026-11-04", "below": "2026-11-02"}, []),
            ({"at_least": "2026-11-04#call_04", "below": "2026-11-04#call_04"}, []),
            ({"starts_with": "2026-11-04"}, [4]),
            ({"starts_with": "2026-11-04#call_04"}, [4]),
            ({"starts_with": "2026-11"}, [1, 2, 3, 4, 5]),
            ({"starts_with": "2026-12"}, []),
            ({"starts_with": "2026-11", "at_least": "2026-11-04"}, [4, 5]),
            ({"starts_with": "2026-11-02", "at_least": "2026-11-04#call_04"}, []),
            ({"starts_with": "2026-11", "below": "2026-11-02#call_02"}, [1]),
            ({"starts_with": "2026-11-0", "at_least": "2026-11-02", "below": "2026-11-03"}, [2]),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    @pytest.mark.parametrize("limit", [None, 1, 2], ids=["all", "by one", "by two"])
    def test_bounds_include_the_least_and_exclude_the_end(
        self,
        rows: Rows,
        bounds: dict[str, str],
        days: list[int],
        descending: bool,
        limit: int | None,
    ) -> None:
        rows.write([call_row(n) for n in range(1, 6)])
        pages = walk(rows, self.month(**bounds, descending=descending, limit=limit))
        expected = [f"CALL#{n:02}" for n in days]
        assert [pk for page in pages for pk in page] == (expected[::-1] if descending else expected)
        assert limit is None or all(len(page) == limit for page in pages[:-1])


class TestSparseIndexes:
    def waiting(self, rows: Rows) -> list[str]:
        page = rows.page(Question(table=BOOKS, index="by_open", partition="CHARGES#adv_1"))
        return [row["pk"] for row in page.items]

    def test_a_row_without_both_attributes_is_in_no_index(self, rows: Rows) -> None:
        put(rows, Key(BOOKS, "CHARGE#1"), open="CHARGES#adv_1")
        put(rows, Key(BOOKS, "CHARGE#2"), open_key="2026")
        put(rows, Key(BOOKS, "CHARGE#3"), open="CHARGES#adv_1", open_key="2026")
        put(rows, Key(BOOKS, "CHARGE#4"), open="CHARGES#adv_2", open_key="2026")
        assert self.waiting(rows) == ["CHARGE#3"]

    def test_taking_the_attribute_away_takes_the_row_out(self, rows: Rows) -> None:
        put(rows, Key(BOOKS, "CHARGE#1"), open="CHARGES#adv_1", open_key="2026")
        claim = Change(
            key=Key(BOOKS, "CHARGE#1"),
            set={("document_id",): "inv_1", ("id",): "1"},
            remove=[("open",), ("open_key",)],
            when=[Present(("open",))],
        )
        rows.write([claim])
        assert self.waiting(rows) == []
        assert 0 in refusal(rows, claim)
        page = rows.page(Question(table=BOOKS, index="by_document", partition="inv_1"))
        assert [row["pk"] for row in page.items] == ["CHARGE#1"]

    def test_an_index_shows_the_whole_row(self, rows: Rows) -> None:
        item = put(
            rows, Key(BOOKS, "CHARGE#1"), open="CHARGES#adv_1", open_key="2026", amount_cents=5
        )
        page = rows.page(Question(table=BOOKS, index="by_open", partition="CHARGES#adv_1"))
        assert page.items == (item,)

    def test_a_question_to_an_index_can_be_gathered(self, rows: Rows) -> None:
        put(rows, Key(BOOKS, "CHARGE#1"), open="CHARGES#adv_1", open_key="2026")
        question = Question(table=BOOKS, index="by_open", partition="CHARGES#adv_1")
        _, (waiting,) = rows.gather([], [question])
        assert [row["pk"] for row in waiting] == ["CHARGE#1"]
