"""What is remembered of the secrets that sign postbacks?

Owns the one row of each advertiser, which holds their ids and no secret. How a secret follows from
its id belongs to `postback_signatures`.
"""

from chalicelib.postback_signatures import PostbackSecrets
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Absent, Change, Condition, Equals, Key, Rows


def find_secrets(rows: Rows, advertiser_id: str) -> PostbackSecrets:
    """The advertiser's secrets; none when none was ever made."""
    key = _key(advertiser_id)
    found, _ = rows.gather([key])
    if key not in found:
        return PostbackSecrets(advertiser_id=advertiser_id)
    return codec.from_json(PostbackSecrets, found[key]["doc"])


def secrets_change(before: PostbackSecrets, after: PostbackSecrets) -> Change:
    """`after` in the place of `before`, while that is still the version stored."""
    stands: Condition = Equals(("version",), before.version) if before.version else Absent(("pk",))
    return Change(
        key=_key(before.advertiser_id),
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[stands],
    )


def _key(advertiser_id: str) -> Key:
    return Key(CATALOG, f"ADVERTISER#{advertiser_id}", "POSTBACKS")
