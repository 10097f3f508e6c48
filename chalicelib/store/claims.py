"""How do rows that wait become part of one document, each exactly once, and how do they leave it?

Owns the claim: in batches, a draft grows by what it claims, and each claimed row stops waiting, in
one transaction. A draft that a dead process left behind is found and goes on where it stopped. A
document that came to nothing gives its rows back the same way. What a finished document says
belongs to the module of its kind.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.store.rows import (
    BOOKS,
    Absent,
    AtMost,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Question,
    Rows,
    chunks,
    walk,
)

DRAFT = "draft"
_A_BATCH = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document that gathers rows: where it lies, among whose drafts, and what is known of it."""

    key: Key
    id: str
    owner_id: str
    order: str
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row that waits in a partition of `by_open`, and how much it brings, less what credits have
    taken from it, as far as is known. `counts` are other sums of the document that it adds to, by
    their attributes."""

    key: Key
    open: str
    amount_cents: int
    reduced_cents: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A document that came to nothing, and the `count` of the rows that it has claimed."""

    key: Key
    id: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """A row that waits again: in which partition of `by_open`, and in which order."""

    key: Key
    open: str
    order: str


def drafts_of(owner_id: str) -> str:
    """The partition of `by_open` that lists what one advertiser or publisher has unfinished."""
    return f"DRAFTS#{owner_id}"


def waiting_items(rows: Rows, partition: str, *, below: str | None = None) -> tuple[Item, ...]:
    """Every row that waits in the partition, up to a sort key; the index may lag by a moment."""
    question = Question(table=BOOKS, index="by_open", partition=partition, below=below)
    _, (items,) = rows.gather([], [question])
    return items


def walk_waiting(rows: Rows, partition: str, *, below: str | None = None) -> Iterator[Item]:
    """The same, of which one page at a time is held. Rows may stop waiting on the way."""
    return walk(rows, Question(table=BOOKS, index="by_open", partition=partition, below=below))


def walk_document(rows: Rows, document_id: str) -> Iterator[Item]:
    """Every row that the document has claimed, by id, of which one page at a time is held."""
    return walk(rows, Question(table=BOOKS, index="by_document", partition=document_id))


def document_items(rows: Rows, document_id: str) -> tuple[Item, ...]:
    """Every row that the document has claimed; the index may lag by a moment."""
    question = Question(table=BOOKS, index="by_document", partition=document_id)
    _, (items,) = rows.gather([], [question])
    return items


def claim(rows: Rows, draft: Draft, members: Sequence[Waiting]) -> dict[Key, Waiting]:
    """Put rows into the draft, and return those that this call has put there, as they are.

    A row that waits no more is left to whoever took it. One that was credited since it was read
    comes with what is left of it. Once the document is finished it takes nothing, and the rest goes
    on waiting.
    """
    claimed: dict[Key, Waiting] = {}
    left = list(members)
    found, _ = rows.gather([draft.key])
    image = found.get(draft.key)
    while left and (image is None or image["state"] == DRAFT):
        batch = left[:_A_BATCH]
        try:
            rows.write([_grow(draft, batch, image), *(_take(draft, one) for one in batch)])
        except NotWritten as refused:
            image = refused.images.get(0, image)
            left = _still_waiting(left, refused)
            continue
        image = image or {"state": DRAFT}
        claimed.update((one.key, one) for one in batch)
        left = left[_A_BATCH:]
    return claimed


def give_back(rows: Rows, document: Undone, members: Iterable[Returning]) -> Iterator[int]:
    """Let what the document has claimed wait again, each row once and batch by batch; yields how
    many rows were in each. With the last of them the document leaves its partition of `by_open`.

    Rows that an index does not show yet are left for the next time.
    """
    for batch in chunks(members, _A_BATCH):
        _return(rows, document, batch)
        yield len(batch)
    done = Change(
        key=document.key,
        remove=[("open",), ("open_key",)],
        when=[Equals(("claimed",), document.count)],
    )
    try:
        rows.write([done])
    except NotWritten:
        return


def _return(rows: Rows, document: Undone, batch: Sequence[Returning]) -> None:
    """One batch, less what another run has given back meanwhile."""
    left = list(batch)
    while left:
        counted = Change(
            key=document.key,
            add={("claimed",): len(left)},
            when=[AtMost(("claimed",), document.count - len(left))],
        )
        try:
            rows.write([counted, *(_wait_again(document, one) for one in left)])
        except NotWritten as refused:
            gone = {place - 1 for place in refused.images if place}
            if not gone:
                return
            left = [one for place, one in enumerate(left) if place not in gone]
            continue
        return


def _wait_again(document: Undone, one: Returning) -> Change:
    return Change(
        key=one.key,
        set={("open",): one.open, ("open_key",): one.order},
        remove=[("document_id",)],
        when=[Equals(("document_id",), document.id), Absent(("open",))],
    )


def _still_waiting(members: Sequence[Waiting], refused: NotWritten) -> list[Waiting]:
    """The members less those that wait no more, each as it stands."""
    left: list[Waiting] = []
    for place, one in enumerate(members, start=1):
        if place not in refused.images:
            left.append(one)
            continue
        item = refused.images[place]
        if item and item.get("open") == one.open:
            left.append(replace(one, reduced_cents=item["reduced_cents"]))
    return left


def _grow(draft: Draft, batch: Sequence[Waiting], image: Item | None) -> Change:
    others: Counter[str] = Counter()
    for one in batch:
        others.update(one.counts)
    return Change(
        key=draft.key,
        set={
            ("state",): DRAFT,
            ("doc",): draft.doc,
            ("open",): drafts_of(draft.owner_id),
            ("open_key",): draft.order,
        },
        add={
            ("count",): len(batch),
            ("amount_cents",): sum(one.amount_cents - one.reduced_cents for one in batch),
            **{(name,): cents for name, cents in others.items()},
        },
        when=[Equals(("state",), DRAFT) if image else Absent(("pk",))],
    )


def _take(draft: Draft, one: Waiting) -> Change:
    return Change(
        key=one.key,
        set={("document_id",): draft.id},
        remove=[("open",), ("open_key",)],
        when=[Equals(("open",), one.open), AtMost(("reduced_cents",), one.reduced_cents)],
    )
