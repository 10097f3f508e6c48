"""How do rows in memory lie, so that a question finds its own without looking at all others?

Owns the places of rows: by key, and by partition in the table and each of its indexes. What lies
here is never changed in place, so that a fork may share it; whoever takes a row out copies it.
What may be written, and under which conditions, belongs to `fakes`.
"""

import operator
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.store.rows import Item, Key, Question
from chalicelib.store.tables import ALL_TABLES, table_name

_Order = tuple[str, str]
_Place = tuple[str, str | None]


def _index_keys() -> dict[_Place, _Order]:
    """The hash and range attributes of each table and index, as the models declare them."""
    found: dict[_Place, _Order] = {}
    prefix = table_name("")
    for model in ALL_TABLES:
        table = model.Meta.table_name.removeprefix(prefix)
        found[table, None] = ("pk", "sk")
        for index in model._get_schema()["global_secondary_indexes"]:
            names = {part["KeyType"]: part["AttributeName"] for part in index["key_schema"]}
            found[table, index["index_name"]] = (names["HASH"], names["RANGE"])
    return found


_INDEX_KEYS = _index_keys()
_PLACES = {
    table: [(place, *order) for place, order in _INDEX_KEYS.items() if place[0] == table]
    for table, _ in _INDEX_KEYS
}
_KEY_NAMES = {
    table: frozenset(name for _, *order in places for name in order)
    for table, places in _PLACES.items()
}


def index_order(question: Question) -> _Order:
    """By which attributes the question is partitioned and sorted."""
    return _INDEX_KEYS[question.table, question.index]


def key_names(table: str) -> frozenset[str]:
    """Every attribute that is a key of the table or of one of its indexes."""
    return _KEY_NAMES.get(table, frozenset())


_ATOMS = frozenset({str, int, bool, bytes})


def copied(row: Item) -> Item:
    """The row once more, deep enough that a change of one shows nowhere in the other."""
    return {name: value if type(value) in _ATOMS else _copied(value) for name, value in row.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return copied(value)
    return [_copied(one) for one in value] if isinstance(value, list) else value


class Memory:
    """Rows by their keys and by the partitions in which they are."""

    def __init__(self) -> None:
        self._rows: dict[Key, Item] = {}
        self._partitions: dict[tuple[_Place, str], dict[Key, None]] = {}

    def fork(self) -> "Memory":
        """The same rows, in a memory of their own."""
        twin = Memory()
        twin._rows = dict(self._rows)
        twin._partitions = {where: dict(keys) for where, keys in self._partitions.items()}
        return twin

    def get(self, key: Key) -> Item | None:
        """The row itself, to be looked at alone."""
        return self._rows.get(key)

    def lay(self, key: Key, row: Item) -> None:
        """Lay a row in the place of the one before it."""
        self._move(key, self._rows.get(key), row)
        self._rows[key] = row

    def remove(self, key: Key) -> None:
        """Take a row away; KeyError when there is none."""
        self._move(key, self._rows.pop(key), {})

    def of_table(self, table: str) -> Iterator[Item]:
        """Every row of a table itself."""
        return (row for key, row in self._rows.items() if key.table == table)

    def answer(self, question: Question) -> list[Item]:
        """The rows themselves that a question asks for, in its order, past its mark, without its
        limit."""
        _, sort = index_order(question)
        keys = self._partitions.get(((question.table, question.index), question.partition), {})
        rows = [row for key in keys if _is_within(question, (row := self._rows[key])[sort])]

        def place(row: Mapping[str, Any]) -> tuple[str, ...]:
            return (row[sort], row["pk"], row["sk"])

        rows.sort(key=place, reverse=question.descending)
        if question.after is not None:
            last = place(question.after)
            past = operator.lt if question.descending else operator.gt
            rows = [row for row in rows if past(place(row), last)]
        return rows

    def _move(self, key: Key, before: Item | None, after: Item) -> None:
        """Move a row between the partitions of its table; in an index is what has both its keys."""
        for place, partition, sort in _PLACES.get(key.table, ()):
            old = before.get(partition) if before is not None and sort in before else None
            new = after.get(partition) if sort in after else None
            if old == new:
                continue
            if old is not None:
                del self._partitions[place, old][key]
            if new is not None:
                self._partitions.setdefault((place, new), {})[key] = None


def _is_within(question: Question, value: str) -> bool:
    """Whether a sort key is within the bounds of the question."""
    return (
        (question.starts_with is None or value.startswith(question.starts_with))
        and (question.at_least is None or value >= question.at_least)
        and (question.below is None or value < question.below)
    )
