"""Keys as they are kept, in memory and on DynamoDB."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.keys import ApiKey, Party, PartyKind, key_id, secret_hash
from chalicelib.store.keys import find_key, key_change, key_put, page_of_keys
from chalicelib.store.rows import NotWritten, Rows
from tests.builders import NOW

HOLDER = Party(kind=PartyKind.ADVERTISER, id="adv_1")


def a_key(n: int = 1, **overrides: Any) -> ApiKey:
    hash = secret_hash(f"secret {n}")
    values: dict[str, Any] = {
        "id": key_id(hash), "holder": HOLDER, "name": f"Key {n}", "secret_hash": hash,
        "created_at": NOW,
    }  # fmt: skip
    return ApiKey(**(values | overrides))


def test_a_key_is_found_by_its_id_as_it_was_kept(rows: Rows) -> None:
    key = a_key()
    assert find_key(rows, key.id) is None
    rows.write([key_put(key)])
    assert find_key(rows, key.id) == key


def test_a_key_is_kept_once_and_changed_from_the_version_that_was_read(rows: Rows) -> None:
    key = a_key()
    rows.write([key_put(key)])
    with pytest.raises(NotWritten):
        rows.write([key_put(replace(key, name="Another"))])
    revoked = replace(key, revoked_at=NOW, version=2)
    rows.write([key_change(key, revoked)])
    with pytest.raises(NotWritten):
        rows.write([key_change(key, revoked)])
    assert find_key(rows, key.id) == revoked


def test_a_list_has_the_keys_of_one_holder_in_the_order_of_their_ids(rows: Rows) -> None:
    other = Party(kind=PartyKind.ADVERTISER, id="adv_2")
    keys = [a_key(n) for n in range(5)]
    rows.write([key_put(key) for key in keys] + [key_put(a_key(9, holder=other))])
    first = page_of_keys(rows, HOLDER, limit=3)
    second = page_of_keys(rows, HOLDER, limit=3, after=first.mark)
    assert [*first.items, *second.items] == sorted(keys, key=lambda key: key.id)
    assert second.mark is None
