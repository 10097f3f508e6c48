"""What stands in a payout beside the earnings of calls, and what does it post?

Owns the rolling reserve, which keeps back a part of a payout until its days are over, and giving up
what a publisher owes. Each is a line of its own, so that a payout is always the sum of its lines.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import Conflict
from chalicelib.ids import derived
from chalicelib.ledger import Entry, House, PublisherAccount, legs_of, publisher_account
from chalicelib.payouts import Adjustment, Earning, Payout


def reserve_cents(draft: Payout, percent: int) -> int:
    """What is to be kept back of the draft, rounded half up, and never all of it: nobody can be
    paid nothing.

    It is a part of what calls have earned: what comes back of earlier payouts is not kept back
    again, and what was kept back of these earnings in a payout that was not paid counts.
    """
    earned = draft.amount_cents - draft.reserve_back_cents + draft.reserve_kept_cents
    wanted = (2 * earned * percent + 100) // 200 - draft.reserve_kept_cents
    return max(0, min(wanted, draft.amount_cents - 1))


def reserve_lines(payout: Payout, cents: int, days: int, now: datetime) -> tuple[Earning, ...]:
    """What keeps `cents` back of the payout, and what brings them back after `days`.

    The former counts as booked before the cutoff, so that it goes with the earnings that it is of
    should the payout come to nothing; the latter at the cutoff, so that it is past the terms at
    once, and in no other payout of the same cutoff.
    """
    if not cents:
        return ()
    until = now + timedelta(days=days)
    kept, back = (_reserve(payout, which, until) for which in ("kept", "back"))
    before = payout.cutoff - timedelta(milliseconds=1)
    return replace(kept, amount_cents=-cents, booked_at=before), replace(back, amount_cents=cents)


def reserve_kept(payout: Payout, cents: int, now: datetime) -> Entry:
    """A part of what is payable is kept back."""
    return _reserve_entry(payout.id, payout.publisher_id, payout.currency, cents, now)


def reserve_released(back: Earning, now: datetime) -> Entry:
    """What was kept back may be paid."""
    return _reserve_entry(
        str(back.payout_id), back.publisher_id, back.currency, -back.amount_cents, now
    )


def write_off_id(publisher_id: str, cause: str) -> str:
    """Of the line that makes up for what a publisher owes; the same cause makes it once."""
    return derived("wof", publisher_id, cause)


def write_off(
    publisher_id: str, cause: str, *, cents: int, currency: str, now: datetime
) -> Earning:
    """The line that makes up for the `cents` that a publisher owes; Conflict when it owes none."""
    if cents < 1:
        raise Conflict(f"{publisher_id} owes nothing", code="nothing_to_write_off")
    return Earning(
        call_id="",
        publisher_id=publisher_id,
        offer_id="",
        campaign_id="",
        amount_cents=cents,
        currency=currency,
        booked_at=now,
        release_after=now,
        adjustment=Adjustment.WRITE_OFF,
        adjustment_id=write_off_id(publisher_id, cause),
    )


def written_off(line: Earning) -> Entry:
    """What a publisher owes will not come in."""
    payable = publisher_account(PublisherAccount.PAYABLE, line.publisher_id)
    return Entry(
        key=f"wo:{line.id}",
        template="publisher_write_off",
        currency=line.currency,
        booked_at=line.booked_at,
        legs=legs_of((House.BAD_DEBT, line.amount_cents), (payable, -line.amount_cents)),
        refs={"publisher_id": line.publisher_id},
    )


def _reserve(payout: Payout, which: str, until: datetime) -> Earning:
    return Earning(
        call_id="",
        publisher_id=payout.publisher_id,
        offer_id="",
        campaign_id="",
        amount_cents=0,
        currency=payout.currency,
        booked_at=payout.cutoff,
        release_after=until,
        adjustment=Adjustment.RESERVE,
        adjustment_id=derived("rsv", payout.id, which),
        payout_id=payout.id,
    )


def _reserve_entry(
    payout_id: str, publisher_id: str, currency: str, cents: int, now: datetime
) -> Entry:
    """`cents` move from payable to held, and back when they are below zero."""
    event = "reserve" if cents > 0 else "reserve_released"
    return Entry(
        key=f"po:{payout_id}:{event}",
        template=event,
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (publisher_account(PublisherAccount.PAYABLE, publisher_id), cents),
            (publisher_account(PublisherAccount.HELD, publisher_id), -cents),
        ),
        refs={"payout_id": payout_id},
    )
