"""What does the API show of verdicts?

Owns the documents of a verdict as the operator, the publisher and the advertiser see it. Import it
inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import calls, endings, findings, validation
from chalicelib.channels.fields import Document, Moment

CallStatus = Annotated[calls.CallStatus, Field(strict=False)]
Evidence = Annotated[endings.Evidence, Field(strict=False)]
Rule = Annotated[findings.Rule, Field(strict=False)]
Outcome = Annotated[findings.Outcome, Field(strict=False)]
Denial = Annotated[findings.Denial, Field(strict=False)]
Standing = Annotated[validation.Standing, Field(strict=False)]


class FindingView(Document):
    """One rule: what it saw and who told that, what it asked for, and what came of it, with the
    denial where that denies the call. A step of a ladder has a name and the cents that it gives, or
    may yet; a rule that waits is decided `until` then."""

    rule: Rule
    step: str | None
    saw: str
    source: str
    asked: str
    outcome: Outcome
    denial: Denial | None
    cents: int | None
    until: Moment | None


class TermsVersionView(Document):
    """What somebody says of terms, by its version; `since` null since it was made."""

    owner_id: str
    version: int
    since: Moment | None


class StageView(Document):
    """How a verdict stood from then on, while something was awaited; the most is what could still
    come."""

    judged_at: Moment
    charge_standing: Standing
    earning_standing: Standing
    charge_most_cents: int
    earning_most_cents: int
    waits_until: Moment | None


class JudgementView(Document):
    """The outcome for the advertiser's charge and for the publisher's earning; `evidence` tells
    which report the talk time rests on. Cents are 0 until a side is approved, the most is what it
    may still come to. `terms` are those by which the call is judged, `stages` how it stood
    before."""

    approved: bool
    judged_at: Moment
    talk_seconds: int
    evidence: Evidence
    terms: list[TermsVersionView]
    waits_until: Annotated[Moment | None, Field(description="the next deadline")]
    charge: list[FindingView]
    charge_standing: Standing
    charge_step: Annotated[str | None, Field(description="the step that holds")]
    charge_cents: int
    charge_most_cents: int
    earning: list[FindingView]
    earning_standing: Standing
    earning_step: Annotated[str | None, Field(description="the step that holds")]
    earning_cents: int
    earning_most_cents: int
    stages: list[StageView]


class VerdictView(Document):
    """Why the call counts or does not; null while it is not judged."""

    call_id: str
    status: CallStatus
    verdict: JudgementView | None


class PublisherFindingView(Document):
    """One rule of the charge, as the publisher sees it: without amounts, and without what a buyer
    was paid."""

    rule: Rule
    saw: Annotated[str | None, Field(description="null where it is not for the publisher")]
    source: str
    asked: Annotated[str | None, Field(description="null where it is not for the publisher")]
    outcome: Outcome
    denial: Denial | None
    until: Moment | None


class PublisherJudgementView(Document):
    """The verdict as the publisher sees it: its earning whole, of the charge only which rules
    passed."""

    judged_at: Moment
    talk_seconds: int
    evidence: Evidence
    terms: list[TermsVersionView]
    waits_until: Moment | None
    charge: list[PublisherFindingView]
    charge_standing: Standing
    earning: list[FindingView]
    earning_standing: Standing
    earning_step: str | None
    earning_cents: int
    earning_most_cents: int


class PublisherVerdictView(Document):
    """Why the call counts or does not, as the publisher sees it; null while it is not judged."""

    call_id: str
    status: CallStatus
    verdict: PublisherJudgementView | None


class AdvertiserJudgementView(Document):
    """The verdict as the advertiser sees it: its charge, and nothing of the earning."""

    judged_at: Moment
    talk_seconds: int
    evidence: Evidence
    terms: list[TermsVersionView]
    waits_until: Moment | None
    charge: list[FindingView]
    charge_standing: Standing
    charge_step: str | None
    charge_cents: int
    charge_most_cents: int


class AdvertiserVerdictView(Document):
    """Why the call counts or does not, as the advertiser sees it; null while it is not judged."""

    call_id: str
    status: CallStatus
    verdict: AdvertiserJudgementView | None
