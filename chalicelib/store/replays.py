"""What is needed to make a decision again, also with some of its rules changed?

Owns finding a decision with its facts, and putting changed things in the place of those that the
facts hold. What the facts are and how they are kept belongs to `facts`; which change is allowed, to
the flow.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.calls import Call
from chalicelib.campaigns import Advertiser
from chalicelib.consistency import Kind, Thing
from chalicelib.errors import NotFound
from chalicelib.routing import Decision
from chalicelib.store import codec
from chalicelib.store.calls import call_key, decision_part, read_call
from chalicelib.store.catalog import PREFIXES
from chalicelib.store.facts import Facts, Material, facts_key, read_facts
from chalicelib.store.holds import funds_key
from chalicelib.store.markets import reason_named
from chalicelib.store.rows import Item, Rows

_KINDS: Mapping[str, Kind] = {kind.__name__.lower(): kind for kind in PREFIXES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A decision on `call` as it went, and its `trace` as it is kept; `facts` are None when they
    are not kept, or not kept any longer."""

    call: Call
    decision: Decision
    trace: dict[str, Any]
    facts: Facts | None


def find_past(rows: Rows, call_id: str, number: int) -> Past:
    """Decision `number` of the call; NotFound for an unknown call and for an attempt that nobody
    decided on."""
    decided, facts = call_key(call_id, decision_part(number)), facts_key(call_id, number)
    found, _ = rows.gather([call_key(call_id), decided, facts])
    if call_key(call_id) not in found:
        raise NotFound(f"there is no call {call_id}")
    if decided not in found:
        raise NotFound(f"{call_id} has no decision on attempt {number}")
    call = read_call(found[call_key(call_id)])
    trace = json.loads(found[decided]["doc"])
    return Past(
        call=call,
        decision=_decision(trace),
        trace=trace,
        facts=read_facts(found[facts], call) if facts in found else None,
    )


def things_of(material: Material) -> dict[str, Thing]:
    """Every thing of the catalog that took part, by id; the number only led to them."""
    return {
        item["id"]: codec.from_json(kind, item["doc"])
        for item in _rows(material)
        if (kind := _kind(item)) is not None
    }


def with_things(material: Material, after: Mapping[str, Thing]) -> Material:
    """The rows as they would have been with these things in them, by id.

    As in the catalog, a credit limit that moves takes what may be spent along.
    """
    before = things_of(material)

    def changed(item: Item) -> Item:
        thing = after.get(item["id"]) if _kind(item) else None
        return item | {"doc": codec.to_json(thing)} if thing else item

    found = {key: changed(item) for key, item in material.found.items()}
    for id, thing in after.items():
        earlier = before[id]
        if isinstance(thing, Advertiser) and isinstance(earlier, Advertiser):
            key = funds_key(id)
            funds = found.get(key, {"pk": key.pk, "sk": key.sk})
            more = thing.credit_limit_cents - earlier.credit_limit_cents
            found[key] = funds | {"available_cents": funds.get("available_cents", 0) + more}
    partitions = tuple(tuple(changed(item) for item in items) for items in material.partitions)
    return replace(material, found=found, partitions=partitions)


def _rows(material: Material) -> Iterator[Item]:
    yield from material.found.values()
    for items in material.partitions:
        yield from items


def _kind(item: Item) -> Kind | None:
    """What the row holds a thing of; None for counts, funds and what the gate looks at."""
    return _KINDS.get(item.get("kind", ""))


def _decision(trace: dict[str, Any]) -> Decision:
    """The decision that a trace tells of; the attempt it led to tells what stopped its earning."""
    refusal, answer = trace["refusal"], trace["answer"] or {}
    stopped = {"earning_stopped": answer.get("earning_stopped")}
    decision = codec.from_plain(Decision, {**trace, **stopped, "refusal": None})
    return replace(decision, refusal=reason_named(refusal) if refusal else None)
