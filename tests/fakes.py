"""What stands in for the world in tests: real semantics, kept in memory.

`FakeRows` is held to the same contract suite as the rows of DynamoDB (`store/test_rows.py`), so
that a test which passes on it says something about the real thing.
"""

import copy
import json
import operator
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.errors import Broken
from chalicelib.store.rows import (
    Absent,
    Action,
    AtLeast,
    AtMost,
    Change,
    Check,
    Condition,
    Equals,
    FewerThan,
    Item,
    Key,
    NotWritten,
    Page,
    Path,
    Present,
    Put,
    Question,
)
from chalicelib.store.tables import ALL_TABLES, table_name

_MOST_ACTIONS = 100
_MOST_BYTES = 400_000
_KEYS = ("pk", "sk")


class Crash(BaseException):
    """The process died here. No `except Exception` of the code under test may survive it."""


class FakeRows:
    """Rows in memory; `trips` counts what would be round trips to the database.

    Hooks run once, right before or after the n-th write from now: a crash, or what others do.
    """

    def __init__(self) -> None:
        self.trips = 0
        self._rows: dict[Key, Item] = {}
        self._lock = threading.RLock()
        self._before: dict[int, Callable[[], object]] = {}
        self._after: dict[int, Callable[[], object]] = {}
        self._writes = 0

    def crash_before_write(self, n: int = 1) -> None:
        """Die right before the n-th write from now: it never happens."""
        self.before_write(_die, n)

    def crash_after_write(self, n: int = 1) -> None:
        """Die right after the n-th write from now: it happened, and its writer never learned it."""
        self._after[self._writes + n] = _die

    def before_write(self, happening: Callable[[], object], n: int = 1) -> None:
        """Run `happening` right before the n-th write from now; it may write by itself."""
        self._before[self._writes + n] = happening

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """All rows at once: those of `keys` that exist, and every row of each question."""
        with self._lock:
            self.trips += 1
            found = {key: copy.deepcopy(self._rows[key]) for key in keys if key in self._rows}
            return found, tuple(tuple(self._answers(question)) for question in questions)

    def page(self, question: Question) -> Page:
        """One page of a question; a mark only when more rows follow."""
        with self._lock:
            self.trips += 1
            items = list(self._answers(question))
        if question.limit is None or len(items) <= question.limit:
            return Page(tuple(items), None)
        kept = tuple(items[: question.limit])
        names = {*_KEYS, *index_order(question)}
        return Page(kept, {name: kept[-1][name] for name in names})

    def write(self, actions: Sequence[Action]) -> None:
        """All actions or none."""
        with self._lock:
            self._writes += 1
            number = self._writes
        self._before.pop(number, _nothing)()
        with self._lock:
            self.trips += 1
            self._write(actions)
        self._after.pop(number, _nothing)()

    def rows_of(self, table: str) -> list[Item]:
        """Every row of a table, for a test that looks at everything."""
        with self._lock:
            return [copy.deepcopy(row) for key, row in self._rows.items() if key.table == table]

    def _write(self, actions: Sequence[Action]) -> None:
        keys = [_key(action) for action in actions]
        if not actions or len(actions) > _MOST_ACTIONS:
            raise ValueError(f"a write takes 1 to {_MOST_ACTIONS} actions, got {len(actions)}")
        if len(set(keys)) < len(keys):
            raise ValueError("a write takes each row once")
        refused: dict[int, Item | None] = {}
        for position, (key, action) in enumerate(zip(keys, actions, strict=True)):
            row = self._rows.get(key)
            if not all(_holds(condition, row or {}) for condition in _conditions(action)):
                refused[position] = copy.deepcopy(row)
        if refused:
            raise NotWritten(refused)
        self._rows |= {
            key: after
            for key, action in zip(keys, actions, strict=True)
            if (after := _outcome(action, key, self._rows.get(key))) is not None
        }

    def _answers(self, question: Question) -> Iterator[Item]:
        """The rows of the question in its order, past its mark, without its limit."""
        order = index_order(question)
        partition, sort = order[0], order[1]

        def place(row: Mapping[str, Any]) -> tuple[str, ...]:
            return (row[sort], row["pk"], row["sk"])

        rows = [
            row
            for key, row in self._rows.items()
            if key.table == question.table and _belongs(row, question, partition, sort)
        ]
        rows.sort(key=place, reverse=question.descending)
        if question.after is not None:
            last = place(question.after)
            past = operator.lt if question.descending else operator.gt
            rows = [row for row in rows if past(place(row), last)]
        yield from (copy.deepcopy(row) for row in rows)


def _die() -> None:
    raise Crash


def _nothing() -> None:
    return None


