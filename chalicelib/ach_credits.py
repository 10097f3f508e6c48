"""Who may be sent money by ACH?

Owns the credit, to an account or to ask whether the account is there (a prenote), and what stands
in its way. Which payout it pays belongs to the flow, how it is written to `ach_files`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.ach_text import says_something
from chalicelib.bank_details import ACCOUNT_NUMBER, AccountKind, is_routing_number
from chalicelib.errors import Fault

MOST_CENTS = 9_999_999_999
"""The most that one credit takes."""

MOST_SAME_DAY_CENTS = 100_000_000
"""The most that one credit takes on the same day."""

MOST_FILE_CENTS = 999_999_999_999
"""The most that the credits of a file come to."""


class EntryClass(StrEnum):
    """To whom an entry goes: businesses (CCD) or people (PPD)."""

    CCD = "CCD"
    PPD = "PPD"


@dataclass(frozen=True, slots=True, kw_only=True)
class AchAccount:
    """An account at an American bank; its number stays out of whatever shows it."""

    routing: str
    number: str = field(repr=False)
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What an account is sent; of no cents, a prenote. `id` is what it pays, `note` travels with
    it."""

    id: str
    entry_class: EntryClass
    account: AchAccount
    name: str
    cents: int
    note: str = ""


def credit_faults(credit: Credit, *, same_day: bool = False) -> tuple[Fault, ...]:
    """What stands in the way of the credit; with `same_day`, of sending it on the same day."""
    faults = list(account_faults(credit.account))
    if not says_something(credit.name):
        reason = "has no letter that a bank file can hold: enter it in plain letters"
        faults.append(Fault(field="name", rule="characters", reason=reason))
    most = MOST_SAME_DAY_CENTS if same_day else MOST_CENTS
    if not 0 <= credit.cents <= most:
        reason = f"must be from 0 to {most} cents"
        faults.append(Fault(field="cents", rule="range", reason=reason))
    return tuple(faults)


def account_faults(account: AchAccount) -> tuple[Fault, ...]:
    """What is wrong with the account's numbers, as far as they tell."""
    faults = []
    if not is_routing_number(account.routing):
        reason = "must be nine digits, the last of which checks the others"
        faults.append(Fault(field="routing", rule="check_digit", reason=reason))
    if not ACCOUNT_NUMBER.fullmatch(account.number):
        reason = "must be 4 to 17 letters, digits and hyphens"
        faults.append(Fault(field="account", rule="format", reason=reason))
    return tuple(faults)


def sum_faults(credits: Iterable[Credit]) -> tuple[Fault, ...]:
    """Whether the credits are too much for one file."""
    if sum(credit.cents for credit in credits) <= MOST_FILE_CENTS:
        return ()
    reason = f"come to more than {MOST_FILE_CENTS} cents: make two files of them"
    return (Fault(field="credits", rule="range", reason=reason),)
