"""What is PayPal asked to pay, and what does its answer mean for a payout?

Owns the request for a batch with its limits and its ids, and the meaning of every status of a batch
and of its items. How far a batch has come belongs to `paypal_batches`, speaking to PayPal to the
providers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from chalicelib.errors import Fault

MOST_ITEMS = 5_000
"""How many items a batch has: PayPal takes 15,000, but one run must look at all of them anew and
submit them before it asks, or no run ever gets that far."""
MOST_CENTS = 20_000_00
"""The most that PayPal pays in one item unless it has been asked to raise it."""
REMEMBERED = timedelta(days=30)
"""How long PayPal knows a sender's batch id again, and how long an unclaimed item waits."""
CURRENCIES = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD",
})  # fmt: skip
"""What PayPal pays in, less the currencies that it takes without decimals."""

_MOST_RECEIVER = 127
_RECEIVER = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]{2,}", re.ASCII)
_VALUE = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?", re.ASCII)
_ITEM_FIELD = re.compile(r"items\[(\d{1,5})\]", re.ASCII)


class BatchStatus(StrEnum):
    """What PayPal calls the state of a batch. That it has succeeded says nothing of its items."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    DENIED = "DENIED"
    CANCELED = "CANCELED"


class Fate(StrEnum):
    """What becomes of the payout behind an item."""

    IN_FLIGHT = "in_flight"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"


_FATES = {
    "SUCCESS": Fate.SETTLED,
    "FAILED": Fate.FAILED,
    "DENIED": Fate.FAILED,
    "BLOCKED": Fate.FAILED,
    "RETURNED": Fate.RETURNED,
    "REFUNDED": Fate.RETURNED,
    "REVERSED": Fate.RETURNED,
    "CANCELED": Fate.RETURNED,
}
_UNDECIDED = frozenset({"", "NEW", "PENDING"})
_STOPPED = frozenset({BatchStatus.DENIED, BatchStatus.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One payout as PayPal is asked to pay it: to whom (an e-mail address), and how much."""

    payout_id: str
    receiver: str
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReport:
    """What PayPal says of an item. `sender_item_id` is our payout's id; `error` is PayPal's name
    for what is wrong, empty where nothing is. `batch_status` is known when a whole batch was read.
    """

    item_id: str
    payout_batch_id: str
    sender_item_id: str
    status: str
    amount_cents: int
    currency: str
    fee_cents: int = 0
    error: str = ""
    batch_status: str = ""

    @property
    def fate(self) -> Fate:
        """What becomes of the payout."""
        return fate(self.status, self.batch_status)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What PayPal says of a batch, apart from its items."""

    payout_batch_id: str
    sender_batch_id: str
    status: str

    @property
    def stopped(self) -> bool:
        """Whether PayPal pays nothing of it any more."""
        return self.status.strip().upper() in _STOPPED


def fate(status: str, batch_status: str = "") -> Fate:
    """What an item's status means. A word that nobody knows decides nothing: the money is then
    still on its way, and asked about again.

    The items of a batch that PayPal denied or cancelled have failed, unless they say otherwise. The
    documentation spells ON_HOLD what the interface spells ONHOLD; either waits.
    """
    word = status.strip().upper()
    if word in _UNDECIDED and batch_status.strip().upper() in _STOPPED:
        return Fate.FAILED
    return _FATES.get(word, Fate.IN_FLIGHT)


def request(sender_batch_id: str, subject: str, items: Sequence[Item]) -> dict[str, Any]:
    """The document that asks for a batch. Whatever is sent again under the same `sender_batch_id`
    within 30 days is refused, and leads to the batch that was accepted."""
    return {
        "sender_batch_header": {
            "sender_batch_id": sender_batch_id,
            "email_subject": subject,
            "recipient_type": "EMAIL",
        },
        "items": [
            {
                "recipient_type": "EMAIL",
                "receiver": one.receiver,
                "amount": {"value": decimal(one.amount_cents), "currency": one.currency},
                "sender_item_id": one.payout_id,
            }
            for one in items
        ],
    }


def faults(item: Item) -> tuple[Fault, ...]:
    """Why PayPal would not take the item; none when it would."""
    found: list[Fault] = []
    if len(item.receiver) > _MOST_RECEIVER or not _RECEIVER.fullmatch(item.receiver):
        reason = f"must be an e-mail address of at most {_MOST_RECEIVER} ASCII characters"
        found.append(Fault(field="receiver", rule="format", reason=reason))
    if not 0 < item.amount_cents <= MOST_CENTS:
        reason = f"must be more than nothing, and at most {decimal(MOST_CENTS)}"
        found.append(Fault(field="amount_cents", rule="range", reason=reason))
    if item.currency not in CURRENCIES:
        reason = f"PayPal does not pay in {item.currency}"
        found.append(Fault(field="currency", rule="currency", reason=reason))
    return tuple(found)


def named(details: Sequence[Mapping[str, str]], count: int) -> dict[int, str]:
    """Which of `count` items a refusal names by their position, with what PayPal says of each; none
    when it refuses the batch for another reason as well."""
    found: dict[int, str] = {}
    for detail in details:
        place = _ITEM_FIELD.search(detail.get("field", ""))
        if place is None or int(place[1]) >= count:
            return {}
        found.setdefault(int(place[1]), detail.get("issue", ""))
    return found


def decimal(cents: int) -> str:
    """An amount as PayPal writes it: `1234` is `12.34`. ValueError below zero."""
    if cents < 0:
        raise ValueError(f"PayPal pays no negative amount: {cents}")
    return f"{cents // 100}.{cents % 100:02d}"


def cents(value: str) -> int:
    """The cents of an amount with at most two decimals; ValueError for anything else."""
    match = _VALUE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no amount with at most two decimals")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
