"""What does an advertiser say that a call came to?

Owns dispositions and postbacks as they lie beside a call, and which of several counts. What comes
in belongs to `feedback`, which call is meant, to `matching`; what follows for the money, to
`validation`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_VALUE = 32
_VALUE = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_VALUE - 1}}}", re.ASCII)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+", re.ASCII)


class Source(StrEnum):
    """By which way it was said: for a call by its id, in a file, or by the buyer's own system."""

    API = "api"
    CSV = "csv"
    POSTBACK = "postback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What a call came to, in the words of the advertiser who has it.

    `at` is when it came to that, `received_at` when the platform was told. `row` orders what one
    file says, beginning with 2; elsewhere it is 0.
    """

    id: str
    call_id: str
    advertiser_id: str
    value: str
    note: str | None = None
    at: datetime
    received_at: datetime
    source: Source
    row: int = 0


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An advertiser's own id of a call; no two calls of the advertiser have the same."""

    advertiser_id: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postback:
    """What a call brought its advertiser; `amount_cents` 0 is a conversion only when it was said
    to be. `event_id` is the advertiser's own; None for a row of a file."""

    id: str
    call_id: str
    advertiser_id: str
    event_id: str | None = None
    amount_cents: int
    currency: str
    converted: bool
    at: datetime
    received_at: datetime
    source: Source
    row: int = 0


def read_value(words: str) -> str | None:
    """The disposition that the words stand for: lower case, with one `_` for each stretch of
    anything but letters and digits, so that `Not interested!` is `not_interested`.

    None when nothing is left that begins with a letter and has at most 32 characters, and where
    letters of other scripts would be lost.
    """
    if any(sign.isalnum() and not sign.isascii() for sign in words):
        return None
    value = _BETWEEN_WORDS.sub("_", words.lower()).strip("_")
    return value if _VALUE.fullmatch(value) else None


def current(dispositions: Iterable[Disposition], advertiser_id: str) -> Disposition | None:
    """The disposition that counts: the advertiser's latest, in whatever order they came.

    One of an advertiser who had the call before is not this one's.
    """
    own = (one for one in dispositions if one.advertiser_id == advertiser_id)
    return max(own, key=_when_said, default=None)


def conversion(postbacks: Iterable[Postback], advertiser_id: str) -> Postback | None:
    """The postback that counts: of the advertiser's conversions the one with the highest amount,
    and the earliest of those; None when nothing was converted."""
    own = [one for one in postbacks if one.advertiser_id == advertiser_id and one.converted]
    return min(own, key=lambda one: (-one.amount_cents, *_when_said(one)), default=None)


def supersedes(later: Disposition, stood: Disposition | None) -> bool:
    """Whether `later` counts where `stood` did: another advertiser's, or said of a later moment."""
    if stood is None or stood.advertiser_id != later.advertiser_id:
        return True
    return _when_said(later) > _when_said(stood)


def _when_said(one: Disposition | Postback) -> tuple[datetime, datetime, int, str]:
    return (one.at, one.received_at, one.row, one.id)
