"""Which question finds the things of one kind whose fields are asked for?

Owns the choice between the table's partitions and its indexes, so that as little as possible is
read in vain. Reading the pages belongs to `catalog`.
"""

from typing import Any

from chalicelib.campaigns import Target
from chalicelib.consistency import Kind
from chalicelib.offers import Number, Partnership, Placement
from chalicelib.pools import Pool
from chalicelib.store.rows import CATALOG, Question

_OF_AN_OFFER: frozenset[Kind] = frozenset({Partnership, Placement, Number, Pool})


def listing(
    kind: Kind, prefix: str, where: dict[str, Any]
) -> tuple[Question, tuple[str, ...], dict[str, Any]]:
    """The narrowest question, the attributes that mark a place in it, and what it leaves open;
    ids of the kind begin with `prefix`."""
    if kind is Target and "campaign_id" in where:
        partition = f"CAMPAIGN#{where.pop('campaign_id')}"
        question = Question(table=CATALOG, partition=partition, starts_with="TARGET#")
        return question, ("pk", "sk"), where
    if kind is Number and "e164" in where:
        question = Question(table=CATALOG, partition=f"NUMBER#{where.pop('e164')}")
        return question, ("pk", "sk"), where
    if kind in _OF_AN_OFFER and "offer_id" in where:
        question = Question(
            table=CATALOG,
            index="by_offer",
            partition=where.pop("offer_id"),
            starts_with=f"{prefix}_",
        )
        return question, ("pk", "sk", "offer_id", "id"), where
    question = Question(table=CATALOG, index="by_kind", partition=kind.__name__.lower())
    return question, ("pk", "sk", "kind", "id"), where
