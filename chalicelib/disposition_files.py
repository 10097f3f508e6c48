"""What does a file of dispositions say, row by row?

Owns the form of the file: its columns and cells, and every fault with its row. What any CSV file is
belongs to `csv_files`; which call a row means, to `matching`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import times
from chalicelib.csv_files import Record, records, row_fault, shown, text_of
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

_NAMES = ("call_id", "external_id", "caller", "time")
COLUMNS = (*_NAMES, "disposition", "amount", "note")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
    for record in records(text_of(raw), _columns):
        row, wrong = _row(record)
        earlier = seen.setdefault(row.named, row.row) if not wrong else row.row
        if earlier != row.row:
            reason = f"names the same call as row {earlier}"
            wrong = [row_fault(row.row, "", "duplicate_row", reason)]
        faults += wrong
        rows.append(row)
    if faults:
        raise Invalid(shown(faults))
    if not rows:
        raise Invalid((Fault(field="file", rule="required", reason="holds no row"),))
    return tuple(rows)


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
        raise Invalid(shown(faults))
    return columns


def _row(record: Record) -> tuple[FileRow, list[Fault]]:
    """The row with every fault of its cells, and of the cells that it lacks."""
    number, cells = record.number, record.cells
    faults = []
    if record.beyond:
        faults.append(row_fault(number, "", "length", "has more cells than the header has columns"))
    read = {name: _READERS[name](cell) for name, cell in cells.items()}
    faults += [
        row_fault(number, name, "format", REASONS[name])
        for name, value in read.items()
        if value is None
    ]
    faults += [row_fault(number, name, "required", reason) for name, reason in lacks(cells)]
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


_READERS: Mapping[str, Callable[[str], Any]] = {
    "call_id": lambda cell: cell if is_call_id(cell) else None,
    "external_id": lambda cell: cell if is_external_id(cell) else None,
    "caller": read_caller,
    "time": _time,
    "disposition": read_value,
    "amount": read_amount,
    "note": _note,
}
