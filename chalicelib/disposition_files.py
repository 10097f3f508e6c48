"""What does a file of dispositions say, row by row?

Owns the form of the file: its size, encoding, columns and cells, and every fault with its row. Rows
are numbered as a spreadsheet shows them, the header being row 1. Nothing in a cell is computed.
Which call a row means belongs to `matching`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import times
from chalicelib.dispositions import read_value
from chalicelib.errors import Fault, Invalid
from chalicelib.feedback import (
    LONGEST_NOTE,
    NAMING,
    REASONS,
    Named,
    is_call_id,
    is_external_id,
    lacks,
    read_amount,
    read_caller,
)

MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
_NAMES = ("call_id", "external_id", "caller", "time")
COLUMNS = (*_NAMES, "disposition", "amount", "note")

_FAULTS_SHOWN = 200
_BEYOND = ""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One row: which call it names, and what it tells of it."""

    row: int
    named: Named
    disposition: str | None = None
    amount_cents: int | None = None
    note: str | None = None


def read_file(raw: bytes) -> tuple[FileRow, ...]:
    """Every row of the file in its order; blank ones are passed over.

    Invalid with the faults of all rows (the first 200, and how many more there are): a file is
    taken whole or not at all.
    """
    faults: list[Fault] = []
    rows: list[FileRow] = []
    seen: dict[Named, int] = {}
    for number, cells in _records(_text(raw)):
        row, wrong = _row(number, cells)
        earlier = seen.setdefault(row.named, number) if not wrong else number
        if earlier != number:
            reason = f"names the same call as row {earlier}"
            wrong = [_fault(number, "", "duplicate_row", reason)]
        faults += wrong
        rows.append(row)
    if faults:
        raise Invalid(_some(faults))
    if not rows:
        raise Invalid((Fault(field="file", rule="required", reason="holds no row"),))
    return tuple(rows)


def _text(raw: bytes) -> str:
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


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not blank with its number, its cells by their columns."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        columns = _columns(next(reader, []))
        number = 1
        for number, cells in enumerate(reader, 2):
            if number > MOST_ROWS + 1:
                reason = f"holds more than {MOST_ROWS} rows"
                raise Invalid((Fault(field="file", rule="length", reason=reason),))
            if any(cell.strip() for cell in cells):
                yield number, _by_column(columns, cells)
    except csv.Error as broken:
        raise Invalid((_fault(number + 1, "", "format", f"is not CSV: {broken}"),)) from broken


def _columns(header: list[str]) -> list[str]:
    """The columns that the header names; Invalid with each that is unknown, repeated or missing."""
    columns = [cell.strip().lower() for cell in header]
    known = ", ".join(COLUMNS)
    faults = [
        Fault(field=f"columns.{place}", rule="unknown_field", reason=f"the columns are: {known}")
        for place, name in enumerate(columns, 1)
        if name not in COLUMNS
    ]
    faults += [
        Fault(field=name, rule="repeated", reason="is named by more than one column")
        for name in COLUMNS
        if columns.count(name) > 1
    ]
    if not set(columns) & set(NAMING):
        reason = "must have a column call_id, external_id, or caller beside time"
        faults.append(Fault(field="columns", rule="required", reason=reason))
    if not {"disposition", "amount"} & set(columns):
        reason = "must have a column disposition or amount"
        faults.append(Fault(field="columns", rule="required", reason=reason))
    if faults:
        raise Invalid(_some(faults))
    return columns


def _by_column(columns: list[str], cells: list[str]) -> dict[str, str]:
    """The cells that say something; those beyond the last column as one without a name."""
    named = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    beyond = {_BEYOND: "".join(cells[len(columns) :]).strip()}
    return {name: cell for name, cell in (named | beyond).items() if cell}


def _row(number: int, cells: dict[str, str]) -> tuple[FileRow, list[Fault]]:
    """The row with every fault of its cells, and of the cells that it lacks."""
    faults = []
    if cells.pop(_BEYOND, None):
        faults.append(_fault(number, "", "length", "has more cells than the header has columns"))
    read = {name: _READERS[name](cell) for name, cell in cells.items()}
    faults += [
        _fault(number, name, "format", REASONS[name])
        for name, value in read.items()
        if value is None
    ]
    faults += [_fault(number, name, "required", reason) for name, reason in lacks(cells)]
    row = FileRow(
        row=number,
        named=Named(**{name: read.get(name) for name in _NAMES}),
        disposition=read.get("disposition"),
        amount_cents=read.get("amount"),
        note=read.get("note"),
    )
    return row, faults


def _note(cell: str) -> str | None:
    return None if len(cell) > LONGEST_NOTE or _CONTROL.search(cell) else cell


def _time(cell: str) -> datetime | None:
    try:
        return times.read(cell)
    except (ValueError, OverflowError):
        return None


def _fault(row: int, column: str, rule: str, reason: str) -> Fault:
    return Fault(field=f"rows.{row}.{column}".rstrip("."), rule=rule, reason=reason)


def _some(faults: list[Fault]) -> tuple[Fault, ...]:
    """As many of the faults as are shown, and how many more there are."""
    more = len(faults) - _FAULTS_SHOWN
    if more <= 0:
        return tuple(faults)
    rest = Fault(field="file", rule="more", reason=f"has {more} more faults")
    return (*faults[:_FAULTS_SHOWN], rest)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "call_id": lambda cell: cell if is_call_id(cell) else None,
    "external_id": lambda cell: cell if is_external_id(cell) else None,
    "caller": read_caller,
    "time": _time,
    "disposition": read_value,
    "amount": read_amount,
    "note": _note,
}
