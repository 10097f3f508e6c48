"""Where does a bench keep more rows than memory should hold?

Rows in a file of SQLite, for what is measured without a database: every question is answered in
pages as DynamoDB gives them. Some rows are only added, others change under the same conditions as
those of the tests.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from chalicelib.store.rows import (
    BOOKS,
    CALLS,
    CATALOG,
    LEDGER,
    Action,
    Item,
    Key,
    NotWritten,
    Page,
    Put,
    Question,
    key_of,
    walk,
)
from tests.fakes import _conditions, _holds, _outcome
from tests.memory import index_order

_PAGE_BYTES = 1_000_000
_MARK = ("sort", "pk", "sk")
_ASKED = ((LEDGER, "by_month"), (CALLS, "by_month"), (BOOKS, "by_kind"),
          (BOOKS, "by_open"), (BOOKS, "by_document"), (CATALOG, "by_kind"))  # fmt: skip


class DiskRows:
    """Rows in a file: new rows, and the questions of the audit with the pages of DynamoDB."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path)
        self._file.execute("pragma synchronous = off")
        self._file.execute(
            "create table if not exists places (place text, part text, sort text, pk text,"
            " sk text, item text, primary key (place, part, sort, pk, sk)) without rowid"
        )

    def lay(self, puts: Iterable[Put]) -> None:
        """Many new rows at once."""
        rows = (row for put in puts for row in _places(put))
        with self._file:
            self._file.executemany("insert into places values (?, ?, ?, ?, ?, ?)", rows)

    def write(self, actions: Sequence[Action]) -> None:
        """New rows alone."""
        (put,) = actions
        if not isinstance(put, Put):
            raise TypeError("these rows do not change")
        try:
            self.lay([put])
        except sqlite3.IntegrityError as taken:
            raise NotWritten({0: put.item}) from taken

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """All rows at once."""
        sql = "select item from places where place = ? and part = ? and sort = ?"
        found: dict[Key, Item] = {}
        for key in keys:
            for (item,) in self._file.execute(sql, (key.table, key.pk, key.sk)):
                found[key] = json.loads(item)
        return found, tuple(tuple(walk(self, one)) for one in questions)

    def page(self, question: Question) -> Page:
        """One page: up to its limit, or a megabyte."""
        place = f"{question.table}.{question.index}" if question.index else question.table
        where, said = ["place = ?", "part = ?"], [place, question.partition]
        past, direction = ("<", "desc") if question.descending else (">", "asc")
        for test, bound in ((">=", question.at_least), ("<", question.below)):
            if bound is not None:
                where.append(f"sort {test} ?")
                said.append(bound)
        if question.after:
            where.append(f"(sort, pk, sk) {past} (?, ?, ?)")
            said += [question.after[name] for name in _MARK]
        order = f"sort {direction}, pk {direction}, sk {direction}"
        sql = f"select sort, pk, sk, item from places where {' and '.join(where)} order by {order}"  # noqa: S608
        items: list[Item] = []
        size, last = 0, ("", "", "")
        for sort, pk, sk, item in self._file.execute(sql, said):
            if size > _PAGE_BYTES or len(items) == question.limit:
                return Page(tuple(items), dict(zip(_MARK, last, strict=True)))
            items.append(json.loads(item))
            size, last = size + len(item), (sort, pk, sk)
        return Page(tuple(items), None)


class ChangingDiskRows(DiskRows):
    """Rows in a file that change, each transaction as a whole."""

    def write(self, actions: Sequence[Action]) -> None:
        """All actions or none."""
        keys = [key_of(action) for action in actions]
        before, _ = self.gather(keys)
        refused: dict[int, Item | None] = {}
        for position, (key, action) in enumerate(zip(keys, actions, strict=True)):
            row = before.get(key)
            if not all(_holds(condition, row or {}) for condition in _conditions(action)):
                refused[position] = row
        if refused:
            raise NotWritten(refused)
        with self._file:
            for key, action in zip(keys, actions, strict=True):
                self._replace(key.table, before.get(key), _outcome(action, key, before.get(key)))

    def _replace(self, table: str, before: Item | None, after: Item | None) -> None:
        if after is None:
            return
        if before is not None:
            sql = "delete from places where (place, part, sort, pk, sk) = (?, ?, ?, ?, ?)"
            self._file.executemany(sql, (row[:5] for row in _places(Put(table, before))))
        rows = _places(Put(table, after))
        self._file.executemany("insert into places values (?, ?, ?, ?, ?, ?)", rows)


def _places(put: Put) -> Iterator[tuple[str, ...]]:
    """The row in its table, and in the indexes that the audit asks."""
    item = {name: value for name, value in put.item.items() if value is not None}
    text = json.dumps(item)
    yield (put.table, item["pk"], item["sk"], item["pk"], item["sk"], text)
    for table, index in _ASKED:
        part, sort = index_order(Question(table=table, partition="", index=index))
        if table == put.table and part in item and sort in item:
            yield (f"{table}.{index}", item[part], item[sort], item["pk"], item["sk"], text)
