"""Which link to top up did an advertiser get last?

Owns its row. When there is another belongs to `chalicelib.top_ups`.
"""

from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Key, Rows
from chalicelib.store.succeeding import succeed
from chalicelib.top_ups import TopUpLink


def find_link(rows: Rows, advertiser_id: str) -> TopUpLink | None:
    """The advertiser's last link; None when there was none."""
    key = _link_key(advertiser_id)
    found, _ = rows.gather([key])
    return codec.from_json(TopUpLink, found[key]["doc"]) if key in found else None


def keep_link(rows: Rows, before: TopUpLink | None, after: TopUpLink) -> bool:
    """Put `after` in the place of `before`; False when that has moved on since it was read."""
    return succeed(
        rows,
        _link_key(after.advertiser_id),
        before=before.version if before else None,
        after=after.version,
        doc=codec.to_json(after),
    )


def _link_key(advertiser_id: str) -> Key:
    return Key(BOOKS, f"TOPUP#{advertiser_id}")
