"""What does a call keep reserved once it is over and waits for its verdict?

Owns the changes that free the slot of an ended call, and give back of its hold what cannot come any
more. Its place under caps in calls stays until it is judged; of a group, only that of the target
that took it. Ending the hold altogether belongs to `holds`.
"""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.calls import Attempt
from chalicelib.ringing import Share, shares
from chalicelib.store.holds import campaign_key, funds_change, partnership_key
from chalicelib.store.rows import Change, Key, Path
from chalicelib.store.target_holds import freeing_changes, target_key
from chalicelib.times import counts_money
from chalicelib.together import Ringing


def shrunk(attempt: Attempt, *, charge_cents: int, earning_cents: int) -> Attempt:
    """The attempt of an ended call with a hold on what may still come; it never grows."""
    hold = replace(
        attempt.hold,
        amount_cents=min(attempt.hold.amount_cents, charge_cents),
        earning_cents=min(attempt.hold.earning_cents, earning_cents),
    )
    if attempt.together is None:
        return replace(attempt, hold=hold)
    members = tuple(
        _left(one, charge_cents) if one.target_id == hold.target_id else one
        for one in attempt.together.members
    )
    together = replace(attempt.together, members=members, freed_for=hold.target_id)
    return replace(attempt, hold=hold, together=together)


def shrinking_changes(
    call_id: str, before: Attempt, after: Attempt, *, partnership_id: str | None
) -> list[Change]:
    """The changes from one attempt of the call to the same with a smaller hold, without the call's
    slot."""
    held, left = before.hold, after.hold
    share = _taker(before)
    money = [window for window in share.target_windows if counts_money(window)]
    surplus = share.amount_cents - _taker(after).amount_cents
    changes = [
        Change(
            key=target_key(held.campaign_id, held.target_id),
            add=_less("used", money, surplus),
            remove=[("leases", call_id)],
        ),
        *_others(call_id, before),
    ]
    unspent = held.amount_cents - left.amount_cents
    unearned = held.earning_cents - left.earning_cents
    changes += _change(campaign_key(held.campaign_id), "spent", held.campaign_windows, unspent)
    if unspent:
        taken, released = left.amount_cents, held.amount_cents
        changes.append(funds_change(held.advertiser_id, taken=taken, released=released))
    if partnership_id is not None:
        earned = [window for window in held.partnership_windows if counts_money(window)]
        changes += _change(partnership_key(partnership_id), "used", earned, unearned)
    return changes


def _others(call_id: str, attempt: Attempt) -> list[Change]:
    """The rest of a group, if it has not been freed before."""
    if attempt.together is None or attempt.together.freed_for is not None:
        return []
    return freeing_changes(call_id, attempt, attempt.hold.target_id)


def _taker(attempt: Attempt) -> Share:
    """What is kept of the target that took the call."""
    return next(one for one in shares(attempt) if one.target_id == attempt.hold.target_id)


def _left(member: Ringing, cents: int) -> Ringing:
    return replace(member, kept_cents=min(member.amount_cents, cents))


def _change(key: Key, count: str, windows: Iterable[str], cents: int) -> list[Change]:
    adds = _less(count, windows, cents)
    return [Change(key=key, add=adds)] if adds else []


def _less(count: str, windows: Iterable[str], cents: int) -> dict[Path, int]:
    return {(count, window): -cents for window in windows} if cents else {}
