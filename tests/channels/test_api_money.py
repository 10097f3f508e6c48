"""A bank's statement, refunds and chargebacks over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels import schemas_money
from tests.channels.api import Api, Market, Reply
from tests.channels.test_api_books import DECEMBER, balance, funds, on_terms, pays, with_calls
from tests.world import World

Json = dict[str, Any]
HEADER = "Date,Amount,Currency,Reference,Payer"


def reads(api: Api, *lines: str, media: str = "text/csv") -> Reply:
    raw = "".join(f"{line}\n" for line in (HEADER, *lines)).encode()
    return api.send("POST", "/payments/preview", raw, headers={"Content-Type": media})


def invoiced() -> tuple[Market, Json]:
    """One open invoice of 7500."""
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    return market, invoice


def test_a_statement_is_read_looked_at_and_booked() -> None:
    market, invoice = invoiced()
    api = market.api
    made = reads(
        api,
        f"2026-12-05,75.00,USD,{invoice['number']},Acme",
        "2026-12-05,-3.00,USD,fee,",
    )
    assert made.status == 201
    schemas_money.BankFileView.model_validate(made.body)
    lines = api.get(f"/bank-files/{made.body['id']}/lines").body["data"]
    for line in lines:
        schemas_money.BankLineView.model_validate(line)
    assert [(one["row"], one["matched_by"], one["cause"]) for one in lines] == [
        (2, "invoice", None), (3, None, "outgoing"),
    ]  # fmt: skip
    assert api.get("/payments").body["data"] == []

    booked = api.post("/payments/apply", {"bank_file_id": made.body["id"]}).body
    assert (booked["state"], booked["booked"], booked["unmatched"]) == ("applied", 1, 1)
    assert api.post("/payments/apply", {"bank_file_id": made.body["id"]}).body == booked
    assert api.get(f"/bank-files/{made.body['id']}").body == booked
    (payment,) = api.get("/payments").body["data"]
    first = api.get(f"/bank-files/{made.body['id']}/lines", limit="1").body
    assert first["data"][0]["payment_id"] == payment["id"]
    assert api.get(f"/invoices/{invoice['id']}").body["state"] == "paid"
    assert funds(market) == (10_000, 0)


def test_an_advertiser_is_known_by_references_that_it_is_given() -> None:
    market = on_terms()
    path = f"/advertisers/{market.advertiser['id']}"
    changed = market.api.patch(path, {"bank_references": ["ACME LLC"]})
    assert changed.body["bank_references"] == ["ACME LLC"]
    made = reads(market.api, "2026-12-05,5.00,USD,,Acme  llc").body
    (line,) = market.api.get(f"/bank-files/{made['id']}/lines").body["data"]
    assert (line["advertiser_id"], line["matched_by"]) == (market.advertiser["id"], "reference")


def test_a_faulty_statement_is_refused_with_its_rows() -> None:
    api = on_terms().api
    refused = reads(api, "2026-12-05,=1,USD,x,y", "2026-12-05,1.00,USD")
    assert refused.status == 400
    assert refused.faults == {("rows.2.amount", "formula"), ("rows.3", "cut_short")}
    assert reads(api, media="application/json").status == 415
    assert api.get("/bank-files/bnk_none").status == 404
    assert api.post("/payments/apply", {"bank_file_id": "x"}).status == 400


def test_unapplied_money_is_refunded_once() -> None:
    market = on_terms()
    payment = pays(market, 5_000).body
    said = {"payment_id": payment["id"], "reference": "ach-1", "amount_cents": 2_000}
    given = market.api.post("/refunds", said)
    assert given.status == 201
    schemas_money.RefundView.model_validate(given.body)
    assert market.api.post("/refunds", said).body == given.body
    assert market.api.get(f"/refunds/{given.body['id']}").body == given.body
    assert market.api.get("/refunds").body["data"] == [given.body]
    shown = market.api.get(f"/payments/{payment['id']}").body
    assert (shown["refunded_cents"], shown["unapplied_cents"]) == (2_000, 3_000)
    assert balance(market, "cash:bank") == 3_000
    refused = market.api.post("/refunds", said | {"reference": "ach-2", "amount_cents": 3_001})
    assert (refused.status, refused.body["code"]) == (409, "not_refundable")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"reference": "x", "amount_cents": 1}, ("payment_id", "required")),
        ({"payment_id": "1", "reference": "x", "amount_cents": 1}, ("payment_id", "format")),
        ({"payment_id": "pay_" + "0" * 26, "reference": "x", "amount_cents": 0},
         ("amount_cents", "range")),
    ],
)  # fmt: skip
def test_every_fault_of_a_refund_is_named(said: Json, fault: tuple[str, str]) -> None:
    refused = on_terms().api.post("/refunds", said)
    assert refused.status == 400
    assert fault in refused.faults


def test_a_chargeback_opens_the_invoice_and_tells_what_was_released() -> None:
    market, invoice = invoiced()
    payment = pays(market, 7_500).body
    path = f"/payments/{payment['id']}/chargeback"
    assert market.api.get(path).status == 404
    report = market.api.post(path, {"reference": "dp_1"})
    assert report.status == 200
    schemas_money.ChargebackView.model_validate(report.body)
    assert report.body["reopened"] == [{"invoice_id": invoice["id"], "amount_cents": 7_500}]
    assert len(report.body["released"]) == 3
    assert market.api.get(path).body == report.body
    (listed,) = market.api.get("/chargebacks").body["data"]
    schemas_money.ChargebackSummaryView.model_validate(listed)
    assert {**listed, "released": report.body["released"], "whole": True} == report.body
    shown = market.api.get(f"/invoices/{invoice['id']}").body
    assert (shown["state"], shown["owed_cents"]) == ("open", 7_500)
    assert market.api.get(f"/payments/{payment['id']}").body["state"] == "charged_back"
    assert market.api.get("/ledger/audit").body["clean"]
    pays(market, 7_500, "wire-2")
    assert market.api.get(path).body["released"] == []


def test_a_chargeback_with_no_time_for_its_calls_is_booked_and_told_of_in_whole_later() -> None:
    market, invoice = invoiced()
    payment = pays(market, 7_500).body
    path = f"/payments/{payment['id']}/chargeback"
    market.api.look_lasts = timedelta(seconds=20)
    hasty = [market.api.post(path, {"reference": "dp_1"}), market.api.get(path)]
    market.api.look_lasts = timedelta(0)
    assert [(one.status, one.body["whole"]) for one in hasty] == [(200, False)] * 2
    assert market.api.get(f"/invoices/{invoice['id']}").body["owed_cents"] == 7_500
    market.api.post("/closings", {"as_of": DECEMBER})
    told = market.api.get(path).body
    assert (len(told["released"]), told["whole"]) == (3, True)
    assert market.api.get("/ledger/audit").body["clean"]


def test_money_of_no_payment_neither_goes_back_nor_is_taken_back() -> None:
    api = on_terms().api
    nobody = "pay_" + "0" * 26
    said = {"payment_id": nobody, "reference": "x", "amount_cents": 1}
    assert api.post("/refunds", said).status == 404
    assert api.post(f"/payments/{nobody}/chargeback", {"reference": "x"}).status == 404
    assert api.get("/refunds/rfd_none").status == 404


def prepaid(cents: int) -> tuple[Market, Json]:
    """A prepaid advertiser with so much money, who is asked for 100 dollars below 50."""
    market = Market(Api())
    asked = {"top_up_below_cents": 5_000, "top_up_cents": 10_000}
    market.api.patch(f"/advertisers/{market.advertiser['id']}", asked)
    return market, pays(market, cents).body


def due(market: Market) -> int | None:
    cents: int | None = market.api.get(f"/advertisers/{market.advertiser['id']}/funds").body[
        "top_up_due_cents"
    ]
    return cents


def test_a_top_up_is_due_while_less_may_be_spent_than_was_asked_for() -> None:
    market, _ = prepaid(5_000)
    assert due(market) is None
    World(market.api.rows, now=market.api.now).arrives("CA1")
    assert due(market) == 10_000
    pays(market, 10_000, "topup-2")
    assert due(market) is None
    assert Market(Api()).api.get("/advertisers/adv_none/funds").status == 404


def test_a_balance_that_cannot_carry_the_next_call_routes_none_and_keeps_the_live_one() -> None:
    market, payment = prepaid(2_500)
    world = World(market.api.rows, now=market.api.now)
    world.arrives("CA1")
    assert funds(market) == (0, 2_500)
    said = {"payment_id": payment["id"], "reference": "ach-1", "amount_cents": 1}
    assert market.api.post("/refunds", said).body["code"] == "funds_too_low"
    world.arrives("CA2", caller="+14155550177")
    second = market.api.get("/calls", carrier_call_id="CA2").body["data"][0]
    assert second["refusal"] == "no_funds"

    taken = market.api.post(f"/payments/{payment['id']}/chargeback", {"reference": "dp_1"})
    assert taken.status == 200
    assert funds(market) == (-2_500, 2_500)
    assert market.api.get("/ledger/audit").body["clean"]
    pays(market, 2_500, "topup-2")
    assert funds(market) == (0, 2_500)
    world.arrives("CA3", caller="+14155550178")
    third = market.api.get("/calls", carrier_call_id="CA3").body["data"][0]
    assert third["refusal"] == "no_funds"
