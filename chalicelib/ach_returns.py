"""What does a bank send back?

Owns reading files of returns (addenda 99) and of notifications of change (addenda 98): each line
with the trace of the entry that it answers. What the codes mean belongs to `ach_codes`; which
payout a trace leads to, to the flow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.ach_codes import (
    ChangeReason,
    Correction,
    ReturnReason,
    change_reason,
    correction,
    return_reason,
)
from chalicelib.ach_originators import Originator
from chalicelib.ach_reading import (
    AchBatch,
    AchEntry,
    control_faults,
    fault_at,
    read_ach,
)
from chalicelib.ach_records import Kind, Record
from chalicelib.errors import Fault, Invalid

_FAULTS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """A credit that came back: the line of the file, the trace and the cents of what we sent."""

    line: int
    trace: str
    cents: int
    reason: ReturnReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """A credit that arrived although its data were wrong, and what is right."""

    line: int
    trace: str
    reason: ChangeReason
    correction: Correction


AchAnswer = ReturnLine | ChangeLine


def read_answers(text: str, originator: Originator) -> tuple[AchAnswer, ...]:
    """Every line of the bank's file in its order.

    Invalid with every fault: a file that breaks off, whose controls do not agree, that answers
    entries of another bank or company, or the same entry twice. It is taken whole or not at all.
    """
    file = read_ach(text)
    faults = list(control_faults(file))
    answers: list[AchAnswer] = []
    for batch in file.batches:
        faults += _batch_faults(batch, originator)
        for entry in batch.entries:
            faults += _origin_faults(entry, originator)
            answers += _answers(entry, faults)
    faults += _repeated(answers)
    if not file.batches:
        faults.append(Fault(field="file", rule="required", reason="holds no return and no change"))
    if faults:
        raise Invalid(tuple(faults[:_FAULTS_SHOWN]))
    return tuple(answers)


def _answers(entry: AchEntry, faults: list[Fault]) -> Iterator[AchAnswer]:
    """The one answer of an entry; without one, or with more, a fault is noted."""
    if len(entry.notes) != 1 or entry.notes[0].kind is Kind.ADDENDA:
        reason = "must be followed by one addenda 98 or 99"
        faults.append(fault_at(entry.detail, "addenda", "addenda", reason))
        return
    note = entry.notes[0]
    found = _returned(entry, note) if note.kind is Kind.RETURN else _changed(note)
    if isinstance(found, Fault):
        faults.append(found)
    else:
        yield found


def _returned(entry: AchEntry, note: Record) -> ReturnLine | Fault:
    reason = return_reason(note.fields["code"])
    cents = entry.detail.number("cents")
    if reason is None:
        return fault_at(note, "code", "code", "must be R and two digits")
    if cents is None:
        return fault_at(entry.detail, "cents", "format", "must be digits")
    trace = note.fields["original_trace"]
    return ReturnLine(line=note.line, trace=trace, cents=cents, reason=reason)


def _changed(note: Record) -> ChangeLine | Fault:
    reason = change_reason(note.fields["code"])
    if reason is None:
        return fault_at(note, "code", "code", "must be C01 to C07, C09 or C13")
    right = correction(reason, note.fields["corrected"])
    if right is None:
        return fault_at(note, "corrected", "format", f"must hold {reason.meaning}")
    trace = note.fields["original_trace"]
    return ChangeLine(line=note.line, trace=trace, reason=reason, correction=right)


def _batch_faults(batch: AchBatch, originator: Originator) -> Iterator[Fault]:
    said = batch.header.fields["company_id"].strip()
    if said != originator.company_id:
        reason = f"is {said or 'blank'}: these entries are not of company {originator.company_id}"
        yield fault_at(batch.header, "company_id", "other_company", reason)


def _origin_faults(entry: AchEntry, originator: Originator) -> Iterator[Fault]:
    """Traces that another bank has given."""
    bank = originator.odfi_routing[:8]
    for note in entry.notes:
        trace = note.fields.get("original_trace", bank)
        if not trace.startswith(bank):
            reason = f"is {trace}: it was not given by the bank {bank}"
            yield fault_at(note, "original_trace", "other_bank", reason)


def _repeated(answers: list[AchAnswer]) -> Iterator[Fault]:
    """A file answers an entry once: with a return, or with a change."""
    first: dict[str, int] = {}
    for answer in answers:
        earlier = first.setdefault(answer.trace, answer.line)
        if earlier != answer.line:
            reason = f"answers the same entry as line {earlier}"
            yield Fault(field=f"lines.{answer.line}", rule="repeated", reason=reason)
