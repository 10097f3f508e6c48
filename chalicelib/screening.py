"""Is a publisher on the list of those who may not be paid?

Owns when two names are alike, what a list finds, and what the operator's decision makes of that.
The file of a list belongs to `screening_lists`; what a finding keeps from happening, to `clearing`.

A name is its words, in any order: without accents, case, punctuation and the form of a company. Two
are alike when all words of the one are among those of the other, two at least, or when both are the
same. That finds too much rather than too little, and the operator decides.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

_LETTERS = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h",
})  # fmt: skip
_JOINED = re.compile(r"[.'’‘ʼ`´]")
_FORMS = frozenset({
    "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp", "ltd",
    "limited", "plc", "gmbh", "ag", "sa", "srl", "bv", "the",
})  # fmt: skip
_ENOUGH = 2


class ScreeningState(StrEnum):
    """Nothing found; found and not decided; decided that it is somebody else; or that it is not."""

    CLEAR = "clear"
    OPEN = "open"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"


class Decision(StrEnum):
    """What the operator makes of a finding."""

    CLEARED = "cleared"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Who is on the list: a name with its aliases, or without a name everybody of its countries
    (ISO 3166, two letters)."""

    name: str
    aliases: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is looked for: everything that a publisher is called, and its country."""

    names: tuple[str, ...]
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A name of the list that is like one of ours, or a country that is on it without a name."""

    listed: str
    ours: str
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the list `list_id` finds of a publisher called so. `passed` are findings of which the
    operator decided that they are somebody else; version 0 was never looked for."""

    publisher_id: str
    subject: Subject = field(default_factory=lambda: Subject(names=()))
    list_id: str = ""
    state: ScreeningState = ScreeningState.CLEAR
    hits: tuple[Hit, ...] = ()
    passed: tuple[Hit, ...] = ()
    screened_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    version: int = 0

    @property
    def stops(self) -> bool:
        """Whether it keeps the publisher from being paid."""
        return self.state in (ScreeningState.OPEN, ScreeningState.CONFIRMED)


class Names:
    """A list, ready to be asked: each word leads to the names that have it."""

    def __init__(self, listed: Iterable[Listed]) -> None:
        self._names: list[tuple[str, frozenset[str], Listed]] = []
        self._by_word: dict[str, list[int]] = {}
        self._countries: set[str] = set()
        for one in listed:
            for name in filter(None, (one.name, *one.aliases)):
                self._learn(name, one)
            if not one.name:
                self._countries.update(one.countries)

    def hits(self, subject: Subject) -> tuple[Hit, ...]:
        """Every finding of the subject, each once, in the order of the list."""
        found: dict[Hit, None] = {}
        for ours in subject.names:
            for place in self._places(words(ours)):
                name, _, listed = self._names[place]
                found[Hit(listed=name, ours=ours, countries=listed.countries)] = None
        if subject.country in self._countries:
            country = subject.country or ""
            found[Hit(listed=country, ours=country, countries=(country,))] = None
        return tuple(found)

    def _learn(self, name: str, listed: Listed) -> None:
        known = words(name)
        for word in known:
            self._by_word.setdefault(word, []).append(len(self._names))
        self._names.append((name, known, listed))

    def _places(self, ours: frozenset[str]) -> list[int]:
        """Where names lie that are like these words, in order."""
        shared = Counter(place for word in ours for place in self._by_word.get(word, ()))
        return sorted(
            place for place, count in shared.items() if _alike(ours, self._names[place][1], count)
        )


def words(name: str) -> frozenset[str]:
    """The words by which a name is known; the form of a company only where there is no other."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    spaced = "".join(one if one.isalnum() else " " for one in _JOINED.sub("", bare))
    found = frozenset(spaced.split())
    return found - _FORMS or found


def alike(one: str, other: str) -> bool:
    """Whether two names are alike; the order of the two makes no difference."""
    ours, theirs = words(one), words(other)
    return _alike(ours, theirs, len(ours & theirs))


def screened(
    before: Screening, subject: Subject, hits: tuple[Hit, ...], *, list_id: str, now: datetime
) -> Screening:
    """What is found of the subject now.

    What was decided to be somebody else stays so until something new is found; what was confirmed
    stays so, whatever a later list says, until the operator decides otherwise.
    """
    state = ScreeningState.CLEAR
    if before.state is ScreeningState.CONFIRMED:
        state = ScreeningState.CONFIRMED
    elif set(hits) - set(before.passed):
        state = ScreeningState.OPEN
    elif hits:
        state = ScreeningState.CLEARED
    kept = before.hits if state is ScreeningState.CONFIRMED and not hits else hits
    return replace(
        before, subject=subject, list_id=list_id, state=state, hits=kept, screened_at=now
    )  # fmt: skip


def decided(
    before: Screening, decision: Decision, *, reason: str, by: str, now: datetime
) -> Screening:
    """The finding with the operator's decision."""
    cleared = decision is Decision.CLEARED
    passed = tuple(dict.fromkeys((*before.passed, *before.hits))) if cleared else ()
    return replace(
        before,
        state=ScreeningState(decision.value),
        passed=passed,
        decided_at=now,
        decided_by=by,
        reason=reason,
    )


def told(screening: Screening) -> str:
    """The finding as the history says it."""
    names = ", ".join(dict.fromkeys(hit.listed for hit in screening.hits))
    return f"{screening.state}: {names}" if names else screening.state.value


def _alike(ours: frozenset[str], theirs: frozenset[str], shared: int) -> bool:
    if not shared:
        return False
    return ours == theirs or shared == min(len(ours), len(theirs)) >= _ENOUGH
