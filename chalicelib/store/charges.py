"""How do the charge and the earning of an approved call lie in the books?

Owns their rows: as they are made at approval, and reading them back. What they become afterwards
belongs to `claims`, which puts them into documents, to `collecting`, which moves them on as money
comes in, and to `credits`.
"""

from dataclasses import replace

from chalicelib import times
from chalicelib.invoices import BookedCharge, Charge, ChargeState, booking_order
from chalicelib.payouts import BookedEarning, Earning, EarningState
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, AtMost, Condition, Item, Key, Put

_REDUCED, _CREDITED = "reduced_cents", "credited_cents"


def charge_key(call_id: str) -> Key:
    """Where the charge of a call lies."""
    return Key(BOOKS, f"CHARGE#{call_id}")


def earning_key(earning_id: str) -> Key:
    """Where the earning of a call lies, or what a credit claws back after its payout."""
    return Key(BOOKS, f"EARNING#{earning_id}")


def charges_waiting(advertiser_id: str) -> str:
    """The partition of `by_open` in which an advertiser's charges wait for their invoice."""
    return f"CHARGES#{advertiser_id}"


def earnings_awaiting(publisher_id: str) -> str:
    """The partition of `by_open` in which collected earnings wait for their release."""
    return f"AWAITING#{publisher_id}"


def earnings_held(publisher_id: str) -> str:
    """The partition of `by_open` in which released earnings wait that the operator holds."""
    return f"HELD#{publisher_id}"


def earnings_payable(publisher_id: str) -> str:
    """The partition of `by_open` in which released earnings wait for their payout."""
    return f"PAYABLE#{publisher_id}"


def charge_put(charge: Charge) -> Put:
    """The new row of a charge; refused when the call has been charged before."""
    order = booking_order(charge)
    key = charge_key(charge.call_id)
    return Put(
        BOOKS,
        {
            "pk": key.pk,
            "sk": key.sk,
            "kind": "charge",
            "id": charge.call_id,
            "created_key": order,
            "open": charges_waiting(charge.advertiser_id),
            "open_key": order,
            "amount_cents": charge.amount_cents,
            "state": (ChargeState.COLLECTED if charge.collected else ChargeState.OPEN).value,
            "doc": codec.to_json(charge),
        },
    )


def earning_put(earning: Earning, *, collected: bool) -> Put:
    """The new row of an earning; refused when the call has earned before.

    One whose charge is `collected` already waits for its release at once. One of nothing is
    settled from the start.
    """
    key = earning_key(earning.call_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "earning",
        "id": earning.call_id,
        "created_key": f"{times.written(earning.booked_at)}#{earning.call_id}",
        "amount_cents": earning.amount_cents,
        "state": (EarningState.APPROVED if earning.amount_cents else EarningState.PAID).value,
        "doc": codec.to_json(earning),
    }
    if collected and earning.amount_cents:
        item["open"] = earnings_awaiting(earning.publisher_id)
        item["open_key"] = release_order(earning)
    return Put(BOOKS, item)


def clawback_put(clawback: Earning) -> Put:
    """The new row of what a publisher owes, which waits for a payout to be netted against."""
    key = earning_key(clawback.id)
    return Put(
        BOOKS,
        {
            "pk": key.pk,
            "sk": key.sk,
            "kind": "clawback",
            "id": clawback.id,
            "created_key": payout_order(clawback),
            "open": earnings_payable(clawback.publisher_id),
            "open_key": payout_order(clawback),
            "amount_cents": clawback.amount_cents,
            "state": EarningState.PAYABLE.value,
            "doc": codec.to_json(clawback),
        },
    )


def release_order(earning: Earning) -> str:
    """The sort key of an earning among those that wait for release."""
    return f"{times.written(earning.release_after)}#{earning.call_id}"


def payout_order(earning: Earning) -> str:
    """The sort key of an earning among those that wait for a payout."""
    return f"{times.written(earning.booked_at)}#{earning.id}"


def read_charge(item: Item) -> BookedCharge:
    """The charge that a row holds, with the document that it stands on."""
    charge = replace(
        codec.from_json(Charge, item["doc"]),
        reduced_cents=item.get(_REDUCED, 0),
        credited_cents=item.get(_CREDITED, 0),
    )
    return BookedCharge(charge=charge, document_id=item.get("document_id"))


def uncredited(charge: Charge) -> list[Condition]:
    """That no credit has come for the charge since it was read."""
    return [
        AtMost((_REDUCED,), charge.reduced_cents),
        AtMost((_CREDITED,), charge.credited_cents),
    ]


def unreduced(earning: Earning) -> Condition:
    """That nothing of the earning was clawed back since it was read."""
    return AtMost((_REDUCED,), earning.reduced_cents)


def read_earning(item: Item) -> BookedEarning:
    """The earning that a row holds, with how far it has come and its payout."""
    return BookedEarning(
        earning=replace(codec.from_json(Earning, item["doc"]), reduced_cents=item.get(_REDUCED, 0)),
        state=EarningState(item["state"]),
        document_id=item.get("document_id"),
        hold_id=item.get("hold_id"),
    )
