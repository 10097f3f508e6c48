"""Does any number of Amazon Connect lead anywhere?

Owns the one row that says so since the first such number was made: what only such numbers cannot
take is not looked for in a deployment that has none.
"""

from chalicelib.offers import CONNECT, Number
from chalicelib.store.rows import CATALOG, Change, Key, Rows

_KEY = Key(CATALOG, "OPERATOR", "CONNECT")


def said_of(number: Number) -> list[Change]:
    """What a new number says of its carrier."""
    return [Change(key=_KEY, set={("doc",): number.id})] if number.carrier == CONNECT else []


def connect_in_use(rows: Rows) -> bool:
    """Whether a number of Amazon Connect was ever made."""
    found, _ = rows.gather([_KEY])
    return _KEY in found
