"""What is remembered for the caller's gate?

Owns the rows of block entries, of an offer's gate settings, and of how often callers called, and
their part in the one read and the one write of a decision. What follows from them belongs to
`gate`. An entry lies under its own id, which follows from what it is about, so that a decision
finds every entry about a caller by key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.gate import (
    Block,
    Caller,
    GateFacts,
    GateReason,
    GateSettings,
    Tally,
    candidate_blocks,
    window_end,
)
from chalicelib.store import codec
from chalicelib.store.rows import (
    CALLS,
    CATALOG,
    META,
    AtMost,
    Change,
    Equals,
    Item,
    Key,
    Put,
    Question,
    Rows,
)

_MOST_EXAMINED = 1000
# Clocks of two processes may differ, so a stretch of time is kept beyond its end.
_KEPT_BEYOND = timedelta(minutes=5)
_NO_COUNTS = frozenset({"pk", "sk", "expires_at"})


@dataclass(frozen=True, slots=True)
class BlocksPage:
    """Entries of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Block, ...]
    mark: dict[str, str] | None


def block_key(block_id: str) -> Key:
    """Where an entry of the block list lies."""
    return Key(CATALOG, f"BLOCK#{block_id}")


def settings_key(offer_id: str) -> Key:
    """Where an offer's gate settings lie."""
    return Key(CATALOG, f"OFFER#{offer_id}", "GATE")


def tally_key(offer_id: str, hash: str) -> Key:
    """Where it is counted how often those behind `hash` call the offer."""
    return Key(CALLS, f"VELOCITY#{offer_id}#{hash}")


def gate_keys(offer_id: str, caller: Caller) -> list[Key]:
    """Every row that the gate looks at for a caller of the offer."""
    hashes = (caller.number_hash, caller.prefix_hash)
    return [
        settings_key(offer_id),
        *(block_key(block_id) for block_id in candidate_blocks(caller.number, offer_id)),
        *(tally_key(offer_id, hash) for hash in hashes if hash),
    ]


def read_gate(offer_id: str, caller: Caller | None, found: Mapping[Key, Item]) -> GateFacts:
    """What the gate looks at, out of the rows found under `gate_keys`; nothing for no caller."""
    settings = _settings(offer_id, found.get(settings_key(offer_id)))
    if caller is None:
        return GateFacts(settings=settings)
    keys = [block_key(block_id) for block_id in candidate_blocks(caller.number, offer_id)]
    return GateFacts(
        settings=settings,
        blocks=tuple(_block(found[key]) for key in keys if key in found),
        tallies=tuple(
            Tally(
                reason=reason,
                hash=hash,
                limit=limit,
                calls=_counts(found.get(tally_key(offer_id, hash), {})),
            )
            for reason, hash, limit in (
                (GateReason.CALLER_TOO_OFTEN, caller.number_hash, settings.caller_velocity),
                (GateReason.PREFIX_TOO_OFTEN, caller.prefix_hash, settings.prefix_velocity),
            )
            if hash and limit
        ),
    )


def tally_changes(facts: GateFacts, now: datetime, *, limited: bool) -> list[Change]:
    """Count one call more in every tally, in their order; a `limited` change is refused when the
    limit has been reached meanwhile. Stretches of time that are over are forgotten."""
    return [_tally_change(facts.settings.offer_id, tally, now, limited) for tally in facts.tallies]


def reread(tally: Tally, image: Item | None) -> Tally:
    """The tally as a refused change found it."""
    return replace(tally, calls=_counts(image or {}))


def find_block(rows: Rows, block_id: str) -> Block | None:
    """The entry with this id, in whatever state; None when there never was one."""
    key = block_key(block_id)
    found, _ = rows.gather([key])
    return _block(found[key]) if key in found else None


def block_put(block: Block) -> Put:
    """The row of a new entry; refused when there is one about the same callers."""
    item: Item = {
        "pk": block_key(block.id).pk,
        "sk": META,
        "kind": "block",
        "id": block.id,
        "offer_id": block.offer_id,
        "version": block.version,
        "doc": codec.to_json(block),
    }
    return Put(CATALOG, {name: value for name, value in item.items() if value is not None})


def block_change(before: Block, after: Block) -> Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return _replacement(block_key(before.id), before.version, after)


def page_of_blocks(
    rows: Rows,
    where: Mapping[str, str],
    *,
    limit: int,
    after: Mapping[str, str] | None = None,
) -> BlocksPage:
    """Entries in the order of their ids: those of one `offer_id` or all, of one `state` or any.

    With a state the page is filled from as many rows as it takes, about a thousand at most.
    """
    question = Question(table=CATALOG, index="by_kind", partition="block")
    if "offer_id" in where:
        question = Question(
            table=CATALOG, index="by_offer", partition=where["offer_id"], starts_with="blk_"
        )
    items: list[Block] = []
    mark, examined = after, 0
    while True:
        page = rows.page(replace(question, limit=limit - len(items), after=mark))
        blocks = [_block(item) for item in page.items]
        items += [one for one in blocks if where.get("state", one.state) == one.state]
        mark, examined = page.mark, examined + len(blocks)
        if mark is None or len(items) == limit or examined >= _MOST_EXAMINED:
            return BlocksPage(tuple(items), page.mark)


def find_settings(rows: Rows, offer_id: str) -> GateSettings:
    """What the offer asks of its callers; nothing, where it was never said."""
    key = settings_key(offer_id)
    found, _ = rows.gather([key])
    return _settings(offer_id, found.get(key))


def settings_write(before: GateSettings, after: GateSettings) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    key = settings_key(after.offer_id)
    if before.version:
        return _replacement(key, before.version, after)
    doc = codec.to_json(after)
    return Put(CATALOG, {"pk": key.pk, "sk": key.sk, "version": after.version, "doc": doc})


def _replacement(key: Key, version: int, after: Block | GateSettings) -> Change:
    return Change(
        key=key,
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[Equals(("version",), version)],
    )


def _tally_change(offer_id: str, tally: Tally, now: datetime, limited: bool) -> Change:
    window = tally.limit.window(now)
    over = [name for name in tally.calls if window_end(name) + _KEPT_BEYOND <= now]
    return Change(
        key=tally_key(offer_id, tally.hash),
        set={("expires_at",): int((window_end(window) + _KEPT_BEYOND).timestamp())},
        add={(window,): 1},
        remove=[(name,) for name in over],
        when=[AtMost((window,), tally.limit.calls - 1)] if limited else [],
    )


def _counts(item: Item) -> dict[str, int]:
    return {name: count for name, count in item.items() if name not in _NO_COUNTS}


def _block(item: Item) -> Block:
    return codec.from_json(Block, item["doc"])


def _settings(offer_id: str, item: Item | None) -> GateSettings:
    if item is None:
        return GateSettings(offer_id=offer_id)
    return codec.from_json(GateSettings, item["doc"])
