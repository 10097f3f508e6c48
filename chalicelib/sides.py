"""What does each party see of a call, and of the decision on it?

Owns the publisher's side (no charge, nobody who bought or could have, no caller's whole number) and
the advertiser's (no earning, nobody who brought the call, no other buyer's targets and prices). A
side names every field that it shows: whatever is added to a call or a decision stays unseen until
it is named here. The operator sees everything, and needs no module.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.calls import Attempt, Call, CallStatus, HungUpBy
from chalicelib.feedback import shown
from chalicelib.ids import derived
from chalicelib.keys import Party, PartyKind
from chalicelib.places import Area
from chalicelib.told import told

_SHOWN_OF_A_CALLER = len("+1415555")
_HIDDEN_OF_A_CALLER = 4

Document = Mapping[str, Any]


class TakenBy(StrEnum):
    """Who took an attempt, as an advertiser is told."""

    YOU = "you"
    ANOTHER_BUYER = "another_buyer"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDisposition:
    """What the advertiser who has the call says that it came to; publishers are told the value
    alone."""

    value: str
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherCall:
    """A call as its publisher sees it. `caller` has its last digits hidden, `state` is where the
    caller seems to be; the reasons are words that publishers are told. Of where the call comes from
    on the publisher's own site it tells the visit, and how sure that is."""

    id: str
    status: CallStatus
    number: str
    number_id: str | None
    offer_id: str | None
    partnership_id: str | None
    placement_id: str | None
    caller: str | None
    state: str | None
    talk_seconds: int | None
    earning_cents: int
    clawed_back_cents: int
    credit_reason: str | None
    disposition: str | None
    refusal: str | None
    reasons: tuple[str, ...]
    visit_id: str | None
    confidence_percent: int | None
    hung_up_by: HungUpBy | None
    hung_up_why: str | None
    arrived_at: datetime
    ended_at: datetime | None
    judged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherDecision:
    """One attempt as the publisher sees it: whether it was taken, how many buyers' campaigns were
    looked at, and how many of their targets met each outcome. `earning_stopped` is the cap of its
    partnership for which the call earns nothing."""

    attempt: int
    taken: bool
    buyers: int
    reasons: Mapping[str, int]
    refusal: str | None
    earning_stopped: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertiserCall:
    """A call as the advertiser who has it sees it; `publisher` is an alias."""

    id: str
    status: CallStatus
    campaign_id: str
    target_id: str
    publisher: str | None
    caller: str | None
    area: Area
    talk_seconds: int | None
    charge_cents: int
    credited_cents: int
    credit_reason: str | None
    disposition: ShownDisposition | None
    external_id: str | None
    reasons: tuple[str, ...]
    hung_up_by: HungUpBy | None
    hung_up_why: str | None
    arrived_at: datetime
    ended_at: datetime | None
    judged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTarget:
    """One of the advertiser's own targets as it was considered; decisions of before told no
    `expected_cents`."""

    target_id: str
    campaign_id: str
    priority: int
    weight: int
    charge_cents: int
    expected_cents: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertiserDecision:
    """One attempt as the advertiser sees it: who took it, and its own targets in their order."""

    attempt: int
    taken_by: TakenBy
    considered: tuple[OwnTarget, ...]


def sees(party: Party, call: Call) -> bool:
    """Whether the call is on the party's side: the publisher brought it, the advertiser has it.

    A call that has moved on to another buyer is that one's.
    """
    if party.kind is PartyKind.ADVERTISER:
        return call.attempt is not None and call.attempt.hold.advertiser_id == party.id
    return party.owns(call)


def shown_disposition(call: Call) -> ShownDisposition | None:
    """The call's disposition by the advertiser who has it; one by another who had it tells
    nothing of the call as it is."""
    said = call.disposition
    if said is None or call.attempt is None or said.advertiser_id != _advertiser_of(call.attempt):
        return None
    return ShownDisposition(value=said.value, note=shown(said.note), at=said.at)


def shown_external_id(call: Call) -> str | None:
    """The call's id in the system of the advertiser who has it."""
    known = call.external_id
    if known is None or call.attempt is None:
        return None
    return known.value if known.advertiser_id == _advertiser_of(call.attempt) else None


def _advertiser_of(attempt: Attempt) -> str:
    return attempt.hold.advertiser_id


