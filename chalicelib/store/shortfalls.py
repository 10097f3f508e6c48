"""Is an advertiser's balance low, and was it told so?

Owns the row of its last shortfall. When it is told belongs to `chalicelib.shortfalls`.
"""

from chalicelib.shortfalls import Shortfall
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Key, Rows
from chalicelib.store.succeeding import succeed


def find_shortfall(rows: Rows, advertiser_id: str) -> Shortfall | None:
    """The advertiser's last shortfall; None when there was none."""
    key = _shortfall_key(advertiser_id)
    found, _ = rows.gather([key])
    return codec.from_json(Shortfall, found[key]["doc"]) if key in found else None


def keep_shortfall(rows: Rows, before: Shortfall | None, after: Shortfall) -> bool:
    """Put `after` in the place of `before`; False when that has moved on since it was read."""
    return succeed(
        rows,
        _shortfall_key(after.advertiser_id),
        before=before.version if before else None,
        after=after.version,
        doc=codec.to_json(after),
    )


def _shortfall_key(advertiser_id: str) -> Key:
    return Key(BOOKS, f"SHORTFALL#{advertiser_id}")
