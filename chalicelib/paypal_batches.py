"""How far has a batch for PayPal come, and what comes next?

Owns the batch as the platform keeps it: gathered, approved by one of the operator's people,
released by another, sent, asked about until every item has ended. When PayPal must not be asked to
pay again is decided here. Its items belong to `paypal_items`, what PayPal's words mean to
`paypal_payouts`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.errors import Conflict
from chalicelib.ids import derived
from chalicelib.paypal_payouts import REMEMBERED, BatchReport
from chalicelib.signatures import Signature, confirm_another, confirm_person, is_again

A_LOOK = timedelta(hours=1)
"""How often PayPal is asked about a batch of which an item has not ended."""
A_LATER_LOOK = timedelta(days=1)
"""How often it is asked once all have: what was paid may still come back."""
WATCHED = timedelta(days=60)
"""For how long after the last of them has."""
A_TURN = timedelta(minutes=20)
"""For so long a batch is in the hands of the run that took it, which lives no longer."""
A_MARGIN = timedelta(days=1)
"""So long before PayPal forgets a sender's id nothing is sent under it again."""


class BatchState(StrEnum):
    """A draft still gathers payouts; a ready batch waits to be approved, an approved one to be
    released. A released one is to be sent, and PayPal has one that is sent. It is done once all its
    items have ended, and withdrawn when nobody was paid by it."""

    DRAFT = "draft"
    READY = "ready"
    APPROVED = "approved"
    RELEASED = "released"
    SENT = "sent"
    DONE = "done"
    WITHDRAWN = "withdrawn"


AT_PAYPAL = (BatchState.RELEASED, BatchState.SENT, BatchState.DONE)
"""While a batch is one of these, PayPal may pay whatever was submitted with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Payouts of one currency that PayPal is asked to make together.

    `round` counts the requests of which PayPal refused items. `unsure_since` is when it was first
    asked without its answer being known: from then on it may have the batch. `problem` says why it
    has not been sent. `due_at` is when it is next to be looked at; until `taken_until` a run does
    so.
    """

    id: str
    currency: str
    state: BatchState = BatchState.DRAFT
    count: int = 0
    amount_cents: int = 0
    round: int = 1
    drafted_at: datetime
    approved: Signature | None = None
    released: Signature | None = None
    withdrawn: Signature | None = None
    unsure_since: datetime | None = None
    problem: str | None = None
    payout_batch_id: str | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    taken_until: datetime | None = None
    version: int = 0

    @property
    def sender_id(self) -> str:
        """What PayPal is to know it by: never the same for another request."""
        return self.id if self.round == 1 else f"{self.id}-{self.round}"


def draft(first_payout_id: str, currency: str, now: datetime) -> Batch:
    """The empty batch that begins with this payout. A payout is in one batch ever, so that no other
    batch begins with it."""
    return Batch(id=derived("ppb", first_payout_id), currency=currency, drafted_at=now, due_at=now)


def ready(batch: Batch) -> Batch:
    """The batch gathers no more, and waits to be approved."""
    return _become(batch, BatchState.READY, due_at=None)


def approved(batch: Batch, by: Signature) -> Batch | None:
    """One of the operator's people has looked at it; None when they had before."""
    if is_again(batch.approved, by):
        return None
    confirm_person(by)
    _confirm(batch, BatchState.READY)
    return _become(batch, BatchState.APPROVED, approved=by)


def released(batch: Batch, by: Signature) -> Batch | None:
    """Another of them lets it be paid; None when they had before.

    Forbidden for whoever approved it, by that key or by another of theirs.
    """
    if is_again(batch.released, by):
        return None
    confirm_person(by)
    _confirm(batch, BatchState.APPROVED)
    confirm_another(batch.approved, by, batch.id)
    return _become(batch, BatchState.RELEASED, released=by, due_at=by.at)


def taken(batch: Batch, now: datetime) -> Batch:
    """A run takes the batch in hand, so that no other does until it is over."""
    until = now + A_TURN
    return replace(batch, due_at=until, taken_until=until, version=batch.version + 1)


def is_forgotten(batch: Batch, now: datetime) -> bool:
    """Whether PayPal may have taken the batch, and forgotten by now under which id: asked again, it
    would pay again."""
    since = batch.unsure_since
    return since is not None and now >= since + REMEMBERED - A_MARGIN


def forgotten(batch: Batch, now: datetime) -> Batch:
    """The batch, of which people must find out whether PayPal has it."""
    problem = (
        f"PayPal may have {batch.sender_id}, or may have forgotten it: look there, and name its "
        "batch, or withdraw this one if it is not there"
    )
    return _become(batch, batch.state, problem=problem, due_at=now + A_LATER_LOOK)


