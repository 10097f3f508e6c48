"""Which rows does the end of a call change, all at once?

Owns the transaction in which a call becomes pending, approved or denied: call, judgement, target,
campaign, funds, the caller's talks and marks, once it is decided the partnership's trials, and for
an approved one the entry, charge and earning. Whether it is approved belongs to `validation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import ledger
from chalicelib.calls import Attempt, Call, CallStatus, Reached
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.endings import Ending
from chalicelib.findings import Outcome
from chalicelib.invoices import Charge
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning
from chalicelib.ringing import freed_for
from chalicelib.sides import masked
from chalicelib.store.calls import call_change
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.entries import entry_puts
from chalicelib.store.holds import hold_changes
from chalicelib.store.marks import mark_changes
from chalicelib.store.rows import Action, Change, Item
from chalicelib.store.shrinking import shrinking_changes, shrunk
from chalicelib.store.talks import talk_changes
from chalicelib.store.target_holds import Ended, freeing_changes
from chalicelib.store.trials import trial_changes
from chalicelib.store.verdicts import Judgement, judgement_action
from chalicelib.terms import Since
from chalicelib.validation import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A call with the judgement on it, the one `before` that waited, if any, and its caller's marks
    as they were read."""

    call: Call
    judgement: Judgement
    before: Judgement | None
    marked: Item | None

    @property
    def verdict(self) -> Verdict:
        """The outcome itself."""
        return self.judgement.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Whose money an approved call moves."""

    advertiser: Advertiser
    publisher: Publisher


def pending_actions(case: Judged) -> list[Action]:
    """The call waiting for what its verdict awaits: its slot is free, and of its hold only what may
    still come is left."""
    call, verdict = case.call, case.verdict
    if call.attempt is None:
        raise ValueError(f"{call.id} was never connected")
    left = shrunk(
        call.attempt,
        charge_cents=verdict.charge_most_cents,
        earning_cents=verdict.earning_most_cents,
    )
    return [
        call_change(call, replace(_after(case), attempt=left), due_at=verdict.waits_until),
        judgement_action(call.id, case.judgement, case.before),
        *shrinking_changes(call.id, call.attempt, left, partnership_id=call.partnership_id),
        *_talk(case),
    ]


def freeing_actions(call: Call, taker: str) -> list[Action]:
    """The call on the `taker`, and what was kept of the others of its group given back."""
    if call.attempt is None:
        raise ValueError(f"{call.id} was never connected")
    going_on = replace(call, attempt=freed_for(call.attempt, taker))
    return [call_change(call, going_on), *freeing_changes(call.id, call.attempt, taker)]


def denial_actions(case: Judged, *, counted: Mapping[str, int], now: datetime) -> list[Action]:
    """The call denied, and all that it held given back.

    `counted` is what was read of the partnership's trials on the campaign, here and below.
    """
    reached = _reached(case.judgement.ending)
    return [
        *_judged(case, now),
        *_released(case.call, Ended(reached=reached), now),
        *trial_changes(case.call, reached=reached, counted=counted, now=now),
        *_talk(case),
    ]


def approval_actions(
    case: Judged, *, parties: Parties, counted: Mapping[str, int], now: datetime
) -> list[Action]:
    """The call approved: the hold becomes a charge, and charge and earning are booked once."""
    call, verdict = case.call, case.verdict
    if call.attempt is None:
        raise ValueError(f"{call.id} was never connected")
    advertiser, publisher = parties.advertiser, parties.publisher
    entry = ledger.approval(
        call_id=call.id,
        advertiser_id=advertiser.id,
        billing=advertiser.billing,
        publisher_id=publisher.id,
        charge_cents=verdict.charge_cents,
        earning_cents=verdict.earning_cents,
        currency=advertiser.currency,
        now=now,
    )
    prepaid = advertiser.billing is Billing.PREPAID
    return [
        *_judged(case, now),
        *_released(call, _charged(verdict), now),
        *trial_changes(call, reached=Reached.CHARGE, counted=counted, now=now),
        *_talk(case),
        *entry_puts(entry),
        charge_put(_charge(case, call.attempt, advertiser=advertiser, now=now)),
        earning_put(
            _earning(call, call.attempt, verdict, publisher=publisher, now=now), collected=prepaid
        ),
    ]


def _released(call: Call, ended: Ended, now: datetime) -> list[Change]:
    return hold_changes(
        call.id,
        release=call.attempt,
        take=None,
        partnership_id=call.partnership_id,
        now=now,
        ended=ended,
    )


def _reached(ending: Ending) -> Reached:
    return Reached.CONVERSATION if ending.talk_seconds else Reached.NOBODY


def _charged(verdict: Verdict) -> Ended:
    return Ended(
        reached=Reached.CHARGE,
        charge_cents=verdict.charge_cents,
        earning_cents=verdict.earning_cents if verdict.earned else None,
    )


def _talk(case: Judged) -> list[Change]:
    """That the caller talked, said once, when the call is judged first; and which of its calls are
    known again: a connected one from then on, an approved one once it is approved."""
    call, first = case.call, case.before is None
    connected = first and case.judgement.ending.talk_seconds > 0
    since = [Since.CONNECTED] if connected else []
    if case.verdict.approved:
        since.append(Since.APPROVED)
    return [
        *(talk_changes(call) if connected else []),
        *mark_changes(call, case.marked, *since),
    ]


def _after(case: Judged) -> Call:
    judgement, verdict = case.judgement, case.verdict
    return replace(
        case.call,
        status=CallStatus(verdict.standing.value),
        talk_seconds=judgement.ending.talk_seconds,
        ended_at=judgement.facts.ended_at,
    )


def _judged(case: Judged, now: datetime) -> list[Action]:
    verdict = case.verdict
    after = replace(
        _after(case),
        charge_cents=verdict.charge_cents,
        earning_cents=verdict.earning_cents,
        reasons=verdict.reasons,
        judged_at=now,
    )
    return [
        call_change(case.call, after),
        judgement_action(case.call.id, case.judgement, case.before),
    ]


def _charge(case: Judged, attempt: Attempt, *, advertiser: Advertiser, now: datetime) -> Charge:
    call, verdict = case.call, case.verdict
    return Charge(
        call_id=call.id,
        advertiser_id=advertiser.id,
        campaign_id=attempt.hold.campaign_id,
        publisher_id=call.publisher_id or "",
        talk_seconds=case.judgement.ending.talk_seconds,
        amount_cents=verdict.charge_cents,
        currency=advertiser.currency,
        arrived_at=call.arrived_at,
        booked_at=now,
        collected=advertiser.billing is Billing.PREPAID,
        caller=masked(call.caller),
        rule=_rule(verdict),
    )


def _rule(verdict: Verdict) -> str | None:
    """The step that gave the charge, by its name or its rule, and what it asked."""
    name = verdict.charge_step or None
    for one in verdict.charge:
        if one.cents is not None and one.step == name and one.outcome is Outcome.PASS:
            return f"{name or one.rule}: {one.asked}"
    return None


def _earning(
    call: Call, attempt: Attempt, verdict: Verdict, *, publisher: Publisher, now: datetime
) -> Earning:
    return Earning(
        call_id=call.id,
        publisher_id=publisher.id,
        offer_id=call.offer_id or "",
        campaign_id=attempt.hold.campaign_id,
        amount_cents=verdict.earning_cents,
        currency=publisher.currency,
        booked_at=now,
        release_after=now + timedelta(days=publisher.payout_terms.hold_days),
    )
