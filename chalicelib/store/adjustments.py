"""How do lines of payouts lie in the books that come from no call?

Owns the rows of reserves, and of what was given up of a publisher's debt; they lie among the
earnings. A reserve waits for its days to be over, and is then released with its entry. What they
say belongs to `chalicelib.adjustments`.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib import adjustments, times
from chalicelib.payouts import Earning, EarningState
from chalicelib.store import codec
from chalicelib.store.charges import (
    earning_key,
    earnings_payable,
    payout_order,
    read_earning,
    release_order,
)
from chalicelib.store.claims import waiting_items
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Put,
    Rows,
)


def reserve_put(line: Earning) -> Put:
    """The new row of a reserve: what is kept back stands on its payout, what comes back waits."""
    if line.amount_cents < 0:
        return _put(line, EarningState.PAYABLE, {"document_id": str(line.payout_id)})
    waits = {"open": reserves_of(line.publisher_id), "open_key": release_order(line)}
    return _put(line, EarningState.HELD, waits)


def last_write_off(rows: Rows, publisher_id: str) -> str | None:
    """The last line that made up for a debt of the publisher's; None when none has."""
    key = _given_up_key(publisher_id)
    found, _ = rows.gather([key])
    return str(found[key]["last"]) if key in found else None


def write_off(rows: Rows, line: Earning, last: str | None) -> bool:
    """Keep the line that makes up for a debt, with its entry; False when it is there, or when
    another was kept after the `last`: what it makes up for may be made up for by that."""
    waits = {"open": earnings_payable(line.publisher_id), "open_key": payout_order(line)}
    put = _put(line, EarningState.PAYABLE, waits)
    follows = Change(
        key=_given_up_key(line.publisher_id),
        set={("last",): line.id},
        when=[Equals(("last",), last) if last else Absent(("pk",))],
    )
    try:
        book(rows, [put, follows, *entry_puts(adjustments.written_off(line))])
    except NotWritten:
        return False
    return True


def find_line(rows: Rows, line_id: str) -> Earning | None:
    """The line as it was kept; None when there is none."""
    key = earning_key(line_id)
    found, _ = rows.gather([key])
    return read_earning(found[key]).earning if key in found else None


def reserves_of(publisher_id: str) -> str:
    """The partition of `by_open` in which what was kept back of payouts waits."""
    return f"RESERVED#{publisher_id}"


def reserves_due(rows: Rows, publisher_id: str, as_of: datetime) -> tuple[Earning, ...]:
    """Reserves whose days are over at `as_of`, an end at that very instant included; the index may
    lag by a moment."""
    below = f"{times.written(as_of)}$"
    waiting = waiting_items(rows, reserves_of(publisher_id), below=below)
    return tuple(read_earning(item).earning for item in waiting)


def release_reserves(rows: Rows, backs: Sequence[Earning], now: datetime) -> tuple[Earning, ...]:
    """Release what was kept back, each with its entry; returns what nobody had released before."""
    return tuple(back for back in backs if _released(rows, back, now))


def _released(rows: Rows, back: Earning, now: datetime) -> bool:
    move = Change(
        key=earning_key(back.id),
        set={
            ("state",): EarningState.PAYABLE.value,
            ("open",): earnings_payable(back.publisher_id),
            ("open_key",): payout_order(back),
        },
        when=[Equals(("state",), EarningState.HELD.value)],
    )
    try:
        book(rows, [move, *entry_puts(adjustments.reserve_released(back, now))])
    except NotWritten:
        return False
    return True


def _given_up_key(publisher_id: str) -> Key:
    return Key(BOOKS, f"GIVEN_UP#{publisher_id}")


def _put(line: Earning, state: EarningState, more: dict[str, str]) -> Put:
    key = earning_key(line.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "adjustment",
        "id": line.id,
        "created_key": payout_order(line),
        "amount_cents": line.amount_cents,
        "state": state.value,
        "doc": codec.to_json(line),
    }
    return Put(BOOKS, item | more)
