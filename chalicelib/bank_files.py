"""What does a bank's statement say, line by line?

Owns the form of the file: its columns, by the names that banks give them, its cells, and every
fault with its row; and which payment a line makes. Whose money a line is belongs to
`bank_matching`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib import times
from chalicelib.csv_files import Record, records, row_fault, shown, text_of
from chalicelib.errors import Fault, Invalid
from chalicelib.ids import derived
from chalicelib.previews import KeptFile

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "booking date", "posting date", "transaction date"),
    "amount": ("amount",),
    "currency": ("currency", "currency code"),
    "reference": ("reference", "description", "details", "memo"),
    "payer": ("payer", "name", "payer name", "counterparty"),
}
"""What a column may be called, in any case of letters; other columns are passed over."""

_REQUIRED = ("date", "amount", "currency")
_LONGEST_TEXT = 500
_AMOUNT = re.compile(r"(-?)(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{2}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORMULA = ("=", "@")
_REASONS = {
    "date": "must be a day such as 2026-12-05, or 12/05/2026 with the month first",
    "amount": "must be an amount such as 2500.00, 2,500.00 or -12.50",
    "currency": "must be a currency such as USD",
    "reference": f"must be plain text of at most {_LONGEST_TEXT} characters, and no formula",
    "payer": f"must be plain text of at most {_LONGEST_TEXT} characters, and no formula",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One line of a statement; money that went out is negative.

    `position` tells lines apart that say the same of the same day, the first being 0.
    """

    row: int
    received_at: datetime
    amount_cents: int
    currency: str
    reference: str = ""
    payer: str = ""
    position: int = 0

    @property
    def payment_id(self) -> str:
        """The payment that the line makes: the same one in whichever file it comes again."""
        return derived("pay", "bank line", *_said(self), str(self.position))


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile(KeptFile):
    """A bank's statement as it was read; a line that matched is booked."""


def read_bank_file(raw: bytes) -> tuple[BankLine, ...]:
    """Every line of the statement in its order; blank ones are passed over.

    Invalid with the faults of all rows (the first 200, and how many more there are): a file is
    taken whole or not at all. One whose last line does not end may have been cut short.
    """
    text = text_of(raw)
    faults: list[Fault] = []
    lines: list[BankLine] = []
    equals: Counter[tuple[str, ...]] = Counter()
    for record in records(text, _columns):
        line, wrong = _line(record)
        faults += wrong
        if line:
            lines.append(replace(line, position=equals[_said(line)]))
            equals[_said(line)] += 1
    if not text.endswith(("\n", "\r")):
        reason = "its last line does not end: the file may have been cut short"
        faults.append(Fault(field="file", rule="cut_short", reason=reason))
    if faults:
        raise Invalid(shown(faults))
    if not lines:
        raise Invalid((Fault(field="file", rule="required", reason="holds no line"),))
    return tuple(lines)


def plain(text: str) -> str:
    """The text as it is compared: without case and without more space than one between words."""
    return " ".join(text.casefold().split())


def _said(line: BankLine) -> tuple[str, ...]:
    day = times.written(line.received_at)
    amount = f"{line.amount_cents} {line.currency}"
    return (day, amount, plain(line.reference), plain(line.payer))


def _columns(header: list[str]) -> list[str]:
    """Which column each cell of the header names; Invalid with those missing and named twice."""
    called = {name: column for column, names in COLUMNS.items() for name in names}
    columns = [called.get(plain(cell.replace("_", " ")), "") for cell in header]
    faults = [
        Fault(field=column, rule="repeated", reason="is named by more than one column")
        for column in COLUMNS
        if columns.count(column) > 1
    ]
    faults += [
        Fault(field=column, rule="required", reason=f"must have a column {_either(column)}")
        for column in _REQUIRED
        if column not in columns
    ]
    if not {"reference", "payer"} & set(columns):
        reason = f"must have a column {_either('reference')}, or {_either('payer')}"
        faults.append(Fault(field="reference", rule="required", reason=reason))
    if faults:
        raise Invalid(shown(faults))
    return columns


def _either(column: str) -> str:
    return " or ".join(COLUMNS[column])


def _line(record: Record) -> tuple[BankLine | None, list[Fault]]:
    """The line, or every fault of its cells and of those that it lacks."""
    number, cells = record.number, record.cells
    if record.short:
        return None, [row_fault(number, "", "cut_short", "has fewer cells than the header")]
    if record.beyond:
        return None, [row_fault(number, "", "length", "has more cells than the header has columns")]
    faults = [
        row_fault(number, name, "required", _REASONS[name])
        for name in _REQUIRED
        if name not in cells
    ]
    read = {name: _READERS[name](cell) for name, cell in cells.items()}
    faults += [
        row_fault(number, name, _rule(cells[name]), _REASONS[name])
        for name, value in read.items()
        if value is None
    ]
    if faults:
        return None, faults
    received_at, amount_cents = read.pop("date"), read.pop("amount")
    return BankLine(row=number, received_at=received_at, amount_cents=amount_cents, **read), []


def _rule(cell: str) -> str:
    return "formula" if cell.startswith(_FORMULA) else "format"


def _day(cell: str) -> datetime | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(cell, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _amount(cell: str) -> int | None:
    match = _AMOUNT.fullmatch(cell)
    if match is None:
        return None
    cents = int(match[2].replace(",", "")) * 100 + int(match[3] or "0")
    return -cents if match[1] else cents


def _text(cell: str) -> str | None:
    unusable = len(cell) > _LONGEST_TEXT or _CONTROL.search(cell) or cell.startswith(_FORMULA)
    return None if unusable else cell


def _currency(cell: str) -> str | None:
    return cell if _CURRENCY.fullmatch(cell) else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "date": _day,
    "amount": _amount,
    "currency": _currency,
    "reference": _text,
    "payer": _text,
}
