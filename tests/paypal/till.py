"""What PayPal knows: its account's balance, the batches that it took, and what became of them."""

import hashlib
import hmac
import json
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from tests.paypal.shapes import check_batch, check_error, check_item, request_faults

Json = dict[str, Any]

FEE_CENTS = 25
WEBHOOK_ID = "1JE4291016473214C"
CERTIFICATE = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
_SECRET = b"what only PayPal knows"
_KNOWN = timedelta(days=30)
_HELD_BY_PAYPAL = ("PENDING", "ONHOLD", "UNCLAIMED")
_EVENTS = {
    "SUCCESS": "SUCCEEDED",
    "ONHOLD": "HELD",
    "UNCLAIMED": "UNCLAIMED",
    "FAILED": "FAILED",
    "BLOCKED": "BLOCKED",
    "RETURNED": "RETURNED",
    "REFUNDED": "REFUNDED",
    "REVERSED": "REFUNDED",
}


class Refusal(Exception):
    """PayPal's refusal: a status, and the document that says why."""

    def __init__(self, status: int, name: str, details: list[Json] | None = None) -> None:
        super().__init__(name)
        self.status = status
        self.document = check_error({
            "name": name, "message": "The request was refused.", "debug_id": "f05063556a338",
            "information_link": "https://developer.paypal.com/docs/api/", "details": details or [],
        })  # fmt: skip


@dataclass
class Paid:
    """One item; `way` are the states still before it, `since` when it came into this one."""

    id: str
    asked: Json
    way: deque[str]
    since: datetime
    status: str = "PENDING"
    fee_cents: int = 0

    @property
    def cents(self) -> int:
        """What is paid."""
        return round(float(self.asked["amount"]["value"]) * 100)


@dataclass
class Taken:
    """One batch that PayPal accepted."""

    id: str
    header: Json
    created: datetime
    items: list[Paid]
    status: str = "PENDING"


@dataclass
class Event:
    """What PayPal sends to a webhook: headers and the bytes that they sign."""

    headers: dict[str, str]
    raw: bytes


