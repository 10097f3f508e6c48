"""What is remembered of who issues the invoices?

Owns the one row of it. What it means belongs to `issuer` of the core.
"""

from chalicelib.issuer import Issuer
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Equals, Key, Put, Rows

ISSUER_KEY = Key(CATALOG, "OPERATOR", "ISSUER")


def find_issuer(rows: Rows) -> Issuer:
    """The issuer as it stands; one of whom nothing is said where there is none."""
    found, _ = rows.gather([ISSUER_KEY])
    return codec.from_json(Issuer, found[ISSUER_KEY]["doc"]) if found else Issuer()


def issuer_write(before: Issuer, after: Issuer) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    doc = codec.to_json(after)
    if before.version == 0:
        item = {"pk": ISSUER_KEY.pk, "sk": ISSUER_KEY.sk, "version": after.version, "doc": doc}
        return Put(CATALOG, item)
    return Change(
        key=ISSUER_KEY,
        set={("doc",): doc, ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )
