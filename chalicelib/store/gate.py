"""What is remembered for the caller's gate?

Owns the rows that say who blocks which callers, of an offer's gate settings, and of how often
callers called, and their part in the one read and the one write of a decision. What follows from
them belongs to the core's `gate`; the entries of the block list themselves, to `blocks`.

Who blocks the same callers lies in one row, an attribute for each, so that a decision reads as many
rows for an offer of a hundred advertisers as for one. Its key tells no number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.gate import (
    BlockFacts,
    BlockScope,
    Caller,
    Callers,
    GateFacts,
    GateReason,
    GateSettings,
    Tally,
    block_id,
    callers_like,
    window_end,
)
from chalicelib.ids import derived
from chalicelib.offers import Number
from chalicelib.store import codec
from chalicelib.store.rows import (
    CALLS,
    CATALOG,
    AtMost,
    Change,
    Equals,
    Item,
    Key,
    Put,
    Rows,
)

Blockers = tuple[tuple[Callers, Item], ...]

# Clocks of two processes may differ, so a stretch of time is kept beyond its end.
_KEPT_BEYOND = timedelta(minutes=5)
_KEYS = frozenset({"pk", "sk"})
_NO_COUNTS = _KEYS | {"expires_at"}
_FOREVER = "forever"


def settings_key(offer_id: str) -> Key:
    """Where an offer's gate settings lie."""
    return Key(CATALOG, f"OFFER#{offer_id}", "GATE")


def tally_key(offer_id: str, hash: str) -> Key:
    """Where it is counted how often those behind `hash` call the offer."""
    return Key(CALLS, f"VELOCITY#{offer_id}#{hash}")


def blocked_key(callers: Callers) -> Key:
    """Where it is said who blocks these callers."""
    id = derived("clr", callers.kind, callers.number or "")
    return Key(CATALOG, f"BLOCKED#{id}")


def owner_attribute(owner: str | None) -> str:
    """Under which attribute of that row the end of the owner's entry lies."""
    return owner or BlockScope.DEPLOYMENT


def end_said(expires_at: datetime | None) -> str:
    """The end of an entry in the words of that row."""
    return times.written(expires_at) if expires_at else _FOREVER


def ends(item: Item) -> dict[str, datetime | None]:
    """The end of each entry that a row tells of, by its attribute; None is for ever."""
    return {name: _end(said) for name, said in item.items() if name not in _KEYS}


def gate_keys(offer_id: str, caller: Caller) -> list[Key]:
    """Every row that the gate looks at for a caller of the offer, and that tells which advertisers
    block the caller."""
    hashes = (caller.number_hash, caller.prefix_hash)
    return [
        settings_key(offer_id),
        *map(blocked_key, callers_like(caller.number)),
        *(tally_key(offer_id, hash) for hash in hashes if hash),
    ]


def read_blockers(caller: Caller | None, found: Mapping[Key, Item]) -> Blockers:
    """Who blocks the caller, out of the rows found under `gate_keys`, the most exact row first."""
    if caller is None:
        return ()
    rows = ((callers, found.get(blocked_key(callers))) for callers in callers_like(caller.number))
    return tuple((callers, row) for callers, row in rows if row)


def block_facts(
    blockers: Blockers, owners: Sequence[tuple[BlockScope, str | None]]
) -> tuple[BlockFacts, ...]:
    """The entries of these owners, the most exact first, for the same callers in their order."""
    return tuple(
        BlockFacts(
            id=block_id(callers, owner),
            kind=callers.kind,
            scope=scope,
            expires_at=_end(row[owner_attribute(owner)]),
        )
        for callers, row in blockers
        for scope, owner in owners
        if owner_attribute(owner) in row
    )


def read_gate(
    number: Number, caller: Caller | None, blockers: Blockers, found: Mapping[Key, Item]
) -> GateFacts:
    """What the gate looks at, out of the rows found under `gate_keys`; nothing for no caller."""
    settings = _settings(number.offer_id, found.get(settings_key(number.offer_id)))
    if caller is None:
        return GateFacts(settings=settings)
    owners = (
        (BlockScope.OFFER, number.offer_id),
        (BlockScope.PUBLISHER, number.publisher_id),
        (BlockScope.DEPLOYMENT, None),
    )
    return GateFacts(
        settings=settings,
        blocks=block_facts(blockers, owners),
        tallies=_tallies(settings, caller, found),
    )


def tally_changes(facts: GateFacts, now: datetime, *, limited: bool) -> list[Change]:
    """Count one call more in every tally, in their order; a `limited` change is refused when the
    limit has been reached meanwhile. Stretches of time that are over are forgotten."""
    return [_tally_change(facts.settings.offer_id, tally, now, limited) for tally in facts.tallies]


def reread(tally: Tally, image: Item | None) -> Tally:
    """The tally as a refused change found it."""
    return replace(tally, calls=_counts(image or {}))


def find_settings(rows: Rows, offer_id: str) -> GateSettings:
    """What the offer asks of its callers; nothing, where it was never said."""
    key = settings_key(offer_id)
    found, _ = rows.gather([key])
    return _settings(offer_id, found.get(key))


def settings_write(before: GateSettings, after: GateSettings) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    key = settings_key(after.offer_id)
    doc = codec.to_json(after)
    if not before.version:
        return Put(CATALOG, {"pk": key.pk, "sk": key.sk, "version": after.version, "doc": doc})
    return Change(
        key=key,
        set={("doc",): doc, ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )


def _tallies(
    settings: GateSettings, caller: Caller, found: Mapping[Key, Item]
) -> tuple[Tally, ...]:
    limited = (
        (GateReason.CALLER_TOO_OFTEN, caller.number_hash, settings.caller_velocity),
        (GateReason.PREFIX_TOO_OFTEN, caller.prefix_hash, settings.prefix_velocity),
    )
    return tuple(
        Tally(
            reason=reason,
            hash=hash,
            limit=limit,
            calls=_counts(found.get(tally_key(settings.offer_id, hash), {})),
        )
        for reason, hash, limit in limited
        if hash and limit
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


def _end(said: str) -> datetime | None:
    return None if said == _FOREVER else times.read(said)


def _settings(offer_id: str, item: Item | None) -> GateSettings:
    if item is None:
        return GateSettings(offer_id=offer_id)
    return codec.from_json(GateSettings, item["doc"])
