"""How does money that came in reach the calls it pays for, and then their publishers?

Owns two moves of rows: paid money collects whole charges, whose earnings then wait for release; and
earnings whose time has come are released, each with its entry. The database refuses to collect more
than was paid. Which charges are covered belongs to `chalicelib.payments`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib import ledger, times
from chalicelib.errors import Broken, Busy
from chalicelib.invoices import Charge, ChargeState, Invoice, InvoiceState
from chalicelib.payouts import Earning, EarningState
from chalicelib.store import codec
from chalicelib.store.charges import (
    charge_key,
    earning_key,
    earnings_awaiting,
    earnings_payable,
    payout_order,
    read_charge,
    read_earning,
    release_order,
    uncredited,
    unreduced,
)
from chalicelib.store.claims import walk_waiting
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.invoices import invoice_key
from chalicelib.store.rows import (
    Absent,
    Action,
    AtLeast,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Rows,
)

CHARGES_A_BATCH = 45
RELEASES_A_BATCH = 25
_TRIES = 8


def collect_batch(
    rows: Rows, invoice: Invoice, ids: Sequence[str], *, last: bool
) -> tuple[Earning, ...]:
    """Collect the charges of up to `CHARGES_A_BATCH` calls in one transaction; returns the earnings
    that now wait for release.

    Charges that were collected before stay as they are. With the `last` of a paid invoice, which
    may be none, the invoice waits no more.
    """
    for _try in range(_TRIES):
        found, _ = rows.gather([key(one) for one in ids for key in (charge_key, earning_key)])
        pending = [one for one in ids if _is_open(found[charge_key(one)])]
        if not pending and not last:
            return ()
        charges = [read_charge(found[charge_key(one)]).charge for one in pending]
        earnings = [_earning_to_free(found, one) for one in pending]
        freed = [earning for earning in earnings if earning]
        actions: list[Action] = [
            _hand_on(invoice, charges, last=last),
            *(_collected(charge) for charge in charges),
            *(_await_release(earning) for earning in freed),
        ]
        try:
            rows.write(actions)
        except NotWritten as refused:
            if set(refused.images) == {0}:
                if _reopened(refused.images[0]):
                    return ()
                raise Broken(f"{invoice.id} has collected more than was paid") from refused
            continue
        return tuple(freed)
    raise Busy(f"the charges of {invoice.id} are being collected by others")


def release(rows: Rows, earnings: Sequence[Earning], now: datetime) -> tuple[Earning, ...]:
    """Release earnings, each with its entry; returns those that nobody had released before. One
    that is held stays where it is."""
    released: list[Earning] = []
    left = list(earnings)
    while left:
        batch = left[:RELEASES_A_BATCH]
        groups = [_release_actions(earning, now) for earning in batch]
        try:
            book(rows, [action for group in groups for action in group])
        except NotWritten as refused:
            gone = _taken_by_others(groups, refused.images)
            left = [earning for place, earning in enumerate(left) if place not in gone]
            continue
        released += batch
        left = left[RELEASES_A_BATCH:]
    return tuple(released)


def earnings_due(rows: Rows, publisher_id: str, as_of: datetime) -> Iterator[Earning]:
    """Collected earnings of the publisher whose hold is over at `as_of`, an end at that very
    instant included, of which one page at a time is held; the index may lag by a moment."""
    after_all_of_that_instant = f"{times.written(as_of)}$"
    waiting = walk_waiting(rows, earnings_awaiting(publisher_id), below=after_all_of_that_instant)
    return (read_earning(item).earning for item in waiting)


def _reopened(image: Item | None) -> bool:
    """Whether money of the invoice was taken back, so that what was read of it may be too old."""
    return bool(image and image.get("reopened"))


def _is_open(item: Item) -> bool:
    return bool(item["state"] == ChargeState.OPEN)


def _earning_to_free(found: Mapping[Key, Item], call_id: str) -> Earning | None:
    """The call's earning; None when it is one of nothing."""
    item = found.get(earning_key(call_id))
    if item is None:
        raise Broken(f"{call_id} has a charge and no earning")
    booked = read_earning(item)
    return booked.earning if booked.state is EarningState.APPROVED else None


def _hand_on(invoice: Invoice, charges: Sequence[Charge], *, last: bool) -> Change:
    """The invoice's money passes to the charges; refused where there is less of it."""
    cents = sum(charge.due_cents for charge in charges)
    when: list[Condition] = [AtLeast(("available_cents",), cents)]
    remove: list[Path] = []
    if last:
        when.append(Equals(("state",), InvoiceState.PAID.value))
        remove = [("open",), ("open_key",)]
    return Change(
        key=invoice_key(invoice.id), add={("available_cents",): -cents}, remove=remove, when=when
    )


def _collected(charge: Charge) -> Change:
    return Change(
        key=charge_key(charge.call_id),
        set={
            ("state",): ChargeState.COLLECTED.value,
            ("doc",): codec.to_json(replace(charge, collected=True)),
        },
        when=[Equals(("state",), ChargeState.OPEN.value), *uncredited(charge)],
    )


def _await_release(earning: Earning) -> Change:
    return Change(
        key=earning_key(earning.call_id),
        set={
            ("open",): earnings_awaiting(earning.publisher_id),
            ("open_key",): release_order(earning),
        },
        when=[Equals(("state",), EarningState.APPROVED.value), Absent(("open",))],
    )


def _release_actions(earning: Earning, now: datetime) -> list[Action]:
    entry = ledger.release(
        call_id=earning.call_id,
        publisher_id=earning.publisher_id,
        earning_cents=earning.due_cents,
        currency=earning.currency,
        now=now,
    )
    move = Change(
        key=earning_key(earning.call_id),
        set={
            ("state",): EarningState.PAYABLE.value,
            ("open",): earnings_payable(earning.publisher_id),
            ("open_key",): payout_order(earning),
        },
        when=[
            Equals(("state",), EarningState.APPROVED.value),
            Equals(("open",), earnings_awaiting(earning.publisher_id)),
            Absent(("hold_id",)),
            unreduced(earning),
        ],
    )
    return [move, *entry_puts(entry)]


def _taken_by_others(
    groups: Sequence[Sequence[Action]], refused: Mapping[int, Item | None]
) -> set[int]:
    """Which groups of a refused write had their first action refused."""
    gone: set[int] = set()
    place = 0
    for number, group in enumerate(groups):
        if place in refused:
            gone.add(number)
        place += len(group)
    return gone
