"""How do calls wait again for money that was taken back?

Owns the move opposite to `collecting`: an invoice opens again, and one that has collected more than
is left of its money gives calls up, batch by batch. Which calls these are belongs to
`chalicelib.payments`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib import payments
from chalicelib.errors import Busy
from chalicelib.invoices import Charge, ChargeState, Invoice, InvoiceState
from chalicelib.payments import Application
from chalicelib.payouts import BookedEarning, EarningState
from chalicelib.store import codec
from chalicelib.store.charges import (
    charge_key,
    earning_key,
    earnings_awaiting,
    read_charge,
    read_earning,
    uncredited,
)
from chalicelib.store.claims import waiting_items
from chalicelib.store.invoices import (
    invoice_key,
    invoice_order,
    invoices_by_id,
    invoices_open,
)
from chalicelib.store.rows import Action, AtLeast, Change, Equals, NotWritten, Path, Rows

CALLS_A_BATCH = 45
_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Some of an invoice's collected charges: those that are `free` to wait again and those that
    are `bound`, because their earnings were released; and how much the invoice lacks."""

    short_cents: int
    free: tuple[Charge, ...]
    bound: tuple[Charge, ...]
    earnings: Mapping[str, BookedEarning]


def reopen_change(before: Invoice, part: Application) -> Change:
    """The invoice once a payment that paid this part of it was taken back: open again, or written
    off as it was. What it had collected beyond what is left makes what it has to spare negative."""
    owner, ended = before.advertiser_id, before.ended_at is not None
    sets: dict[Path, str | int] = {
        ("reopened",): 1,
        ("open",): invoices_lost(owner) if ended else invoices_open(owner),
        ("open_key",): invoice_order(before),
    }
    if not ended:
        sets[("state",)] = InvoiceState.OPEN.value
    return Change(
        key=invoice_key(before.id),
        set=sets,
        add={("paid_cents",): -part.amount_cents, ("available_cents",): -part.amount_cents},
        when=[
            Equals(("state",), before.state.value),
            AtLeast(("paid_cents",), part.amount_cents),
        ],
    )


def lost_invoices(rows: Rows, advertiser_id: str) -> tuple[Invoice, ...]:
    """The advertiser's written-off invoices whose calls have yet to be looked through: for money
    that pays for them, or for money that was taken back."""
    items = waiting_items(rows, invoices_lost(advertiser_id))
    return invoices_by_id(rows, tuple(item["id"] for item in items))


def invoices_lost(advertiser_id: str) -> str:
    """The partition of `by_open` with these invoices."""
    return f"LOST#{advertiser_id}"


def take_back_batch(rows: Rows, invoice_id: str, ids: Sequence[str]) -> Collected:
    """Let charges of up to `CALLS_A_BATCH` calls wait for money again while the invoice has
    collected more than was paid, the latest first; one whose earning was released stays collected.
    Returns what is left of them."""
    for _try in range(_TRIES):
        seen = look(rows, invoice_id, ids)
        batch = payments.to_take_back(seen.free, seen.short_cents)
        if not batch:
            return seen
        cents = sum(charge.due_cents for charge in batch)
        given_up = Change(
            key=invoice_key(invoice_id),
            add={("available_cents",): cents},
            when=[Equals(("available_cents",), -seen.short_cents)],
        )
        actions: list[Action] = [given_up]
        for charge in batch:
            actions += _wait_again(charge, seen.earnings[charge.call_id])
        try:
            rows.write(actions)
        except NotWritten:
            continue
        left = tuple(charge for charge in seen.free if charge not in batch)
        return replace(seen, short_cents=seen.short_cents - cents, free=left)
    raise Busy(f"the charges of {invoice_id} are being collected by others")


def look(rows: Rows, invoice_id: str, ids: Sequence[str]) -> Collected:
    """Which of these calls are collected, as they and the invoice stand."""
    invoice = invoice_key(invoice_id)
    found, _ = rows.gather(
        [invoice, *(key(one) for one in ids for key in (charge_key, earning_key))]
    )
    earnings = {one: read_earning(found[earning_key(one)]) for one in ids}
    collected = [
        read_charge(found[charge_key(one)]).charge
        for one in ids
        if found[charge_key(one)]["state"] == ChargeState.COLLECTED
    ]
    bound = {one for one, booked in earnings.items() if _released(booked)}
    return Collected(
        short_cents=-found[invoice]["available_cents"],
        free=tuple(charge for charge in collected if charge.call_id not in bound),
        bound=tuple(charge for charge in collected if charge.call_id in bound),
        earnings=earnings,
    )


def look_no_more(rows: Rows, invoice: Invoice) -> None:
    """The written-off invoice waits no more, unless money of it was taken back since it was
    read."""
    done = Change(
        key=invoice_key(invoice.id),
        remove=[("open",), ("open_key",)],
        when=[Equals(("paid_cents",), invoice.paid_cents)],
    )
    try:
        rows.write([done])
    except NotWritten:
        return


def _released(booked: BookedEarning) -> bool:
    """Whether something of the earning may be on its way to the publisher."""
    return booked.state is not EarningState.APPROVED and booked.earning.due_cents > 0


def _wait_again(charge: Charge, booked: BookedEarning) -> list[Action]:
    """A charge waits for money again, and its earning for the charge; one of nothing waits for
    nothing."""
    changes: list[Action] = [
        Change(
            key=charge_key(charge.call_id),
            set={
                ("state",): ChargeState.OPEN.value,
                ("doc",): codec.to_json(replace(charge, collected=False)),
            },
            when=[Equals(("state",), ChargeState.COLLECTED.value), *uncredited(charge)],
        )
    ]
    if booked.state is EarningState.APPROVED:
        waiting = Equals(("open",), earnings_awaiting(booked.earning.publisher_id))
        stands = Equals(("state",), EarningState.APPROVED.value)
        changes.append(
            Change(
                key=earning_key(charge.call_id),
                remove=[("open",), ("open_key",)],
                when=[stands, waiting],
            )
        )
    return changes
