"""What is remembered of the operator's settings?

Owns their one row. What a setting means belongs to `settings` of the core.
"""

from chalicelib.settings import OperatorSettings
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Equals, Item, Key, Put, Rows

OPERATOR_KEY = Key(CATALOG, "OPERATOR", "SETTINGS")


def read_operator(item: Item | None) -> OperatorSettings:
    """The settings that the row holds; nothing said where there is none."""
    return codec.from_json(OperatorSettings, item["doc"]) if item else OperatorSettings()


def find_operator(rows: Rows) -> OperatorSettings:
    """The operator's settings as they stand."""
    found, _ = rows.gather([OPERATOR_KEY])
    return read_operator(found.get(OPERATOR_KEY))


def operator_write(before: OperatorSettings, after: OperatorSettings) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    doc = codec.to_json(after)
    if before.version == 0:
        item = {"pk": OPERATOR_KEY.pk, "sk": OPERATOR_KEY.sk, "version": after.version, "doc": doc}
        return Put(CATALOG, item)
    return Change(
        key=OPERATOR_KEY,
        set={("doc",): doc, ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )
