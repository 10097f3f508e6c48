"""What do calls come to together, before and after?

Owns the sums of a back-test: in all, by publisher and by rule, and the calls that change. Judging
the calls belongs to `backtesting`, showing the sums to the channels.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.backtesting import Both, Decided, JudgedAgain
from chalicelib.findings import Rule
from chalicelib.validation import Standing

MOST_LISTED = 500


class Ladder(StrEnum):
    """Of which side of a verdict something is told."""

    CHARGE = "charge"
    EARNING = "earning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How many calls stand how on one side, what they come to, and the most that it may be once
    nothing is awaited."""

    approved: int = 0
    denied: int = 0
    pending: int = 0
    cents: int = 0
    most_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """One side's calls as they stood, and as they stand under the tried terms."""

    before: Sum
    after: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many calls one rule decided on one side, so that they stand as told. A call that two
    rules deny counts for both."""

    ladder: Ladder
    standing: Standing
    rule: Rule
    step: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a back-test found: `changed` counts every call that stands otherwise, `changes` lists
    the earliest of them, up to `MOST_LISTED`."""

    calls: int
    sums: Mapping[Ladder, Sums]
    publishers: Mapping[str, Mapping[Ladder, Sums]]
    rules: tuple[RuleCount, ...]
    changed: int
    changes: tuple[JudgedAgain, ...]
    blocks_unknown: int


@dataclass(slots=True)
class _Tally:
    """Sums that grow."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    def add(self, before: Decided, after: Decided) -> None:
        for counts, one in ((self.before, before), (self.after, after)):
            counts[one.standing.value] += 1
            counts["cents"] += one.cents
            counts["most_cents"] += one.most_cents

    def sums(self) -> Sums:
        return Sums(before=Sum(**self.before), after=Sum(**self.after))


_Key = tuple[Ladder, Standing, Rule, str | None]


def compare(judged: Iterable[JudgedAgain], ladders: Collection[Ladder]) -> Comparison:
    """What the calls come to on these sides; a call changes if one of these does. The order in
    which the calls come does not matter."""
    whole = {ladder: _Tally() for ladder in ladders}
    publishers: dict[str, dict[Ladder, _Tally]] = {}
    rules: dict[_Key, list[int]] = {}
    changed: list[JudgedAgain] = []
    calls = unknown = 0
    for one in judged:
        calls += 1
        unknown += one.blocks_unknown
        own = publishers.setdefault(one.call.publisher_id, {it: _Tally() for it in ladders})
        for ladder in ladders:
            before, after = side_of(one.call.before, ladder), side_of(one.after, ladder)
            whole[ladder].add(before, after)
            own[ladder].add(before, after)
            for at, decided in enumerate((before, after)):
                for key in _keys(ladder, decided):
                    rules.setdefault(key, [0, 0])[at] += 1
        if any(_differs(one, ladder) for ladder in ladders):
            changed.append(one)
    changed.sort(key=lambda one: (one.call.facts.arrived_at, one.call.id))
    return Comparison(
        calls=calls,
        sums={ladder: tally.sums() for ladder, tally in whole.items()},
        publishers={
            id: {ladder: tally.sums() for ladder, tally in own.items()}
            for id, own in sorted(publishers.items())
        },
        rules=tuple(_counts(rules)),
        changed=len(changed),
        changes=tuple(changed[:MOST_LISTED]),
        blocks_unknown=unknown,
    )


def side_of(both: Both, ladder: Ladder) -> Decided:
    """One of the two sides."""
    return both.charge if ladder is Ladder.CHARGE else both.earning


def _differs(one: JudgedAgain, ladder: Ladder) -> bool:
    """Whether the side stands otherwise, or comes to another amount; another reason alone is no
    change."""
    before, after = side_of(one.call.before, ladder), side_of(one.after, ladder)
    return (before.standing, before.cents, before.most_cents) != (
        after.standing,
        after.cents,
        after.most_cents,
    )


def _keys(ladder: Ladder, decided: Decided) -> set[_Key]:
    return {(ladder, decided.standing, one.rule, one.step) for one in decided.by}


def _counts(rules: Mapping[_Key, list[int]]) -> Iterator[RuleCount]:
    """In the order of ladders, standings, rules and steps."""
    rank = {rule: at for at, rule in enumerate(Rule)}
    for key in sorted(rules, key=lambda it: (it[0], it[1], rank[it[2]], it[3] or "")):
        ladder, standing, rule, step = key
        before, after = rules[key]
        yield RuleCount(
            ladder=ladder, standing=standing, rule=rule, step=step, before=before, after=after
        )
