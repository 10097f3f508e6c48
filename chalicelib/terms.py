"""On which terms is a call charged, and on which does it earn?

Owns what terms may say: a ladder of steps, what a step asks and pays, what disqualifies a call; and
the arithmetic of a price. Whether terms hold together belongs to `terms_faults`, whether a call
meets them to `validation`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.criteria import Filter, Geography
from chalicelib.times import Hours

_ANYWHERE = Geography()
_A_MINUTE = 60
WHOLE = 10_000
"""All of it, in basis points."""


class StepTest(StrEnum):
    """What a step asks of a call that came to a conversation."""

    ANSWERED = "answered"
    TALK = "talk"
    DISPOSITION = "disposition"
    IVR_ANSWER = "ivr_answer"
    POSTBACK = "postback"
    KEYWORD = "keyword"


class Clock(StrEnum):
    """From when on the seconds of a talk are counted, up to the end of the talk."""

    ARRIVAL = "arrival"
    DIAL = "dial"
    ANSWER = "answer"


class Otherwise(StrEnum):
    """What follows when nothing has come by the deadline: as if the rule held, or as if not."""

    APPROVE = "approve"
    DENY = "deny"


class PayKind(StrEnum):
    """How the amount of a step is found."""

    FIXED = "fixed"
    PER_MINUTE = "per_minute"
    SHARE_OF_CHARGE = "share_of_charge"
    SHARE_OF_POSTBACK = "share_of_postback"


class Minutes(StrEnum):
    """Which minutes are billed: each that has begun, or each that is full."""

    BEGUN = "begun"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """What a step gives, in whole cents, rounded once, half up.

    Of `fixed` the `cents`; of `per_minute` so many cents for every minute of talk above
    `from_seconds`, counted from the target's answer; of a share so many `basis_points`, not below
    `floor_cents` and not above `ceiling_cents`.
    """

    kind: PayKind = PayKind.FIXED
    cents: int = 0
    from_seconds: int = 0
    minutes: Minutes = Minutes.BEGUN
    basis_points: int = 0
    floor_cents: int = 0
    ceiling_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a ladder: what it asks, when and of which calls, and what it pays.

    `talk` asks `seconds` (included) on the `clock`; `disposition` one of the `values`; `ivr_answer`
    one of them as the answer to the `question`; `postback` a conversion of `minimum_cents` or more;
    `keyword` one of the `values` in the transcript. What an advertiser says must come within
    `within_hours` (included) of the call's end; `otherwise` is what holds without it. The call must
    have arrived within the `hours`, and pass every one of the `filters`.
    """

    name: str
    test: StepTest
    pays: Pay
    seconds: int = 0
    clock: Clock = Clock.ANSWER
    question: str | None = None
    values: tuple[str, ...] = ()
    minimum_cents: int = 0
    within_hours: int = 24
    otherwise: Otherwise = Otherwise.DENY
    hours: Hours | None = None
    filters: tuple[Filter, ...] = ()


class RepeatScope(StrEnum):
    """Among whose calls an earlier one of the same caller is looked for."""

    TARGET = "target"
    CAMPAIGN = "campaign"
    ADVERTISER = "advertiser"
    OFFER = "offer"


