"""What has a publisher told for the tax office, and what is withheld of its payouts?

Owns the forms W-9 and W-8, the numbers that a W-9 may give, how long a form holds, and backup
withholding. What a year comes to belongs to `tax_years`. Nothing here is advice: the operator's
accountant decides.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.errors import Fault
from chalicelib.hidden import Hidden
from chalicelib.issuer import Address

_WITHHELD_PERCENT = 24
_SSN = re.compile(r"(?!000|666|9)\d{3}(?!00)\d\d(?!0000)\d{4}", re.ASCII)
_NEVER_ISSUED = frozenset({"078051120", "219099999", "457555462"})
"""Numbers that were printed on sample cards, and advertised."""
_ITIN = re.compile(r"9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}", re.ASCII)
_NO_EIN = frozenset({
    "00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96",
    "97",
})  # fmt: skip
"""Two digits with which no employer's number begins (irs.gov, valid EIN prefixes)."""


class FormKind(StrEnum):
    """A W-9 of those who are taxed in the United States, a W-8 of all others."""

    W9 = "w9"
    W8 = "w8"


class TinType(StrEnum):
    """Whose number it is: an employer's, a person's, or that of a person without a social security
    number."""

    EIN = "ein"
    SSN = "ssn"
    ITIN = "itin"


class Classification(StrEnum):
    """What the payee is for the tax office; what a corporation is paid is not reported."""

    INDIVIDUAL = "individual"
    PARTNERSHIP = "partnership"
    CORPORATION = "corporation"
    TRUST = "trust"
    OTHER = "other"


class BNotice(StrEnum):
    """How often the tax office has told that name and number do not belong together."""

    NONE = "none"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxForm:
    """A form as it was received. A W-9 has a `tin` with its type; a W-8 holds up to and with the
    day `expires_on`, and its address is abroad."""

    kind: FormKind
    legal_name: str
    address: Address
    signed_by: str
    received_on: str
    classification: Classification = Classification.INDIVIDUAL
    tin: Hidden | None = None
    tin_type: TinType | None = None
    expires_on: str | None = None

    @property
    def told(self) -> str:
        """The form as people may see it."""
        number = f" {self.tin_type} …{self.tin.last}" if self.tin else ""
        return f"{self.kind}{number} received {self.received_on}"

    def holds_on(self, day: date) -> bool:
        """Whether it has not expired on that day."""
        return self.expires_on is None or day.isoformat() <= self.expires_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """Whether a part of every payout goes to the tax office, and which notices led there."""

    on: bool = False
    b_notice: BNotice = BNotice.NONE


def form_faults(form: TaxForm, tin: str | None) -> tuple[Fault, ...]:
    """Everything wrong with a form that comes with this number in full: a W-9 says one that can
    exist and never ends, a W-8 says none and is of somebody abroad."""
    if form.kind is FormKind.W8:
        wrong = [
            ("tin", "not_on_w8", "a W-8 is kept without a number", tin),
            ("tin_type", "not_on_w8", "a W-8 is kept without a number", form.tin_type),
            ("address.country", "abroad", "a W-8 is of somebody abroad: a W-9 is needed here",
             form.address.country == "US"),
        ]  # fmt: skip
    else:
        can_exist = tin and form.tin_type and is_tin(tin, form.tin_type)
        wrong = [
            ("tin", "required", "a W-9 says a number", not tin),
            ("tin_type", "required", "a W-9 says whose number it is", not form.tin_type),
            ("tin", "tin", "cannot be a number of this type; look at it again",
             tin and form.tin_type and not can_exist),
            ("expires_on", "not_on_w9", "a W-9 does not expire", form.expires_on),
        ]  # fmt: skip
    return tuple(
        Fault(field=field, rule=rule, reason=reason) for field, rule, reason, bad in wrong if bad
    )


def is_tin(digits: str, kind: TinType) -> bool:
    """Whether the nine digits can be a number of this type; who has it, nobody tells."""
    return _CHECKS[kind](digits)


def last_valid_day(received_on: date) -> date:
    """Up to which day a W-8 holds that names no end of its own: the last of the third year after
    the one in which it was received."""
    return date(received_on.year + 3, 12, 31)


def withheld_cents(amount_cents: int) -> int:
    """What backup withholding takes of a positive amount: 24 percent, half a cent rounded up."""
    return (amount_cents * _WITHHELD_PERCENT + 50) // 100


def _is_ein(digits: str) -> bool:
    return re.fullmatch(r"\d{9}", digits, re.ASCII) is not None and digits[:2] not in _NO_EIN


def _is_ssn(digits: str) -> bool:
    return _SSN.fullmatch(digits) is not None and digits not in _NEVER_ISSUED


def _is_itin(digits: str) -> bool:
    return _ITIN.fullmatch(digits) is not None


_CHECKS: Mapping[TinType, Callable[[str], bool]] = {
    TinType.EIN: _is_ein,
    TinType.SSN: _is_ssn,
    TinType.ITIN: _is_itin,
}
