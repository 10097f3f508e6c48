"""Pages that advertisers are given to top up on, and the mail that leads there, over HTTP."""

import contextlib
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.channels import schemas_money
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.top_ups import TopUpsReport, ask_for_top_ups
from chalicelib.providers.stripe import Order, PaymentLink
from tests.channels.api import Api, Market, Reply
from tests.channels.test_api_books import funds
from tests.channels.test_api_stripe import Json, session, tells
from tests.fakes import Crash


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

    api = market.api
    post = PostOffice(send=api.mailer, key=api.secrets.caller_hash_key)
    return ask_for_top_ups(stores=api.stores, checkout=checkout, post=post, now=api.now)


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
        "advertiser_id": market.advertiser["id"], "due_cents": None, "link": None, "notice": None,
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


# --- the mail that tells of a low balance --------------------------------------------------------

ISSUER = {
    "paid_url": "https://ring.example/paid",
    "mail": {"sender": "billing@ring.example", "api_url": "https://api.ring.example"},
}


def mailed(cents: int = 2_000) -> tuple[Market, list[Order]]:
    """The same, with mail on and an address, that has so many cents and is about to want 3000."""
    market, orders = given(cents)
    market.api.send("PUT", "/issuer", ISSUER)
    bill_to = {"legal_name": "Acme Inc.", "email": "ap@example.com"}
    wants(market, 3_000, bill_to=bill_to)
    return market, orders


def wants(market: Market, cents: int, **more: Any) -> None:
    """The advertiser is asked below so many cents from now on."""
    said = {"top_up_below_cents": cents} | more
    assert market.api.patch(f"/advertisers/{market.advertiser['id']}", said).status == 200


def link_of(market: Market) -> str:
    """The path in the last mail."""
    text = market.api.mailer.sent[-1].text
    address = next(line for line in text.splitlines() if line.startswith("https://"))
    return address.removeprefix("https://api.ring.example/v1")


def opens(market: Market, link: str) -> Reply:
    return market.api.send("GET", link, headers={"Authorization": ""})


def test_a_low_balance_is_mailed_once_with_a_link_to_the_page() -> None:
    market, orders = mailed()
    assert asks(market, orders).mailed == 1
    (letter,) = market.api.mailer.sent
    assert (letter.to, letter.sender) == ("ap@example.com", "billing@ring.example")
    assert "is below USD 30.00" in letter.text
    assert "Top up USD 50.00 here" in letter.text
    reply = opens(market, link_of(market))
    assert (reply.status, reply.headers["Location"]) == (302, top_up(market)["link"]["url"])
    assert top_up(market)["notice"] == {
        "to": "ap@example.com", "at": "2026-11-23T15:00:00.000Z", "state": "sent",
        "message_id": "message-1", "error": None,
    }  # fmt: skip
    for _ in range(3):
        market.api.later(days=2)
        assert asks(market, orders).mailed == 0


def test_the_link_of_a_mail_leads_to_the_page_that_stands_then() -> None:
    market, orders = mailed()
    asks(market, orders)
    first, link = opens(market, link_of(market)).headers["Location"], link_of(market)
    market.api.later(days=1)
    assert (opens(market, link).status, opens(market, link).body["code"]) == (404, "not_found")
    asks(market, orders)
    second = opens(market, link)
    assert (second.status, second.headers["Location"] == first) == (302, False)
    market.api.later(days=89)
    asks(market, orders)
    assert opens(market, link).status == 404


def test_a_forged_link_leads_nowhere() -> None:
    market, orders = mailed()
    asks(market, orders)
    link, id = link_of(market), market.advertiser["id"]
    for wrong in (link[:-1], link + "0", "/top-ups/x", f"/top-ups/{id}:1:2"):
        assert opens(market, wrong).status == 404
    assert opens(market, link.replace("/top-ups/", "/mailed/")).status == 404


def test_the_next_mail_comes_once_the_balance_was_high_enough_in_between() -> None:
    market, orders = mailed()
    asks(market, orders)
    page(market, "completed", orders, "evt_1")
    market.api.later(days=1)
    asks(market, orders)
    assert top_up(market)["notice"] is None
    wants(market, 9_000)
    assert asks(market, orders).mailed == 1
    assert len(market.api.mailer.sent) == 2


def test_a_payment_that_does_not_bring_the_balance_up_is_followed_by_no_mail() -> None:
    market, orders = mailed()
    wants(market, 9_000)
    asks(market, orders)
    page(market, "completed", orders, "evt_1")
    market.api.later(days=2)
    assert (asks(market, orders).made, len(market.api.mailer.sent)) == (1, 1)


def test_a_balance_that_goes_up_and_down_is_mailed_about_once_a_day() -> None:
    market, orders = mailed()
    for _ in range(60):
        asks(market, orders)
        wants(market, 1_000)
        market.api.later(minutes=30)
        asks(market, orders)
        wants(market, 3_000)
        market.api.later(minutes=30)
    assert len(market.api.mailer.sent) == 3


def test_nobody_is_mailed_without_an_address_with_mail_off_or_without_a_page() -> None:
    market, orders = mailed()
    fault = Conflict("Stripe refused: too small", code="stripe_refused")
    assert asks(market, orders, fault=fault).mailed == 0
    market.api.later(days=1)
    market.api.send("PUT", "/issuer", ISSUER | {"mail": None})
    assert asks(market, orders).mailed == 0
    market.api.send("PUT", "/issuer", ISSUER)
    wants(market, 3_000, bill_to=None)
    assert asks(market, orders).mailed == 0
    wants(market, 3_000, bill_to={"legal_name": "Acme Inc.", "email": "ap@example.com"})
    assert asks(market, orders).mailed == 1


def test_a_mail_that_failed_or_whose_answer_was_lost_is_shown_and_not_sent_again() -> None:
    market, orders = mailed()
    market.api.mailer.verified = frozenset()
    asks(market, orders)
    assert asks(market, orders).mailed == 0
    notice = top_up(market)["notice"]
    assert (notice["state"], "not verified" in notice["error"]) == ("failed", True)
    market, orders = mailed()
    market.api.mailer.mute = True
    asks(market, orders)
    asks(market, orders)
    assert (top_up(market)["notice"]["state"], len(market.api.mailer.sent)) == ("unsure", 1)


def test_a_run_that_died_anywhere_sends_no_second_mail() -> None:
    sent: list[tuple[int, str]] = []
    for kind in ("before", "after"):
        for moment in range(1, 7):
            market, orders = mailed()
            getattr(market.api.rows, f"crash_{kind}_write")(moment)
            asks_again(market, orders)
            sent.append((len(market.api.mailer.sent), top_up(market)["notice"]["state"]))
    whole, died_before_sending, died_after = (1, "sent"), (0, "sending"), (1, "sending")
    assert set(sent) == {whole, died_before_sending, died_after}


def test_two_runs_at_once_send_one_mail() -> None:
    for moment in range(1, 6):
        market, orders = mailed()
        market.api.rows.before_write(partial(asks, market, orders), moment)
        asks(market, orders)
        assert len(market.api.mailer.sent) == 1
        assert top_up(market)["notice"]["state"] == "sent"


def test_an_advertiser_sees_its_own_page_and_no_other() -> None:
    market, orders = mailed()
    asks(market, orders)
    other = market.api.created("/advertisers", name="Bolt Roofing", billing="prepaid")
    key = market.api.created(f"/advertisers/{other['id']}/keys", name="books")["secret"]
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/advertisers/{market.advertiser['id']}/top-up"
    assert market.api.send("GET", path, headers=headers).status == 404
