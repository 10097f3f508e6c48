"""Stripe's webhook and links to pay by, over HTTP."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels import schemas_money
from chalicelib.providers.stripe import Order, PaymentLink
from tests.channels.api import Api, Market, Reply
from tests.channels.test_api_books import DECEMBER, balance, funds, on_terms, with_calls
from tests.fakes import Crash

Json = dict[str, Any]


def tells(
    api: Api, kind: str, thing: Json, *, id: str = "evt_1", secret: str = "whsec_new"
) -> Reply:
    """Stripe tells of something, signed."""
    time = int(api.now.timestamp())
    raw = json.dumps(
        {"id": id, "object": "event", "type": kind, "created": time, "data": {"object": thing}}
    ).encode()
    made = hmac.new(secret.encode(), f"{time}.".encode() + raw, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={time},v1={made}", "Authorization": ""}
    return api.send("POST", "/stripe/webhook", raw, headers=headers)


def session(market: Market, cents: int, **more: Any) -> Json:
    return {
        "id": "cs_1", "payment_intent": "pi_1", "payment_status": "paid", "currency": "usd",
        "amount_total": cents, "metadata": {"advertiser_id": market.advertiser["id"]},
    } | more  # fmt: skip


def pays(market: Market, cents: int, **more: Any) -> Reply:
    return tells(market.api, "checkout.session.completed", session(market, cents, **more))


def refunded(cents: int) -> Json:
    return {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": cents}


def test_a_checkout_tops_up_once_however_often_it_is_told() -> None:
    market = Market(Api())
    first = pays(market, 5_000)
    schemas_money.StripeEventView.model_validate(first.body)
    assert (first.status, first.body["outcome"]) == (200, "booked")
    market.api.later(hours=1)
    assert pays(market, 5_000).body == first.body
    succeeded = "checkout.session.async_payment_succeeded"
    tells(market.api, succeeded, session(market, 5_000), id="evt_2", secret="whsec_old")
    assert funds(market) == (5_000, 0)
    assert balance(market, "cash:bank") == 5_000


@pytest.mark.parametrize("secret", ["", "whsec_forged"])
def test_a_forged_event_posts_nothing_and_reads_nothing(secret: str) -> None:
    market = Market(Api())
    before = market.api.rows.trips
    forged = tells(market.api, "checkout.session.completed", session(market, 5_000), secret=secret)
    assert (forged.status, forged.body["code"]) == (401, "bad_signature")
    assert market.api.rows.trips == before
    assert market.api.get("/payments").body["data"] == []


def test_a_payment_for_an_invoice_pays_that_one() -> None:
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    metadata = {"advertiser_id": market.advertiser["id"], "invoice_id": invoice["id"]}
    pays(market, 7_500, metadata=metadata)
    assert market.api.get(f"/invoices/{invoice['id']}").body["state"] == "paid"
    assert market.api.get("/ledger/audit").body["clean"]


def test_refunds_count_up_and_come_in_any_order() -> None:
    market = Market(Api())
    pays(market, 5_000)
    for n, total in enumerate((1_000, 3_000, 1_000, 3_000)):
        tells(market.api, "charge.refunded", refunded(total), id=f"evt_r{n}")
    assert funds(market) == (2_000, 0)
    assert balance(market, "cash:bank") == 2_000
    assert market.api.get("/ledger/audit").body["clean"]


def test_a_dispute_about_all_of_it_takes_the_payment_back() -> None:
    market = Market(Api())
    pays(market, 5_000)
    dispute = {"id": "dp_1", "payment_intent": "pi_1", "amount": 5_000}
    for id in ("evt_d1", "evt_d2"):
        told = tells(market.api, "charge.dispute.created", dispute, id=id)
        assert told.body["outcome"] == "booked"
    assert funds(market) == (0, 0)
    assert balance(market, "cash:bank") == 0


def test_what_cannot_be_booked_is_kept_with_its_cause() -> None:
    market = Market(Api())
    pays(market, 5_000)
    part = {"id": "dp_1", "payment_intent": "pi_1", "amount": 4_999}
    told = {
        "evt_a": tells(market.api, "charge.dispute.created", part, id="evt_a"),
        "evt_b": tells(market.api, "charge.refunded", refunded(5_001), id="evt_b"),
        "evt_c": tells(
            market.api, "checkout.session.completed",
            session(market, 5_000, currency="eur", payment_intent="pi_2"), id="evt_c",
        ),
        "evt_d": tells(
            market.api, "checkout.session.completed",
            session(market, 5_000, metadata={"advertiser_id": "adv_x"}, payment_intent="pi_2"),
            id="evt_d",
        ),
        "evt_e": tells(market.api, "payout.paid", {"id": "po_1"}, id="evt_e"),
    }  # fmt: skip
    assert {id: reply.body["cause"] for id, reply in told.items()} == {
        "evt_a": "partial_dispute", "evt_b": "not_refundable", "evt_c": "invalid",
        "evt_d": "not_found", "evt_e": None,
    }  # fmt: skip
    assert {reply.body["outcome"] for reply in told.values()} == {"kept"}
    listed = market.api.get("/stripe/events").body["data"]
    assert [one["id"] for one in listed] == ["evt_1", *sorted(told)]
    assert funds(market) == (5_000, 0)


@pytest.mark.parametrize(
    "foreign",
    [
        {"metadata": {}},
        {"metadata": {}, "client_reference_id": "cart-4711"},
        {"metadata": None, "client_reference_id": None},
        {"payment_intent": None},
        {"payment_status": "unpaid"},
        {"amount_total": None},
    ],
    ids=str,
)
def test_a_session_that_is_none_of_ours_or_not_paid_yet_books_nothing(foreign: Json) -> None:
    market = Market(Api())
    told = pays(market, 5_000, **foreign)
    assert (told.status, told.body["outcome"]) == (200, "kept")
    assert market.api.get("/payments").body["data"] == []
    assert balance(market, "cash:bank") == 0


def test_an_invoice_of_another_advertiser_gets_nothing_of_the_payment() -> None:
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    other = market.api.created("/advertisers", name="Other", billing="net")
    pays(market, 5_000, metadata={"advertiser_id": other["id"], "invoice_id": invoice["id"]})
    (payment,) = market.api.get("/payments").body["data"]
    assert (payment["advertiser_id"], payment["applications"]) == (other["id"], [])
    assert market.api.get(f"/invoices/{invoice['id']}").body["paid_cents"] == 0


def test_an_event_that_overtakes_its_payment_is_to_be_told_again() -> None:
    market = Market(Api())
    early = tells(market.api, "charge.refunded", refunded(1_000), id="evt_r")
    assert early.status == 503
    pays(market, 5_000)
    again = tells(market.api, "charge.refunded", refunded(1_000), id="evt_r")
    assert again.body["outcome"] == "booked"
    assert funds(market) == (4_000, 0)


def test_an_event_that_died_anywhere_is_completed_when_it_is_told_again() -> None:
    for moment in (1, 2):
        for kind in ("before", "after"):
            market = Market(Api())
            getattr(market.api.rows, f"crash_{kind}_write")(moment)
            with pytest.raises(Crash):
                pays(market, 5_000)
            assert pays(market, 5_000).body["outcome"] == "booked"
            assert funds(market) == (5_000, 0)


def test_a_signed_body_that_is_no_event_is_refused() -> None:
    api = Market(Api()).api
    refused = tells(api, "", {}, id="x")
    assert refused.status == 400
    assert refused.faults == {("id", "format"), ("type", "format")}


# --- links --------------------------------------------------------------------------------------


def linked(market: Market, **more: Any) -> tuple[Reply, list[Order]]:
    orders: list[Order] = []

    def checkout(order: Order) -> PaymentLink:
        orders.append(order)
        expires_at = datetime(2026, 12, 6, tzinfo=UTC)
        return PaymentLink(id="cs_1", url="https://checkout.example.com/1", expires_at=expires_at)

    market.api.checkout = checkout
    said = {
        "advertiser_id": market.advertiser["id"], "title": "Top-up", "amount_cents": 5_000,
        "currency": "USD", "success_url": "https://example.com/thanks",
    }  # fmt: skip
    return market.api.post("/payment-links", said | more, Idempotency_Key="k1"), orders


def test_a_link_is_made_for_a_top_up_and_the_same_key_asks_for_the_same_one() -> None:
    market = Market(Api())
    made, (order,) = linked(market)
    assert made.status == 201
    schemas_money.PaymentLinkView.model_validate(made.body)
    _, (again,) = linked(market)
    assert again == order
    assert replace(order, key="") == Order(
        key="", advertiser_id=market.advertiser["id"], invoice_id=None, title="Top-up",
        amount_cents=5_000, currency="USD", success_url="https://example.com/thanks",
    )  # fmt: skip


def test_a_link_asks_for_no_more_than_the_invoice_and_in_the_advertisers_currency() -> None:
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    assert linked(market, invoice_id=invoice["id"], amount_cents=7_500)[0].status == 201
    refused, orders = linked(market, invoice_id=invoice["id"], amount_cents=7_501, currency="EUR")
    assert refused.faults == {
        ("amount_cents", "range"), ("currency", "currency_of_advertiser"),
    }  # fmt: skip
    assert orders == []
    assert linked(market, invoice_id="inv_" + "0" * 26)[0].status == 404
    assert linked(market, advertiser_id="adv_" + "0" * 26)[0].status == 404
    assert linked(market, success_url="http://example.com")[0].status == 400


def test_without_an_account_at_stripe_there_is_no_link() -> None:
    market = Market(Api())
    said = {
        "advertiser_id": market.advertiser["id"], "title": "Top-up", "amount_cents": 5_000,
        "currency": "USD", "success_url": "https://example.com/thanks",
    }  # fmt: skip
    refused = market.api.post("/payment-links", said)
    assert (refused.status, refused.body["code"]) == (409, "stripe_not_configured")
