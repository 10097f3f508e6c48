"""How do payouts lie in the books?

Owns their rows from the first claimed earning to the bank's settlement. What is due belongs to
`chalicelib.payouts`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib import ledger, times
from chalicelib.ledger import Entry
from chalicelib.payouts import BookedEarning, Earning, Payout, PayoutState
from chalicelib.store import codec
from chalicelib.store.charges import earning_key, earnings_payable, read_earning
from chalicelib.store.claims import (
    Draft,
    Waiting,
    claim,
    document_items,
    drafts_of,
    waiting_items,
)
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import BOOKS, Change, Equals, Item, Key, NotWritten, Rows


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
    )


def find_payout(rows: Rows, payout_id: str) -> Payout | None:
    """The payout as it stands, a draft too; None when there is none."""
    key = payout_key(payout_id)
    found, _ = rows.gather([key])
    return read_payout(found[key]) if key in found else None


def payout_drafts(rows: Rows, publisher_id: str) -> tuple[Payout, ...]:
    """What an earlier payout run has left unfinished."""
    return tuple(read_payout(item) for item in waiting_items(rows, drafts_of(publisher_id)))


def earnings_of(rows: Rows, payout_id: str) -> tuple[BookedEarning, ...]:
    """The earnings of a payout; the index may lag by a moment."""
    return tuple(read_earning(item) for item in document_items(rows, payout_id))


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
        )
        for earning in earnings
    ]
    claim(rows, draft, members)
    stands = find_payout(rows, payout.id)
    return stands if stands and stands.state is PayoutState.DRAFT else None


def create(rows: Rows, draft: Payout, now: datetime) -> Payout | None:
    """The draft becomes a payout on its way, with its entry; None when it has grown since it was
    read, or is a draft no more."""
    created = replace(draft, state=PayoutState.CREATED, created_at=now)
    entry = ledger.payout_created(
        payout_id=created.id,
        publisher_id=created.publisher_id,
        amount_cents=created.amount_cents,
        currency=created.currency,
        now=now,
    )
    become = Change(
        key=payout_key(created.id),
        set={
            ("state",): created.state.value,
            ("kind",): "payout",
            ("id",): created.id,
            ("created_key",): f"{times.written(now)}#{created.id}",
            ("doc",): codec.to_json(created),
        },
        remove=[("open",), ("open_key",)],
        when=[
            Equals(("state",), PayoutState.DRAFT.value),
            Equals(("count",), created.call_count),
            Equals(("amount_cents",), created.amount_cents),
        ],
    )
    return created if _written(rows, become, entry) else None


def settle(rows: Rows, created: Payout, now: datetime) -> Payout | None:
    """The bank has paid it: the payout with its entry; None when it is not on its way any more."""
    settled = replace(created, state=PayoutState.SETTLED, settled_at=now)
    entry = ledger.payout_settled(
        payout_id=settled.id,
        publisher_id=settled.publisher_id,
        amount_cents=settled.amount_cents,
        currency=settled.currency,
        now=now,
    )
    become = Change(
        key=payout_key(settled.id),
        set={("state",): settled.state.value, ("doc",): codec.to_json(settled)},
        when=[Equals(("state",), PayoutState.CREATED.value)],
    )
    return settled if _written(rows, become, entry) else None


def _written(rows: Rows, payout: Change, entry: Entry) -> bool:
    """Whether the payout's change and its entry were written; False when the payout moved on."""
    try:
        book(rows, [payout, *entry_puts(entry)])
    except NotWritten:
        return False
    return True
