"""Which earlier calls of a caller count as approved, once verdicts turn out otherwise?

Owns following a caller's calls back, each by the one that its facts name, through verdicts that
have changed. What a repeat rule makes of them belongs to `disqualifying`; judging, to
`backtesting`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.call_facts import CallFacts, EarlierCall
from chalicelib.terms import RepeatScope, Since

Marks = Mapping[RepeatScope, EarlierCall]
_EVERYWHERE = frozenset(RepeatScope)
_NOWHERE: frozenset[RepeatScope] = frozenset()


@dataclass(frozen=True, slots=True)
class _Known:
    """A call whose verdict is known: whether it is approved, what was approved before it, and the
    scopes in which a verdict up to this one has changed."""

    call_id: str
    facts: CallFacts
    approved: bool
    changed: frozenset[RepeatScope]
    before: Marks = field(default_factory=dict)

    def mark(self, scope: RepeatScope) -> EarlierCall | None:
        """The caller's latest approved call as of this one, which may be itself."""
        if not self.approved:
            return self.before.get(scope)
        return EarlierCall(
            scope=scope,
            since=Since.APPROVED,
            call_id=self.call_id,
            arrived_at=self.facts.arrived_at,
        )


class Repetition:
    """The calls judged so far, as later ones of the same callers find them.

    A call finds those that were told of before it. Of any other, what its facts say stands.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def earlier(self, facts: CallFacts) -> tuple[EarlierCall, ...]:
        """The caller's other calls, with those that are approved now in the place of those that
        were; as the facts say where no verdict that leads to them has changed."""
        changed = self._changed(facts)
        if not changed:
            return facts.earlier
        kept = [
            one for one in facts.earlier if one.since is Since.CONNECTED or one.scope not in changed
        ]
        return (*kept, *(mark for scope, mark in self._marks(facts).items() if scope in changed))

    def tell(self, call_id: str, facts: CallFacts, *, was: bool, becomes: bool) -> None:
        """A call was approved, or not, and is, or is not, now."""
        changed = _EVERYWHERE if was is not becomes else self._changed(facts)
        before = {} if becomes else self._marks(facts)
        self._known[call_id] = _Known(call_id, facts, becomes, changed, before)

    def _changed(self, facts: CallFacts) -> frozenset[RepeatScope]:
        """The scopes in which a verdict on one of the caller's calls before has changed."""
        if not facts.earlier:
            return _NOWHERE
        told = ((one.scope, self._known.get(one.call_id)) for one in facts.earlier)
        return frozenset(scope for scope, known in told if known and scope in known.changed)

    def _marks(self, facts: CallFacts) -> Marks:
        """The latest approved call before this one, by scope: the one that was named, or what came
        before it, or what the latest connected one leads to."""
        found: dict[RepeatScope, EarlierCall] = {}
        for one in facts.earlier:
            known = self._known.get(one.call_id)
            stood = one if one.since is Since.APPROVED else None
            mark = known.mark(one.scope) if known else stood
            other = found.get(one.scope)
            if mark and (other is None or other.arrived_at < mark.arrived_at):
                found[one.scope] = mark
        return found
