"""What was decided about the numbers of a pool, hour by hour?

Owns the row of each hour's step. There is one an hour, whoever decides how often; the purchase that
a step asks for is kept in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.growth import GrowthStep
from chalicelib.store import codec
from chalicelib.store.purchases import Purchase, purchase_put
from chalicelib.store.rows import VISITS, Action, Key, NotWritten, Put, Question, Rows

_GROWTH = "GROWTH#"
_KEPT = timedelta(days=35)


def keep_step(pool_id: str, step: GrowthStep, purchase: Purchase | None, rows: Rows) -> bool:
    """Keep the step of its hour, with the purchase it asks for; False when the hour has one."""
    key = _key(pool_id, step.at)
    item = {
        "pk": key.pk,
        "sk": key.sk,
        "doc": codec.to_json(step),
        "expires_at": int((step.at + _KEPT).timestamp()),
    }
    actions: Sequence[Action] = [
        Put(VISITS, item),
        *([purchase_put(purchase)] if purchase else []),
    ]
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True


def has_step(pool_id: str, at: datetime, rows: Rows) -> bool:
    """Whether the hour has its step already."""
    key = _key(pool_id, at)
    return key in rows.gather([key])[0]


def latest_steps(pool_id: str, rows: Rows, *, limit: int) -> tuple[GrowthStep, ...]:
    """What was decided, the latest first."""
    question = Question(
        table=VISITS,
        partition=f"POOL#{pool_id}",
        starts_with=_GROWTH,
        descending=True,
        limit=limit,
    )
    return tuple(codec.from_json(GrowthStep, one["doc"]) for one in rows.page(question).items)


def _key(pool_id: str, at: datetime) -> Key:
    return Key(VISITS, f"POOL#{pool_id}", f"{_GROWTH}{times.written(at)[:13]}")
