"""What does the text of an ACH file hold, and do its controls agree?

Owns splitting a file into batches and entries, the order that its lines must have, and the sums of
its controls: what holds for any file, ours or a bank's. What is asked of our own files besides
belongs to `ach_checks`, what a bank sends back to `ach_returns`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.ach_records import (
    LENGTH,
    PADDING,
    Kind,
    Record,
    Totals,
    control_values,
    kind_of,
    read,
    totals_of,
)
from chalicelib.errors import Fault, Invalid

MOST_BYTES = 20_000_000

_FAULTS_SHOWN = 200
_NOTES = frozenset({Kind.ADDENDA, Kind.CORRECTION, Kind.RETURN})
_AFTER: Mapping[Kind | None, frozenset[Kind]] = {
    None: frozenset({Kind.FILE_HEADER}),
    Kind.FILE_HEADER: frozenset({Kind.BATCH_HEADER, Kind.FILE_CONTROL}),
    Kind.BATCH_HEADER: frozenset({Kind.ENTRY}),
    Kind.ENTRY: frozenset({Kind.ENTRY, Kind.BATCH_CONTROL}) | _NOTES,
    **{kind: frozenset({Kind.ENTRY, Kind.BATCH_CONTROL}) | _NOTES for kind in _NOTES},
    Kind.BATCH_CONTROL: frozenset({Kind.BATCH_HEADER, Kind.FILE_CONTROL}),
    Kind.FILE_CONTROL: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AchEntry:
    """An entry with what follows it."""

    detail: Record
    notes: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AchBatch:
    """A batch between its header and its control."""

    header: Record
    entries: list[AchEntry] = field(default_factory=list)
    controls: list[Record] = field(default_factory=list)

    @property
    def records(self) -> Iterator[Record]:
        """Every entry and what follows it, as they stand."""
        for entry in self.entries:
            yield entry.detail
            yield from entry.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class AchFile:
    """A file as it was read: `lines` of them with the padding."""

    header: Record
    batches: Sequence[AchBatch]
    control: Record
    lines: int


def read_ach(text: str) -> AchFile:
    """The file that the text holds, with line ends or without.

    Invalid with the faults of its lines (the first 200): a wrong length, a character or a line that
    no ACH file has, a line out of order, an end that is missing.
    """
    lines = _lines(text)
    faults = [fault for number, line in enumerate(lines, 1) for fault in _line_faults(number, line)]
    if faults:
        raise Invalid(tuple(faults[:_FAULTS_SHOWN]))
    body = list(lines)
    while len(body) > 1 and body[-1] == PADDING:
        body.pop()
    kinds = [kind_of(line) for line in body]
    records = [
        read(line, number, kind)
        for number, (line, kind) in enumerate(zip(body, kinds, strict=True), 1)
        if kind
    ]
    faults = list(_order_faults(records))
    if faults:
        raise Invalid(tuple(faults[:_FAULTS_SHOWN]))
    return AchFile(
        header=records[0], batches=_batches(records), control=records[-1], lines=len(lines)
    )


def control_faults(file: AchFile) -> tuple[Fault, ...]:
    """Where a control says something else than what it controls."""
    faults: list[Fault] = []
    whole = Totals()
    for batch in file.batches:
        sums = totals_of(batch.records)
        whole += sums
        control = batch.controls[0]
        faults += _differing(control, control_values(sums))
        faults += [
            fault_at(control, name, "control", "is not what the batch header says")
            for name in ("service", "company_id", "origin_bank", "batch")
            if control.fields[name] != batch.header.fields[name]
        ]
    expected = control_values(whole) | {"batches": len(file.batches)}
    return (*faults, *_differing(file.control, expected))


def fault_at(record: Record, name: str, rule: str, reason: str) -> Fault:
    """The fault of a field of a line."""
    return Fault(field=f"lines.{record.line}.{name}", rule=rule, reason=reason)


def differing(record: Record, name: str, expected: int) -> Iterable[Fault]:
    """The fault of a number that is not the expected one; none where it is."""
    if record.number(name) != expected:
        shown = record.fields[name].strip() or "nothing"
        yield fault_at(record, name, "control", f"says {shown} where the lines come to {expected}")


def _differing(record: Record, expected: Mapping[str, int]) -> Iterator[Fault]:
    for name, value in expected.items():
        yield from differing(record, name, value)


def _lines(text: str) -> list[str]:
    """The lines without their ends; a text without any is cut every 94 characters."""
    if len(text) > MOST_BYTES:
        reason = f"holds more than {MOST_BYTES} characters"
        raise Invalid((Fault(field="file", rule="length", reason=reason),))
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) == 1:
        whole = lines[0]
        lines = [whole[at : at + LENGTH] for at in range(0, len(whole), LENGTH)]
    if not lines:
        raise Invalid((Fault(field="file", rule="required", reason="holds no line"),))
    return lines


def _line_faults(number: int, line: str) -> Iterator[Fault]:
    if len(line) != LENGTH:
        reason = f"has {len(line)} characters, not {LENGTH}"
        yield Fault(field=f"lines.{number}", rule="length", reason=reason)
    elif not (line.isascii() and line.isprintable()):
        reason = "holds a character that no ACH file has"
        yield Fault(field=f"lines.{number}", rule="characters", reason=reason)
    elif kind_of(line) is None:
        reason = "begins like no line of an ACH file"
        yield Fault(field=f"lines.{number}", rule="kind", reason=reason)


def _order_faults(records: Sequence[Record]) -> Iterator[Fault]:
    before: Kind | None = None
    for record in records:
        if record.kind not in _AFTER[before]:
            reason = f"a line {record.kind} cannot stand here"
            yield Fault(field=f"lines.{record.line}", rule="order", reason=reason)
        before = record.kind
    if before is not Kind.FILE_CONTROL:
        reason = "ends before its control line 9: it was cut short"
        yield Fault(field="file", rule="cut_short", reason=reason)


def _batches(records: Sequence[Record]) -> list[AchBatch]:
    """The batches of records whose order is right."""
    batches: list[AchBatch] = []
    for record in records:
        if record.kind is Kind.BATCH_HEADER:
            batches.append(AchBatch(header=record))
        elif record.kind is Kind.ENTRY:
            batches[-1].entries.append(AchEntry(detail=record))
        elif record.kind is Kind.BATCH_CONTROL:
            batches[-1].controls.append(record)
        elif record.kind in _NOTES:
            batches[-1].entries[-1].notes.append(record)
    return batches
