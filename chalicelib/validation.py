"""Does this call count, and who says so?

Owns the verdict on an ended call: what the advertiser is charged and what the publisher earns,
judged apart, by the same facts and each side's own terms, each rule with what it saw. It is a
function of facts, terms and the present alone, and of the present only while something is awaited.
The rules themselves belong to `steps` and `disqualifying`; posting the money to `ledger`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.call_facts import CallFacts
from chalicelib.criteria import Geography
from chalicelib.disqualifying import caller_area, repeat_caller, repeated, switched_on
from chalicelib.findings import Denial, Finding, Outcome, Rule
from chalicelib.steps import Climb, Money, climb
from chalicelib.terms import ChargeTerms, EarningTerms, Repeat, ladder

_ANYWHERE = Geography()
# What another disposition or review may undo while the call is open.
_MAY_CHANGE = {
    Denial.DISPOSITION_REJECTED,
    Denial.CONSENT_WITHHELD,
    Denial.REVIEW_DENIED,
}
_NEVER = Repeat(days=0)


class Standing(StrEnum):
    """How one side of a verdict stands: decided, or waiting for what its findings name."""

    APPROVED = "approved"
    DENIED = "denied"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome for both sides, as far as it is known.

    The cents are 0 until a side is approved; the most is what it may still come to while the call
    is pending, and the amount itself once the call is decided. `waits_until` is the next deadline;
    None when nothing is awaited.
    """

    charge: tuple[Finding, ...]
    earning: tuple[Finding, ...]
    charge_cents: int
    earning_cents: int
    charge_standing: Standing
    earning_standing: Standing
    charge_step: str | None = None
    earning_step: str | None = None
    charge_most_cents: int = 0
    earning_most_cents: int = 0
    waits_until: datetime | None = None

    @property
    def standing(self) -> Standing:
        """How the call stands: a denied charge decides it, an approved one waits for the
        earning."""
        if self.charge_standing is Standing.APPROVED and self.earning_standing is Standing.PENDING:
            return Standing.PENDING
        return self.charge_standing

    @property
    def approved(self) -> bool:
        """Whether the advertiser owes the charge, and nothing is awaited any more."""
        return self.standing is Standing.APPROVED

    @property
    def earned(self) -> bool:
        """Whether the publisher earns for the call."""
        return self.earning_standing is Standing.APPROVED

    @property
    def review_until(self) -> datetime | None:
        """The next deadline of a review that is awaited; None when none is."""
        sides = ((self.charge_standing, self.charge), (self.earning_standing, self.earning))
        waits = [
            one.until
            for stands, findings in sides
            for one in findings
            if stands is Standing.PENDING and one.rule is Rule.REVIEW and one.until
        ]
        return min(waits, default=None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every denial on the charge side, once each, in the order of the rules."""
        return tuple(dict.fromkeys(one.denial.value for one in self.charge if one.denial))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One side as it is judged."""

    findings: tuple[Finding, ...]
    standing: Standing
    cents: int = 0
    most_cents: int = 0
    step: str | None = None


def judge(
    facts: CallFacts,
    charge: ChargeTerms | None,
    earning: EarningTerms | None,
    *,
    now: datetime,
) -> Verdict:
    """Judge an ended call under the terms by which it is to be judged; None for one that nobody was
    dialled for.

    A call that never came to a conversation is judged on that alone. A rule that awaits something
    leaves its side pending until that comes, or its own deadline has passed.
    """
    if charge is None or earning is None or not facts.connected:
        denial = Denial.NOT_CONNECTED if facts.offered else Denial.ABANDONED
        nobody = _Side(findings=(_connected(facts, denial),), standing=Standing.DENIED)
        return _verdict(nobody, nobody)
    owed = _charge(facts, charge, now)
    return _verdict(owed, _earning(facts, charge, earning, owed, now=now))


def _charge(facts: CallFacts, terms: ChargeTerms, now: datetime) -> _Side:
    steps = ladder(terms, terms.minimum_talk_seconds)
    climbed = climb(steps, facts, Money(most_cents=terms.charge_cents), now)
    rules = (
        caller_area(terms.geography, facts),
        *(repeated(terms, facts) or (repeat_caller(_NEVER, facts),)),
        *switched_on(terms, facts, now),
    )
    return _side((_connected(facts),), climbed, rules)


def _earning(
    facts: CallFacts, charge: ChargeTerms, terms: EarningTerms, owed: _Side, *, now: datetime
) -> _Side:
    own = terms.minimum_talk_seconds
    steps = ladder(terms, charge.minimum_talk_seconds if own is None else own)
    money = Money(
        most_cents=terms.earning_cents,
        charge_cents=owed.cents if owed.standing is Standing.APPROVED else owed.most_cents,
        charge_most_cents=owed.most_cents,
    )
    rules = (
        _charged(owed),
        *_earning_cap(facts),
        *((caller_area(terms.geography, facts),) if terms.geography != _ANYWHERE else ()),
        *repeated(terms, facts),
        *switched_on(terms, facts, now),
    )
    climbed = climb(steps, facts, money, now)
    return _side((_connected(facts),), climbed, rules)


def _side(first: tuple[Finding, ...], climbed: Climb, rules: tuple[Finding, ...]) -> _Side:
    """What ladder and rules come to: one denial decides, else one wait leaves it open. While the
    other side leaves the call open, what is told of it may still change what decides this one."""
    findings = (*first, *climbed.findings, *rules)
    if any(one.denial for one in findings):
        for_good = any(one.denial and one.denial not in _MAY_CHANGE for one in rules)
        most = 0 if for_good else climbed.most_cents
        return _Side(findings=findings, standing=Standing.DENIED, most_cents=most)
    if any(one.outcome is Outcome.WAITING for one in findings):
        return _Side(findings=findings, standing=Standing.PENDING, most_cents=climbed.most_cents)
    return _Side(
        findings=findings,
        standing=Standing.APPROVED,
        cents=climbed.cents,
        most_cents=climbed.most_cents,
        step=climbed.step,
    )


def _verdict(charge: _Side, earning: _Side) -> Verdict:
    open_sides = [side for side in (charge, earning) if side.standing is Standing.PENDING]
    deadlines = [one.until for side in open_sides for one in side.findings if one.until]
    verdict = Verdict(
        charge=charge.findings,
        earning=earning.findings,
        charge_cents=charge.cents,
        earning_cents=earning.cents,
        charge_standing=charge.standing,
        earning_standing=earning.standing,
        charge_step=charge.step,
        earning_step=earning.step,
        charge_most_cents=charge.cents,
        earning_most_cents=earning.cents,
        waits_until=min(deadlines, default=None),
    )
    if verdict.standing is not Standing.PENDING:
        return verdict
    return replace(
        verdict, charge_most_cents=charge.most_cents, earning_most_cents=earning.most_cents
    )


_CHARGED = {
    Standing.APPROVED: ("charged", Outcome.PASS),
    Standing.DENIED: ("not charged", Outcome.FAIL),
    Standing.PENDING: ("not decided yet", Outcome.WAITING),
}


def _charged(owed: _Side) -> Finding:
    """Nobody earns on what nobody owes; while that is open, so is this."""
    saw, outcome = _CHARGED[owed.standing]
    return Finding(
        rule=Rule.CHARGED,
        saw=saw,
        asked="charged",
        source="charge",
        outcome=outcome,
        denial=Denial.NOT_CHARGED if outcome is Outcome.FAIL else None,
    )


def _earning_cap(facts: CallFacts) -> tuple[Finding, ...]:
    """Told only of a call that was routed although the partnership had reached a cap."""
    if facts.earning_stopped is None:
        return ()
    finding = Finding(
        rule=Rule.EARNING_CAP,
        saw=facts.earning_stopped,
        asked="room under the partnership's caps",
        source="caps",
        outcome=Outcome.FAIL,
        denial=Denial.PARTNERSHIP_CAPPED,
    )
    return (finding,)


def _connected(facts: CallFacts, denial: Denial | None = None) -> Finding:
    return Finding(
        rule=Rule.CONNECTED,
        saw=f"{facts.talk_seconds} s of talk, told by {facts.evidence}",
        asked="a conversation with the target",
        source=facts.evidence.value,
        outcome=Outcome.FAIL if denial else Outcome.PASS,
        denial=denial,
    )
