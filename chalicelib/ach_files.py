"""Which lines make the ACH file of some credits?

Owns the file: a batch for businesses (CCD) and one for people (PPD), a trace for each entry that
ascends through the whole file, the debit that balances a batch where the bank wants one, and the
controls. The same credits, originator and issue give the same text. Where a field stands belongs to
`ach_records`, who may be sent what to `ach_credits`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from chalicelib import times
from chalicelib.ach_credits import MOST_CENTS, AchAccount, Credit, EntryClass
from chalicelib.ach_originators import Originator
from chalicelib.ach_records import (
    BLOCK,
    PADDING,
    Kind,
    Totals,
    control_values,
    read,
    totals_of,
    written,
)
from chalicelib.ach_text import fitted
from chalicelib.bank_details import AccountKind
from chalicelib.banking_days import ZONE

MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""What tells the files of one day apart, in their order."""

MOST_TRACES = 9_999_999
"""Traces number up to so many entries, then begin again."""

_CREDITS_ONLY, _MIXED = 220, 200
_PAYROLL = "PAYROLL"
_CODES = {
    AccountKind.CHECKING: {"credit": 22, "prenote": 23, "debit": 27},
    AccountKind.SAVINGS: {"credit": 32, "prenote": 33, "debit": 37},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What makes one file of the originator's: when it is written, its modifier among the files of
    that day, when it takes effect, and the number of its first trace."""

    written_at: datetime
    modifier: str
    effective_on: date
    first_trace: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """The text of a file, and the trace of each credit by the credit's id."""

    text: str
    traces: Mapping[str, str]


def numbered(credits: Sequence[Credit], *, first: int, balanced: bool) -> Mapping[str, int]:
    """The number of each credit's trace by the credit's id, businesses first. Behind each class
    there is room for the debits that balance it."""
    numbers: dict[str, int] = {}
    for members in _classes(credits):
        numbers |= {credit.id: first + place for place, credit in enumerate(members)}
        first += traces_needed(members, balanced=balanced)
    return numbers


def traces_needed(credits: Sequence[Credit], *, balanced: bool) -> int:
    """How many traces the credits take, with the room for the debits that balance them."""
    debits = (-(-sum(one.cents for one in members) // MOST_CENTS) for members in _classes(credits))
    return len(credits) + (sum(debits) if balanced else 0)


def trace_of(odfi_routing: str, number: int) -> str:
    """The trace with this number: it begins with the bank that originates."""
    return f"{odfi_routing[:8]}{number:07d}"


def lay_out(
    credits: Sequence[Credit],
    originator: Originator,
    issue: Issue,
    left_out: Collection[str] = frozenset(),
) -> LaidOut:
    """The file of these credits, businesses first, each class in the order given; every line ends
    with a line feed. Those whose ids are `left_out` keep their traces and have no line. ValueError
    when none is left: a file without a batch is none."""
    balanced = originator.offset is not None
    numbers = numbered(credits, first=issue.first_trace, balanced=balanced)
    given = {id: trace_of(originator.odfi_routing, number) for id, number in numbers.items()}
    lines, sums, place = [_file_header(originator, issue)], Totals(), 0
    traces: dict[str, str] = {}
    for planned in _classes(credits):
        members = [credit for credit in planned if credit.id not in left_out]
        if not members:
            continue
        place += 1
        room = count(numbers[planned[-1].id] + 1)
        details = [line for one in members for line in _credit_lines(one, given[one.id])]
        details += _offset_lines(members, originator, room)
        said = _heading(members[0].entry_class, originator, issue) | {"batch": place}
        come_to = _totals(details)
        lines += _batch(details, said, come_to)
        sums += come_to
        traces |= {one.id: given[one.id] for one in members}
    if not traces:
        raise ValueError("a file takes at least one credit")
    return LaidOut(text=_closed(lines, place, sums), traces=traces)


def _classes(credits: Sequence[Credit]) -> list[list[Credit]]:
    """The credits of each class that has any, in the order of the file."""
    classes = ([one for one in credits if one.entry_class is wanted] for wanted in EntryClass)
    return [members for members in classes if members]


def _file_header(originator: Originator, issue: Issue) -> str:
    local = times.local_time(issue.written_at, ZONE)
    values: dict[str, str | int] = {
        "priority": 1,
        "destination": f" {originator.destination_routing}",
        "origin": originator.origin.rjust(10),
        "day": local.strftime("%y%m%d"),
        "clock": local.strftime("%H%M"),
        "modifier": issue.modifier,
        "record_size": "094",
        "blocking": BLOCK,
        "format": 1,
        "destination_name": fitted(originator.destination_name, 23),
        "origin_name": fitted(originator.origin_name, 23),
        "reference": "",
    }
    return written(Kind.FILE_HEADER, values)


def _closed(lines: Sequence[str], batches: int, sums: Totals) -> str:
    """The whole text: the lines, the file's control, and as much padding as fills the block."""
    blocks = -(-(len(lines) + 1) // BLOCK)
    control = written(
        Kind.FILE_CONTROL, {"batches": batches, "blocks": blocks, **control_values(sums)}
    )
    padding = [PADDING] * (blocks * BLOCK - len(lines) - 1)
    return "".join(f"{line}\n" for line in (*lines, control, *padding))


def _batch(details: Sequence[str], said: Mapping[str, str | int], sums: Totals) -> list[str]:
    """The lines between their header and their control, which repeats some of what is said."""
    values = {**said, "service": _MIXED if sums.debit_cents else _CREDITS_ONLY}
    header = written(Kind.BATCH_HEADER, values)
    return [header, *details, written(Kind.BATCH_CONTROL, values | control_values(sums))]


def _heading(entry_class: EntryClass, originator: Originator, issue: Issue) -> dict[str, str | int]:
    """What a batch says of its class. Credits that pay people for their work say PAYROLL, which the
    Nacha rules ask of PPD from 20 March 2026 on."""
    payroll = originator.ppd_says_payroll and entry_class is EntryClass.PPD
    return {
        "company_name": fitted(originator.company_name, 16),
        "discretionary": "",
        "company_id": originator.company_id,
        "entry_class": entry_class.value,
        "description": _PAYROLL if payroll else fitted(originator.description, 10),
        "descriptive_date": times.local_time(issue.written_at, ZONE).strftime("%y%m%d"),
        "effective": issue.effective_on.strftime("%y%m%d"),
        "settlement": "",
        "status": "1",
        "origin_bank": originator.odfi_routing[:8],
    }


def _credit_lines(credit: Credit, trace: str) -> Iterable[str]:
    code = _CODES[credit.account.kind]["credit" if credit.cents else "prenote"]
    note = fitted(credit.note, 80)
    values: dict[str, str | int] = {
        **_receiver(credit.account),
        "code": code,
        "cents": credit.cents,
        "receiver_id": credit.id[-15:],
        "name": fitted(credit.name, 22),
        "addenda": int(bool(note)),
        "trace": trace,
    }
    yield written(Kind.ENTRY, values)
    if note:
        said: dict[str, str | int] = {"text": note, "place": 1, "entry": trace[-7:]}
        yield written(Kind.ADDENDA, said)


def _offset_lines(
    credits: Iterable[Credit], originator: Originator, numbers: Iterator[int]
) -> Iterator[str]:
    """The debit that balances the credits where the bank wants one; more than one entry can say is
    debited by several."""
    if originator.offset is None:
        return
    left = sum(credit.cents for credit in credits)
    while left:
        cents = min(left, MOST_CENTS)
        left -= cents
        values: dict[str, str | int] = {
            **_receiver(originator.offset),
            "code": _CODES[originator.offset.kind]["debit"],
            "cents": cents,
            "receiver_id": "OFFSET",
            "name": fitted(originator.company_name, 22),
            "addenda": 0,
            "trace": trace_of(originator.odfi_routing, next(numbers)),
        }
        yield written(Kind.ENTRY, values)


def _receiver(account: AchAccount) -> dict[str, str | int]:
    return {
        "bank": account.routing[:8],
        "check_digit": account.routing[8],
        "account": account.number,
        "discretionary": "",
    }


def _totals(lines: Sequence[str]) -> Totals:
    return totals_of(
        read(line, 0, Kind.ENTRY if line.startswith(Kind.ENTRY) else Kind.ADDENDA) for line in lines
    )
