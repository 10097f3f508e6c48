"""How does what is known of a thing take the place of what was known before?

Owns the row that holds a thing's text beside its version, and moves on only from where its reader
found it. What the versions mean belongs to the modules of the things.
"""

from chalicelib.store.rows import Change, Equals, Key, NotWritten, Path, Put, Rows


def succeed(rows: Rows, key: Key, *, before: int | None, after: int, doc: str) -> bool:
    """Put version `after` in the place of `before`, None for no row at all; False when it has moved
    on since it was read."""
    try:
        if before is None:
            row = {"pk": key.pk, "sk": key.sk, "version": after, "doc": doc}
            rows.write([Put(key.table, row)])
        else:
            said: dict[Path, int | str] = {("version",): after, ("doc",): doc}
            rows.write([Change(key=key, set=said, when=[Equals(("version",), before)])])
    except NotWritten:
        return False
    return True
