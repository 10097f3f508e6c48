"""What does a file of those who may not be paid say?

Owns its columns and what their cells mean. What a CSV file is belongs to `csv_files`, who is found
on it to `screening`.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from chalicelib.csv_files import Record, records, row_fault, shown, text_of
from chalicelib.errors import Fault, Invalid
from chalicelib.screening import Listed, words

MOST_ROWS = 50_000
COLUMNS = ("name", "aliases", "countries")
_LONGEST = 500
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
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
    for record in records(text_of(raw), _columns, most_rows=MOST_ROWS):
        listed, wrong = _row(record)
        rows.append(listed)
        faults += wrong
    if faults:
        raise Invalid(shown(faults))
    return tuple(rows)


def _columns(header: list[str]) -> list[str]:
    """The header's names; Invalid for a header that is another."""
    names = [cell.strip().lower() for cell in header]
    if "name" not in names or not set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        reason = "must be name, and where there are such aliases and countries, each once"
        raise Invalid((Fault(field="columns", rule="columns", reason=reason),))
    return names


def _row(record: Record) -> tuple[Listed, list[Fault]]:
    name, aliases, said = (record.cells.get(column, "") for column in COLUMNS)
    others = tuple(one.strip() for one in aliases.split(";") if one.strip())
    countries = tuple(one.strip().upper() for one in said.split(";") if one.strip())
    faults = [
        row_fault(record.number, column, rule, reason)
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
