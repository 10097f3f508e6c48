"""How do calls wait again for money that was taken back?

Owns the move opposite to `collecting`: an invoice opens again, and one that has collected more than
is left of its money gives calls up until it has not, or until only calls are left whose earnings
were released. Which calls these are belongs to `chalicelib.payments`.
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

_A_BATCH = 45
_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collected:
    """An invoice's collected charges: those that are `free` to wait again and those that are
    `bound`, because their earnings were released; what has paid it, and how much is missing."""

    paid_cents: int
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
        ("open",): _invoices_lost(owner) if ended else invoices_open(owner),
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
    """The advertiser's written-off invoices of whose money some was taken back, and whose calls
    have yet to be looked through for it."""
    items = waiting_items(rows, _invoices_lost(advertiser_id))
    return invoices_by_id(rows, tuple(item["id"] for item in items))


def take_back(rows: Rows, invoice: Invoice, charges: Sequence[Charge]) -> None:
    """Let charges of the invoice wait for money again while it has collected more than was paid,
    the latest first; one whose earning was released stays collected. A written-off invoice is then
    done, if these are all its `charges`."""
    invoice_id, lost = invoice.id, 0
    while lost < _TRIES:
        seen = _read(rows, invoice_id, charges)
        batch = payments.to_take_back(seen.free, seen.short_cents)[:_A_BATCH]
        if not batch:
            if invoice.ended_at and len(charges) == invoice.call_count:
                _look_no_more(rows, invoice_id, seen.paid_cents)
            return
        given_up = Change(
            key=invoice_key(invoice_id),
            add={("available_cents",): sum(charge.due_cents for charge in batch)},
            when=[Equals(("available_cents",), -seen.short_cents)],
        )
        actions: list[Action] = [given_up]
        for charge in batch:
            actions += _wait_again(charge, seen.earnings[charge.call_id])
        try:
            rows.write(actions)
        except NotWritten:
            lost += 1
    raise Busy(f"the charges of {invoice_id} are being collected by others")


def released_unpaid(
    rows: Rows, invoice_id: str, charges: Sequence[Charge]
) -> tuple[BookedEarning, ...]:
    """Released earnings of the invoice's calls for which its money does not suffice any more, those
    of the latest calls."""
    seen = _read(rows, invoice_id, charges)
    missing = payments.to_take_back(seen.bound, seen.short_cents)
    return tuple(seen.earnings[charge.call_id] for charge in missing)


def _invoices_lost(advertiser_id: str) -> str:
    return f"LOST#{advertiser_id}"


def _look_no_more(rows: Rows, invoice_id: str, paid_cents: int) -> None:
    """The written-off invoice waits no more, unless more of its money was taken back meanwhile."""
    done = Change(
        key=invoice_key(invoice_id),
        remove=[("open",), ("open_key",)],
        when=[Equals(("paid_cents",), paid_cents)],
    )
    try:
        rows.write([done])
    except NotWritten:
        return


def _read(rows: Rows, invoice_id: str, charges: Sequence[Charge]) -> _Collected:
    ids = [charge.call_id for charge in charges]
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
    return _Collected(
        paid_cents=found[invoice]["paid_cents"],
        short_cents=-found[invoice]["available_cents"],
        free=tuple(charge for charge in collected if charge.call_id not in bound),
        bound=tuple(charge for charge in collected if charge.call_id in bound),
        earnings=earnings,
    )


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
