"""May this file be sent to the bank?

Owns what is asked of our own files beyond what holds for any (`ach_reading`): it reads the finished
text as the bank will, and takes nothing from whoever wrote it.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime

from chalicelib.ach_credits import EntryClass
from chalicelib.ach_reading import (
    AchBatch,
    AchEntry,
    AchFile,
    control_faults,
    differing,
    fault_at,
    read_ach,
)
from chalicelib.ach_records import BLOCK, Kind, Record, is_credit
from chalicelib.bank_details import is_routing_number
from chalicelib.banking_days import is_banking_day
from chalicelib.errors import Fault, Invalid

_HEADER = {"priority": "01", "record_size": "094", "blocking": "10", "format": "1"}
_LIVE = frozenset({"22", "32", "27", "37"})
_PRENOTES = frozenset({"23", "33"})
_SERVICES = {(True, False): "220", (True, True): "200", (False, True): "225"}


def faults(text: str) -> tuple[Fault, ...]:
    """Everything wrong with the file, each fault with its line; none when it may be sent."""
    try:
        file = read_ach(text)
    except Invalid as wrong:
        return wrong.faults
    found = [*control_faults(file), *_file_faults(file), *_trace_faults(file)]
    for batch in file.batches:
        found += _batch_faults(batch)
        for entry in batch.entries:
            found += [fault for rule in _RULES for fault in rule(entry)]
    return tuple(found)


def _file_faults(file: AchFile) -> Iterator[Fault]:
    header = file.header
    for name, expected in _HEADER.items():
        if header.fields[name] != expected:
            yield fault_at(header, name, "constant", f"must be {expected}")
    destination = header.fields["destination"]
    if destination[0] != " " or not is_routing_number(destination[1:]):
        reason = "must be a blank and a routing number"
        yield fault_at(header, "destination", "format", reason)
    if _date(header.fields["day"]) is None:
        yield fault_at(header, "day", "format", "must be a date")
    if not header.fields["modifier"].isalnum() or header.fields["modifier"].islower():
        yield fault_at(header, "modifier", "format", "must be a capital or a digit")
    if file.lines % BLOCK:
        reason = f"has {file.lines} lines, which is no multiple of {BLOCK}"
        yield Fault(field="file", rule="padding", reason=reason)
    if file.lines - file.control.line >= BLOCK:
        yield Fault(field="file", rule="padding", reason="is padded by a whole block too many")
    yield from differing(file.control, "blocks", -(-file.lines // BLOCK))
    if not file.batches:
        yield Fault(field="file", rule="required", reason="holds no batch")


def _trace_faults(file: AchFile) -> Iterator[Fault]:
    """Traces begin with the batch's bank and ascend through the file, batches from 1 on."""
    last = ""
    for place, batch in enumerate(file.batches, 1):
        yield from differing(batch.header, "batch", place)
        for entry in batch.entries:
            trace = entry.detail.fields["trace"]
            if not trace.startswith(batch.header.fields["origin_bank"]):
                reason = "does not begin with the originating bank"
                yield fault_at(entry.detail, "trace", "trace", reason)
            if trace <= last:
                yield fault_at(entry.detail, "trace", "trace", "does not ascend through the file")
            last = trace


def _batch_faults(batch: AchBatch) -> Iterator[Fault]:
    header = batch.header
    if header.fields["entry_class"] not in set(EntryClass):
        yield fault_at(header, "entry_class", "class", "must be CCD or PPD")
    credits = [is_credit(entry.detail.fields["code"]) for entry in batch.entries]
    service = _SERVICES.get((any(credits), not all(credits)))
    if header.fields["service"] != service:
        yield fault_at(header, "service", "service", f"must be {service} for these entries")
    for name in ("company_name", "company_id", "description", "origin_bank"):
        if not header.fields[name].strip():
            yield fault_at(header, name, "required", "must not be blank")
    effective = _date(header.fields["effective"])
    if effective is None or not is_banking_day(effective):
        yield fault_at(header, "effective", "banking_day", "must be a banking day")
    if header.fields["settlement"].strip():
        yield fault_at(header, "settlement", "constant", "must be blank")
    if header.fields["status"] != "1":
        yield fault_at(header, "status", "constant", "must be 1")


def _money_faults(entry: AchEntry) -> Iterator[Fault]:
    detail = entry.detail
    code, cents = detail.fields["code"], detail.number("cents")
    if code not in _LIVE | _PRENOTES:
        yield fault_at(detail, "code", "code", "must be a credit, a prenote or the offset")
    if cents is None:
        yield fault_at(detail, "cents", "format", "must be digits")
    elif (cents == 0) != (code in _PRENOTES):
        reason = "must be zero in a prenote, and in no other entry"
        yield fault_at(detail, "cents", "prenote", reason)


def _receiver_faults(entry: AchEntry) -> Iterator[Fault]:
    detail = entry.detail
    if not is_routing_number(detail.fields["bank"] + detail.fields["check_digit"]):
        yield fault_at(detail, "bank", "check_digit", "is no routing number")
    account = detail.fields["account"]
    if not account.strip() or account[0] == " ":
        yield fault_at(detail, "account", "required", "must begin at its first place")
    if not detail.fields["name"].strip():
        yield fault_at(detail, "name", "required", "must not be blank")


def _note_faults(entry: AchEntry) -> Iterator[Fault]:
    """CCD and PPD take one addenda at most, and say whether there is one."""
    detail = entry.detail
    if detail.fields["addenda"] != str(len(entry.notes)) or len(entry.notes) > 1:
        yield fault_at(detail, "addenda", "addenda", "must tell whether one addenda follows")
    for note in entry.notes:
        yield from _addenda_faults(note, detail.fields["trace"])


def _addenda_faults(note: Record, trace: str) -> Iterator[Fault]:
    if note.kind is not Kind.ADDENDA:
        yield Fault(field=f"lines.{note.line}", rule="addenda", reason="must be an addenda 05")
        return
    yield from differing(note, "place", 1)
    if note.fields["entry"] != trace[-7:]:
        reason = "must be the end of the entry's trace"
        yield fault_at(note, "entry", "addenda", reason)


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


_RULES: tuple[Callable[[AchEntry], Iterator[Fault]], ...] = (
    _money_faults,
    _receiver_faults,
    _note_faults,
)
