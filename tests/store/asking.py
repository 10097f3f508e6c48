"""How the tests of rows put, get, and are refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.store.rows import (
    BOOKS,
    Change,
    Check,
    Item,
    Key,
    NotWritten,
    Put,
    Rows,
)

FUNDS = Key(BOOKS, "FUNDS#adv_1")


def put(rows: Rows, key: Key, **attributes: Any) -> Item:
    """Put a row with these attributes; returns it as it should come back."""
    item = {"pk": key.pk, "sk": key.sk, **attributes}
    rows.write([Put(key.table, item)])
    return item


def get(rows: Rows, key: Key) -> Item | None:
    """The row as it stands."""
    return rows.gather([key])[0].get(key)


def refusal(rows: Rows, *actions: Put | Change | Check) -> Mapping[int, Item | None]:
    """The images of the refused actions; the write must be refused."""
    with pytest.raises(NotWritten) as refused:
        rows.write(actions)
    return refused.value.images
