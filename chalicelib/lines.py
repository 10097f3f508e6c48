"""What is known of a caller's line?

Owns what an offer wants to have looked up, what a carrier's answer tells, how long it counts, and
what a call keeps of it. Whether a call is worth a look-up belongs to `lookups`; asking, to the
flow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LINE_COST_MICROS = 8_000
NAME_COST_MICROS = 10_000
"""What Twilio lists for line type and for caller name, in millionths of a US dollar. Accounts have
prices of their own, which an offer may say."""

_MOST_TEXT = 100
_COUNTRY = re.compile("[A-Z]{2}")


class LookupState(StrEnum):
    """How a call came by what it knows of its caller's line, or why it knows nothing."""

    KEPT = "kept"
    ASKED = "asked"
    LATE = "late"
    FAILED = "failed"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What an offer wants to know of its callers' lines: the line type and its carrier always, the
    caller's name where it says so.

    A carrier is asked only for a call that could cost a buyer `from_charge_cents` or more, and not
    again for `keep_days`. `cost_micros` is what asking costs once, in millionths of a US dollar;
    None is the list price.
    """

    caller_name: bool = False
    from_charge_cents: int = 0
    keep_days: int = 30
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLine:
    """What a carrier said of a line at `looked_up_at`; None for what it does not know.

    `with_name` is whether it was asked for the caller's name. `country` is an ISO 3166 code.
    """

    line_type: str | None
    line_carrier: str | None
    caller_name: str | None
    country: str | None
    with_name: bool
    looked_up_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLookup:
    """What a call knows of its caller's line, and what asking has cost in millionths of a US
    dollar; a late answer is paid for as well."""

    state: LookupState
    line: KnownLine | None = None
    cost_micros: int = 0


def cost_of(lookup: Lookup) -> int:
    """What asking once costs, in millionths of a US dollar."""
    if lookup.cost_micros is not None:
        return lookup.cost_micros
    return LINE_COST_MICROS + (NAME_COST_MICROS if lookup.caller_name else 0)


def kept_for(lookup: Lookup) -> timedelta:
    """How long an answer counts."""
    return timedelta(days=lookup.keep_days)


def kept_line(lookup: Lookup, line: KnownLine | None, now: datetime) -> KnownLine | None:
    """What an earlier answer tells the offer at `now`; None where it has to be asked again.

    An offer that does not want names learns none, whoever else has asked for it.
    """
    if line is None or now >= line.looked_up_at + kept_for(lookup):
        return None
    if lookup.caller_name:
        return line if line.with_name else None
    return replace(line, caller_name=None)


def line_said(said: Mapping[str, Any], *, with_name: bool, now: datetime) -> KnownLine | None:
    """What an answer tells, by the names of `KnownLine`; None where it tells nothing of the line.

    Whatever is no text, or is longer than any such fact, is not believed.
    """
    known = {name: _text(said.get(name)) for name in ("line_type", "line_carrier", "caller_name")}
    if not any(known.values()):
        return None
    country = _text(said.get("country"))
    return KnownLine(
        **known,
        country=country if country and _COUNTRY.fullmatch(country) else None,
        with_name=with_name,
        looked_up_at=now,
    )


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        return None
    return value.strip() or None
