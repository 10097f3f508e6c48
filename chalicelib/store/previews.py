"""What is remembered of a file that people send?

Owns the rows of a preview and of the parts of its file, all of which expire. What a row of the file
leads to belongs to the flow of its kind.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from chalicelib import times
from chalicelib.bank_files import BankFile, BankLine
from chalicelib.disposition_files import FileRow
from chalicelib.previews import KeptFile, Preview, PreviewState
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

F = TypeVar("F", bound=KeptFile)
R = TypeVar("R")

ROWS_A_PART = 50
"""So few that a part fits into a row of the table whatever its cells hold."""

# A transaction takes 4 MB.
_PARTS_A_WRITE = 10
_TAKEN_OVER = timedelta(minutes=1)


class Previews(Generic[F, R]):
    """Files of one kind: where they lie, `due` for whoever takes over what was left, and how the
    file and its rows are read."""

    def __init__(self, prefix: str, due: str, kind: type[F], part: type[tuple[R, ...]]) -> None:
        self._prefix, self._due, self._kind, self._part = prefix, due, kind, part

    def keep(self, rows: Rows, file: F, read: Sequence[R]) -> None:
        """Keep the file, and last the preview itself: before that there is none."""
        starts = range(0, len(read), ROWS_A_PART)
        parts: list[Action] = []
        for n, start in enumerate(starts):
            doc = codec.to_json(tuple(read[start : start + ROWS_A_PART]))
            parts.append(Put(CALLS, _item(self._part_key(file.id, n), doc, file)))
        for first in range(0, len(parts), _PARTS_A_WRITE):
            rows.write(parts[first : first + _PARTS_A_WRITE])
        rows.write([Put(CALLS, _item(self._key(file.id), codec.to_json(file), file))])

    def find(self, rows: Rows, file_id: str) -> F | None:
        """The preview with this id; None when there is none."""
        key = self._key(file_id)
        found, _ = rows.gather([key])
        return codec.from_json(self._kind, found[key]["doc"]) if key in found else None

    def rows_of(self, rows: Rows, file: F, first: int, count: int) -> tuple[R, ...]:
        """So many rows of the file from the place `first` on, the first place being 0."""
        last = min(first + count, file.rows)
        if last <= first:
            return ()
        numbers = range(first // ROWS_A_PART, (last - 1) // ROWS_A_PART + 1)
        keys = [self._part_key(file.id, n) for n in numbers]
        found, _ = rows.gather(keys)
        read = [row for key in keys for row in codec.from_json(self._part, found[key]["doc"])]
        start = numbers[0] * ROWS_A_PART
        return tuple(read[first - start : last - start])

    def change(self, before: F, after: F, now: datetime) -> Change:
        """`after` in the place of `before`, while that is still the version stored. Until all of it
        is applied, the sweep takes over from whoever is silent for a minute."""
        over = after.state is PreviewState.APPLIED
        sets: dict[Path, str | int] = {("doc",): codec.to_json(after), ("version",): after.version}
        if not over:
            sets |= {("due",): self._due, ("due_at",): times.written(now + _TAKEN_OVER)}
        return Change(
            key=self._key(before.id),
            set=sets,
            remove=[("due",), ("due_at",)] if over else [],
            when=[Equals(("version",), before.version)],
        )

    def due(self, rows: Rows, now: datetime, *, limit: int) -> tuple[F, ...]:
        """Previews that somebody began to apply and left."""
        question = Question(
            table=CALLS, index="by_due", partition=self._due, below=times.written(now), limit=limit
        )
        found = rows.page(question).items
        return tuple(codec.from_json(self._kind, item["doc"]) for item in found)

    def _key(self, file_id: str) -> Key:
        return Key(CALLS, f"{self._prefix}#{file_id}")

    def _part_key(self, file_id: str, n: int) -> Key:
        return Key(CALLS, f"{self._prefix}#{file_id}", f"PART#{n:04d}")


def _item(key: Key, doc: str, file: KeptFile) -> Item:
    expires_at = int(file.expires_at.timestamp())
    version = {"version": file.version} if key.sk == META else {}
    return {"pk": key.pk, "sk": key.sk, "doc": doc, "expires_at": expires_at, **version}


DISPOSITIONS: Previews[Preview, FileRow] = Previews(
    "PREVIEW", "preview", Preview, tuple[FileRow, ...]
)
BANK_FILES: Previews[BankFile, BankLine] = Previews(
    "BANKFILE", "bank_file", BankFile, tuple[BankLine, ...]
)
