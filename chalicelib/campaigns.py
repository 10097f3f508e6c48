"""What is bought, by whom, and on which terms?

Owns the buying side of the catalog: advertisers, campaigns and targets, with the rules that a
single one must satisfy. What publishers see and earn belongs to `offers`; which target gets a call,
to `routing`; whether a call counts, to `validation`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.answering import CALLER, Acceptance, Consent, Line, Voicemail
from chalicelib.criteria import Filter, Geography
from chalicelib.issuer import BillTo
from chalicelib.recording import Recording
from chalicelib.settings import Settings
from chalicelib.terms import ChargeTerms, OwnTerms, Step
from chalicelib.times import Cycle, Hours

_ALWAYS = Hours()
_NOT_RECORDED = Recording()


class State(StrEnum):
    """Whether a thing of the catalog takes part; archived things keep their history."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Billing(StrEnum):
    """How an advertiser pays: from a balance beforehand, or by invoice within a credit limit."""

    PREPAID = "prepaid"
    NET = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertiser(Settings):
    """Who buys calls. `credit_limit_cents` counts only for net billing. Without a `bill_to` its
    documents are made out to its name. `bank_references` are texts by which its money is known on a
    bank's statement. A prepaid one is asked for `top_up_cents` while it may spend less than
    `top_up_below_cents`; None of both asks for nothing. One on terms is billed as soon as
    `bill_at_cents` are unbilled, and when its cycle ends; None of it waits for the cycle."""

    id: str
    name: str
    billing: Billing
    net_days: int = 30
    credit_limit_cents: int = 0
    billing_cycle: Cycle = Cycle.MONTHLY
    bill_to: BillTo | None = None
    bank_references: tuple[str, ...] = ()
    top_up_below_cents: int | None = None
    top_up_cents: int | None = None
    bill_at_cents: int | None = None
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Settings):
    """What an advertiser buys. Budgets are in cents, over windows of `zone`; None is no limit.

    Calls are taken from `starts_at` on, and from `ends_at` on no more. No call may cost more than
    `maximum_charge_cents`, whatever its target asks. `agreement_on_file` names the signed agreement
    that recordings may need.

    `consent`, `whisper`, `acceptance` and `voicemail` are what is said on its calls; None says
    nothing. `caller_id` is whose number its targets are shown: `caller`, `tracking_number`, or a
    number in E.164 that the carrier's account owns.
    """

    id: str
    advertiser_id: str
    name: str
    vertical: str
    terms: ChargeTerms
    zone: str = "UTC"
    daily_budget_cents: int | None = None
    monthly_budget_cents: int | None = None
    total_budget_cents: int | None = None
    maximum_charge_cents: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    consent: Consent | None = None
    whisper: Line | None = None
    acceptance: Acceptance | None = None
    caller_id: str = CALLER
    voicemail: Voicemail | None = None
    recording: Recording = _NOT_RECORDED
    agreement_on_file: str | None = None
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    terms_version: int = 1
    terms_since: datetime | None = None
    created_at: datetime


Matrix = tuple[tuple[int | None, ...], ...]
"""Seven days from Monday of 24 hours on the wall clock; None leaves the hour to the plain cap."""


# Without slots: a class can take slots of one base only, and a target has two.
@dataclass(frozen=True, kw_only=True)
class Caps:
    """At most so many calls, or cents for them, in an hour, a day, a month and in all; None is no
    limit."""

    hourly_cap: int | None = None
    daily_cap: int | None = None
    monthly_cap: int | None = None
    total_cap: int | None = None
    hourly_cap_cents: int | None = None
    daily_cap_cents: int | None = None
    monthly_cap_cents: int | None = None
    total_cap_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Settings, Caps):
    """One place a call can ring: an E.164 number or a `sip:` address in `destination`.

    `send_digits` are played to it once it answers. Priority 1 rings first; weights share the calls
    of one priority. Caps count over windows of the hours' zone. A value of `hourly_cap_matrix` or
    `concurrency_matrix` stands for the plain cap in its hour of the week. Every one of the
    `filters` must pass; a `geography`, `steps` or a `charge_cents` of None are the campaign's.
    Targets of one campaign with the same `ring_group` ring at once.
    """

    id: str
    campaign_id: str
    name: str
    destination: str
    send_digits: str | None = None
    charge_cents: int | None = None
    priority: int = 1
    weight: int = 1
    ring_group: str | None = None
    hours: Hours = _ALWAYS
    geography: Geography | None = None
    steps: tuple[Step, ...] | None = None
    filters: tuple[Filter, ...] = ()
    concurrency_cap: int | None = None
    hourly_cap_matrix: Matrix | None = None
    concurrency_matrix: Matrix | None = None
    state: State = State.ACTIVE
    version: int = 1
    terms_version: int = 1
    terms_since: datetime | None = None
    created_at: datetime


def charge_of(campaign: Campaign, target: Target) -> int:
    """The cents that a call on the target costs: the target's own, else the campaign's."""
    own = target.charge_cents
    return campaign.terms.charge_cents if own is None else own


def terms_of(campaign: Campaign, target: Target) -> ChargeTerms:
    """The terms by which a call on the target is charged: a price, a geography or steps of the
    target's own stand in the place of its campaign's."""
    return own_terms(target).in_place_of(campaign.terms)


def own_terms(target: Target) -> OwnTerms:
    """What the target says in the place of its campaign's terms."""
    return OwnTerms(
        charge_cents=target.charge_cents, geography=target.geography, steps=target.steps
    )