def publisher_call(call: Call) -> PublisherCall:
    """The call as its publisher sees it."""
    found = call.attribution
    disposition = shown_disposition(call)
    return PublisherCall(
        id=call.id,
        status=call.status,
        number=call.e164,
        number_id=call.number_id,
        offer_id=call.offer_id,
        partnership_id=call.partnership_id,
        placement_id=call.placement_id,
        caller=masked(call.caller),
        state=call.area.state,
        talk_seconds=call.talk_seconds,
        earning_cents=call.earning_cents,
        clawed_back_cents=call.clawed_back_cents,
        credit_reason=call.credit_reason,
        disposition=disposition.value if disposition else None,
        refusal=call.refusal and told(call.refusal),
        # A refused call repeats its refusal among the reasons.
        reasons=tuple(told(word) for word in call.reasons),
        visit_id=found.visit_id if found else None,
        confidence_percent=found.confidence_percent if found else None,
        hung_up_by=call.hung_up_by,
        hung_up_why=(call.refusal and told(call.refusal)) or call.hung_up_why,
        arrived_at=call.arrived_at,
        ended_at=call.ended_at,
        judged_at=call.judged_at,
    )


def publisher_decision(document: Document) -> PublisherDecision:
    """A stored decision as the call's publisher sees it.

    Of the gate it tells the reason alone: the entry, the limits and how many have called before
    are the operator's and other publishers'.
    """
    considered = document["considered"]
    words = Counter(told(seen["reason"]) for seen in considered)
    refusal, answer = document["refusal"], document["answer"]
    # Attempts of before had no such word.
    stopped = answer and answer.get("earning_stopped")
    return PublisherDecision(
        attempt=document["number"],
        taken=answer is not None,
        buyers=len({seen["campaign_id"] for seen in considered}),
        reasons=dict(sorted(words.items())),
        refusal=refusal and told(refusal),
        earning_stopped=stopped and told(stopped),
    )


def advertiser_call(call: Call, key: str) -> AdvertiserCall:
    """The call as the advertiser who has it sees it; `key` makes the alias of its publisher.

    ValueError for a call that no advertiser has.
    """
    if call.attempt is None:
        raise ValueError(f"no advertiser has {call.id}")
    hold = call.attempt.hold
    brought_by = call.publisher_id
    return AdvertiserCall(
        id=call.id,
        status=call.status,
        campaign_id=hold.campaign_id,
        target_id=hold.target_id,
        publisher=brought_by and publisher_alias(brought_by, hold.advertiser_id, key),
        caller=call.caller,
        area=call.area,
        talk_seconds=call.talk_seconds,
        charge_cents=call.charge_cents,
        credited_cents=call.credited_cents,
        credit_reason=call.credit_reason,
        disposition=shown_disposition(call),
        external_id=shown_external_id(call),
        reasons=call.reasons,
        hung_up_by=call.hung_up_by,
        hung_up_why=call.hung_up_why,
        arrived_at=call.arrived_at,
        ended_at=call.ended_at,
        judged_at=call.judged_at,
    )


def advertiser_decision(
    document: Document, advertiser_id: str, campaign_ids: Collection[str]
) -> AdvertiserDecision:
    """A stored decision as the advertiser sees it, whose campaigns are `campaign_ids`."""
    return AdvertiserDecision(
        attempt=document["number"],
        taken_by=_taken_by(document["answer"], advertiser_id),
        considered=tuple(
            OwnTarget(
                target_id=seen["target_id"],
                campaign_id=seen["campaign_id"],
                priority=seen["priority"],
                weight=seen["weight"],
                charge_cents=seen["charge_cents"],
                expected_cents=seen.get("expected_cents"),
                reason=seen["reason"],
            )
            for seen in document["considered"]
            if seen["campaign_id"] in campaign_ids
        ),
    )


def publisher_alias(publisher_id: str, advertiser_id: str, key: str) -> str:
    """What an advertiser calls a publisher: always the same for the two of them.

    Without `key` it leads neither back to the publisher nor to its alias for another advertiser.
    """
    said = f"publisher-alias\0{advertiser_id}\0{publisher_id}"
    return derived("ali", hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest())


def masked(caller: str | None) -> str | None:
    """The caller with at least the last four characters hidden: +14155550100 is +1415555****."""
    if caller is None:
        return None
    shown = caller[: min(_SHOWN_OF_A_CALLER, max(len(caller) - _HIDDEN_OF_A_CALLER, 0))]
    return shown + "*" * (len(caller) - len(shown))


def _taken_by(answer: Document | None, advertiser_id: str) -> TakenBy:
    if answer is None:
        return TakenBy.NOBODY
    ours = answer["hold"]["advertiser_id"] == advertiser_id
    return TakenBy.YOU if ours else TakenBy.ANOTHER_BUYER
