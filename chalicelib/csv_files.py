"""What are the rows of a CSV file that people send, and how are its faults told?

Owns size, encoding and CSV itself, and how a fault names its row. Rows are numbered as a
spreadsheet shows them, the header being row 1. Nothing in a cell is computed. Which columns there
are and what their cells mean belongs to each kind of file.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chalicelib.errors import Fault, Invalid

MOST_BYTES = 5_000_000
MOST_ROWS = 20_000

_FAULTS_SHOWN = 200
_REPLACEMENT = "\ufffd"

ColumnsOf = Callable[[list[str]], Sequence[str]]
"""The name of each column of a header, "" for one that is passed over; Invalid where it has
faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row that is not blank: its cells that say something, by column. It is `short` when it has
    fewer cells than the header, and has something `beyond` when a cell past the last says
    something."""

    number: int
    cells: dict[str, str]
    short: bool
    beyond: bool


def text_of(raw: bytes) -> str:
    """The file as text; Invalid when it is too large, or not UTF-8 (a BOM is passed over)."""
    if len(raw) > MOST_BYTES:
        reason = f"holds more than {MOST_BYTES} bytes"
        raise Invalid((Fault(field="file", rule="length", reason=reason),))
    try:
        text = raw.decode("utf-8-sig")
        wrong = text.find(_REPLACEMENT)
        line = text.count("\n", 0, wrong) + 1
    except UnicodeDecodeError as broken:
        wrong = broken.start
        line = raw.count(b"\n", 0, wrong) + 1
    if wrong >= 0:
        reason = f"line {line} is not UTF-8: save the file as CSV UTF-8"
        raise Invalid((Fault(field=f"lines.{line}", rule="encoding", reason=reason),))
    return text


def records(text: str, columns_of: ColumnsOf, *, most_rows: int = MOST_ROWS) -> Iterator[Record]:
    """Each row that is not blank; Invalid where the text is no CSV, or has too many rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        columns = columns_of(next(reader, []))
        number = 1
        for number, cells in enumerate(reader, 2):
            if number > most_rows + 1:
                reason = f"holds more than {most_rows} rows"
                raise Invalid((Fault(field="file", rule="length", reason=reason),))
            if any(cell.strip() for cell in cells):
                yield _record(number, columns, cells)
    except csv.Error as broken:
        wrong = row_fault(number + 1, "", "format", f"is not CSV: {broken}")
        raise Invalid((wrong,)) from broken


def row_fault(row: int, column: str, rule: str, reason: str) -> Fault:
    """A fault of a cell, or with the column "" of the whole row."""
    return Fault(field=f"rows.{row}.{column}".rstrip("."), rule=rule, reason=reason)


def shown(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """As many of the faults as are shown, and how many more there are."""
    more = len(faults) - _FAULTS_SHOWN
    if more <= 0:
        return tuple(faults)
    rest = Fault(field="file", rule="more", reason=f"has {more} more faults")
    return (*faults[:_FAULTS_SHOWN], rest)


def _record(number: int, columns: Sequence[str], cells: list[str]) -> Record:
    named = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    return Record(
        number=number,
        cells={name: cell for name, cell in named.items() if name and cell},
        short=len(cells) < len(columns),
        beyond=any(cell.strip() for cell in cells[len(columns) :]),
    )
