"""What is remembered of a file of dispositions?

Owns the rows of a preview and of the parts of its file, all of which expire. What a row of the file
leads to belongs to the flow.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.disposition_files import FileRow
from chalicelib.previews import Preview, PreviewState
from chalicelib.store import codec
from chalicelib.store.rows import (
    CALLS,
    META,
    Action,
    Change,
    Equals,
    Item,
    Key,
    Path,
    Put,
    Question,
    Rows,
)

ROWS_A_PART = 50
"""So few that a part fits into a row of the table whatever its cells hold."""

_DUE = "preview"
# A transaction takes 4 MB.
_PARTS_A_WRITE = 10
_TAKEN_OVER = timedelta(minutes=1)


def keep_preview(rows: Rows, preview: Preview, read: Sequence[FileRow]) -> None:
    """Keep the file, and last the preview itself: before that there is none."""
    starts = range(0, len(read), ROWS_A_PART)
    parts = [_part_put(preview, n, read[start : start + ROWS_A_PART])
             for n, start in enumerate(starts)]  # fmt: skip
    for first in range(0, len(parts), _PARTS_A_WRITE):
        rows.write(parts[first : first + _PARTS_A_WRITE])
    rows.write([Put(CALLS, _item(_key(preview.id), codec.to_json(preview), preview))])


def find_preview(rows: Rows, preview_id: str) -> Preview | None:
    """The preview with this id; None when there is none."""
    key = _key(preview_id)
    found, _ = rows.gather([key])
    return codec.from_json(Preview, found[key]["doc"]) if key in found else None


def rows_of(rows: Rows, preview: Preview, first: int, count: int) -> tuple[FileRow, ...]:
    """So many rows of the file from the place `first` on, the first place being 0."""
    last = min(first + count, preview.rows)
    if last <= first:
        return ()
    numbers = range(first // ROWS_A_PART, (last - 1) // ROWS_A_PART + 1)
    keys = [_part_key(preview.id, n) for n in numbers]
    found, _ = rows.gather(keys)
    read = [row for key in keys for row in codec.from_json(tuple[FileRow, ...], found[key]["doc"])]
    start = numbers[0] * ROWS_A_PART
    return tuple(read[first - start : last - start])


def preview_change(before: Preview, after: Preview, now: datetime) -> Change:
    """`after` in the place of `before`, while that is still the version stored. Until all of it is
    applied, the sweep takes over from whoever is silent for a minute."""
    over = after.state is PreviewState.APPLIED
    sets: dict[Path, str | int] = {("doc",): codec.to_json(after), ("version",): after.version}
    if not over:
        sets |= {("due",): _DUE, ("due_at",): times.written(now + _TAKEN_OVER)}
    return Change(
        key=_key(before.id),
        set=sets,
        remove=[("due",), ("due_at",)] if over else [],
        when=[Equals(("version",), before.version)],
    )


def due_previews(rows: Rows, now: datetime, *, limit: int) -> tuple[Preview, ...]:
    """Previews that somebody began to apply and left."""
    question = Question(
        table=CALLS, index="by_due", partition=_DUE, below=times.written(now), limit=limit
    )
    return tuple(codec.from_json(Preview, item["doc"]) for item in rows.page(question).items)


def _part_put(preview: Preview, n: int, read: Sequence[FileRow]) -> Action:
    return Put(CALLS, _item(_part_key(preview.id, n), codec.to_json(tuple(read)), preview))


def _item(key: Key, doc: str, preview: Preview) -> Item:
    expires_at = int(preview.expires_at.timestamp())
    version = {"version": preview.version} if key.sk == META else {}
    return {"pk": key.pk, "sk": key.sk, "doc": doc, "expires_at": expires_at, **version}


def _key(preview_id: str) -> Key:
    return Key(CALLS, f"PREVIEW#{preview_id}")


def _part_key(preview_id: str, n: int) -> Key:
    return Key(CALLS, f"PREVIEW#{preview_id}", f"PART#{n:04d}")
