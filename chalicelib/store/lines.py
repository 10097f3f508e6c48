"""What is remembered of callers' lines?

Owns one row for each caller, under a stand-in for the number, with the carrier's latest answer.
For how long it counts belongs to `lines` of the core.
"""

from datetime import timedelta

from chalicelib.lines import KnownLine
from chalicelib.store import codec
from chalicelib.store.rows import CALLS, Change, Item, Key


def line_key(caller_hash: str) -> Key:
    """Where it is remembered what is known of a caller's line."""
    return Key(CALLS, f"LINE#{caller_hash}")


def line_change(caller_hash: str, line: KnownLine, kept_for: timedelta) -> Change:
    """Remember an answer, in the place of any earlier one, until it is so old."""
    return Change(
        key=line_key(caller_hash),
        set={
            ("doc",): codec.to_json(line),
            ("expires_at",): int((line.looked_up_at + kept_for).timestamp()),
        },
    )


def read_line(item: Item | None) -> KnownLine | None:
    """The answer that a row holds."""
    return codec.from_json(KnownLine, item["doc"]) if item else None
