"""What does a file of those who may not be paid say?

Owns its form: size, encoding, columns, and every fault with its row. Rows are numbered as a
spreadsheet shows them, the header being row 1. Who is found on it belongs to `screening`.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import Fault, Invalid
from chalicelib.screening import Listed, words

MOST_BYTES = 4_000_000
MOST_ROWS = 50_000
COLUMNS = ("name", "aliases", "countries")
_LONGEST = 500
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_FAULTS_SHOWN = 200
_WRONG_COUNTRY = "must be codes of two letters (ISO 3166) with a semicolon between them"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningList:
    """The list that is in force: what made it `id` is its content. Version 0 was never said, and
    nobody is looked for on it."""

    id: str = ""
    place: str = ""
    rows: int = 0
    uploaded_at: datetime | None = None
    uploaded_by: str | None = None
    version: int = 0


def read_list(raw: bytes) -> tuple[Listed, ...]:
    """Everybody on the list in its order; blank rows are passed over, and it may hold nobody.

    Invalid with the faults of all rows (the first 200, and how many more there are): a list is
    taken whole or not at all.
    """
    rows: list[Listed] = []
    faults: list[Fault] = []
    for number, cells in _records(_text(raw)):
        listed, wrong = _row(number, cells)
        rows.append(listed)
        faults += wrong
    if faults:
        more = len(faults) - _FAULTS_SHOWN
        rest = (Fault(field="file", rule="more", reason=f"has {more} more faults"),)
        raise Invalid((*faults[:_FAULTS_SHOWN], *(rest if more > 0 else ())))
    return tuple(rows)


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        reason = f"holds more than {MOST_BYTES} bytes"
        raise Invalid((Fault(field="file", rule="length", reason=reason),))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = raw.count(b"\n", 0, broken.start) + 1
        reason = f"line {line} is not UTF-8: save the file as CSV UTF-8"
        raise Invalid((Fault(field=f"lines.{line}", rule="encoding", reason=reason),)) from broken


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank with its number, its cells in the order of `COLUMNS`."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        order = _order([cell.strip().lower() for cell in next(reader, [])])
        number = 1
        for number, cells in enumerate(reader, 2):
            if number > MOST_ROWS + 1:
                reason = f"holds more than {MOST_ROWS} rows"
                raise Invalid((Fault(field="file", rule="length", reason=reason),))
            if any(cell.strip() for cell in cells):
                yield number, [_cell(cells, place) for place in order]
    except csv.Error as broken:
        reason = f"is not CSV: {broken}"
        fault = Fault(field=f"rows.{number + 1}", rule="format", reason=reason)
        raise Invalid((fault,)) from broken


def _order(header: list[str]) -> list[int | None]:
    """Where each of `COLUMNS` is; Invalid for a header that is another."""
    fits = "name" in header and set(header) <= set(COLUMNS) and len(set(header)) == len(header)
    if not fits:
        reason = "must be name, and where there are such aliases and countries, each once"
        raise Invalid((Fault(field="columns", rule="columns", reason=reason),))
    return [header.index(name) if name in header else None for name in COLUMNS]


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _row(number: int, cells: list[str]) -> tuple[Listed, list[Fault]]:
    name, aliases, said = cells
    others = tuple(one.strip() for one in aliases.split(";") if one.strip())
    countries = tuple(one.strip().upper() for one in said.split(";") if one.strip())
    faults = [
        Fault(field=f"rows.{number}.{column}", rule=rule, reason=reason)
        for column, rule, reason, wrong in (
            ("name", "required", "must be a name, or else countries must be said",
             not name and (bool(others) or not countries)),
            ("name", "format", "must hold a letter or a digit", bool(name) and not words(name)),
            ("name", "length", f"holds more than {_LONGEST} characters", len(name) > _LONGEST),
            ("countries", "format", _WRONG_COUNTRY,
             not all(_COUNTRY.fullmatch(one) for one in countries)),
        )
        if wrong
    ]  # fmt: skip
    return Listed(name=name, aliases=others, countries=countries), faults