def sending(batch: Batch, now: datetime) -> Batch:
    """PayPal is about to be asked: from here on it may have the batch, whatever happens to us."""
    _confirm(batch, BatchState.RELEASED)
    since = batch.unsure_since or now
    return replace(batch, unsure_since=since, version=batch.version + 1)


def not_sent(
    before: Batch, tried: Batch, *, problem: str, certain: bool, now: datetime
) -> Batch | None:
    """PayPal has refused, or nothing was heard; None when it has come out meanwhile that PayPal has
    it. Only where the refusal is `certain`, and the batch was not unsure `before` it was `tried`,
    is it certain that PayPal does not."""
    if tried.state is not BatchState.RELEASED:
        return None
    unsure = before.unsure_since if certain else tried.unsure_since
    return _become(tried, tried.state, unsure_since=unsure, problem=problem, due_at=now + A_LOOK)


def another_round(batch: Batch, now: datetime) -> Batch:
    """The batch without the items that PayPal has certainly refused, under another sender's id, in
    the hands of the same run."""
    _confirm(batch, BatchState.RELEASED)
    return replace(taken(batch, now), round=batch.round + 1, problem=None)


def sent(batch: Batch, payout_batch_id: str, now: datetime) -> Batch | None:
    """PayPal has it, as this one; None when that is known. Conflict when it has another."""
    if batch.payout_batch_id == payout_batch_id:
        return None
    _confirm(batch, BatchState.RELEASED)
    return _become(
        batch,
        BatchState.SENT,
        payout_batch_id=payout_batch_id,
        sent_at=now,
        unsure_since=None,
        problem=None,
        due_at=now,
    )


def is_ours(batch: Batch, report: BatchReport) -> bool:
    """Whether PayPal's batch is the one that was asked for last."""
    return report.sender_batch_id == batch.sender_id


def looked(batch: Batch, *, in_flight: int, now: datetime) -> Batch:
    """PayPal was asked about every item, of which so many have not ended. Nobody asks any more once
    all have, and the time in which something may come back is over."""
    if in_flight:
        return _become(batch, BatchState.SENT, ended_at=None, due_at=now + A_LOOK)
    ended_at = batch.ended_at or now
    over = now >= ended_at + WATCHED
    return _become(
        batch,
        BatchState.DONE,
        ended_at=ended_at,
        due_at=None if over else now + A_LATER_LOOK,
    )


def hinted(batch: Batch, now: datetime) -> Batch | None:
    """Something has happened to the batch at PayPal; None when it is to be looked at anyway."""
    if batch.payout_batch_id is None or (batch.due_at and batch.due_at <= now):
        return None
    return _become(batch, batch.state, due_at=now)


def withdrawn(batch: Batch, by: Signature, *, not_at_paypal: bool) -> Batch | None:
    """Nobody is paid by the batch; None when it was withdrawn before.

    Conflict once PayPal may have it, unless one of the operator's people has looked there and says
    that it has not; Forbidden for the deployment's own key to say so.
    """
    if batch.state is BatchState.WITHDRAWN:
        return None
    if batch.state not in (BatchState.READY, BatchState.APPROVED, BatchState.RELEASED):
        raise Conflict(f"{batch.id} is {batch.state}: PayPal has it", code="batch_state")
    if batch.taken_until and by.at < batch.taken_until:
        raise Conflict(f"{batch.id} is being sent; ask again in a while", code="batch_taken")
    if batch.unsure_since:
        _confirm_looked(batch, by, not_at_paypal=not_at_paypal)
    return _become(
        batch, BatchState.WITHDRAWN, withdrawn=by, ended_at=by.at, due_at=by.at, problem=None
    )


def emptied(batch: Batch, now: datetime) -> Batch:
    """Nothing is left of the batch to ask for."""
    _confirm(batch, BatchState.RELEASED)
    return _become(batch, BatchState.WITHDRAWN, ended_at=now, due_at=None, problem=None)


def closed(batch: Batch) -> Batch:
    """Nothing is left to do for a batch that was withdrawn."""
    return _become(batch, batch.state, due_at=None)


def _become(batch: Batch, state: BatchState, **changes: Any) -> Batch:
    """The batch in its next state, which no run has in hand."""
    return replace(batch, state=state, version=batch.version + 1, taken_until=None, **changes)


def _confirm(batch: Batch, wanted: BatchState) -> None:
    if batch.state is not wanted:
        raise Conflict(f"{batch.id} is {batch.state}, not {wanted}", code="batch_state")


def _confirm_looked(batch: Batch, by: Signature, *, not_at_paypal: bool) -> None:
    if not not_at_paypal:
        raise Conflict(
            f"{batch.id} was sent, and PayPal's answer is not known: look there for "
            f"{batch.sender_id}, and say not_at_paypal if it is not there",
            code="batch_unsure",
        )
    confirm_person(by)
