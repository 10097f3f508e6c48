"""What stands in for the world in tests: real semantics, kept in memory.

`FakeRows` is held to the same contract suite as the rows of DynamoDB (`store/test_rows.py`), so
that a test which passes on it says something about the real thing.
"""

import copy
import json
import threading
from collections.abc import Callable, Mapping, Sequence
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
from tests.memory import Memory, copied, index_order, key_names

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
        self._memory = Memory()
        self._lock = threading.RLock()
        self._before: dict[int, Callable[[], object]] = {}
        self._after: dict[int, Callable[[], object]] = {}
        self._writes = 0
        self._watch: Callable[[bool], object] = _nothing

    def fork(self) -> "FakeRows":
        """The same rows in a database of its own, in which nothing is to happen yet."""
        twin = copy.copy(self)
        with self._lock:
            twin._memory = self._memory.fork()
        twin._lock = threading.RLock()
        twin._before, twin._after, twin._watch = {}, {}, _nothing
        return twin

    def watch(self, look: Callable[[bool], object]) -> None:
        """Have `look` called right before each write from now on (False), and right after each
        that happened (True)."""
        self._watch = look

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
            found = {key: row for key in keys if (row := self._memory.get(key)) is not None}
            answers = [self._memory.answer(question) for question in questions]
        return (
            {key: copied(row) for key, row in found.items()},
            tuple(tuple(map(copied, rows)) for rows in answers),
        )

    def page(self, question: Question) -> Page:
        """One page of a question; a mark only when more rows follow."""
        with self._lock:
            self.trips += 1
            rows = self._memory.answer(question)
        kept = tuple(map(copied, rows[: question.limit]))
        if len(kept) == len(rows):
            return Page(kept, None)
        names = {*_KEYS, *index_order(question)}
        return Page(kept, {name: kept[-1][name] for name in names})

    def write(self, actions: Sequence[Action]) -> None:
        """All actions or none."""
        with self._lock:
            self._writes += 1
            number = self._writes
        self._watch(False)
        self._before.pop(number, _nothing)()
        with self._lock:
            self.trips += 1
            self._write(actions)
        self._watch(True)
        self._after.pop(number, _nothing)()

    def rows_of(self, table: str) -> list[Item]:
        """Every row of a table, for a test that looks at everything."""
        with self._lock:
            return [copied(row) for row in self._memory.of_table(table)]

    def _write(self, actions: Sequence[Action]) -> None:
        keys = [_key(action) for action in actions]
        if not actions or len(actions) > _MOST_ACTIONS:
            raise ValueError(f"a write takes 1 to {_MOST_ACTIONS} actions, got {len(actions)}")
        if len(set(keys)) < len(keys):
            raise ValueError("a write takes each row once")
        refused: dict[int, Item | None] = {}
        for position, (key, action) in enumerate(zip(keys, actions, strict=True)):
            row = self._memory.get(key)
            if not all(_holds(condition, row or {}) for condition in _conditions(action)):
                refused[position] = None if row is None else copied(row)
        if refused:
            raise NotWritten(refused)
        outcomes = [
            (key, _outcome(action, key, self._memory.get(key)))
            for key, action in zip(keys, actions, strict=True)
        ]
        for key, after in outcomes:
            if after is not None:
                self._memory.lay(key, after)


def _die() -> None:
    raise Crash


def _nothing(*_: object) -> None:
    return None


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
    after = copied(row) if row is not None else {"pk": key.pk, "sk": key.sk}
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
    known = set(paths)
    if len(known) < len(paths):
        raise Broken("a path is changed twice")
    for path in paths:
        if any(path[:length] in known for length in range(1, len(path))):
            raise Broken(f"{path} and a path above it overlap")


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
    for name in key_names(table) & row.keys():
        if not isinstance(row[name], str) or not row[name]:
            raise Broken(f"{name} is a key and must be a text that is not empty")
    if _may_be_large(row) and len(json.dumps(row, default=_as_long).encode()) > _MOST_BYTES:
        raise Broken(f"a row holds at most {_MOST_BYTES} bytes")
    return row


def _may_be_large(value: Any) -> bool:
    """Whether it is worth writing the row out to measure it: no character takes more than 12
    bytes, and no number, quote or comma more than 64 together."""
    return _letters(value) * 12 > _MOST_BYTES


def _letters(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value) + 6
    if isinstance(value, dict):
        return 6 + sum(len(name) + 6 + _letters(one) for name, one in value.items())
    if isinstance(value, list):
        return 6 + sum(map(_letters, value))
    return 6 + int(value).bit_length() // 3


def _as_long(value: bytes) -> str:
    """A text that takes as much room as the bytes do, beside its quotes."""
    return "-" * len(value)
