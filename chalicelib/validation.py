"""Does this call count, and who says so?

Owns the rules between the stored facts of an ended call and its verdict: what the advertiser is
charged and what the publisher earns, judged apart, each rule with what it saw. Prices come with the
terms; posting the money belongs to `ledger`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.calls import Attempt
from chalicelib.criteria import Places
from chalicelib.eligibility import covers
from chalicelib.endings import Ending
from chalicelib.places import Area


class Rule(StrEnum):
    """The rules, in the order in which they are applied and told."""

    CONNECTED = "connected"
    MINIMUM_TALK = "minimum_talk"
    CALLER_AREA = "caller_area"
    REPEAT_CALLER = "repeat_caller"
    CHARGED = "charged"
    EARNING_CAP = "earning_cap"


class Denial(StrEnum):
    """Why a call does not count: what the reasons of a denied call say."""

    NOT_CONNECTED = "not_connected"
    ABANDONED = "abandoned"
    TOO_SHORT = "too_short"
    OUT_OF_AREA = "out_of_area"
    REPEAT_CALLER = "repeat_caller"
    NOT_CHARGED = "not_charged"
    PARTNERSHIP_CAPPED = "partnership_capped"


MEANING: dict[StrEnum, str] = {
    Denial.NOT_CONNECTED: "no conversation with the target took place",
    Denial.ABANDONED: "the caller left before anybody was chosen",
    Denial.TOO_SHORT: "the talk was shorter than the minimum (the minimum itself is enough)",
    Denial.OUT_OF_AREA: "the caller is in none of the places bought, or in one that is excluded",
    Denial.REPEAT_CALLER: "a call of this caller was approved within the campaign's window",
    Denial.NOT_CHARGED: "the advertiser is not charged, so the publisher earns nothing",
    Denial.PARTNERSHIP_CAPPED: "the partnership had reached a cap when the call came",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule applied: what it saw, what it asked for, and the denial where it failed."""

    rule: Rule
    saw: str
    asked: str
    denial: Denial | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome for both sides. No denial among the charge findings means approved."""

    charge: tuple[Finding, ...]
    earning: tuple[Finding, ...]
    charge_cents: int
    earning_cents: int

    @property
    def approved(self) -> bool:
        """Whether the advertiser owes the charge."""
        return not any(finding.denial for finding in self.charge)

    @property
    def earned(self) -> bool:
        """Whether the publisher earns for the call."""
        return not any(finding.denial for finding in self.earning)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every denial on the charge side, in the order of the rules."""
        return tuple(finding.denial.value for finding in self.charge if finding.denial)


def judge(
    attempt: Attempt | None,
    ending: Ending,
    *,
    area: Area,
    arrived_at: datetime,
    last_approved_at: datetime | None,
) -> Verdict:
    """Judge an ended call under the terms that were in force when `attempt` was reserved.

    `last_approved_at` is the arrival of this caller's previous approved call on the campaign, None
    for a first call. A call that never came to a conversation is judged on that alone.
    """
    if attempt is None or ending.talk_seconds == 0:
        denial = Denial.NOT_CONNECTED if attempt else Denial.ABANDONED
        findings = (_connected(ending, denial),)
        return Verdict(charge=findings, earning=findings, charge_cents=0, earning_cents=0)
    charge = (
        _connected(ending),
        _minimum_talk(ending, attempt.charge.minimum_talk_seconds),
        _caller_area(attempt, area),
        _repeat_caller(attempt, arrived_at, last_approved_at),
    )
    approved = not any(finding.denial for finding in charge)
    earning = _earning(attempt, ending, approved)
    earned = not any(finding.denial for finding in earning)
    return Verdict(
        charge=charge,
        earning=earning,
        charge_cents=attempt.charge.charge_cents if approved else 0,
        earning_cents=attempt.earning.earning_cents if earned else 0,
    )


def _earning(attempt: Attempt, ending: Ending, approved: bool) -> tuple[Finding, ...]:
    own = attempt.earning.minimum_talk_seconds
    minimum = attempt.charge.minimum_talk_seconds if own is None else own
    charged = Finding(
        rule=Rule.CHARGED,
        saw="charged" if approved else "not charged",
        asked="charged",
        denial=None if approved else Denial.NOT_CHARGED,
    )
    return (
        _connected(ending),
        _minimum_talk(ending, minimum),
        charged,
        *_earning_cap(attempt),
    )


def _earning_cap(attempt: Attempt) -> tuple[Finding, ...]:
    """Told only of a call that was routed although the partnership had reached a cap."""
    if attempt.earning_stopped is None:
        return ()
    finding = Finding(
        rule=Rule.EARNING_CAP,
        saw=attempt.earning_stopped,
        asked="room under the partnership's caps",
        denial=Denial.PARTNERSHIP_CAPPED,
    )
    return (finding,)


def _connected(ending: Ending, denial: Denial | None = None) -> Finding:
    return Finding(
        rule=Rule.CONNECTED,
        saw=f"{ending.talk_seconds} s of talk, told by {ending.evidence}",
        asked="a conversation with the target",
        denial=denial,
    )


def _minimum_talk(ending: Ending, minimum: int) -> Finding:
    """The boundary is inclusive: exactly the minimum is enough."""
    return Finding(
        rule=Rule.MINIMUM_TALK,
        saw=f"{ending.talk_seconds} s",
        asked=f"at least {minimum} s",
        denial=None if ending.talk_seconds >= minimum else Denial.TOO_SHORT,
    )


def _caller_area(attempt: Attempt, area: Area) -> Finding:
    geography = attempt.charge.geography
    wanted, excluded = _listed(geography), _listed(geography.exclude)
    seen = f"state {area.state or '?'}, area code {area.area_code or '?'}"
    if geography.zips or geography.exclude.zips:
        seen += f", ZIP {area.zip or '?'}"
    return Finding(
        rule=Rule.CALLER_AREA,
        saw=f"{seen}, told by {area.source}",
        asked=(wanted or "anywhere") + (f", but not {excluded}" if excluded else ""),
        denial=None if covers(geography, area) else Denial.OUT_OF_AREA,
    )


def _listed(places: Places) -> str:
    return " or ".join((*places.states, *places.area_codes, *places.zips))


def _repeat_caller(
    attempt: Attempt, arrived_at: datetime, last_approved_at: datetime | None
) -> Finding:
    """A window of N days ends N times 24 hours after the earlier call arrived."""
    window = timedelta(days=attempt.charge.repeat_days)
    apart = None if last_approved_at is None else abs(arrived_at - last_approved_at)
    repeated = apart is not None and apart < window
    return Finding(
        rule=Rule.REPEAT_CALLER,
        saw="first approved call" if apart is None else f"approved {apart.days} d earlier",
        asked=f"none approved within {attempt.charge.repeat_days} d",
        denial=Denial.REPEAT_CALLER if repeated else None,
    )
