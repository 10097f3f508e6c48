"""Credits over HTTP: given once, read by the operator and by the advertiser they are for."""

import json
from typing import Any

import pytest

from chalicelib.channels import schemas_calls, schemas_credits, schemas_sides
from tests.channels.api import Api, Market, Party, Reply
from tests.channels.test_api_books import DECEMBER, funds, on_terms, with_calls

Json = dict[str, Any]


def charged(count: int = 1, market: Market | None = None) -> tuple[Market, list[str]]:
    """A market on terms with approved calls of 25 dollars, and their ids, the earliest first."""
    market = with_calls(market or on_terms(), count)
    calls = [call["id"] for call in market.api.get("/calls").body["data"]]
    return market, calls[::-1]


def credits(api: Api, call_id: str, key: str | None = None, **said: Any) -> Reply:
    headers = {"Idempotency_Key": key} if key else {}
    return api.post(f"/calls/{call_id}/credit", {"reason": "spam"} | said, **headers)


def test_a_credit_before_and_a_credit_note_after_billing_are_listed_and_read() -> None:
    market, (first, second) = charged(2)
    api = market.api
    before = credits(api, first, note="caller sold pens")
    schemas_credits.CreditView.model_validate(before.body)
    assert (before.status, before.body["number"], before.body["invoice_id"]) == (201, None, None)
    (invoice,) = api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    assert invoice["amount_cents"] == 2500
    note = credits(api, second, "ticket-1", amount_cents=1000).body
    assert (note["number"], note["invoice_id"], note["invoice_number"]) == (
        "CN-000001", invoice["id"], "INV-000001",
    )  # fmt: skip
    assert api.get("/credits").body["data"] == [before.body, note]
    by_advertiser = api.get("/credits", advertiser_id=market.advertiser["id"]).body
    assert by_advertiser["data"] == [before.body, note]
    page = api.get("/credits", limit="1").body
    assert api.get("/credits", limit="1", cursor=page["next_cursor"]).body["data"] == [note]
    assert api.get(f"/credits/{note['id']}").body == note
    shown = api.get(f"/invoices/{invoice['id']}").body
    assert (shown["credited_cents"], shown["owed_cents"]) == (1000, 1500)
    assert funds(market) == (10_000 - 1500, 0)
    assert api.get("/ledger/audit").body["clean"]


def test_a_repeated_request_is_answered_as_the_first() -> None:
    market, (call_id,) = charged()
    whole = credits(market.api, call_id)
    again = credits(market.api, call_id)
    assert (again.status, again.body) == (201, whole.body)
    assert again.headers["Idempotency-Hit"] == "true"
    assert "Idempotency-Hit" not in whole.headers
    assert len(market.api.get("/credits").body["data"]) == 1


def test_a_key_stands_for_one_credit() -> None:
    market, (call_id,) = charged()
    first = credits(market.api, call_id, "ticket-1", amount_cents=500)
    assert credits(market.api, call_id, "ticket-1", amount_cents=500).body == first.body
    other = credits(market.api, call_id, "ticket-1", amount_cents=600)
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert credits(market.api, call_id, "ticket-1").status == 422
    assert len(market.api.get("/credits").body["data"]) == 1


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"reason": "because"}, "reason"),
        ({"reason": None}, "reason"),
        ({"amount_cents": 0}, "amount_cents"),
        ({"amount_cents": -5}, "amount_cents"),
        ({"amount_cents": "5"}, "amount_cents"),
        ({"earning": "half"}, "earning"),
        ({"note": ""}, "note"),
        ({"note": "a\u0000b"}, "note"),
        ({"note": "x" * 1001}, "note"),
        ({"currency": "EUR"}, "currency"),
    ],
)
def test_a_bad_credit_names_its_faults_and_books_nothing(said: Json, fault: str) -> None:
    market, (call_id,) = charged()
    before = market.api.rows.rows_of("books")
    reply = credits(market.api, call_id, "ticket-1", **said)
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {fault}
    assert market.api.rows.rows_of("books") == before


def test_a_part_needs_a_key_and_no_more_than_the_charge_is_given() -> None:
    market, (call_id,) = charged()
    reply = credits(market.api, call_id, amount_cents=100)
    assert reply.faults == {("Idempotency-Key", "required")}
    beyond = credits(market.api, call_id, "ticket-1", amount_cents=2501)
    assert (beyond.status, beyond.body["code"]) == (409, "credit_beyond_charge")
    credits(market.api, call_id)
    nothing = credits(market.api, call_id, "ticket-2", amount_cents=1)
    assert (nothing.status, nothing.body["code"]) == (409, "nothing_to_credit")
    other = credits(market.api, call_id, reason="goodwill")
    assert (other.status, other.body["code"]) == (409, "credit_differs")


def test_a_call_that_was_never_charged_cannot_be_credited() -> None:
    market, _ = charged()
    from tests.world import World

    World(market.api.rows, now=market.api.now).talks("CA9", seconds=5, caller="+14155550109")
    call = market.api.get("/calls", carrier_call_id="CA9").body["data"][0]
    reply = credits(market.api, call["id"])
    assert (reply.status, reply.body["code"]) == (409, "call_not_charged")
    assert credits(market.api, "call_0").status == 404


def test_both_sides_see_the_returned_call_with_its_reason_and_no_more() -> None:
    market, (call_id,) = charged()
    api = market.api
    made = credits(api, call_id, note="only we see this").body
    shown = api.get(f"/calls/{call_id}").body
    schemas_calls.CallView.model_validate(shown)
    assert (shown["status"], shown["charge_cents"], shown["earning_cents"]) == (
        "returned", 2500, 1500,
    )  # fmt: skip
    assert (shown["credited_cents"], shown["clawed_back_cents"]) == (2500, 1500)
    assert api.get(f"/calls/{call_id}/verdict").body["verdict"]["approved"]
    assert [one["id"] for one in api.get("/calls", status="returned").body["data"]] == [call_id]

    buyer = Party(api, market.advertiser, "advertiser")
    bought = buyer.get(f"/calls/{call_id}").body
    schemas_sides.AdvertiserCallView.model_validate(bought)
    assert (bought["status"], bought["credited_cents"], bought["credit_reason"]) == (
        "returned", 2500, "spam",
    )  # fmt: skip
    (listed,) = buyer.get("/credits").body["data"]
    schemas_credits.AdvertiserCreditView.model_validate(listed)
    assert buyer.get(f"/credits/{made['id']}").body == listed

    brought = Party(api, market.publisher, "publisher").get(f"/calls/{call_id}").body
    schemas_sides.PublisherCallView.model_validate(brought)
    assert (brought["status"], brought["clawed_back_cents"], brought["credit_reason"]) == (
        "returned", 1500, "spam",
    )  # fmt: skip
    assert "credited_cents" not in brought
    assert "clawed_back" not in json.dumps([bought, listed])
    for text in (json.dumps([bought, listed]), json.dumps(brought)):
        assert "only we see this" not in text
    assert market.publisher["id"] not in json.dumps(listed)


def test_a_payout_shows_what_it_was_netted_against() -> None:
    market, (first, _) = charged(2)
    api = market.api
    api.post("/closings", {"as_of": DECEMBER})
    api.created(
        "/payments", advertiser_id=market.advertiser["id"], reference="w-1", amount_cents=5000,
        currency="USD",
    )  # fmt: skip
    api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"})
    credits(api, first)
    (payout,) = api.get("/payouts").body["data"]
    assert payout["amount_cents"] == 3000
    balance = api.get(f"/ledger/balances/pub:{market.publisher['id']}:payable").body
    assert balance["balance_cents"] == 1500
