"""Into which account is a publisher paid?

Owns the account and what makes its numbers ones that a bank of the United States can have. When it
may be used belongs to `payees`, the file that a bank gets, to `ach`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.hidden import Hidden

ACCOUNT_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{2,15}[0-9A-Za-z]", re.ASCII)
"""What fits the field of an ACH entry, 4 to 17 characters."""
_NINE_DIGITS = re.compile(r"\d{9}", re.ASCII)
_WEIGHTS = (3, 7, 1) * 3
_DISTRICTS = ((1, 12), (21, 32), (61, 72))
"""The first two digits of banks, of thrifts, and of electronic numbers; from each to each."""


class AccountKind(StrEnum):
    """What kind of account it is."""

    CHECKING = "checking"
    SAVINGS = "savings"


class HolderKind(StrEnum):
    """Whose account it is: a person's is paid by PPD entries, a business's by CCD entries."""

    PERSON = "person"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetails:
    """The account as it stands `since` it was said. `refused` is the code with which the bank sent
    a payment back: such an account is paid no more until it is said anew."""

    routing_number: str
    account: Hidden
    kind: AccountKind
    holder_name: str
    holder_kind: HolderKind
    since: datetime
    refused: str | None = None

    @property
    def told(self) -> str:
        """The account as people may see it."""
        refused = f", refused with {self.refused}" if self.refused else ""
        return f"{self.kind} …{self.account.last} at {self.routing_number}{refused}"


def is_routing_number(text: str) -> bool:
    """Whether these are nine digits whose sum, weighted 3, 7, 1, divides by ten (ABA)."""
    if not _NINE_DIGITS.fullmatch(text):
        return False
    return sum(int(one) * weight for one, weight in zip(text, _WEIGHTS, strict=True)) % 10 == 0


def routing_fault(text: str) -> str | None:
    """What is wrong with a routing number, in words; None when a bank can have it."""
    if not is_routing_number(text):
        return "must be the nine digits of a bank's routing number; one of these is wrong"
    district = int(text[:2])
    if not any(first <= district <= last for first, last in _DISTRICTS):
        return "must be a bank's routing number; none begins with these two digits"
    return None
