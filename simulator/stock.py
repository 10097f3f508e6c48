"""Which numbers does the carrier have to lend, and what does it know of one that it lends?

The stock is made up: fictitious numbers (555-0100 to 555-0199) of the area codes and places of the
callers' population, and of the toll-free area codes. What is lent is `carrier`'s to remember.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from simulator.population import PLACES

_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNumber:
    """A number that can be rented; the place is empty for toll-free ones."""

    e164: str
    city: str = ""
    state: str = ""
    zip_code: str = ""

    @property
    def area_code(self) -> str:
        """The three digits after +1."""
        return self.e164[2:5]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRecord:
    """A number that an account rents, with where its calls and reports go."""

    sid: str
    account_sid: str
    e164: str
    created: datetime
    updated: datetime
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_application_sid: str = ""
    trunk_sid: str = ""
    voice_caller_id_lookup: str = "false"


def local_stock(rented: Collection[str]) -> Iterator[StockNumber]:
    """Numbers of places that nobody rents."""
    for area_code, city, state, zip_code in PLACES:
        for line in range(100, 200):
            e164 = f"+1{area_code}5550{line}"
            if e164 not in rented:
                yield StockNumber(e164=e164, city=city, state=state, zip_code=zip_code)


def toll_free_stock(rented: Collection[str]) -> Iterator[StockNumber]:
    """Toll-free numbers that nobody rents."""
    for area_code in _TOLL_FREE:
        for line in range(100, 200):
            e164 = f"+1{area_code}5550{line}"
            if e164 not in rented:
                yield StockNumber(e164=e164)


def in_stock(e164: str, rented: Collection[str]) -> bool:
    """Can the number be rented?"""
    both = (*local_stock(rented), *toll_free_stock(rented))
    return any(one.e164 == e164 for one in both)


def contains(e164: str, pattern: str) -> bool:
    """Does the number hold the pattern? `*` is any digit, letters are those of a keypad."""
    digits = pattern.upper().translate(_KEYPAD).lstrip("+").replace("*", r"\d")
    return re.search(digits, e164) is not None
