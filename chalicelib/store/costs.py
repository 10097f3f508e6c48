"""What is remembered of the costs of placements?

Owns one row for each cost, beside its placement. Which calls the placement brought is asked of
`arrivals`; what they come to belongs to `returns` of the core.
"""

from collections.abc import Sequence

from chalicelib.returns import Cost
from chalicelib.store import codec
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import (
    CATALOG,
    Action,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Put,
    Question,
    Rows,
)

_COST = "COST#"


def add_cost(cost: Cost, claim: RequestClaim | None, rows: Rows) -> bool:
    """Keep a new cost, and what its request made; False when either is there already."""
    key = _key(cost.placement_id, cost.id)
    item: Item = {"pk": key.pk, "sk": key.sk, "version": cost.version, "doc": codec.to_json(cost)}
    claims: list[Action] = [claim.put(cost.id)] if claim else []
    return _written([Put(CATALOG, item), *claims], rows)


def change_cost(before: Cost, after: Cost, rows: Rows) -> bool:
    """`after` in the place of `before`; False when it has moved on."""
    change = Change(
        key=_key(before.placement_id, before.id),
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )
    return _written([change], rows)


def find_cost(placement_id: str, id: str, rows: Rows) -> Cost | None:
    """The cost, removed or not; None when there is none."""
    key = _key(placement_id, id)
    found, _ = rows.gather([key])
    return codec.from_json(Cost, found[key]["doc"]) if key in found else None


def claimed_cost(placement_id: str, claim: RequestClaim | None, rows: Rows) -> Cost | None:
    """The cost that the same request added before."""
    if claim is None:
        return None
    made = claim.made(rows.gather([claim.key])[0].get(claim.key))
    return find_cost(placement_id, made, rows) if made else None


def costs_of(placement_id: str, rows: Rows) -> tuple[Cost, ...]:
    """The costs of the placement that are not removed, in the order of their days."""
    question = Question(table=CATALOG, partition=f"PLACEMENT#{placement_id}", starts_with=_COST)
    _, (items,) = rows.gather([], [question])
    costs = (codec.from_json(Cost, item["doc"]) for item in items)
    standing = (cost for cost in costs if not cost.removed)
    return tuple(sorted(standing, key=lambda cost: (cost.days.start, cost.id)))


def _key(placement_id: str, id: str) -> Key:
    return Key(CATALOG, f"PLACEMENT#{placement_id}", f"{_COST}{id}")


def _written(actions: Sequence[Action], rows: Rows) -> bool:
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True
