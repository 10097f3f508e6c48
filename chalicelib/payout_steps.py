"""Which step may a payout take next, and what does it post?

Owns the way of a payout from created to its end. Each step is decided from the payout as it stands:
one that was taken before gives None, one that can not be taken is a Conflict. Keeping it belongs to
the store.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import adjustments, payouts
from chalicelib import payout_entries as entries
from chalicelib.errors import Conflict
from chalicelib.ledger import Entry
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payouts import Clearance, Earning, Payout, PayoutState

_FROM: dict[PayoutState, frozenset[PayoutState]] = {
    PayoutState.SUBMITTED: frozenset({PayoutState.CREATED}),
    PayoutState.SETTLED: frozenset({PayoutState.CREATED, PayoutState.SUBMITTED}),
    PayoutState.FAILED: frozenset({PayoutState.CREATED, PayoutState.SUBMITTED}),
    PayoutState.RETURNED: frozenset({PayoutState.SUBMITTED, PayoutState.SETTLED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The payout after a step, the entries that are posted with it, and the lines that come with
    it."""

    after: Payout
    entries: tuple[Entry, ...] = ()
    lines: tuple[Earning, ...] = ()


def created(draft: Payout, publisher: Publisher, clearance: Clearance, now: datetime) -> Step:
    """The draft that gathers no more, less what is kept back and withheld, to be paid by the
    publisher's method."""
    terms = publisher.payout_terms
    reserved = adjustments.reserve_cents(draft, terms.reserve_percent)
    lines = adjustments.reserve_lines(draft, reserved, terms.reserve_days, now)
    amount = draft.amount_cents - reserved
    after = replace(
        draft,
        state=PayoutState.CREATED,
        period_start=payouts.period_start(terms, draft.cutoff),
        amount_cents=amount,
        call_count=draft.call_count + (1 if reserved else 0),
        method=publisher.payout_method,
        reserve_kept_cents=draft.reserve_kept_cents + reserved,
        withheld_cents=clearance.withheld(amount),
        created_at=now,
    )
    kept = (adjustments.reserve_kept(after, reserved, now),) if reserved else ()
    return Step(after=after, entries=(entries.created(after, now), *kept), lines=lines)


def submitted(
    payout: Payout, *, method: PayoutMethod, reference: str | None, now: datetime
) -> Step | None:
    """Whoever pays has been told to, and knows it by `reference`."""
    if payout.submitted_at and (payout.method, payout.reference) == (method, reference):
        return None
    _confirm(payout, PayoutState.SUBMITTED)
    after = replace(
        payout,
        state=PayoutState.SUBMITTED,
        method=method,
        reference=reference,
        submitted_at=now,
    )
    return Step(after=after)


def settled(payout: Payout, *, reference: str | None, fee_cents: int, now: datetime) -> Step | None:
    """The publisher has been paid; one that nobody was told to pay was paid by hand."""
    if payout.state is PayoutState.SETTLED:
        return None
    _confirm(payout, PayoutState.SETTLED)
    after = replace(
        payout,
        state=PayoutState.SETTLED,
        method=payout.method if payout.submitted_at else PayoutMethod.MANUAL,
        reference=reference or payout.reference,
        fee_cents=payout.fee_cents + fee_cents,
        settled_at=now,
    )
    return Step(
        after=after,
        entries=(entries.settled(after, now), *_fee(after, "settled", fee_cents, now)),
    )


def failed(payout: Payout, *, reason: str, now: datetime) -> Step | None:
    """It will not be paid, and no money has left."""
    if (payout.state, payout.reason) == (PayoutState.FAILED, reason):
        return None
    _confirm(payout, PayoutState.FAILED)
    after = replace(payout, state=PayoutState.FAILED, reason=reason, ended_at=now)
    return Step(after=after, entries=(entries.failed(payout, now),))


def returned(payout: Payout, *, reason: str, fee_cents: int, now: datetime) -> Step | None:
    """The money came back; it waits until the operator lets it be paid again."""
    if (payout.state, payout.reason) == (PayoutState.RETURNED, reason):
        return None
    _confirm(payout, PayoutState.RETURNED)
    after = replace(
        payout,
        state=PayoutState.RETURNED,
        reason=reason,
        fee_cents=payout.fee_cents + fee_cents,
        ended_at=now,
    )
    return Step(
        after=after,
        entries=(entries.returned(after, now), *_fee(after, "returned", fee_cents, now)),
    )


def released(payout: Payout, now: datetime) -> Step | None:
    """What was returned may be paid again, by a later payout."""
    if payout.released_at:
        return None
    if payout.state is not PayoutState.RETURNED:
        detail = f"{payout.id} is {payout.state}; only what was returned waits for its release"
        raise Conflict(detail, code="payout_state")
    return Step(after=replace(payout, released_at=now), entries=(entries.released(payout, now),))


def _confirm(payout: Payout, to: PayoutState) -> None:
    if payout.state not in _FROM[to]:
        wanted = " or ".join(sorted(_FROM[to]))
        detail = f"{payout.id} is {payout.state}; only one that is {wanted} can be {to}"
        raise Conflict(detail, code="payout_state")


def _fee(payout: Payout, event: str, cents: int, now: datetime) -> tuple[Entry, ...]:
    return (entries.fee(payout, event, cents, now),) if cents else ()
