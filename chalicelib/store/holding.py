"""How do holds lie in the books?

Owns their rows, and the transaction that places or lifts one, with the earning that it is about. A
hold that stands lies in a partition of its publisher's, so that one question finds all of them.
What a hold means belongs to `chalicelib.holding`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import holding, times
from chalicelib.holding import Hold
from chalicelib.payouts import BookedEarning, EarningState
from chalicelib.store import codec
from chalicelib.store.charges import (
    earning_key,
    earnings_held,
    earnings_payable,
    payout_order,
    read_earning,
    unreduced,
)
from chalicelib.store.claims import waiting_items
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Put,
    Rows,
)

_STANDS, _LIFTED = "stands", "lifted"
_HOLD: Path = ("hold_id",)


@dataclass(frozen=True, slots=True)
class Holdable:
    """An earning, and the hold that is on it; None when there is none."""

    booked: BookedEarning
    hold_id: str | None


def hold_key(hold_id: str) -> Key:
    """Where a hold lies."""
    return Key(BOOKS, f"HOLD#{hold_id}")


def read_hold(item: Item) -> Hold:
    """The hold that a row keeps."""
    return codec.from_json(Hold, item["doc"])


def find_hold(rows: Rows, hold_id: str) -> Hold | None:
    """The hold; None when there is none."""
    key = hold_key(hold_id)
    found, _ = rows.gather([key])
    return read_hold(found[key]) if key in found else None


def find_holdable(rows: Rows, call_id: str) -> Holdable | None:
    """What a call has earned, as it stands; None when it has not."""
    key = earning_key(call_id)
    found, _ = rows.gather([key])
    if key not in found:
        return None
    return Holdable(read_earning(found[key]), found[key].get("hold_id"))


def holds_on(rows: Rows, publisher_id: str) -> tuple[Hold, ...]:
    """The holds that stand, on the publisher and on its calls, the oldest first; the index may lag
    by a moment."""
    return tuple(read_hold(item) for item in waiting_items(rows, _holds(publisher_id)))


def place(rows: Rows, hold: Hold, stood: BookedEarning | None = None) -> bool:
    """Keep a new hold, on the earning as it `stood` where it is about one; False when it has been
    placed before, or when the earning has moved on."""
    key = hold_key(hold.id)
    order = f"{times.written(hold.placed_at)}#{hold.id}"
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "hold",
        "id": hold.id,
        "created_key": order,
        "open": _holds(hold.publisher_id),
        "open_key": order,
        "state": _STANDS,
        "doc": codec.to_json(hold),
    }
    moves = _moves(hold, stood, hold.placed_at) if stood else []
    return _written(rows, [Put(BOOKS, item), *moves])


def lift(rows: Rows, hold: Hold, stood: BookedEarning | None, now: datetime) -> Hold | None:
    """The hold, lifted; None when it stands no more, or when its earning has moved on."""
    lifted = replace(hold, lifted_at=now)
    change = Change(
        key=hold_key(hold.id),
        set={("state",): _LIFTED, ("doc",): codec.to_json(lifted)},
        remove=[("open",), ("open_key",)],
        when=[Equals(("state",), _STANDS)],
    )
    moves = _moves(lifted, stood, now) if stood else []
    return lifted if _written(rows, [change, *moves]) else None


def _moves(hold: Hold, stood: BookedEarning, now: datetime) -> Sequence[Action]:
    """The earning with the hold on it, or without, and what that posts."""
    entry = holding.entry(hold, stood, now)
    return [_earning_change(hold, stood), *(entry_puts(entry) if entry else [])]


def _earning_change(hold: Hold, stood: BookedEarning) -> Change:
    earning, placed = stood.earning, hold.lifted_at is None
    state = holding.state_when(stood, held=placed)
    waits: dict[Path, str] = {}
    if state is not stood.state:
        held = state is EarningState.HELD
        partition = earnings_held if held else earnings_payable
        waits = {
            ("open",): partition(earning.publisher_id),
            ("open_key",): payout_order(earning),
        }
    stands: list[Condition] = [
        Equals(("state",), stood.state.value),
        Absent(("document_id",)),
        unreduced(earning),
        Absent(_HOLD) if placed else Equals(_HOLD, hold.id),
    ]
    return Change(
        key=earning_key(earning.id),
        set={("state",): state.value, **waits, **({_HOLD: hold.id} if placed else {})},
        remove=[] if placed else [_HOLD],
        when=stands,
    )


def _holds(publisher_id: str) -> str:
    return f"HOLDS#{publisher_id}"


def _written(rows: Rows, actions: Sequence[Action]) -> bool:
    try:
        book(rows, actions)
    except NotWritten:
        return False
    return True
