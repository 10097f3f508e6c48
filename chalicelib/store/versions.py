"""How is what has one row, and is said whole, written as its next version?

Owns that one write. What the row holds belongs to the module of its kind.
"""

from typing import Protocol

from chalicelib.store import codec
from chalicelib.store.rows import Change, Equals, Key, Put


class Versioned(Protocol):
    """Something whose version grows by one with every change; 0 was never said."""

    @property
    def version(self) -> int:
        """Which version it is."""
        ...


def version_write(key: Key, before: Versioned, after: Versioned) -> Put | Change:
    """`after` at `key` in the place of `before`, while that is still the version stored."""
    doc = codec.to_json(after)
    if before.version == 0:
        item = {"pk": key.pk, "sk": key.sk, "version": after.version, "doc": doc}
        return Put(key.table, item)
    return Change(
        key=key,
        set={("doc",): doc, ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )
