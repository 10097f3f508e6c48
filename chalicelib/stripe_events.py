"""Did Stripe send this event, and what does it tell of an advertiser's money?

Owns the check of its signature (https://docs.stripe.com/webhooks#verify-manually) and the reading
of the events that move money. What is booked for them belongs to the flow; Stripe's API, to its
provider.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.errors import Fault, Invalid, Unauthenticated
from chalicelib.ids import derived
from chalicelib.top_ups import LinkState

TOLERANCE = timedelta(minutes=5)
"""How far a signature's time may be from the platform's clock, before or after; inclusive."""

_TIME = re.compile(r"\d{1,11}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_EVENT_ID = re.compile(r"evt_\w{1,250}", re.ASCII)
_PAGES = {
    "checkout.session.completed": LinkState.PAID,
    "checkout.session.async_payment_succeeded": LinkState.PAID,
    "checkout.session.async_payment_failed": LinkState.FAILED,
    "checkout.session.expired": LinkState.EXPIRED,
}
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as Stripe tells it; `thing` is what it is about."""

    id: str
    type: str
    created_at: datetime
    thing: Mapping[str, Any]


class Outcome(StrEnum):
    """Whether an event moved money here, or is kept for the operator alone."""

    BOOKED = "booked"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvent:
    """What became of an event; `cause` says why one that tells of money was not booked."""

    id: str
    type: str
    received_at: datetime
    outcome: Outcome
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """An advertiser paid by Checkout, for an invoice where one was named."""

    intent: str
    advertiser_id: str
    invoice_id: str | None
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """So much of a payment has been refunded by now, in all."""

    intent: str
    total_cents: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """The payer contests so much of a payment."""

    intent: str
    amount_cents: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMoved:
    """What became of the page that an advertiser was given to top up on."""

    advertiser_id: str
    top_up_id: str
    state: LinkState


def payment_id(intent: str) -> str:
    """The payment that a payment intent makes, however often it is told of."""
    return derived("pay", "stripe", intent)


def confirm_signed(header: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Unauthenticated unless one of the endpoint's secrets signed the body, and just now.

    Every signature is compared whole, and in the same time whichever it is.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1" and _SIGNATURE.fullmatch(value)]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not given:
        raise Unauthenticated("the event is not signed", code="bad_signature")
    if abs(now - datetime.fromtimestamp(int(times[0]), UTC)) > TOLERANCE:
        reason = "the signature's time is more than 5 minutes from the platform's clock"
        raise Unauthenticated(reason, code="expired_signature")
    matches = [
        hmac.compare_digest(_signature(secret, times[0], body), one)
        for secret in secrets
        for one in given
    ]
    if not any(matches):
        raise Unauthenticated("the signature is not the endpoint's", code="bad_signature")


def read_event(document: Mapping[str, Any]) -> Event:
    """The event that a body tells; Invalid when it is none."""
    id, kind, created = document.get("id"), document.get("type"), document.get("created")
    data = document.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    said = {
        "id": isinstance(id, str) and _EVENT_ID.fullmatch(id) is not None,
        "type": isinstance(kind, str) and 0 < len(kind) <= 200,
        "created": type(created) is int and 0 <= created < 1 << 36,
        "data.object": isinstance(thing, dict),
    }
    reason = "is not what an event of Stripe says"
    faults = tuple(
        Fault(field=name, rule="format", reason=reason) for name, right in said.items() if not right
    )
    if faults:
        raise Invalid(faults)
    created_at = datetime.fromtimestamp(int(created or 0), UTC)
    return Event(id=str(id), type=str(kind), created_at=created_at, thing=thing or {})


def told(event: Event) -> Paid | SentBack | Disputed | None:
    """What the event tells of money; None when it tells of none, or not enough."""
    thing = event.thing
    intent = thing.get("payment_intent")
    if not isinstance(intent, str) or not intent:
        return None
    if event.type in _PAID and thing.get("payment_status") == "paid":
        return _paid(intent, thing)
    reference = str(thing.get("id"))
    if event.type == "charge.refunded" and type(thing.get("amount_refunded")) is int:
        return SentBack(intent=intent, total_cents=thing["amount_refunded"], reference=reference)
    if event.type == "charge.dispute.created" and type(thing.get("amount")) is int:
        return Disputed(intent=intent, amount_cents=thing["amount"], reference=reference)
    return None


def page_moved(event: Event) -> PageMoved | None:
    """What the event tells of a page to top up on; None when it tells of none."""
    found = event.thing.get("metadata")
    metadata: Mapping[str, Any] = found if isinstance(found, dict) else {}
    owner, link = metadata.get("advertiser_id"), metadata.get("top_up_id")
    state = _PAGES.get(event.type)
    if event.type == "checkout.session.completed" and event.thing.get("payment_status") != "paid":
        state = LinkState.PROCESSING
    if state is None or not isinstance(owner, str) or not isinstance(link, str):
        return None
    return PageMoved(advertiser_id=owner, top_up_id=link, state=state)


def _paid(intent: str, thing: Mapping[str, Any]) -> Paid | None:
    found = thing.get("metadata")
    metadata: Mapping[str, Any] = found if isinstance(found, dict) else {}
    advertiser_id = metadata.get("advertiser_id") or thing.get("client_reference_id")
    invoice_id = metadata.get("invoice_id")
    amount, currency = thing.get("amount_total"), thing.get("currency")
    if not isinstance(advertiser_id, str) or not isinstance(currency, str):
        return None
    if type(amount) is not int:
        return None
    return Paid(
        intent=intent,
        advertiser_id=advertiser_id,
        invoice_id=invoice_id if isinstance(invoice_id, str) else None,
        amount_cents=amount,
        currency=currency.upper(),
    )


def _signature(secret: str, time: str, body: bytes) -> str:
    return hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()
