"""What does a bank mean by the code of what it sends back?

Owns the codes of returns (R…) and of notifications of change (C…) that credits can meet, what is to
be done about each, and which account data a notification corrects. How a file holds them belongs to
`ach_returns`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.bank_details import AccountKind

_RETURN = re.compile(r"R[0-9]{2}", re.ASCII)


class ReturnAction(StrEnum):
    """What is to be done about a returned credit before it is paid again.

    `new_details`: the account takes no money, the payee must say another. `compliance`: nobody may
    be paid before the operator has found out why. `contact`: ask the payee. `our_file`: nothing is
    wrong with the payee, the file or an agreement with the bank is. `ask_bank`: the code is none
    that a credit should meet.
    """

    NEW_DETAILS = "new_details"
    COMPLIANCE = "compliance"
    CONTACT = "contact"
    OUR_FILE = "our_file"
    ASK_BANK = "ask_bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReason:
    """A code of returns, what it means, and what to do."""

    code: str
    meaning: str
    action: ReturnAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Account data as the receiver's bank says they are; None where it says nothing."""

    routing: str | None = None
    number: str | None = field(default=None, repr=False)
    kind: AccountKind | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReason:
    """A code of changes, what was wrong, and the form of what corrects it; without a form nothing
    that is kept of a payee is meant."""

    code: str
    meaning: str
    form: re.Pattern[str] | None = None


def return_reason(code: str) -> ReturnReason | None:
    """What the code means; a return of a code that the table has not is the bank's to explain.
    None for what is no code of a return."""
    known = _RETURNS.get(code)
    if known is None and _RETURN.fullmatch(code):
        return ReturnReason(code=code, meaning="other", action=ReturnAction.ASK_BANK)
    return known


def change_reason(code: str) -> ChangeReason | None:
    """What the code of a change means; None for one that the table has not."""
    return CHANGES.get(code)


def correction(reason: ChangeReason, said: str) -> Correction | None:
    """What the bank corrects, out of the field of 29 characters; None when the field does not have
    the form of its code."""
    if reason.form is None:
        return Correction()
    found = reason.form.fullmatch(said.strip())
    if found is None:
        return None
    parts = found.groupdict()
    kind = _KINDS.get(parts.pop("code", ""))
    if "code" in found.groupdict() and kind is None:
        return None
    return Correction(kind=kind, **parts)


def _returns(action: ReturnAction, **meanings: str) -> dict[str, ReturnReason]:
    return {
        code: ReturnReason(code=code, meaning=meaning, action=action)
        for code, meaning in meanings.items()
    }


_RETURNS: Mapping[str, ReturnReason] = {
    **_returns(
        ReturnAction.NEW_DETAILS,
        R02="the account is closed",
        R03="no such account, or it is not this holder's",
        R04="the account number cannot be one of that bank",
        R12="the account's branch was sold to another bank",
        R13="the routing number takes no ACH",
        R20="the account takes no transfers",
        R28="the check digit of the routing number is wrong",
        R34="the bank's part in ACH is limited",
    ),
    **_returns(
        ReturnAction.COMPLIANCE,
        R14="the representative of the holder has died or cannot act",
        R15="the holder has died",
        R16="the account is frozen, or sanctions forbid the payment",
    ),
    **_returns(
        ReturnAction.CONTACT,
        R06="returned because our bank asked for it",
        R17="the bank could not process the entry, or doubts its account number",
        R23="the holder refuses the credit",
        R31="a business's bank returns it late, with our bank's leave",
        R33="the holder's bank returns it as it may",
    ),
    **_returns(
        ReturnAction.OUR_FILE,
        R18="the effective date is not one",
        R19="the amount is not one",
        R21="the company id is not one",
        R22="the receiver does not know the id",
        R24="the bank takes the entry for a repetition",
        R25="the addenda is wrong",
        R26="a field that must be filled is not",
        R27="the trace is wrong",
        R32="the bank does not settle",
    ),
}

_KINDS: Mapping[str, AccountKind] = {
    "22": AccountKind.CHECKING,
    "23": AccountKind.CHECKING,
    "32": AccountKind.SAVINGS,
    "33": AccountKind.SAVINGS,
}
_ROUTING = r"(?P<routing>[0-9]{9})"
_NUMBER = r"(?P<number>[0-9A-Za-z](?:[0-9A-Za-z -]{0,15}[0-9A-Za-z])?)"
_LAZY_NUMBER = r"(?P<number>[0-9A-Za-z][0-9A-Za-z-]{0,16}?)"
_CODE = r"(?P<code>[0-9]{2})"


def _change(code: str, meaning: str, form: str | None = None) -> ChangeReason:
    compiled = re.compile(form, re.ASCII) if form else None
    return ChangeReason(code=code, meaning=meaning, form=compiled)


CHANGES: Mapping[str, ChangeReason] = {
    one.code: one
    for one in (
        _change("C01", "the account number", _NUMBER),
        _change("C02", "the routing number", _ROUTING),
        _change("C03", "the routing number and the account number", f"{_ROUTING} *{_NUMBER}"),
        _change("C04", "the holder's name", r"(?P<name>.{1,22})"),
        _change("C05", "the kind of account", _CODE),
        _change("C06", "the account number and the kind of account", f"{_LAZY_NUMBER} *{_CODE}"),
        _change(
            "C07",
            "the routing number, the account number and the kind of account",
            f"{_ROUTING} *{_LAZY_NUMBER} *{_CODE}",
        ),
        _change("C09", "the id that the receiver goes by, which is ours to choose"),
        _change("C13", "the form of the addenda"),
    )
}
