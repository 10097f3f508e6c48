"""What does a stream of calls look like?

The make-up of traffic: which numbers are dialled, how calls come out, how long people talk,
who calls again. Drawing calls from it is `traffic`'s business.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from simulator.grammar import is_e164
from simulator.population import MOST_CALLERS

OUTCOMES = ("answer", "busy", "no-answer", "failed", "caller-leaves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """A number that callers dial; talk times cluster around `minimum_talk_seconds`."""

    e164: str
    weight: float = 1.0
    minimum_talk_seconds: int = 90

    def __post_init__(self) -> None:
        if not is_e164(self.e164) or self.weight <= 0 or self.minimum_talk_seconds < 0:
            raise ValueError(
                f"{self.e164!r}: a dialled number is E.164, with a weight above 0"
                " and a minimum talk time of at least 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The make-up of traffic. Shares are from 0 to 1; `outcomes` are weights by outcome.

    `near_threshold` of the talks end within two seconds of the dialled number's minimum, and
    `short` of them well below it. `repeat_share` of the calls come from somebody who called
    before. `answer_seconds` is the range of how long a target rings.
    """

    numbers: tuple[Dialled, ...] = ()
    outcomes: Mapping[str, float] = field(
        default_factory=lambda: {
            "answer": 74, "busy": 7, "no-answer": 9, "failed": 3, "caller-leaves": 7,
        }
    )  # fmt: skip
    callers: int = 400
    repeat_share: float = 0.15
    anonymous_share: float = 0.02
    near_threshold: float = 0.3
    short: float = 0.25
    target_hangs_up: float = 0.35
    answer_seconds: tuple[float, float] = (2.0, 18.0)
    digits: tuple[str, ...] = ("1", "1")

    def __post_init__(self) -> None:
        unknown = set(self.outcomes) - set(OUTCOMES)
        if unknown or not any(weight > 0 for weight in self.outcomes.values()):
            raise ValueError(f"outcomes are weights of {', '.join(OUTCOMES)}")
        for name in ("repeat_share", "anonymous_share", "near_threshold", "short"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1")
        if not 0 <= self.target_hangs_up <= 1 or self.near_threshold + self.short > 1:
            raise ValueError("shares are from 0 to 1, near_threshold and short at most 1 together")
        if not 1 <= self.callers <= MOST_CALLERS:
            raise ValueError(f"callers is a number from 1 to {MOST_CALLERS}")
        shortest, longest = self.answer_seconds
        if not 0 <= shortest <= longest:
            raise ValueError("answer_seconds is a range of seconds, the shorter first")


BUILTIN = Profile()


def profile_from(path: Path) -> Profile:
    """The profile of a JSON file with the fields of `Profile`; raises `ValueError`."""
    row = _object(path)
    known = {entry.name for entry in fields(Profile)}
    if unknown := sorted(set(row) - known):
        raise ValueError(f"{path}: a profile has no {', '.join(unknown)}; it has {sorted(known)}")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    if "numbers" in values:
        values["numbers"] = tuple(dialled(number) for number in values["numbers"])
    try:
        return replace(BUILTIN, **values)
    except TypeError as fault:
        raise ValueError(f"{path}: a value has the wrong type: {fault}") from fault


def numbers_from(path: Path) -> tuple[Dialled, ...]:
    """The numbers of a demo market's file; raises `ValueError` when it has none."""
    rows = _object(path).get("numbers")
    if not isinstance(rows, list) or not rows:
        raise ValueError(f'{path} lists no "numbers"')
    return tuple(dialled(row) for row in rows)


def dialled(row: object) -> Dialled:
    """A dialled number from its JSON, what belongs to others left aside."""
    if not isinstance(row, dict) or not isinstance(row.get("e164"), str):
        raise ValueError(f'a number is an object with "e164", not {row!r}')
    return Dialled(
        e164=row["e164"],
        weight=float(row.get("weight", 1.0)),
        minimum_talk_seconds=int(row.get("minimum_talk_seconds", 90)),
    )


def _object(path: Path) -> dict[str, Any]:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ValueError(f"{path} cannot be read as JSON: {fault}") from fault
    if not isinstance(row, dict):
        raise ValueError(f"{path} holds no JSON object")
    return row
