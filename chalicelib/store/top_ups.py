"""Which link to top up did an advertiser get last?

Owns its row. When there is another belongs to `chalicelib.top_ups`.
"""

from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Change, Equals, Key, NotWritten, Path, Put, Rows
from chalicelib.top_ups import TopUpLink


def find_link(rows: Rows, advertiser_id: str) -> TopUpLink | None:
    """The advertiser's last link; None when there was none."""
    key = _link_key(advertiser_id)
    found, _ = rows.gather([key])
    return codec.from_json(TopUpLink, found[key]["doc"]) if key in found else None


def keep_link(rows: Rows, before: TopUpLink | None, after: TopUpLink) -> bool:
    """Put `after` in the place of `before`; False when that has moved on since it was read."""
    key, doc = _link_key(after.advertiser_id), codec.to_json(after)
    row = {"pk": key.pk, "sk": key.sk, "version": after.version, "doc": doc}
    try:
        if before is None:
            rows.write([Put(BOOKS, row)])
        else:
            stands = Equals(("version",), before.version)
            said: dict[Path, int | str] = {("version",): after.version, ("doc",): doc}
            rows.write([Change(key=key, set=said, when=[stands])])
    except NotWritten:
        return False
    return True


def _link_key(advertiser_id: str) -> Key:
    return Key(BOOKS, f"TOPUP#{advertiser_id}")
