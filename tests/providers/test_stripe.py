"""A page to pay on, asked of a stand-in for Stripe that the vendor's own library talks to too."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
import stripe

from chalicelib.errors import Busy, Conflict
from chalicelib.providers.stripe import Order, ask

KEY = "rk_test_1"
ORDER = Order(
    key="k1", advertiser_id="adv_1", invoice_id="inv_1", title="Invoice INV-000001",
    amount_cents=2500, currency="USD", success_url="https://example.com/thanks",
)  # fmt: skip
_NEEDED = {
    "mode", "line_items[0][quantity]", "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]",
}  # fmt: skip


@dataclass
class StandIn:
    """Checkout sessions in memory: a key is asked for, and an Idempotency-Key answers as before."""

    url: str = ""
    down: bool = False
    sessions: list[dict[str, str]] = field(default_factory=list)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, path: str, headers: Any, body: str) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {}
        if headers["Authorization"] != f"Bearer {KEY}":
            return 401, {"error": {"message": "Invalid API Key provided"}}
        form = dict(parse_qsl(body))
        missing = sorted(_NEEDED - set(form))
        if path != "/v1/checkout/sessions" or missing:
            return 400, {"error": {"message": f"Missing required param: {missing}"}}
        name = headers["Idempotency-Key"]
        if name not in self.answered:
            self.sessions.append(form)
            id = f"cs_test_{len(self.sessions)}"
            self.answered[name] = {
                "id": id, "object": "checkout.session", "expires_at": 1_796_086_400,
                "url": f"https://checkout.stripe.com/c/pay/{id}",
            }  # fmt: skip
        return 200, self.answered[name]


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, said = stand_in.answer(self.path, self.headers, body)
            raw = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def at_stripe() -> Iterator[StandIn]:
    with serving(StandIn()) as stand_in:
        yield stand_in


def test_an_order_becomes_a_page_that_names_its_advertiser_and_invoice(at_stripe: StandIn) -> None:
    link = ask(ORDER, api_url=at_stripe.url, api_key=KEY)
    assert link.url == "https://checkout.stripe.com/c/pay/cs_test_1"
    (session,) = at_stripe.sessions
    assert session["client_reference_id"] == session["metadata[advertiser_id]"] == "adv_1"
    assert session["metadata[invoice_id]"] == "inv_1"
    assert session["line_items[0][price_data][unit_amount]"] == "2500"


def test_the_same_order_again_is_the_same_page(at_stripe: StandIn) -> None:
    first = ask(ORDER, api_url=at_stripe.url, api_key=KEY)
    assert ask(ORDER, api_url=at_stripe.url, api_key=KEY) == first
    assert ask(replace(ORDER, key="k2"), api_url=at_stripe.url, api_key=KEY) != first


def test_the_vendors_library_asks_for_the_same(at_stripe: StandIn) -> None:
    ask(ORDER, api_url=at_stripe.url, api_key=KEY)
    client = stripe.StripeClient(KEY, base_addresses={"api": at_stripe.url})
    client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "client_reference_id": "adv_1",
            "metadata": {"advertiser_id": "adv_1", "invoice_id": "inv_1"},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 2500,
                        "product_data": {"name": "Invoice INV-000001"},
                    },
                }
            ],
            "success_url": "https://example.com/thanks",
        }
    )
    ours, theirs = at_stripe.sessions
    assert ours == theirs


def test_what_stripe_refuses_is_told(at_stripe: StandIn) -> None:
    with pytest.raises(Conflict, match="Invalid API Key"):
        ask(ORDER, api_url=at_stripe.url, api_key="wrong")
    assert at_stripe.sessions == []


def test_a_stripe_that_is_away_is_to_be_asked_later(at_stripe: StandIn) -> None:
    at_stripe.down = True
    with pytest.raises(Busy):
        ask(ORDER, api_url=at_stripe.url, api_key=KEY)
    with pytest.raises(Busy):
        ask(ORDER, api_url="http://127.0.0.1:1", api_key=KEY)
