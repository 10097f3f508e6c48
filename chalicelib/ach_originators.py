"""As whom does the operator send ACH files, and through which bank?

Owns what the operator's bank has agreed with it, and what is wrong with it. The bank says every one
of these values; none can be found out otherwise.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chalicelib.ach_credits import AchAccount, account_faults
from chalicelib.ach_text import transliterated
from chalicelib.bank_details import is_routing_number
from chalicelib.errors import Fault

_ORIGIN = re.compile(r"[0-9]{9}|[0-9A-Z]{10}", re.ASCII)
_COMPANY = re.compile(r"[0-9A-Z]{1,10}", re.ASCII)
_WIDTHS: Mapping[str, int] = {
    "destination_name": 23,
    "origin_name": 23,
    "company_name": 16,
    "description": 10,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """The operator as its bank knows it.

    Files go to `destination_routing` from `origin` (nine digits or ten characters), traces begin
    with the bank that originates, `odfi_routing`. `description` is what a business sees of the
    payment; people see PAYROLL, unless the bank says otherwise. With an `offset` account every
    batch is balanced by a debit from it.
    """

    destination_routing: str
    destination_name: str
    origin: str
    origin_name: str
    odfi_routing: str
    company_name: str
    company_id: str
    description: str = "PAYOUT"
    ppd_says_payroll: bool = True
    offset: AchAccount | None = None


def originator_faults(originator: Originator) -> tuple[Fault, ...]:
    """Everything wrong with what the operator says of itself."""
    return tuple(_faults(originator))


def _faults(originator: Originator) -> Iterator[Fault]:
    for name in ("destination_routing", "odfi_routing"):
        if not is_routing_number(getattr(originator, name)):
            reason = "must be nine digits, the last of which checks the others"
            yield Fault(field=name, rule="check_digit", reason=reason)
    if not _ORIGIN.fullmatch(originator.origin):
        reason = "must be nine digits, or ten digits and capitals"
        yield Fault(field="origin", rule="format", reason=reason)
    if not _COMPANY.fullmatch(originator.company_id):
        reason = "must be up to ten digits and capitals"
        yield Fault(field="company_id", rule="format", reason=reason)
    for name, width in _WIDTHS.items():
        plain = transliterated(getattr(originator, name))
        if not 0 < len(plain) <= width:
            reason = f"must come to 1 to {width} capitals, digits and signs"
            yield Fault(field=name, rule="length", reason=reason)
    if originator.offset is not None:
        for fault in account_faults(originator.offset):
            yield Fault(field=f"offset.{fault.field}", rule=fault.rule, reason=fault.reason)
