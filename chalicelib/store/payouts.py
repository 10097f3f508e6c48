"""How do payouts lie in the books?

Owns their rows from the first claimed earning to the end, and giving back the earnings of those
that came to nothing. What is due belongs to `chalicelib.payouts`, which step comes next to
`chalicelib.payout_steps`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib import times
from chalicelib.offers import PayoutMethod
from chalicelib.payout_steps import Step
from chalicelib.payouts import Adjustment, Earning, Payout, PayoutState
from chalicelib.store import claims, codec
from chalicelib.store.adjustments import reserve_put
from chalicelib.store.charges import earning_key, earnings_payable, payout_order, read_earning
from chalicelib.store.claims import (
    Draft,
    Returning,
    Undone,
    Waiting,
    claim,
    drafts_of,
    waiting_items,
    walk_document,
)
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import BOOKS, Change, Condition, Equals, Item, Key, NotWritten, Rows

_KEPT, _BACK = "reserve_kept_cents", "reserve_back_cents"


def payout_key(payout_id: str) -> Key:
    """Where a payout lies."""
    return Key(BOOKS, f"PAYOUT#{payout_id}")


def read_payout(item: Item) -> Payout:
    """The payout that a row holds; its sum and state lie beside its text."""
    return replace(
        codec.from_json(Payout, item["doc"]),
        state=PayoutState(item["state"]),
        amount_cents=item["amount_cents"],
        call_count=item["count"],
        reserve_kept_cents=item.get(_KEPT, 0),
        reserve_back_cents=item.get(_BACK, 0),
    )


def find_payout(rows: Rows, payout_id: str) -> Payout | None:
    """The payout as it stands, a draft too; None when there is none."""
    key = payout_key(payout_id)
    found, _ = rows.gather([key])
    return read_payout(found[key]) if key in found else None


def payout_drafts(rows: Rows, publisher_id: str) -> tuple[Payout, ...]:
    """What an earlier payout run has left unfinished."""
    return tuple(read_payout(item) for item in waiting_items(rows, drafts_of(publisher_id)))


def released_earnings(rows: Rows, publisher_id: str, cutoff: datetime) -> tuple[Earning, ...]:
    """Earnings that wait for a payout and were booked before `cutoff`; the index may lag."""
    below = times.written(cutoff)
    waiting = waiting_items(rows, earnings_payable(publisher_id), below=below)
    return tuple(read_earning(item).earning for item in waiting)


def claim_earnings(rows: Rows, payout: Payout, earnings: Iterable[Earning]) -> Payout | None:
    """Put released earnings into the draft; returns it as it stands, None when it is none now."""
    draft = Draft(
        key=payout_key(payout.id),
        id=payout.id,
        owner_id=payout.publisher_id,
        order=times.written(payout.cutoff),
        doc=codec.to_json(payout),
    )
    members = [
        Waiting(
            key=earning_key(earning.id),
            open=earnings_payable(earning.publisher_id),
            amount_cents=earning.amount_cents,
            reduced_cents=earning.reduced_cents,
            counts=_reserve_counts(earning),
        )
        for earning in earnings
    ]
    claim(rows, draft, members)
    stands = find_payout(rows, payout.id)
    return stands if stands and stands.state is PayoutState.DRAFT else None


def waiting_for(method: PayoutMethod) -> str:
    """The partition of `by_open` with the created payouts that are to be made by this method."""
    return f"PAYOUTS#{method}"


def waiting_payouts(rows: Rows, method: PayoutMethod) -> tuple[Payout, ...]:
    """Created payouts that nobody has been told to make yet, the oldest first; the index may lag by
    a moment."""
    return tuple(read_payout(item) for item in waiting_items(rows, waiting_for(method)))


def create(rows: Rows, draft: Payout, step: Step) -> Payout | None:
    """The draft becomes a payout that is to be paid; None when it has grown since it was read, or
    is a draft no more."""
    created = step.after
    order = f"{times.written(created.created_at or draft.cutoff)}#{created.id}"
    become = Change(
        key=payout_key(created.id),
        set={
            ("state",): created.state.value,
            ("amount_cents",): created.amount_cents,
            ("count",): created.call_count,
            (_KEPT,): created.reserve_kept_cents,
            ("kind",): "payout",
            ("id",): created.id,
            ("created_key",): order,
            ("open",): waiting_for(created.method),
            ("open_key",): order,
            ("doc",): codec.to_json(created),
        },
        when=[
            Equals(("state",), PayoutState.DRAFT.value),
            Equals(("count",), draft.call_count),
            Equals(("amount_cents",), draft.amount_cents),
        ],
    )
    return created if _written(rows, become, step) else None


def take(rows: Rows, before: Payout, step: Step) -> Payout | None:
    """The payout after the step, with what that posts; None when it has moved on since it was
    read.

    One that was returned waits among the publisher's until it is released, and one that gives back
    its earnings until it has done so.
    """
    after = step.after
    waits = _waits_in(after)
    become = Change(
        key=payout_key(after.id),
        set={
            ("state",): after.state.value,
            ("doc",): codec.to_json(after),
            **({("open",): waits, ("open_key",): after.id} if waits else {}),
        },
        remove=[] if waits else [("open",), ("open_key",)],
        when=[Equals(("state",), before.state.value), *_still_there(before)],
    )
    return after if _written(rows, become, step) else None


def give_back(rows: Rows, payout: Payout) -> None:
    """Let the earnings of a payout that came to nothing wait for another, each once."""
    undone = Undone(key=payout_key(payout.id), id=payout.id, count=payout.call_count)
    claimed = (read_earning(item).earning for item in walk_document(rows, payout.id))
    for _ in claims.give_back(rows, undone, (_waiting(earning) for earning in claimed)):
        continue


def finish_giving_back(rows: Rows, publisher_id: str) -> None:
    """Give back every earning that payouts which came to nothing still hold."""
    items = waiting_items(rows, _giving_back(publisher_id))
    found, _ = rows.gather([payout_key(item["id"]) for item in items])
    for item in found.values():
        give_back(rows, read_payout(item))


def returned_payouts(rows: Rows, publisher_id: str) -> tuple[Payout, ...]:
    """What came back and waits for its release; the index may lag by a moment."""
    return tuple(read_payout(item) for item in waiting_items(rows, _returned(publisher_id)))


def _reserve_counts(earning: Earning) -> dict[str, int]:
    """What the reserve of a payout that it is claimed for comes to."""
    if earning.adjustment is not Adjustment.RESERVE:
        return {}
    cents = earning.amount_cents
    return {_KEPT: -cents} if cents < 0 else {_BACK: cents}


def _returned(publisher_id: str) -> str:
    return f"RETURNED#{publisher_id}"


def _giving_back(publisher_id: str) -> str:
    return f"UNPAID#{publisher_id}"


def _waits_in(payout: Payout) -> str | None:
    if payout.gives_back:
        return _giving_back(payout.publisher_id)
    returned = payout.state is PayoutState.RETURNED
    return _returned(payout.publisher_id) if returned else None


def _still_there(before: Payout) -> list[Condition]:
    """That a returned payout still waits: its release leaves it returned."""
    returned = before.state is PayoutState.RETURNED
    return [Equals(("open",), _returned(before.publisher_id))] if returned else []


def _waiting(earning: Earning) -> Returning:
    return Returning(
        key=earning_key(earning.id),
        open=earnings_payable(earning.publisher_id),
        order=payout_order(earning),
    )


def _written(rows: Rows, payout: Change, step: Step) -> bool:
    """Whether the payout's change and its entries were written; False when it moved on."""
    lines = [reserve_put(line) for line in step.lines]
    puts = [put for entry in step.entries for put in entry_puts(entry)]
    try:
        book(rows, [payout, *lines, *puts])
    except NotWritten:
        return False
    return True
