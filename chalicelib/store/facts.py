"""What did a decision look at?

Owns the rows that a decision is made from, kept beside it as they were read, so that the same
reader and the same rules can make it again. Reading a market out of them belongs to `markets`.

They hold rules, counts, money and ids of calls. Of the caller they hold keyed hashes, as the keys
of rows do, and the talks that lie under them; the number itself is left to the call. An entry of
the block list that was about the caller is kept as its operator wrote it. All of it expires.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.gate import Caller
from chalicelib.offers import Number
from chalicelib.routing import Decision
from chalicelib.store import codec
from chalicelib.store.calls import decision_part
from chalicelib.store.gate import gate_keys
from chalicelib.store.rows import CALLS, Item, Key, Put

FACTS_KEPT = timedelta(days=90)
_MOST_BYTES = 300_000
# The rows of targets resemble one another, so the fastest level finds nearly all there is to find.
_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The rows behind a number: those `found` by key, and the partition of each campaign on its
    roster."""

    number: Number
    found: Mapping[Key, Item]
    partitions: tuple[tuple[Item, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a decision was made from: the rows, the call as it then was, who calls, and the
    instant."""

    material: Material
    call: Call
    caller: Caller
    now: datetime

    @property
    def at_the_gate(self) -> bool:
        """Whether the caller is yet to be let in. A failover passes no gate, and a caller who is
        asked questions has passed it before them."""
        return self.call.attempt is None and not self.call.answered_early


def facts_key(call_id: str, number: int) -> Key:
    """Where the facts of decision `number` lie: beside the call's partition, so that nobody who
    reads the call reads them along."""
    return Key(CALLS, f"FACTS#{call_id}", decision_part(number))


def facts_puts(facts: Facts, decision: Decision, number: int) -> list[Put]:
    """The row that keeps the facts of a call's decision `number`; none when they are too large for
    one. Of a caller who was not let in, only the gate's are kept: nothing else took part."""
    packed = _packed(_at_the_gate(facts) if decision.gate else facts)
    if len(packed) > _MOST_BYTES:
        return []
    key = facts_key(facts.call.id, number)
    expires_at = int((facts.now + FACTS_KEPT).timestamp())
    return [Put(CALLS, {"pk": key.pk, "sk": key.sk, "facts": packed, "expires_at": expires_at})]


def read_facts(item: Item, call: Call) -> Facts:
    """The facts that a row keeps of a decision on `call`, which tells the caller's number, and what
    was known of the line."""
    kept = json.loads(zlib.decompress(item["facts"]))
    then = codec.from_plain(Call, kept["call"])
    caller = codec.from_plain(Caller, kept["caller"])
    return Facts(
        material=Material(
            number=codec.from_plain(Number, kept["number"]),
            found={
                Key(table, row["pk"], row["sk"]): row
                for table, rows in kept["found"].items()
                for row in rows
            },
            partitions=tuple(tuple(rows) for rows in kept["partitions"]),
        ),
        call=replace(then, caller=call.caller, caller_hash=call.caller_hash, lookup=call.lookup),
        caller=replace(caller, number=call.caller, number_hash=call.caller_hash),
        now=times.read(kept["now"]),
    )


def _at_the_gate(facts: Facts) -> Facts:
    number, found = facts.material.number, facts.material.found
    keys = gate_keys(number.offer_id, facts.caller)
    seen = {key: found[key] for key in keys if key in found}
    return replace(facts, material=Material(number=number, found=seen))


def _packed(facts: Facts) -> bytes:
    """The facts in few bytes, without the caller's number, and without the caller's line, which may
    tell a name; the instant to the microsecond."""
    material = facts.material
    found = defaultdict(list)
    for key, row in material.found.items():
        found[key.table].append(row)
    caller = replace(facts.caller, number=None, number_hash=None)
    kept: dict[str, Any] = {
        "now": facts.now.isoformat(),
        "call": codec.to_plain(replace(facts.call, caller=None, caller_hash=None, lookup=None)),
        "caller": codec.to_plain(caller),
        "number": codec.to_plain(material.number),
        "found": found,
        "partitions": material.partitions,
    }
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), _LEVEL)
