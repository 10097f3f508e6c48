"""Stripe's webhook and links to pay by, over HTTP."""

import contextlib
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.channels import schemas_money
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.top_ups import TopUpsReport, ask_for_top_ups
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


# --- pages that advertisers are given to top up on ---------------------------------------------


def given(cents: int = 0) -> tuple[Market, list[Order]]:
    """A prepaid advertiser that wants 5000 below 2000, has so many cents, and was asked."""
    market = Market(Api())
    market.api.send("PUT", "/issuer", {"paid_url": "https://ring.example/paid"})
    asked = {"top_up_below_cents": 2_000, "top_up_cents": 5_000}
    market.api.patch(f"/advertisers/{market.advertiser['id']}", asked)
    if cents:
        said = {
            "advertiser_id": market.advertiser["id"], "reference": "w", "amount_cents": cents,
            "currency": "USD",
        }  # fmt: skip
        market.api.post("/payments", said)
    orders: list[Order] = []
    asks(market, orders)
    return market, orders


def asks(market: Market, orders: list[Order], *, fault: Exception | None = None) -> TopUpsReport:
    """The run of each minute, with a Stripe that answers one key with one page of a day."""

    def checkout(order: Order) -> PaymentLink:
        orders.append(order)
        if fault:
            raise fault
        url = f"https://checkout.example.com/{order.key}"
        day = timedelta(days=1)
        return PaymentLink(id=order.key, url=url, expires_at=market.api.now + day)

    return ask_for_top_ups(stores=market.api.stores, checkout=checkout, now=market.api.now)


def top_up(market: Market) -> Json:
    shown = market.api.get(f"/advertisers/{market.advertiser['id']}/top-up").body
    schemas_money.TopUpView.model_validate(shown)
    return dict(shown)


def page(market: Market, kind: str, orders: list[Order], id: str, **more: Any) -> Reply:
    metadata = {"advertiser_id": market.advertiser["id"], "top_up_id": orders[-1].top_up_id}
    thing = session(market, 5_000, metadata=metadata, **more)
    return tells(market.api, f"checkout.session.{kind}", thing, id=id)


def test_a_low_balance_gets_one_page_to_top_up_on_until_that_is_paid() -> None:
    market, orders = given()
    link = top_up(market)["link"]
    assert (link["state"], link["amount_cents"]) == ("open", 5_000)
    assert link["url"].endswith(orders[0].key)
    asks(market, orders)
    assert len(orders) == 1
    for id in ("evt_1", "evt_2"):
        page(market, "completed", orders, id)
    shown = top_up(market)
    assert (shown["due_cents"], shown["link"]["state"], shown["link"]["url"]) == (
        None, "paid", None,
    )  # fmt: skip
    assert funds(market) == (5_000, 0)
    asks(market, orders)
    assert len(orders) == 1


def test_a_balance_that_is_high_enough_gets_no_page() -> None:
    market, orders = given(2_000)
    assert orders == []
    assert top_up(market) == {
        "advertiser_id": market.advertiser["id"], "due_cents": None, "link": None,
    }  # fmt: skip


def test_a_page_that_has_expired_is_replaced_by_another() -> None:
    market, orders = given()
    market.api.later(days=1)
    assert top_up(market)["link"]["state"] == "expired"
    asks(market, orders)
    asks(market, orders)
    assert len({order.key for order in orders}) == len(orders) == 2
    assert top_up(market)["link"]["state"] == "open"


def test_money_that_a_bank_is_still_at_is_not_asked_for_again_until_it_failed() -> None:
    market, orders = given()
    page(market, "completed", orders, "evt_1", payment_status="unpaid")
    market.api.later(days=2)
    asks(market, orders)
    assert (len(orders), top_up(market)["link"]["state"]) == (1, "processing")
    page(market, "async_payment_failed", orders, "evt_2", payment_status="unpaid")
    asks(market, orders)
    assert (len(orders), top_up(market)["link"]["state"]) == (2, "open")


def test_what_is_told_of_an_older_page_moves_no_other() -> None:
    market, orders = given()
    market.api.later(days=1)
    asks(market, orders)
    page(market, "expired", orders[:1], "evt_1")
    assert top_up(market)["link"]["state"] == "open"
    page(market, "completed", orders, "evt_2")
    page(market, "expired", orders, "evt_3")
    assert top_up(market)["link"]["state"] == "paid"


def test_stripe_that_is_away_is_asked_for_the_same_page_again() -> None:
    market, orders = given(2_000)
    market.api.patch(f"/advertisers/{market.advertiser['id']}", {"top_up_below_cents": 2_001})
    assert asks(market, orders, fault=Busy("away")).failed == (market.advertiser["id"],)
    market.api.patch(f"/advertisers/{market.advertiser['id']}", {"top_up_cents": 9_000})
    assert asks(market, orders).made == 1
    assert orders[0] == orders[1]


def test_what_stripe_refuses_is_shown_and_tried_again_a_day_later() -> None:
    market, orders = given(2_000)
    market.api.patch(f"/advertisers/{market.advertiser['id']}", {"top_up_below_cents": 2_001})
    asks(market, orders, fault=Conflict("Stripe refused: too small", code="stripe_refused"))
    assert top_up(market)["link"]["cause"] == "Stripe refused: too small"
    asks(market, orders)
    assert len(orders) == 1
    market.api.later(days=1)
    asks(market, orders)
    assert top_up(market)["link"]["state"] == "open"


def test_a_run_that_died_anywhere_gives_the_same_page_in_the_next() -> None:
    for moment in (1, 2):
        for kind in ("before", "after"):
            market, orders = given(2_000)
            market.api.patch(
                f"/advertisers/{market.advertiser['id']}", {"top_up_below_cents": 2_001}
            )
            getattr(market.api.rows, f"crash_{kind}_write")(moment)
            asks_again(market, orders)
            assert len({order.key for order in orders}) == 1
            assert top_up(market)["link"]["state"] == "open"


def asks_again(market: Market, orders: list[Order]) -> None:
    """The run dies, and another follows."""
    with contextlib.suppress(Crash):
        asks(market, orders)
    asks(market, orders)


def test_two_runs_at_once_give_one_page() -> None:
    for moment in (1, 2):
        market, orders = given(2_000)
        market.api.patch(f"/advertisers/{market.advertiser['id']}", {"top_up_below_cents": 2_001})
        market.api.rows.before_write(partial(asks, market, orders), moment)
        asks(market, orders)
        assert len({order.key for order in orders}) == 1
        assert top_up(market)["link"]["state"] == "open"


def test_nobody_is_given_a_page_without_an_address_to_go_to_then_or_while_paused() -> None:
    market, orders = given(2_000)
    path = f"/advertisers/{market.advertiser['id']}"
    market.api.patch(path, {"top_up_below_cents": 2_001, "state": "paused"})
    asks(market, orders)
    market.api.patch(path, {"state": "active"})
    market.api.send("PUT", "/issuer", {})
    asks(market, orders)
    assert orders == []


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
