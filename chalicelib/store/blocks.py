"""How is the block list kept?

Owns the rows of its entries, the pages of them, and their part in the rows that decisions read:
both change in one transaction. How a decision reads those rows belongs to `gate` beside this
module; what an entry does to a caller, to the core's `gate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.campaigns import State
from chalicelib.gate import Block
from chalicelib.store import codec
from chalicelib.store.gate import blocked_key, end_said, ends, owner_attribute
from chalicelib.store.rows import (
    CATALOG,
    META,
    Action,
    Change,
    Equals,
    Item,
    Key,
    Put,
    Question,
    Rows,
)

MOST_OWNERS = 1000
"""How many may block the same callers at once: every decision about one of these reads them all."""

_CHUNK = 100
_MOST_EXAMINED = 1000
# An expression takes 4 KB; later writes drop the rest.
_MOST_DROPPED = 30
# The clock of a process that decides may be behind the one that writes.
_KEPT_BEYOND = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class BlocksPage:
    """Entries of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Block, ...]
    mark: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as it stands (None when there never was one), and how many others who block the
    same callers are in force; `over` are others whose time is over, as their row says it."""

    block: Block | None
    others: int
    over: Mapping[str, str]


def block_key(block_id: str) -> Key:
    """Where an entry of the block list lies."""
    return Key(CATALOG, f"BLOCK#{block_id}")


def find_block(rows: Rows, block_id: str) -> Block | None:
    """The entry with this id, in whatever state; None when there never was one."""
    key = block_key(block_id)
    found, _ = rows.gather([key])
    return _block(found[key]) if key in found else None


def standing(rows: Rows, draft: Block, now: datetime) -> Standing:
    """How the entry that `draft` would be stands at `now`, in one round trip."""
    own, blocked = block_key(draft.id), blocked_key(draft.callers)
    found, _ = rows.gather([own, blocked])
    others = ends(found.get(blocked, {}))
    others.pop(owner_attribute(draft.owner), None)
    over = [name for name, end in others.items() if end and end + _KEPT_BEYOND <= now]
    return Standing(
        block=_block(found[own]) if own in found else None,
        others=sum(end is None or end > now for end in others.values()),
        over={name: found[blocked][name] for name in over[:_MOST_DROPPED]},
    )


def block_writes(before: Block | None, after: Block, over: Mapping[str, str]) -> list[Action]:
    """`after` in the place of `before`, while that is still what is stored, and what decisions
    read of it; what is `over` is dropped, while it still is."""
    return [_entry(before, after), _blocked(after, over)]


def page_of_blocks(
    rows: Rows,
    where: Mapping[str, str],
    *,
    limit: int,
    after: Mapping[str, str] | None = None,
) -> BlocksPage:
    """Entries whose fields equal those of `where`, in the order of their ids.

    Those of an offer are found best, by `offer_id`. Other fields are compared after reading, about
    a thousand rows a page at most: it may then hold fewer than were asked for.
    """
    rest = dict(where)
    question = Question(table=CATALOG, index="by_kind", partition="block")
    order = ("pk", "sk", "kind", "id")
    if "offer_id" in rest:
        offer_id = rest.pop("offer_id")
        question = Question(table=CATALOG, index="by_offer", partition=offer_id, starts_with="blk_")
        order = ("pk", "sk", "offer_id", "id")
    items: list[Block] = []
    mark, examined = after, 0
    while True:
        size = _CHUNK if rest else limit
        page = rows.page(replace(question, limit=size, after=mark))
        for item in page.items:
            block = _block(item)
            if all(getattr(block, name) == value for name, value in rest.items()):
                items.append(block)
            if len(items) == limit and item is not page.items[-1]:
                return BlocksPage(tuple(items), {name: item[name] for name in order})
        mark, examined = page.mark, examined + len(page.items)
        if mark is None or len(items) == limit or examined >= _MOST_EXAMINED:
            return BlocksPage(tuple(items), page.mark)


def _entry(before: Block | None, after: Block) -> Put | Change:
    """The row of the entry itself; refused when another request has changed it meanwhile."""
    key, doc = block_key(after.id), codec.to_json(after)
    if before is not None:
        return Change(
            key=key,
            set={("doc",): doc, ("version",): after.version},
            when=[Equals(("version",), before.version)],
        )
    item: Item = {
        "pk": key.pk,
        "sk": META,
        "kind": "block",
        "id": after.id,
        "offer_id": after.offer_id,
        "version": after.version,
        "doc": doc,
    }
    return Put(CATALOG, {name: value for name, value in item.items() if value is not None})


def _blocked(block: Block, over: Mapping[str, str]) -> Change:
    """What the callers' row says of the entry's owner. Nobody but writers of this very entry does
    so, and the entry's version lets one of these through at a time."""
    path = (owner_attribute(block.owner),)
    active = block.state is State.ACTIVE
    return Change(
        key=blocked_key(block.callers),
        set={path: end_said(block.expires_at)} if active else {},
        remove=[*((name,) for name in over), *([] if active else [path])],
        when=[Equals((name,), end) for name, end in over.items()],
    )


def _block(item: Item) -> Block:
    return codec.from_json(Block, item["doc"])
