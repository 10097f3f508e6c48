"""In which terms do the stores read and change rows?

Owns the port between what a store means and the database that keeps it: keys, questions, actions
with their conditions, and what a refused action tells. `dynamo` speaks it to DynamoDB; the tests'
fake keeps the same conditions in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Item = dict[str, Any]
Path = tuple[str, ...]

CATALOG, CALLS, BOOKS, LEDGER, VISITS = "catalog", "calls", "books", "ledger", "visits"
META = "META"


@dataclass(frozen=True, slots=True)
class Key:
    """One row of one table."""

    table: str
    pk: str
    sk: str = META


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A partition of a table or of one of its indexes, in the order of its sort key.

    `starts_with`, `at_least` and `below` bound the sort key ("below" excludes its value). `after`
    is the mark of the page before. An index may lag behind by a moment; a table does not.
    """

    table: str
    partition: str
    index: str | None = None
    starts_with: str | None = None
    at_least: str | None = None
    below: str | None = None
    descending: bool = False
    limit: int | None = None
    after: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Item, ...]
    mark: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Absent:
    """The attribute (or, at `("pk",)`, the row) is not there."""

    path: Path


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute (or, at `("pk",)`, the row) is there."""

    path: Path


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute is there and equals the value."""

    path: Path
    value: str | int


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute is there and is `value` or more."""

    path: Path
    value: int


@dataclass(frozen=True, slots=True)
class AtMost:
    """The attribute is `value` or less; one that is not there counts as zero."""

    path: Path
    value: int


@dataclass(frozen=True, slots=True)
class FewerThan:
    """The map has fewer than `count` members; one that is not there counts as empty."""

    path: Path
    count: int


Condition = Absent | Present | Equals | AtLeast | AtMost | FewerThan


@dataclass(frozen=True, slots=True)
class Put:
    """A new row; refused when its key is taken."""

    table: str
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change to a row, applied when every condition of `when` holds on the row as it stands.

    `add` adds whole numbers to numbers, an absent one counting as zero. `remove` takes attributes
    away. The parents of a nested path must be there. Without conditions the row is made if need be.
    """

    key: Key
    set: Mapping[Path, Any] = field(default_factory=dict)
    add: Mapping[Path, int] = field(default_factory=dict)
    remove: Sequence[Path] = ()
    when: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A row that must satisfy conditions for the other actions to happen."""

    key: Key
    when: Sequence[Condition]


Action = Put | Change | Check


def key_of(action: Action) -> Key:
    """The row that the action is about."""
    if isinstance(action, Put):
        return Key(action.table, action.item["pk"], action.item["sk"])
    return action.key


class NotWritten(Exception):
    """Nothing was written, because conditions of some actions did not hold.

    `images` has an entry for each action that was refused, by its position: the row as it stands,
    None when there is no such row.
    """

    def __init__(self, images: Mapping[int, Item | None]) -> None:
        super().__init__(f"conditions of actions {sorted(images)} did not hold")
        self.images = images


class Rows(Protocol):
    """What a database of rows can do. Reads of tables see every write that came before."""

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """All rows at once, in one round trip's time: those of `keys` that exist, and every row of
        each question (its `limit` unset)."""
        ...

    def page(self, question: Question) -> Page:
        """One page of a question."""
        ...

    def write(self, actions: Sequence[Action]) -> None:
        """All actions or none (at most 100, each row once); NotWritten when a condition fails."""
        ...


def walk(rows: Rows, question: Question) -> Iterator[Item]:
    """Every row of a question, of which one page at a time is held."""
    while True:
        page = rows.page(question)
        yield from page.items
        if page.mark is None:
            return
        question = replace(question, after=page.mark)


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things, `size` at a time; the last chunk may be smaller, and none is empty."""
    left = iter(things)
    while chunk := list(islice(left, size)):
        yield chunk
