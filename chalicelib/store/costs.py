"""What is remembered of the costs of placements?

Owns one row for each cost, beside its placement. Which calls the placement brought is asked of
`arrivals`; what they come to belongs to `returns` of the core.
"""

from chalicelib.returns import Cost
from chalicelib.store import codec
from chalicelib.store.rows import (
    CATALOG,
    Change,
    Equals,
    Item,
    Key,
    Put,
    Question,
    Rows,
)

_COST = "COST#"


def cost_put(cost: Cost) -> Put:
    """A new cost."""
    key = _key(cost.placement_id, cost.id)
    item: Item = {"pk": key.pk, "sk": key.sk, "version": cost.version, "doc": codec.to_json(cost)}
    return Put(CATALOG, item)


def cost_change(before: Cost, after: Cost) -> Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return Change(
        key=_key(before.placement_id, before.id),
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )


def find_cost(placement_id: str, id: str, rows: Rows) -> Cost | None:
    """The cost, removed or not; None when there is none."""
    key = _key(placement_id, id)
    found, _ = rows.gather([key])
    return codec.from_json(Cost, found[key]["doc"]) if key in found else None


def costs_of(placement_id: str, rows: Rows) -> tuple[Cost, ...]:
    """The costs of the placement that are not removed, in the order of their days."""
    question = Question(table=CATALOG, partition=f"PLACEMENT#{placement_id}", starts_with=_COST)
    _, (items,) = rows.gather([], [question])
    costs = (codec.from_json(Cost, item["doc"]) for item in items)
    standing = (cost for cost in costs if not cost.removed)
    return tuple(sorted(standing, key=lambda cost: (cost.days.start, cost.id)))


def _key(placement_id: str, id: str) -> Key:
    return Key(CATALOG, f"PLACEMENT#{placement_id}", f"{_COST}{id}")
