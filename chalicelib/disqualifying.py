"""What denies a call, whatever step it meets?

Owns one function for each disqualifier, over nothing but the facts and what the terms say. The
order in which they are told, and what follows, belong to `validation`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.call_facts import CallFacts, awaited, disposition_by, review_by
from chalicelib.criteria import Geography, Places, passes
from chalicelib.eligibility import covers
from chalicelib.findings import Denial, Finding, Outcome, Rule
from chalicelib.reviews import ReviewDecision
from chalicelib.terms import (
    Missing,
    Otherwise,
    Rejected,
    Repeat,
    RepeatScope,
    Reviewed,
    Terms,
    Withheld,
    repeats,
)
from chalicelib.times import Hours


def caller_area(geography: Geography, facts: CallFacts) -> Finding:
    """Whether the caller is in the places bought; an unknown place is inside only of anywhere."""
    wanted, excluded = _listed(geography), _listed(geography.exclude)
    area = facts.area
    seen = f"state {area.state or '?'}, area code {area.area_code or '?'}"
    if geography.zips or geography.exclude.zips:
        seen += f", ZIP {area.zip or '?'}"
    return _found(
        Finding(
            rule=Rule.CALLER_AREA,
            saw=f"{seen}, told by {area.source}",
            asked=(wanted or "anywhere") + (f", but not {excluded}" if excluded else ""),
            source=area.source,
        ),
        None if covers(geography, area) else Denial.OUT_OF_AREA,
    )


def repeat_caller(repeat: Repeat, facts: CallFacts) -> Finding:
    """Whether the caller's other call lies within the window, on whichever side of this one: calls
    are not always judged in the order in which they came."""
    alike = (one for one in facts.earlier if (one.scope, one.since) == (repeat.scope, repeat.since))
    apart = min((abs(facts.arrived_at - one.arrived_at) for one in alike), default=None)
    window = None if repeat.days is None else timedelta(days=repeat.days)
    repeated = apart is not None and (window is None or apart < window)
    on = "" if repeat.scope is RepeatScope.CAMPAIGN else f" on the {repeat.scope}"
    ever = "ever before" if repeat.days is None else f"within {repeat.days} d"
    return _found(
        Finding(
            rule=Rule.REPEAT_CALLER,
            saw=f"first {repeat.since} call" if apart is None
            else f"{repeat.since} {apart.days} d earlier",
            asked=f"none {repeat.since}{on} {ever}",
            source="earlier calls",
        ),
        Denial.REPEAT_CALLER if repeated else None,
    )  # fmt: skip


def blocked_caller(facts: CallFacts) -> Finding:
    """Whether a block list names the caller."""
    by = facts.blocked_by
    return _found(
        Finding(
            rule=Rule.BLOCKED_CALLER,
            saw="on no block list" if by is None else f"on the {by}'s block list",
            asked="a caller whom nobody blocks",
            source="block list",
        ),
        None if by is None else Denial.CALLER_BLOCKED,
    )


def anonymous_caller(facts: CallFacts) -> Finding:
    """Whether the caller withheld the number."""
    return _found(
        Finding(
            rule=Rule.ANONYMOUS_CALLER,
            saw="no number" if facts.anonymous else "a number",
            asked="a caller with a number",
            source="carrier",
        ),
        Denial.ANONYMOUS_CALLER if facts.anonymous else None,
    )


def outside_hours(hours: Hours, facts: CallFacts) -> Finding:
    """Whether the call arrived outside of the hours, by the wall clock of their zone."""
    inside = hours.open_at(facts.arrived_at)
    return _found(
        Finding(
            rule=Rule.HOURS,
            saw="within them" if inside else "outside of them",
            asked=f"an arrival within the hours in {hours.zone}",
            source="clock",
        ),
        None if inside else Denial.OUTSIDE_HOURS,
    )


def disposition_missing(missing: Missing, facts: CallFacts, now: datetime) -> Finding:
    """Whether the disposition that is owed has come by the deadline, that moment included."""
    wait = awaited(facts, missing.within_hours, missing.otherwise, now)
    said = disposition_by(facts, wait.deadline)
    finding = Finding(
        rule=Rule.DISPOSITION_MISSING,
        saw="no disposition" if said is None else said.value,
        asked=f"a disposition within {missing.within_hours} h of the end",
        source="deadline" if said is None else said.source.value,
        until=None if said or wait.over else wait.deadline,
    )
    fails = said is None and wait.over and missing.otherwise is Otherwise.DENY
    return _found(finding, Denial.DISPOSITION_MISSING if fails else None)


def disposition_rejected(rejected: Rejected, facts: CallFacts, now: datetime) -> Finding:
    """Whether the disposition that stands rejects the call; with none by the deadline, none
    does."""
    wait = awaited(facts, rejected.within_hours, Otherwise.APPROVE, now)
    said = disposition_by(facts, wait.deadline)
    finding = Finding(
        rule=Rule.DISPOSITION_REJECTED,
        saw="no disposition" if said is None else said.value,
        asked=f"not {' or '.join(rejected.values)} within {rejected.within_hours} h of the end",
        source="deadline" if said is None else said.source.value,
        until=None if said or wait.over else wait.deadline,
    )
    fails = said is not None and said.value in rejected.values
    return _found(finding, Denial.DISPOSITION_REJECTED if fails else None)


def consent_withheld(withheld: Withheld, facts: CallFacts, now: datetime) -> Finding:
    """Whether the caller has said no, by a key or by way of the advertiser; not waited for."""
    answer = facts.answers.get(withheld.question or "")
    said = disposition_by(facts, now)
    keyed = answer is not None and answer in withheld.answers
    told = said is not None and said.value in withheld.dispositions
    seen = answer if keyed else said.value if told and said is not None else None
    return _found(
        Finding(
            rule=Rule.CONSENT,
            saw=seen or "nothing said against it",
            asked=f"not {' or '.join((*withheld.answers, *withheld.dispositions))}",
            source="keyed" if keyed or said is None else said.source.value,
        ),
        Denial.CONSENT_WITHHELD if keyed or told else None,
    )


def review(asked: Reviewed, facts: CallFacts, now: datetime) -> Finding:
    """Whether the operator has found against the call by the deadline, that moment included; not
    waited for on a call that the filters leave out."""
    if not all(passes(one, facts.attributes) for one in asked.filters):
        return Finding(
            rule=Rule.REVIEW,
            saw="a call that the filters leave out",
            asked="the operator's approval of other calls",
            source="attributes",
        )
    wait = awaited(facts, asked.within_hours, asked.otherwise, now)
    said = review_by(facts, wait.deadline)
    finding = Finding(
        rule=Rule.REVIEW,
        saw="no review" if said is None else f"{said.decision}: {said.reason}",
        asked=f"the operator's approval within {asked.within_hours} h of the end",
        source="deadline" if said is None else "operator",
        until=None if said or wait.over else wait.deadline,
    )
    missing = said is None and wait.over and asked.otherwise is Otherwise.DENY
    denied = said is not None and said.decision is ReviewDecision.DENY
    denial = Denial.REVIEW_MISSING if missing else Denial.REVIEW_DENIED
    return _found(finding, denial if missing or denied else None)


def switched_on(terms: Terms, facts: CallFacts, now: datetime) -> tuple[Finding, ...]:
    """What every disqualifier that the terms switch on finds, but for area and repetition."""
    asked = terms.disqualifiers
    missing, rejected = asked.disposition_missing, asked.disposition_rejected
    withheld, hours = asked.consent_withheld, asked.outside_hours
    told = (
        blocked_caller(facts) if asked.blocked_caller else None,
        anonymous_caller(facts) if asked.anonymous_caller else None,
        outside_hours(hours, facts) if hours else None,
        disposition_missing(missing, facts, now) if missing else None,
        disposition_rejected(rejected, facts, now) if rejected else None,
        consent_withheld(withheld, facts, now) if withheld else None,
        review(asked.review, facts, now) if asked.review else None,
    )
    return tuple(one for one in told if one is not None)


def repeated(terms: Terms, facts: CallFacts) -> tuple[Finding, ...]:
    """What every repeat rule of the terms finds."""
    return tuple(repeat_caller(one, facts) for one in repeats(terms))


def _listed(places: Places) -> str:
    return " or ".join((*places.states, *places.area_codes, *places.zips))


def _found(finding: Finding, denial: Denial | None) -> Finding:
    """The finding with its outcome: it fails with a denial, and waits while it has a deadline."""
    if denial is not None:
        return replace(finding, outcome=Outcome.FAIL, denial=denial, until=None)
    return replace(finding, outcome=Outcome.WAITING if finding.until else Outcome.PASS)