def _index_keys() -> dict[tuple[str, str | None], tuple[str, str]]:
    """The hash and range attributes of each table and index, as the models declare them."""
    found: dict[tuple[str, str | None], tuple[str, str]] = {}
    prefix = table_name("")
    for model in ALL_TABLES:
        table = model.Meta.table_name.removeprefix(prefix)
        found[table, None] = ("pk", "sk")
        for index in model._get_schema()["global_secondary_indexes"]:
            names = {part["KeyType"]: part["AttributeName"] for part in index["key_schema"]}
            found[table, index["index_name"]] = (names["HASH"], names["RANGE"])
    return found


_INDEX_KEYS = _index_keys()


def index_order(question: Question) -> tuple[str, str]:
    """By which attributes the question is partitioned and sorted."""
    return _INDEX_KEYS[question.table, question.index]


def _belongs(row: Item, question: Question, partition: str, sort: str) -> bool:
    """Whether the row is in the index at all, in the partition, and within the bounds."""
    if row.get(partition) != question.partition or sort not in row:
        return False
    value = row[sort]
    return (
        (question.starts_with is None or value.startswith(question.starts_with))
        and (question.at_least is None or value >= question.at_least)
        and (question.below is None or value < question.below)
    )


def _key(action: Action) -> Key:
    if isinstance(action, Put):
        return Key(action.table, action.item["pk"], action.item["sk"])
    return action.key


def _conditions(action: Action) -> Sequence[Condition]:
    return (Absent(("pk",)),) if isinstance(action, Put) else action.when


_GONE = object()


def _look(row: Item, path: Path) -> Any:
    """What lies at the path; `_GONE` when nothing does."""
    here: Any = row
    for name in path:
        if not isinstance(here, dict) or name not in here:
            return _GONE
        here = here[name]
    return here


def _holds(condition: Condition, row: Item) -> bool:
    value = _look(row, condition.path)
    match condition:
        case Absent():
            return value is _GONE
        case Present():
            return value is not _GONE
        case Equals():
            return type(value) is type(condition.value) and bool(value == condition.value)
        case AtLeast():
            return _is_number(value) and value >= condition.value
        case AtMost():
            number = 0 if value is _GONE else value
            return _is_number(number) and number <= condition.value
        case FewerThan():
            members = {} if value is _GONE else value
            return isinstance(members, (dict, list, str)) and len(members) < condition.count


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _outcome(action: Action, key: Key, row: Item | None) -> Item | None:
    """The row after the action; None when the action leaves it alone."""
    if isinstance(action, Check):
        if not action.when:
            raise ValueError("a check without conditions checks nothing")
        return None
    if isinstance(action, Put):
        return _storable(key.table, _without_none(action.item))
    after = copy.deepcopy(row) if row is not None else {"pk": key.pk, "sk": key.sk}
    _apply(action, after)
    return _storable(key.table, after)


def _apply(change: Change, row: Item) -> None:
    """Carry the change out on `row`, in place; every value it reads is of before the change."""
    _guard_paths([*change.set, *change.add, *change.remove])
    taken_away = [*change.remove, *(path for path, value in change.set.items() if value is None)]
    for path, value in change.set.items():
        if value is not None:
            _parent(row, path)[path[-1]] = _without_none(value)
    for path, amount in change.add.items():
        present = _look(row, path)
        if present is not _GONE and not _is_number(present):
            raise Broken(f"{path} is no number to add to")
        _parent(row, path)[path[-1]] = (0 if present is _GONE else present) + amount
    for path in taken_away:
        _parent(row, path).pop(path[-1], None)


def _guard_paths(paths: Sequence[Path]) -> None:
    if not paths:
        raise ValueError("a change without set, add or remove changes nothing")
    if any(path[0] in _KEYS for path in paths):
        raise Broken("the key of a row does not change")
    for one in range(len(paths)):
        for other in range(len(paths)):
            if one != other and paths[other][: len(paths[one])] == paths[one]:
                raise Broken(f"the paths {paths[one]} and {paths[other]} overlap")


def _parent(row: Item, path: Path) -> dict[str, Any]:
    parent = _look(row, path[:-1])
    if not isinstance(parent, dict):
        raise Broken(f"there is no map at {path[:-1]} to hold {path[-1]}")
    return parent


def _without_none(value: Any) -> Any:
    """A deep copy that leaves out what is None, and refuses what the database cannot keep."""
    if isinstance(value, Mapping):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(one) for one in value]
    if not isinstance(value, (str, bytes, int)):
        raise TypeError(f"a row keeps no {type(value).__name__}")
    return value


def _storable(table: str, row: Item) -> Item:
    """The row, when its keys are texts that are not empty and its size is within the limit."""
    names = {name for (owner, _), pair in _INDEX_KEYS.items() if owner == table for name in pair}
    for name in names & row.keys():
        if not isinstance(row[name], str) or not row[name]:
            raise Broken(f"{name} is a key and must be a text that is not empty")
    if len(json.dumps(row, default=_as_long).encode()) > _MOST_BYTES:
        raise Broken(f"a row holds at most {_MOST_BYTES} bytes")
    return row


def _as_long(value: bytes) -> str:
    """A text that takes as much room as the bytes do, beside its quotes."""
    return "-" * len(value)
