"""What is remembered of keys?

Owns the rows of the keys of the operator's people, of publishers and of advertisers. A key lies
under its id, which follows from the hash of its secret, so that a request finds it by key in one
read. Whom it lets in belongs to `keys` and the flow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.keys import ApiKey, Party
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, META, Change, Equals, Item, Key, Put, Question, Rows


@dataclass(frozen=True, slots=True)
class KeysPage:
    """Keys of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[ApiKey, ...]
    mark: dict[str, str] | None


def find_key(rows: Rows, key_id: str) -> ApiKey | None:
    """The key with this id, revoked or not; None when there never was one."""
    place = _place(key_id)
    found, _ = rows.gather([place])
    return _read(found[place]) if place in found else None


def key_put(key: ApiKey) -> Put:
    """The row of a new key."""
    return Put(
        CATALOG,
        {
            "pk": _place(key.id).pk,
            "sk": META,
            "kind": _kind(key.holder),
            "id": key.id,
            "version": key.version,
            "doc": codec.to_json(key),
        },
    )


def key_change(before: ApiKey, after: ApiKey) -> Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return Change(
        key=_place(before.id),
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )


def page_of_keys(
    rows: Rows, holder: Party, *, limit: int, after: Mapping[str, str] | None = None
) -> KeysPage:
    """Every key that the holder ever had, in the order of their ids."""
    page = rows.page(
        Question(table=CATALOG, index="by_kind", partition=_kind(holder), limit=limit, after=after)
    )
    return KeysPage(tuple(_read(item) for item in page.items), page.mark)


def _place(key_id: str) -> Key:
    return Key(CATALOG, f"KEY#{key_id}")


def _kind(holder: Party) -> str:
    """Keys of each holder are a kind of their own, so that a list reads no other's."""
    return f"key#{holder.id or holder.kind}"


def _read(item: Item) -> ApiKey:
    return codec.from_json(ApiKey, item["doc"])