@dataclass
class Till:
    """An account with PayPal. Receivers are paid at once unless `ways` names the states that their
    items take, one at each `advance`; an item that nobody claims comes back after 30 days. PayPal
    takes no address that is `refused`.

    `received` counts what receivers have, in cents; `outbox` holds the events not yet delivered.
    """

    clock: Callable[[], datetime]
    balance_cents: int = 1_000_000_00
    ways: dict[str, tuple[str, ...]] = field(default_factory=dict)
    received: Counter[str] = field(default_factory=Counter)
    outbox: list[Event] = field(default_factory=list)
    batches: dict[str, Taken] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    names_original: bool = True
    api_url: str = "https://api-m.paypal.com"

    def __post_init__(self) -> None:
        self._lock = RLock()

    def take(self, said: Any) -> Json:
        """Accept a batch, or refuse it whole."""
        with self._lock:
            faults = request_faults(said, self.refused)
            if faults:
                raise Refusal(400, "VALIDATION_ERROR", faults)
            sender_id = said["sender_batch_header"]["sender_batch_id"]
            self._refuse_known(sender_id)
            return self._accept(said)

    def _refuse_known(self, sender_id: str) -> None:
        for known in self.batches.values():
            same = known.header["sender_batch_id"] == sender_id
            if same and self.clock() - known.created < _KNOWN:
                link = {"href": self._address(known), "rel": "self", "method": "GET"}
                issue = "Batch with given sender_batch_id already exists"
                detail: Json = {"field": "SENDER_BATCH_ID", "location": "body", "issue": issue}
                if self.names_original:
                    detail["link"] = [link]
                raise Refusal(400, "USER_BUSINESS_ERROR", [detail])

    def _accept(self, said: Json) -> Json:
        number = len(self.batches)
        items = [
            Paid(
                id=f"ITEM{number:04d}X{at:05d}",
                asked=one,
                way=deque(self.ways.get(one["receiver"], ("SUCCESS",))),
                since=self.clock(),
            )
            for at, one in enumerate(said["items"])
        ]
        due = sum(one.cents + FEE_CENTS for one in items)
        if due > self.balance_cents:
            raise Refusal(422, "INSUFFICIENT_FUNDS")
        self.balance_cents -= due
        taken = Taken(f"BATCH{number:04d}", said["sender_batch_header"], self.clock(), items)
        self.batches[taken.id] = taken
        return check_batch({"batch_header": self._header(taken), "links": []})

    def advance(self) -> None:
        """Everything that is on its way comes one state further."""
        with self._lock:
            for batch in self.batches.values():
                self._advance(batch)

    def _advance(self, batch: Taken) -> None:
        if batch.status == "PENDING":
            self._turn(batch, "PROCESSING")
            return
        for item in batch.items:
            if item.way:
                self._become(batch, item, item.way.popleft())
            elif item.status == "UNCLAIMED" and self.clock() - item.since >= _KNOWN:
                self._become(batch, item, "RETURNED")
        if batch.status == "PROCESSING":
            denied = all(item.status == "FAILED" for item in batch.items)
            self._turn(batch, "DENIED" if denied else "SUCCESS")

    def claim(self, payout_id: str) -> None:
        """The receiver opens an account, and takes what waits."""
        self._become(*self._named(payout_id), "SUCCESS")

    def reverse(self, payout_id: str) -> None:
        """What was paid comes back."""
        self._become(*self._named(payout_id), "REVERSED")

    def _become(self, batch: Taken, item: Paid, status: str) -> None:
        receiver = item.asked["receiver"]
        before = item.status
        if status == before:
            return
        if status == "SUCCESS":
            self.received[receiver] += item.cents
        elif before == "SUCCESS":
            self.received[receiver] -= item.cents
        if status not in ("SUCCESS", *_HELD_BY_PAYPAL):
            self.balance_cents += item.cents + (FEE_CENTS if before != "SUCCESS" else 0)
        item.status, item.since, item.fee_cents = status, self.clock(), FEE_CENTS
        if status in _EVENTS:
            name = f"PAYMENT.PAYOUTS-ITEM.{_EVENTS[status]}"
            self._tell(name, "payouts_item", self._item(batch, item))

    def _turn(self, batch: Taken, status: str) -> None:
        batch.status = status
        resource = {"batch_header": self._header(batch)}
        self._tell(f"PAYMENT.PAYOUTSBATCH.{status}", "payouts", resource)

    def batch(self, batch_id: str, page: int, size: int) -> Json:
        """A page of a batch."""
        with self._lock:
            taken = self.batches.get(batch_id)
            if taken is None:
                raise Refusal(404, "RESOURCE_NOT_FOUND")
            # What PayPal has not begun to read shows no items.
            shown = [] if taken.status == "PENDING" else taken.items
            return check_batch({
                "batch_header": self._header(taken), "links": [],
                "items": [self._item(taken, one) for one in shown[(page - 1) * size : page * size]],
                "total_items": len(shown), "total_pages": -(-len(shown) // size),
            })  # fmt: skip

    def item(self, item_id: str) -> Json:
        """One item."""
        with self._lock:
            for batch in self.batches.values():
                for one in batch.items:
                    if one.id == item_id and batch.status != "PENDING":
                        return self._item(batch, one)
        raise Refusal(404, "RESOURCE_NOT_FOUND")

    def knows(self, said: Json, raw_event: bytes) -> bool:
        """Whether it signed these bytes for this webhook."""
        if said["webhook_id"] != WEBHOOK_ID or said["cert_url"] != CERTIFICATE:
            return False
        wanted = _signature(said["transmission_id"], said["transmission_time"], raw_event)
        return hmac.compare_digest(wanted, said["transmission_sig"])

    def _named(self, payout_id: str) -> tuple[Taken, Paid]:
        return next(
            (batch, one)
            for batch in self.batches.values()
            for one in batch.items
            if one.asked["sender_item_id"] == payout_id
        )

    def _header(self, batch: Taken) -> Json:
        return {
            "payout_batch_id": batch.id,
            "batch_status": batch.status,
            "sender_batch_header": batch.header,
            "time_created": batch.created.isoformat(),
        }

    def _item(self, batch: Taken, item: Paid) -> Json:
        shown: Json = {
            "payout_item_id": item.id, "payout_batch_id": batch.id, "links": [],
            "transaction_status": item.status, "sender_batch_id": batch.header["sender_batch_id"],
            "payout_item_fee": {"currency": item.asked["amount"]["currency"],
                                "value": f"{item.fee_cents / 100:.2f}"},
            "payout_item": item.asked, "time_processed": item.since.isoformat(),
        }  # fmt: skip
        if item.status == "UNCLAIMED":
            shown["errors"] = Refusal(200, "RECEIVER_UNREGISTERED").document
        elif item.status == "FAILED":
            shown["errors"] = Refusal(200, "RECEIVER_ACCOUNT_INVALID").document
        return check_item(shown)

    def _address(self, batch: Taken) -> str:
        return f"{self.api_url}/v1/payments/payouts/{batch.id}"

    def _tell(self, name: str, kind: str, resource: Json) -> None:
        number = hashlib.sha256(f"{name}{resource}{len(self.outbox)}".encode()).hexdigest()[:17]
        sent = self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "id": f"WH-{number}", "event_version": "1.0", "create_time": sent,
            "resource_type": kind, "event_type": name, "resource": resource, "links": [],
        }  # fmt: skip
        # Spaced as no other JSON is: whoever writes it anew breaks its signature.
        raw = json.dumps(event, separators=(" ,", ":")).encode()
        self.outbox.append(Event(headers={
            "paypal-auth-algo": "SHA256withRSA", "paypal-cert-url": CERTIFICATE,
            "paypal-transmission-id": f"T{number}", "paypal-transmission-time": sent,
            "paypal-transmission-sig": _signature(f"T{number}", sent, raw),
        }, raw=raw))  # fmt: skip


def _signature(transmission_id: str, transmission_time: str, raw: bytes) -> str:
    signed = f"{transmission_id}|{transmission_time}|{WEBHOOK_ID}|{zlib.crc32(raw)}"
    return hmac.new(_SECRET, signed.encode(), hashlib.sha256).hexdigest()
