"""How does a plain value look on DynamoDB's wire, and come back?

Owns the translation of texts, bytes, whole numbers, truth values, lists and maps; written by hand
because a voice decision reads hundreds of rows. What the values mean belongs to the stores.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.store.rows import Item

Raw = dict[str, Any]


def raw_item(item: Mapping[str, Any]) -> dict[str, Raw]:
    """The attributes of a row as the wire wants them; those that are None are left out."""
    return {name: raw_value(value) for name, value in item.items() if value is not None}


def raw_value(value: Any) -> Raw:
    """One value on the wire; TypeError for what a row does not keep, such as a float."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": raw_item(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [raw_value(one) for one in value]}
    raise TypeError(f"a row keeps no {type(value).__name__}")


def plain_item(raw: Mapping[str, Raw]) -> Item:
    """The attributes of a row as plain values; those that are NULL are left out."""
    return {name: plain_value(value) for name, value in raw.items() if "NULL" not in value}


def plain_value(raw: Raw) -> Any:
    """One value from the wire; TypeError for kinds that no store writes."""
    kind, value = next(iter(raw.items()))
    if kind in ("S", "B", "BOOL"):
        return value
    if kind == "N":
        return int(value)
    if kind == "M":
        return plain_item(value)
    if kind == "L":
        return [plain_value(one) for one in value]
    raise TypeError(f"no store reads attributes of kind {kind}")
