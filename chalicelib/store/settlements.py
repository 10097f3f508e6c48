"""Which rows does the end of a call change, all at once?

Owns the transaction in which a call becomes approved or denied: call, verdict, target, campaign,
funds, the partnership's trials, and for an approved one the entry, charge, earning and the caller's
mark. Whether it is approved belongs to `validation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import ledger
from chalicelib.calls import Attempt, Call, CallStatus, Reached
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.endings import Ending
from chalicelib.invoices import Charge
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning
from chalicelib.ringing import freed_for
from chalicelib.store import codec
from chalicelib.store.calls import call_change
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.entries import entry_puts
from chalicelib.store.holds import hold_changes
from chalicelib.store.rows import CALLS, Absent, Action, Change, Equals, Item, Key, Put
from chalicelib.store.talks import talk_changes
from chalicelib.store.target_holds import Ended, freeing_changes
from chalicelib.store.trials import trial_changes
from chalicelib.validation import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerMark:
    """This caller's last approved call on a campaign."""

    call_id: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Whose money an approved call moves, and the caller's mark as it was read."""

    advertiser: Advertiser
    publisher: Publisher
    mark: CallerMark | None


def caller_key(campaign_id: str, caller_hash: str) -> Key:
    """Where a caller's last approved call on a campaign is marked, without the number itself."""
    return Key(CALLS, f"CALLER#{campaign_id}#{caller_hash}")


def read_mark(item: Item | None) -> CallerMark | None:
    """The mark that a row holds."""
    return codec.from_json(CallerMark, item["doc"]) if item else None


def freeing_actions(call: Call, taker: str) -> list[Action]:
    """The call on the `taker`, and what was kept of the others of its group given back."""
    if call.attempt is None:
        raise ValueError(f"{call.id} was never connected")
    going_on = replace(call, attempt=freed_for(call.attempt, taker))
    return [call_change(call, going_on), *freeing_changes(call.id, call.attempt, taker)]


def denial_actions(
    call: Call, verdict: Verdict, ending: Ending, *, counted: Mapping[str, int], now: datetime
) -> list[Action]:
    """The call denied, and all that it held given back.

    `counted` is what was read of the partnership's trials on the campaign, here and below.
    """
    return [
        *_judged(call, verdict, ending, now),
        *_released(call, Ended(reached=_reached(ending)), now),
        *trial_changes(call, reached=_reached(ending), counted=counted, now=now),
        *_talk(call, ending),
    ]


def approval_actions(
    call: Call,
    verdict: Verdict,
    ending: Ending,
    *,
    parties: Parties,
    counted: Mapping[str, int],
    now: datetime,
) -> list[Action]:
    """The call approved: the hold becomes a charge, and charge and earning are booked once."""
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
        *_judged(call, verdict, ending, now),
        *_released(call, _charged(verdict), now),
        *trial_changes(call, reached=Reached.CHARGE, counted=counted, now=now),
        *_talk(call, ending),
        *entry_puts(entry),
        charge_put(_charge(call, call.attempt, verdict, ending, advertiser=advertiser, now=now)),
        earning_put(
            _earning(call, call.attempt, verdict, publisher=publisher, now=now), collected=prepaid
        ),
        *_mark(call, call.attempt, parties.mark),
    ]  # fmt: skip


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


def _talk(call: Call, ending: Ending) -> list[Change]:
    return talk_changes(call) if ending.talk_seconds else []


def _judged(call: Call, verdict: Verdict, ending: Ending, now: datetime) -> list[Action]:
    after = replace(
        call,
        status=CallStatus.APPROVED if verdict.approved else CallStatus.DENIED,
        talk_seconds=ending.talk_seconds,
        charge_cents=verdict.charge_cents,
        earning_cents=verdict.earning_cents,
        reasons=verdict.reasons,
        ended_at=ending.ended_at or now,
        judged_at=now,
    )
    doc = {"verdict": verdict, "ending": ending, "approved": verdict.approved, "judged_at": now}
    row: Item = {"pk": f"CALL#{call.id}", "sk": "VERDICT", "doc": codec.to_json(doc)}
    return [call_change(call, after), Put(CALLS, row)]


def _charge(
    call: Call,
    attempt: Attempt,
    verdict: Verdict,
    ending: Ending,
    *,
    advertiser: Advertiser,
    now: datetime,
) -> Charge:
    return Charge(
        call_id=call.id,
        advertiser_id=advertiser.id,
        campaign_id=attempt.hold.campaign_id,
        publisher_id=call.publisher_id or "",
        talk_seconds=ending.talk_seconds,
        amount_cents=verdict.charge_cents,
        currency=advertiser.currency,
        arrived_at=call.arrived_at,
        booked_at=now,
        collected=advertiser.billing is Billing.PREPAID,
    )


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


def _mark(call: Call, attempt: Attempt, seen: CallerMark | None) -> list[Action]:
    """Marks the caller, unless another call of the same caller was approved in the meantime."""
    if call.caller_hash is None:
        return []
    mark = CallerMark(call_id=call.id, arrived_at=call.arrived_at)
    if seen is not None and seen.arrived_at > mark.arrived_at:
        mark = seen
    return [
        Change(
            key=caller_key(attempt.hold.campaign_id, call.caller_hash),
            set={("doc",): codec.to_json(mark)},
            when=[Equals(("doc",), codec.to_json(seen)) if seen else Absent(("pk",))],
        )
    ]
