"""Is every step of a payout booked, and does every entry of one have its cause?

Owns the laws between the entries of paydays and what they are of: the steps of payouts and their
fees, reserves, debts that were given up, and holds on what calls have earned. Rows pass by before
entries. That a payout is its earnings belongs to `auditing`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib import payout_entries, times
from chalicelib.auditing import Difference, Law, compare, told
from chalicelib.holding import Hold
from chalicelib.ledger import Entry
from chalicelib.payouts import Adjustment, BookedEarning, EarningState, Payout, PayoutState

_STEP = frozenset(f"payout_{step}" for step in (
    "create", "settled", "failed", "returned", "released",
))  # fmt: skip


@dataclass(slots=True)
class Paydays:
    """What has passed by so far of payouts and holds.

    `steps` counts the entries that each payout calls for, `cents` what rows call for by what it is:
    both fall to zero as the entries pass by. `standing` are the holds on calls that stand, by the
    call; each falls out as what the call has earned passes by. Holds that keep it in the account of
    what is held, or have kept it there, are `keeping`, and must be `booked`.
    """

    payouts: dict[str, Payout] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    standing: dict[str, Hold] = field(default_factory=dict)
    keeping: set[str] = field(default_factory=set)
    booked: set[str] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)
    cents: Counter[str] = field(default_factory=Counter)


def take_payout(paydays: Paydays, payout: Payout) -> Iterator[Difference]:
    """A payout passes by: it calls for the entries of the steps that it has taken, and for those
    of its fees."""
    paydays.payouts[payout.id] = payout
    paydays.steps[payout.id] += len(_entries_of(payout))
    _count(paydays, f"{payout.id} fees", payout.fee_cents)
    if payout.in_flight and (payout.state is PayoutState.SUBMITTED) is not bool(
        payout.submitted_at
    ):
        submitted = "submitted" if payout.submitted_at else "not submitted"
        yield _step_difference(payout.id, submitted, payout.state)


def take_hold(paydays: Paydays, hold: Hold) -> None:
    """A hold passes by; one on a publisher moves no money and leaves no trace."""
    if hold.call_id:
        paydays.holds[hold.id] = hold
        if hold.lifted_at is None:
            paydays.standing[hold.call_id] = hold


def take_line(paydays: Paydays, booked: BookedEarning) -> None:
    """A line that comes from no call passes by, and calls for its entry."""
    line = booked.earning
    if line.adjustment is Adjustment.WRITE_OFF:
        _count(paydays, f"{line.id} given up", line.amount_cents)
        return
    _count(paydays, f"{line.payout_id} reserve {_side(line.amount_cents)}", abs(line.amount_cents))
    if line.amount_cents > 0 and booked.state is not EarningState.HELD:
        _count(paydays, f"{line.payout_id} reserve released", line.amount_cents)


def take_earning(paydays: Paydays, booked: BookedEarning) -> Iterator[Difference]:
    """What a call has earned passes by: the hold on it is the one that stands."""
    call_id = booked.earning.call_id
    hold = paydays.standing.pop(call_id, None)
    expected, found = hold.id if hold else None, booked.hold_id
    if booked.state is EarningState.HELD:
        expected = expected or "a hold that stands"
        paydays.keeping.update([hold.id] if hold else [])
    if expected != found:
        subject = hold.id if hold else found or call_id
        yield _hold_difference(subject, expected or "no hold", found)


def take_entry(paydays: Paydays, entry: Entry) -> Iterator[Difference]:
    """An entry passes by; only those of paydays say something here."""
    if entry.template in _STEP:
        yield from _take_step(paydays, entry)
    elif entry.template in _HOLDS:
        yield from _take_hold_entry(paydays, entry)
    elif entry.template in _COUNTED:
        for what in _COUNTED[entry.template](entry):
            _count(paydays, what, -_cents(entry))


def left_differences(paydays: Paydays) -> Iterator[Difference]:
    """What is called for and was not booked, or booked and called for by nothing; for when
    everything has passed by."""
    for payout_id, missing in sorted(paydays.steps.items()):
        if missing:
            steps = len(_entries_of(paydays.payouts[payout_id]))
            yield from compare(Law.STEPS, f"{payout_id} entries", steps, steps - missing)
    for what, cents in sorted(paydays.cents.items()):
        yield from compare(Law.KEPT_BACK, what, cents, 0)
    for hold_id in sorted(paydays.keeping - paydays.booked):
        yield _hold_difference(hold_id, "an entry", "no entry")
    for call_id, hold in sorted(paydays.standing.items()):
        yield _hold_difference(hold.id, f"an earning of {call_id}", None)


def _entries_of(payout: Payout) -> dict[str, Entry]:
    """What the steps that the payout has taken post, but for fees; when is not looked at."""
    at = payout.created_at or payout.cutoff
    made = [payout_entries.created(payout, at)]
    if payout.state is PayoutState.FAILED:
        made.append(payout_entries.failed(payout, at))
    if payout.state is PayoutState.SETTLED or (
        payout.state is PayoutState.RETURNED and payout.settled_at
    ):
        made.append(payout_entries.settled(payout, at))
    if payout.state is PayoutState.RETURNED:
        made.append(payout_entries.returned(payout, at))
    if payout.released_at:
        made.append(payout_entries.released(payout, at))
    return {entry.id: entry for entry in made}


def _take_step(paydays: Paydays, entry: Entry) -> Iterator[Difference]:
    payout_id = entry.refs.get("payout_id", entry.id)
    payout = paydays.payouts.get(payout_id)
    if payout is None:
        yield _step_difference(payout_id, "a payout", f"{entry.template} alone")
        return
    expected = _entries_of(payout).get(entry.id)
    paydays.steps[payout_id] -= 1 if expected else 0
    if expected is None or expected.payload_hash != entry.payload_hash:
        yield _step_difference(payout_id, told(expected), told(entry))


def _take_hold_entry(paydays: Paydays, entry: Entry) -> Iterator[Difference]:
    hold_id = entry.refs.get("hold_id", entry.id)
    hold = paydays.holds.get(hold_id)
    (paydays.booked if entry.template == "hold" else paydays.keeping).add(hold_id)
    expected = "no hold"
    if hold:
        at = hold.placed_at if entry.template == "hold" else hold.lifted_at
        expected = f"{entry.template} of {hold.call_id} of {hold.publisher_id} at {_when(at)}"
    publishers = sorted({leg.account.split(":")[1] for leg in entry.legs})
    found = (
        f"{entry.template} of {entry.refs.get('call_id')} of {', '.join(publishers)}"
        f" at {_when(entry.booked_at)}"
    )
    if expected != found:
        yield _hold_difference(hold_id, expected, found)


def _payout_of(entry: Entry) -> str:
    return entry.refs.get("payout_id", entry.id)


_HOLDS = frozenset({"hold", "hold_lifted"})
_COUNTED: dict[str, Callable[[Entry], tuple[str, ...]]] = {
    "payout_fee": lambda entry: (f"{_payout_of(entry)} fees",),
    "reserve": lambda entry: tuple(
        f"{_payout_of(entry)} reserve {_side(sign)}" for sign in (-1, 1)
    ),
    "reserve_released": lambda entry: (f"{_payout_of(entry)} reserve released",),
    "publisher_write_off": lambda entry: (f"{entry.key.removeprefix('wo:')} given up",),
}
"""What the entries of each template are counted for."""


def _side(cents: int) -> str:
    return "kept" if cents < 0 else "to come back"


def _cents(entry: Entry) -> int:
    return sum(leg.amount_cents for leg in entry.legs if leg.amount_cents > 0)


def _count(paydays: Paydays, what: str, cents: int) -> None:
    paydays.cents[what] += cents
    if not paydays.cents[what]:
        del paydays.cents[what]


def _when(moment: datetime | None) -> str:
    return times.written(moment) if moment else "no time"


def _step_difference(subject: str, expected: str, found: str) -> Difference:
    return Difference(law=Law.STEPS, subject=subject, expected=expected, found=found)


def _hold_difference(subject: str, expected: str, found: str | None) -> Difference:
    return Difference(law=Law.HELD, subject=subject, expected=expected, found=found or "no hold")
