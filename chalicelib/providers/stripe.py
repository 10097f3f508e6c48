"""How is Stripe asked for a page on which an advertiser pays?

Owns the one request to its API, its time-outs, and its refusals in the platform's words. What it
tells by itself belongs to `stripe_events`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from chalicelib import runtime
from chalicelib.errors import Busy, Conflict

API_URL = "https://api.stripe.com"
CONNECT_SECONDS = 2.0
READ_SECONDS = 15.0

_VERSION = "2024-06-20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be paid, by whom, and where the payer's browser goes then. The same `key` makes
    one page."""

    key: str
    advertiser_id: str
    invoice_id: str | None
    title: str
    amount_cents: int
    currency: str
    success_url: str
    top_up_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLink:
    """A page on which to pay, until it expires."""

    id: str
    url: str
    expires_at: datetime


Checkout = Callable[[Order], PaymentLink]


def checkout(order: Order) -> PaymentLink:
    """A page of the deployment's own account; Conflict when it has none at Stripe."""
    key = runtime.secret_values().stripe_api_key
    if not key:
        detail = "no parameter stripe/api-key is set"
        raise Conflict(detail, code="stripe_not_configured")
    return ask(order, api_url=API_URL, api_key=key)


def ask(order: Order, *, api_url: str, api_key: str) -> PaymentLink:
    """A page for the order. Busy when Stripe does not answer or fails, Conflict when it refuses;
    asking again is safe."""
    import urllib3

    try:
        answer = urllib3.PoolManager().request(
            "POST",
            f"{api_url}/v1/checkout/sessions",
            fields=_fields(order),
            encode_multipart=False,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Idempotency-Key": order.key,
                "Stripe-Version": _VERSION,
            },
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=False,
            redirect=False,
        )
    except urllib3.exceptions.HTTPError as away:
        raise Busy(f"Stripe does not answer: {type(away).__name__}") from away
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == 429:
        raise Busy(f"Stripe answered {answer.status}")
    said = _read(answer.data)
    if answer.status != HTTPStatus.OK:
        reason = said.get("error", {}).get("message") or f"status {answer.status}"
        raise Conflict(f"Stripe refused: {reason}", code="stripe_refused")
    expires_at = datetime.fromtimestamp(said["expires_at"], UTC)
    return PaymentLink(id=said["id"], url=said["url"], expires_at=expires_at)


def _fields(order: Order) -> dict[str, str]:
    """The order in Stripe's form; the advertiser comes back in the event of its payment."""
    fields = {
        "mode": "payment",
        "client_reference_id": order.advertiser_id,
        "metadata[advertiser_id]": order.advertiser_id,
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": order.currency.lower(),
        "line_items[0][price_data][unit_amount]": str(order.amount_cents),
        "line_items[0][price_data][product_data][name]": order.title,
        "success_url": order.success_url,
    }
    about = {"invoice_id": order.invoice_id, "top_up_id": order.top_up_id}
    return fields | {f"metadata[{name}]": one for name, one in about.items() if one}


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as wrong:
        raise Busy("Stripe answered with no JSON") from wrong
    return said if isinstance(said, dict) else {}
