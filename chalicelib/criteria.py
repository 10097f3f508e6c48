"""Which callers are wanted, by where they are and by what is known of their call?

Owns the geographies and filters that campaigns and targets name, and the judgement of a filter.
Who must satisfy them, and when, belongs to `eligibility`.

Regular expressions are the one thing here that the standard library does not give: its own take
exponential time on some patterns. RE2 decides as a pure function does, in time linear in the text,
and knows neither clock nor network. It is imported by the first filter that asks for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
# What one compiled pattern may take: enough for some 3,000 steps, and so for a few milliseconds at
# worst on 200 letters. RE2's usual 8 MiB would let nested counts take a hundred times as much.
_PATTERN_BYTES = 64 * 1024
_PATTERNS_KEPT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """States by their postal codes, area codes of three digits, ZIPs of five."""

    states: tuple[str, ...] = ()
    area_codes: tuple[str, ...] = ()
    zips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Geography(Places):
    """Where callers must be: in any of the places (none named means anywhere), and in none of
    those to `exclude`."""

    exclude: Places = Places()


class RouteByArea(StrEnum):
    """What a caller's place means before the call: nothing, so that it is judged only afterwards,
    or that a caller outside is not routed."""

    ANYWHERE = "anywhere"
    INSIDE_ONLY = "inside_only"


class FilterTest(StrEnum):
    """How a filter looks at an attribute; `contains`, `prefix` and `matches` look at parts of its
    text."""

    EQUALS = "equals"
    IN = "in"
    CONTAINS = "contains"
    PREFIX = "prefix"
    MATCHES = "matches"
    GREATER = "greater"
    LESS = "less"
    PRESENT = "present"


_COMPARING = frozenset({FilterTest.GREATER, FilterTest.LESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a call's attribute must be like; with `negated`, must not be like.

    `in` takes one value or more, `present` none, every other test one. The case of letters counts.
    `greater` and `less` exclude their value and compare decimal numbers. `matches` takes a regular
    expression in the syntax of RE2, found anywhere in the text unless `^` or `$` bind it.
    """

    attribute: str
    test: FilterTest
    values: tuple[str, ...] = ()
    negated: bool = False


def passes(one: Filter, attributes: Mapping[str, str]) -> bool:
    """Whether the call's attributes satisfy the filter.

    An attribute that is not there, or is no number where numbers are compared, satisfies no test;
    so it satisfies every negated one. A pattern that cannot be compiled is found in nothing.
    """
    value = attributes.get(one.attribute)
    return (value is not None and _holds(one, value)) is not one.negated


def value_fault(one: Filter) -> str | None:
    """What is wrong with the values of a filter; None when they suit its test."""
    count = len(one.values)
    if one.test is FilterTest.PRESENT:
        return "present takes no value" if count else None
    if one.test is FilterTest.IN:
        return None if count else "in takes at least one value"
    if count != 1:
        return f"{one.test} takes exactly one value"
    if one.test in _COMPARING and _number(one.values[0]) is None:
        return f"{one.test} takes a decimal number"
    if one.test is FilterTest.MATCHES:
        return _pattern_fault(one.values[0])
    return None


def _pattern_fault(pattern: str) -> str | None:
    wrong = _compiled(pattern).fault
    return f"RE2 does not take the regular expression: {wrong}" if wrong else None


def _holds(one: Filter, value: str) -> bool:
    match one.test:
        case FilterTest.PRESENT:
            return True
        case FilterTest.EQUALS | FilterTest.IN:
            return value in one.values
        case FilterTest.CONTAINS:
            return one.values[0] in value
        case FilterTest.PREFIX:
            return value.startswith(one.values[0])
        case FilterTest.MATCHES:
            return _found(one.values[0], value)
        case FilterTest.GREATER | FilterTest.LESS:
            return _compares(one.test, value, one.values[0])


def _compares(test: FilterTest, value: str, bound: str) -> bool:
    mine, theirs = _number(value), _number(bound)
    if mine is None or theirs is None:
        return False
    return mine > theirs if test is FilterTest.GREATER else mine < theirs


class _Compiled(NamedTuple):
    """A pattern ready to be searched for, or what keeps it from being that."""

    pattern: Any = None
    fault: str = ""


@lru_cache(maxsize=_PATTERNS_KEPT)
def _found(pattern: str, value: str) -> bool:
    """Kept for the targets of one decision, many of which ask the same."""
    ready = _compiled(pattern).pattern
    return ready is not None and ready.search(_utf8(value)) is not None


@lru_cache(maxsize=_PATTERNS_KEPT)
def _compiled(pattern: str) -> _Compiled:
    import re2

    options = re2.Options()
    options.max_mem = _PATTERN_BYTES
    options.log_errors = False
    try:
        return _Compiled(pattern=re2.compile(_utf8(pattern), options))
    except re2.error as wrong:
        return _Compiled(fault=wrong.args[0].decode(errors="replace"))


def _utf8(text: str) -> bytes:
    """What RE2 reads, whatever the text; half a surrogate pair is a letter like any other."""
    return text.encode(errors="surrogatepass")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None