class Since(StrEnum):
    """Which earlier calls make a caller a repeated one."""

    CONNECTED = "connected"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A caller counts as repeated for `days` times 24 hours (the end excluded); None is for
    ever."""

    scope: RepeatScope = RepeatScope.CAMPAIGN
    since: Since = Since.APPROVED
    days: int | None = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A disposition is owed within so many hours (included) of the call's end."""

    within_hours: int
    otherwise: Otherwise = Otherwise.DENY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A disposition among the `values` denies, if it is the one that stands within so many hours
    (included) of the call's end. Any other one, or none by then, lets the call pass."""

    values: tuple[str, ...]
    within_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """How a caller says no: by one of these `answers` to the `question`, or by way of the
    advertiser, in one of these `dispositions` that has come when the call is judged."""

    question: str | None = None
    answers: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The operator decides of a call within so many hours (included) of its end; of every call, or
    of those that pass every one of the `filters`. `otherwise` is what holds without a decision."""

    within_hours: int
    otherwise: Otherwise = Otherwise.DENY
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disqualifiers:
    """What denies a call whatever step it meets; each is off unless it is said.

    `blocked_caller`: a block list of the deployment, the offer, the publisher or the advertiser
    names the caller when the call is judged first. `outside_hours`: it arrived outside of these.
    """

    blocked_caller: bool = False
    anonymous_caller: bool = False
    repeat_callers: tuple[Repeat, ...] = ()
    outside_hours: Hours | None = None
    disposition_missing: Missing | None = None
    disposition_rejected: Rejected | None = None
    consent_withheld: Withheld | None = None
    review: Reviewed | None = None


_NONE = Disqualifiers()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """What the advertiser pays for, and how much.

    Without `steps` a call costs `charge_cents` from `minimum_talk_seconds` on (inclusive: 120 s of
    talk meets 120). With steps the highest one that holds says what it costs, and `charge_cents`
    the most that any may: so much is held for a call, and by it targets are ranked. `repeat_days`
    is the short form of one repeat rule, on the campaign and since an approved call; 0 lets the
    same caller count again at once.
    """

    charge_cents: int
    minimum_talk_seconds: int = 0
    repeat_days: int = 0
    geography: Geography = _ANYWHERE
    steps: tuple[Step, ...] = ()
    disqualifiers: Disqualifiers = _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningTerms:
    """What the publisher earns for a charged call; no minimum of its own: the campaign's.

    With `steps` the highest that holds says what is earned, and `earning_cents` the most that any
    may: so much counts for the partnership's caps while the call is open.
    """

    earning_cents: int
    minimum_talk_seconds: int | None = None
    geography: Geography = _ANYWHERE
    steps: tuple[Step, ...] = ()
    disqualifiers: Disqualifiers = _NONE


Terms = ChargeTerms | EarningTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTerms:
    """What a target says in the place of its campaign's terms; None where it says nothing."""

    charge_cents: int | None = None
    geography: Geography | None = None
    steps: tuple[Step, ...] | None = None

    def in_place_of(self, terms: ChargeTerms) -> ChargeTerms:
        """The campaign's terms with what is said here."""
        return replace(
            terms,
            charge_cents=terms.charge_cents if self.charge_cents is None else self.charge_cents,
            geography=terms.geography if self.geography is None else self.geography,
            steps=terms.steps if self.steps is None else self.steps,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsVersion:
    """A version of what a campaign, a target, an offer or a partnership says of terms, and since
    when it does; None since it was made."""

    owner_id: str
    version: int
    since: datetime | None = None


def most_of(terms: Terms) -> int:
    """The most that a call can come to, in cents."""
    return terms.charge_cents if isinstance(terms, ChargeTerms) else terms.earning_cents


def ladder(terms: Terms, minimum_talk_seconds: int) -> tuple[Step, ...]:
    """The steps of the terms; without any, the one that a price and a minimum talk stand for."""
    if terms.steps:
        return terms.steps
    price = Pay(cents=most_of(terms))
    return (Step(name="", test=StepTest.TALK, seconds=minimum_talk_seconds, pays=price),)


def repeats(terms: Terms) -> tuple[Repeat, ...]:
    """Every repeat rule of the terms, the short form first."""
    own = terms.disqualifiers.repeat_callers
    if isinstance(terms, ChargeTerms) and terms.repeat_days:
        return (Repeat(days=terms.repeat_days), *own)
    return own


def minute_cents(pay: Pay, talk_seconds: int) -> int:
    """The price by the minute: 61 s above the start are two begun minutes, and one full one."""
    above = max(0, talk_seconds - pay.from_seconds)
    full, begun = divmod(above, _A_MINUTE)
    return pay.cents * (full + (1 if begun and pay.minutes is Minutes.BEGUN else 0))


def share_cents(pay: Pay, whole_cents: int) -> int:
    """A share of an amount, rounded half up, then raised to its floor and cut at its ceiling."""
    share = max(pay.floor_cents, (whole_cents * pay.basis_points + WHOLE // 2) // WHOLE)
    return share if pay.ceiling_cents is None else min(share, pay.ceiling_cents)


def paid_cents(pay: Pay, *, talk_seconds: int, charge_cents: int, postback_cents: int) -> int:
    """What a step that holds gives, before the terms' most cuts it."""
    match pay.kind:
        case PayKind.FIXED:
            return pay.cents
        case PayKind.PER_MINUTE:
            return minute_cents(pay, talk_seconds)
        case PayKind.SHARE_OF_CHARGE:
            return share_cents(pay, charge_cents)
        case PayKind.SHARE_OF_POSTBACK:
            return share_cents(pay, postback_cents)
