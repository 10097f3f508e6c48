"""What is remembered of who issues the invoices?

Owns the one row of it. What it means belongs to `issuer` of the core.
"""

from chalicelib.issuer import Issuer
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Key, Put, Rows
from chalicelib.store.versions import version_write

ISSUER_KEY = Key(CATALOG, "OPERATOR", "ISSUER")


def find_issuer(rows: Rows) -> Issuer:
    """The issuer as it stands; one of whom nothing is said where there is none."""
    found, _ = rows.gather([ISSUER_KEY])
    return codec.from_json(Issuer, found[ISSUER_KEY]["doc"]) if found else Issuer()


def issuer_write(before: Issuer, after: Issuer) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(ISSUER_KEY, before, after)
