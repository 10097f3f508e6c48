"""Which part of a number that nobody may read is shown?

Owns the form in which account and tax numbers are kept, and to what each is bound. Encrypting
belongs to the providers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_MOST_SHOWN = 4


class Secret(StrEnum):
    """What of a publisher is kept encrypted."""

    ACCOUNT_NUMBER = "account_number"
    TIN = "tin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A number as it is kept: encrypted, with the `last` characters that people know it by."""

    ciphertext: str
    last: str


def shown_part(number: str) -> str:
    """The last four characters, and never more than half of the number."""
    return number[len(number) - min(_MOST_SHOWN, len(number) // 2) :]


def bound_to(publisher_id: str, secret: Secret) -> Mapping[str, str]:
    """What a number is encrypted for: under another publisher's id, or as another secret, it
    cannot be read."""
    return {"publisher_id": publisher_id, "secret": secret.value}
