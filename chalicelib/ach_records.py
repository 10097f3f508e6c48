"""Where does each field of an ACH file stand?

Owns the table of fields (1-based, both ends included, as the Nacha rules number them), how a line
of 94 characters is written from values and read back, and what a batch of lines comes to. Which
lines a file has belongs to `ach_files`, which it may have to `ach_reading`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.errors import Broken

LENGTH = 94
BLOCK = 10
"""A file is padded to a multiple of so many lines."""

PADDING = "9" * LENGTH

_HASH_BELOW = 10_000_000_000


class Kind(StrEnum):
    """The kinds of lines, each by what it begins with."""

    FILE_HEADER = "1"
    BATCH_HEADER = "5"
    ENTRY = "6"
    ADDENDA = "705"
    CORRECTION = "798"
    RETURN = "799"
    BATCH_CONTROL = "8"
    FILE_CONTROL = "9"


@dataclass(frozen=True, slots=True)
class Field:
    """A field from `first` to `last`: digits fill it from the right, text from the left."""

    name: str
    first: int
    last: int
    digits: bool

    def written(self, value: str | int) -> str:
        """The value as wide as the field; Broken when it does not fit."""
        width = self.last - self.first + 1
        text = str(value)
        if len(text) > width or (self.digits and not text.isdigit()):
            raise Broken(f"{self.name} does not take {text!r}")
        return text.rjust(width, "0") if self.digits else text.ljust(width)


@dataclass(frozen=True, slots=True)
class Record:
    """A line as it was read: its number from 1, its kind, and its fields with their blanks."""

    line: int
    kind: Kind
    fields: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """What the field counts; None when it holds anything but digits."""
        text = self.fields[name]
        return int(text) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What lines come to: how many there are, the sum of receiving banks, and cents each way."""

    count: int = 0
    bank_sum: int = 0
    debit_cents: int = 0
    credit_cents: int = 0

    @property
    def hash(self) -> int:
        """The sum of the banks as a control keeps it: its low ten digits."""
        return self.bank_sum % _HASH_BELOW

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            count=self.count + other.count,
            bank_sum=self.bank_sum + other.bank_sum,
            debit_cents=self.debit_cents + other.debit_cents,
            credit_cents=self.credit_cents + other.credit_cents,
        )


def written(kind: Kind, values: Mapping[str, str | int]) -> str:
    """The line of these values, which name every field of its kind; blank between them."""
    line = list(kind.value.ljust(LENGTH))
    for field in _FIELDS[kind]:
        line[field.first - 1 : field.last] = field.written(values[field.name])
    return "".join(line)


def kind_of(line: str) -> Kind | None:
    """Which kind of line it is; None for one that no table describes."""
    begins = line[:3] if line[:1] == "7" else line[:1]
    return next((kind for kind in Kind if kind == begins), None)


def read(line: str, number: int, kind: Kind) -> Record:
    """The fields of a line of 94 characters."""
    fields = {one.name: line[one.first - 1 : one.last] for one in _FIELDS[kind]}
    return Record(line=number, kind=kind, fields=fields)


def is_credit(code: str) -> bool:
    """Whether a transaction code names money towards the receiver, or its return."""
    return code[1:2] in "01234"


def totals_of(records: Iterable[Record]) -> Totals:
    """What entries and their addenda come to; a field that is no number counts as nothing."""
    sums = Totals()
    for record in records:
        if record.kind is not Kind.ENTRY:
            sums += Totals(count=1)
            continue
        cents = record.number("cents") or 0
        credit = is_credit(record.fields["code"])
        sums += Totals(
            count=1,
            bank_sum=record.number("bank") or 0,
            debit_cents=0 if credit else cents,
            credit_cents=cents if credit else 0,
        )
    return sums


def control_values(sums: Totals) -> dict[str, int]:
    """The fields that a batch control and the file control share."""
    return {
        "count": sums.count,
        "hash": sums.hash,
        "debit_cents": sums.debit_cents,
        "credit_cents": sums.credit_cents,
    }


def _text(name: str, first: int, last: int) -> Field:
    return Field(name, first, last, digits=False)


def _digits(name: str, first: int, last: int) -> Field:
    return Field(name, first, last, digits=True)


_FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.FILE_HEADER: (
        _digits("priority", 2, 3),
        _text("destination", 4, 13),
        _text("origin", 14, 23),
        _digits("day", 24, 29),
        _digits("clock", 30, 33),
        _text("modifier", 34, 34),
        _digits("record_size", 35, 37),
        _digits("blocking", 38, 39),
        _digits("format", 40, 40),
        _text("destination_name", 41, 63),
        _text("origin_name", 64, 86),
        _text("reference", 87, 94),
    ),
    Kind.BATCH_HEADER: (
        _digits("service", 2, 4),
        _text("company_name", 5, 20),
        _text("discretionary", 21, 40),
        _text("company_id", 41, 50),
        _text("entry_class", 51, 53),
        _text("description", 54, 63),
        _text("descriptive_date", 64, 69),
        _text("effective", 70, 75),
        _text("settlement", 76, 78),
        _text("status", 79, 79),
        _digits("origin_bank", 80, 87),
        _digits("batch", 88, 94),
    ),
    Kind.ENTRY: (
        _digits("code", 2, 3),
        _digits("bank", 4, 11),
        _digits("check_digit", 12, 12),
        _text("account", 13, 29),
        _digits("cents", 30, 39),
        _text("receiver_id", 40, 54),
        _text("name", 55, 76),
        _text("discretionary", 77, 78),
        _digits("addenda", 79, 79),
        _digits("trace", 80, 94),
    ),
    Kind.ADDENDA: (
        _text("text", 4, 83),
        _digits("place", 84, 87),
        _digits("entry", 88, 94),
    ),
    Kind.CORRECTION: (
        _text("code", 4, 6),
        _digits("original_trace", 7, 21),
        _digits("original_bank", 28, 35),
        _text("corrected", 36, 64),
        _digits("trace", 80, 94),
    ),
    Kind.RETURN: (
        _text("code", 4, 6),
        _digits("original_trace", 7, 21),
        _text("died_on", 22, 27),
        _digits("original_bank", 28, 35),
        _text("text", 36, 79),
        _digits("trace", 80, 94),
    ),
    Kind.BATCH_CONTROL: (
        _digits("service", 2, 4),
        _digits("count", 5, 10),
        _digits("hash", 11, 20),
        _digits("debit_cents", 21, 32),
        _digits("credit_cents", 33, 44),
        _text("company_id", 45, 54),
        _digits("origin_bank", 80, 87),
        _digits("batch", 88, 94),
    ),
    Kind.FILE_CONTROL: (
        _digits("batches", 2, 7),
        _digits("blocks", 8, 13),
        _digits("count", 14, 21),
        _digits("hash", 22, 31),
        _digits("debit_cents", 32, 43),
        _digits("credit_cents", 44, 55),
    ),
}
