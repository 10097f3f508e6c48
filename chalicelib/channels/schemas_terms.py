"""What does the API take and show of terms?

Owns the documents of charge and earning terms: ladders, steps, what they pay, and disqualifiers.
What a ladder as a whole must satisfy belongs to `terms_faults`. Import it inside handlers only: no
other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import offers, terms
from chalicelib.channels.fields import Cents, Days, Document, Moment, Name, Seconds
from chalicelib.channels.schemas_rules import Filter, Geography, Hours, Text

WithinHours = Annotated[
    int, Field(ge=1, le=720, description="whole hours after the call's end, the last included")
]
DispositionValue = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
DispositionValues = Annotated[list[DispositionValue], Field(min_length=1, max_length=50)]
Question = Annotated[
    str,
    Field(pattern=f"^{offers.TAG_NAME.pattern}$", description="the name of an offer's question"),
]
Otherwise = Annotated[terms.Otherwise, Field(strict=False)]


class Pay(Document):
    """What a step gives, in whole cents, rounded once, half up: `fixed` its `cents`; `per_minute`
    so many cents for every minute of talk above `from_seconds`, each that has begun or each that is
    full; a share so many `basis_points` (10,000 are all of it), not below its floor and not above
    its ceiling."""

    kind: Annotated[terms.PayKind, Field(strict=False)] = terms.PayKind.FIXED
    cents: Cents = 0
    from_seconds: Seconds = 0
    minutes: Annotated[terms.Minutes, Field(strict=False)] = terms.Minutes.BEGUN
    basis_points: Annotated[int, Field(ge=0, le=terms.WHOLE)] = 0
    floor_cents: Cents = 0
    ceiling_cents: Cents | None = None


class Step(Document):
    """One step of a ladder. `talk` asks `seconds` (included) on the `clock`; `disposition` and
    `ivr_answer` one of the `values`; `postback` a conversion of `minimum_cents` or more. What the
    advertiser says must come `within_hours`; `otherwise` says what holds if nothing does. The step
    is for calls that arrive within its `hours` and pass every filter."""

    name: Name
    test: Annotated[terms.StepTest, Field(strict=False)]
    pays: Pay
    seconds: Seconds = 0
    clock: Annotated[terms.Clock, Field(strict=False)] = terms.Clock.ANSWER
    question: Question | None = None
    values: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    minimum_cents: Cents = 0
    within_hours: WithinHours = 24
    otherwise: Otherwise = terms.Otherwise.DENY
    hours: Hours | None = None
    filters: Annotated[list[Filter], Field(max_length=10)] = Field(default_factory=list)


Steps = Annotated[
    list[Step],
    Field(max_length=20, description="in ascending order: the highest that holds wins"),
]


class Repeat(Document):
    """A caller is a repeated one for so many days after a call of the scope that was connected, or
    approved; null is for ever."""

    scope: Annotated[terms.RepeatScope, Field(strict=False)] = terms.RepeatScope.CAMPAIGN
    since: Annotated[terms.Since, Field(strict=False)] = terms.Since.APPROVED
    days: Days | None = 30


class Missing(Document):
    """A disposition is owed within so many hours; without one the call is denied, or approved."""

    within_hours: WithinHours
    otherwise: Otherwise = terms.Otherwise.DENY


class Rejected(Document):
    """The dispositions that deny a call, if one of them stands within so many hours."""

    values: DispositionValues
    within_hours: WithinHours = 24


class Withheld(Document):
    """How a caller says no: by an answer to the question, or by way of a disposition."""

    question: Question | None = None
    answers: Annotated[list[Text], Field(max_length=20)] = Field(default_factory=list)
    dispositions: Annotated[list[DispositionValue], Field(max_length=50)] = Field(
        default_factory=list
    )


class Reviewed(Document):
    """The operator decides within so many hours; without a decision the call is denied, or
    approved. Calls that do not pass every filter are not waited for."""

    within_hours: WithinHours
    otherwise: Otherwise = terms.Otherwise.DENY
    filters: Annotated[list[Filter], Field(max_length=10)] = Field(default_factory=list)


class Disqualifiers(Document):
    """What denies a call whatever step it meets; each is off unless it is said."""

    blocked_caller: bool = False
    anonymous_caller: bool = False
    repeat_callers: Annotated[list[Repeat], Field(max_length=8)] = Field(default_factory=list)
    outside_hours: Hours | None = None
    disposition_missing: Missing | None = None
    disposition_rejected: Rejected | None = None
    consent_withheld: Withheld | None = None
    review: Reviewed | None = None


class ChargeTerms(Document):
    """What the advertiser pays for, and how much. Without steps a call costs `charge_cents` from
    `minimum_talk_seconds` on, that second included; with steps it is the most that any may cost,
    and so much is held for a call. `repeat_days` is the short form of a repeat rule on the
    campaign, since an approved call."""

    charge_cents: Cents
    minimum_talk_seconds: Seconds = 0
    repeat_days: Days = 0
    geography: Geography = Geography()
    steps: Steps = Field(default_factory=list)
    disqualifiers: Disqualifiers = Disqualifiers()


class EarningTerms(Document):
    """What the publisher earns for a charged call; null takes the campaign's minimum. With steps
    `earning_cents` is the most that any may come to."""

    earning_cents: Cents
    minimum_talk_seconds: Seconds | None = None
    geography: Geography = Geography()
    steps: Steps = Field(default_factory=list)
    disqualifiers: Disqualifiers = Disqualifiers()


class TargetTerms(Document):
    """What a target says in the place of its campaign's terms; null where it says nothing."""

    charge_cents: Cents | None
    geography: Geography | None
    steps: list[Step] | None


class TermsView(Document):
    """Terms as one version has them: `charge` of a campaign, `earning` of an offer or a
    partnership, `target` what a target says in its campaign's place. Null is what does not apply,
    or was not said, and `since` null since the thing was made."""

    owner_id: str
    version: int
    since: Moment | None
    charge: ChargeTerms | None
    earning: EarningTerms | None
    target: TargetTerms | None
