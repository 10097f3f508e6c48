"""Payouts over HTTP: by hand from created to the end, and what holds them."""

import json
from typing import Any

import pytest

from chalicelib.channels import schemas_billing, schemas_payouts, schemas_statements
from tests.channels.api import Market, Party, Reply
from tests.channels.test_api_billing import ISSUER, put
from tests.channels.test_api_books import DECEMBER, balance, on_terms, pays, with_calls

Json = dict[str, Any]
MAIL = {"sender": "billing@ring.example", "api_url": "https://api.ring.example"}


def with_a_payout() -> tuple[Market, str]:
    """A market in January, and the id of a payout of 45 dollars."""
    market = with_calls(on_terms())
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    report = market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body
    (payout,) = report["payouts"]
    return market, payout["id"]


def step(market: Market, payout_id: str, name: str, **said: Any) -> Reply:
    reply = market.api.post(f"/payouts/{payout_id}/{name}", said)
    if reply.status == 200:
        schemas_payouts.PayoutView.model_validate(reply.body)
    return reply


def test_a_check_is_submitted_settled_and_comes_back() -> None:
    market, payout = with_a_payout()
    submitted = step(market, payout, "submit", reference="check-1041").body
    assert (submitted["state"], submitted["method"], submitted["reference"]) == (
        "submitted", "manual", "check-1041",
    )  # fmt: skip
    settled = step(market, payout, "settle", fee_cents=1500).body
    assert (settled["state"], settled["fee_cents"], settled["sent_cents"]) == (
        "settled", 1500, 4500,
    )  # fmt: skip
    back = step(market, payout, "return", reason="R03", fee_cents=200).body
    assert (back["state"], back["reason"], back["fee_cents"]) == ("returned", "R03", 1700)
    assert balance(market, f"pub:{market.publisher['id']}:held") == -4500
    assert balance(market, "expense:payout_fees") == 1700
    assert market.api.get("/payouts", state="returned").body["data"] == [back]
    released = step(market, payout, "release").body
    assert released["released_at"] is not None
    (again,) = market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["payouts"]
    assert (again["id"] != payout, again["amount_cents"]) == (True, 4500)
    assert market.api.get("/ledger/audit").body["clean"] is True


def test_a_payout_that_failed_is_made_again() -> None:
    market, payout = with_a_payout()
    failed = step(market, payout, "fail", reason="no_account").body
    assert (failed["state"], failed["reason"]) == ("failed", "no_account")
    assert market.api.get(f"/payouts/{payout}/calls").body["data"] == []
    (again,) = market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["payouts"]
    assert (again["state"], again["amount_cents"]) == ("created", 4500)


@pytest.mark.parametrize(
    ("name", "said", "fault"),
    [
        ("submit", {"method": "barter"}, ("method", "choice")),
        ("submit", {"reference": ""}, ("reference", "length")),
        ("submit", {"reference": "a\x00b"}, ("reference", "format")),
        ("settle", {"fee_cents": -1}, ("fee_cents", "range")),
        ("settle", {"amount_cents": 1}, ("amount_cents", "unknown_field")),
        ("fail", {}, ("reason", "required")),
        ("fail", {"reason": "not a code"}, ("reason", "format")),
        ("return", {"reason": "R03", "fee_cents": "200"}, ("fee_cents", "type")),
    ],
)
def test_every_fault_of_a_step_is_named(name: str, said: Json, fault: tuple[str, str]) -> None:
    market, payout = with_a_payout()
    reply = step(market, payout, name, **said)
    assert (reply.status, reply.faults) == (400, {fault})
    assert market.api.get(f"/payouts/{payout}").body["state"] == "created"


@pytest.mark.parametrize("name", ["submit", "settle", "fail", "return"])
def test_a_step_that_is_no_json_is_refused(name: str) -> None:
    market, payout = with_a_payout()
    reply = market.api.send("POST", f"/payouts/{payout}/{name}", b"{")
    assert (reply.status, reply.body["code"]) == (400, "malformed_body")


def test_a_step_that_the_state_does_not_allow_is_a_conflict() -> None:
    market, payout = with_a_payout()
    for name, said in (("return", {"reason": "R03"}), ("release", {})):
        refused = step(market, payout, name, **said)
        assert (refused.status, refused.body["code"]) == (409, "payout_state")
    step(market, payout, "submit", reference="check-1")
    assert step(market, payout, "submit", reference="check-2").status == 409
    assert step(market, payout, "submit", reference="check-1").status == 200


@pytest.mark.parametrize("name", ["submit", "settle", "fail", "return", "release"])
def test_a_step_of_no_payout_is_not_found(name: str) -> None:
    market, _ = with_a_payout()
    reply = step(market, "po_0", name, **({"reason": "R03"} if name in ("fail", "return") else {}))
    assert (reply.status, reply.body["code"]) == (404, "not_found")


def test_a_hold_keeps_a_publisher_from_being_paid_until_it_is_lifted() -> None:
    market = with_calls(on_terms())
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    path = f"/publishers/{market.publisher['id']}/holds"
    said = {"reason": "We look into calls of last week."}
    placed = market.api.post(path, said, Idempotency_Key="case-7")
    schemas_payouts.HoldView.model_validate(placed.body)
    assert (placed.status, placed.body["reason"]) == (201, said["reason"])
    assert market.api.post(path, said, Idempotency_Key="case-7").body == placed.body
    other = market.api.post(path, {"reason": "Other."}, Idempotency_Key="case-7")
    assert (other.status, other.body["code"]) == (409, "hold_differs")
    assert market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["payouts"] == []
    assert market.api.get("/holds").body["data"] == [placed.body]
    assert market.api.get("/holds", publisher_id=market.publisher["id"]).body["data"]
    lifted = market.api.post(f"/holds/{placed.body['id']}/lift").body
    assert lifted["lifted_at"] is not None
    assert market.api.post(f"/holds/{placed.body['id']}/lift").body == lifted
    assert len(market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["payouts"]) == 1


def test_what_a_call_has_earned_is_held_and_let_go() -> None:
    market = with_calls(on_terms())
    (call, *_) = market.api.get("/calls").body["data"]
    path = f"/calls/{call['id']}/holds"
    placed = market.api.post(path, {"reason": "A dispute."}, Idempotency_Key="case-7")
    schemas_payouts.HoldView.model_validate(placed.body)
    assert (placed.status, placed.body["call_id"]) == (201, call["id"])
    assert market.api.post(path, {"reason": "A dispute."}, Idempotency_Key="case-8").status == 409
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    january = {"as_of": "2027-01-01T00:00:00Z"}
    (payout,) = market.api.post("/closings", january).body["payouts"]
    assert payout["amount_cents"] == 3000
    assert market.api.post(f"/holds/{placed.body['id']}/lift").body["lifted_at"] is not None
    assert market.api.post("/calls/call_0/holds", {"reason": "A dispute."}).status == 404


def test_a_reserve_is_a_line_of_its_payout() -> None:
    market = with_calls(on_terms())
    terms = {"payout_terms": {"reserve_percent": 10, "reserve_days": 30}}
    changed = market.api.patch(f"/publishers/{market.publisher['id']}", terms)
    assert changed.body["payout_terms"]["reserve_percent"] == 10
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    (payout,) = market.api.post("/closings", {"as_of": "2027-01-20T00:00:00Z"}).body["payouts"]
    schemas_payouts.PayoutView.model_validate(payout)
    assert (payout["amount_cents"], payout["reserve_kept_cents"]) == (4050, 450)
    lines = market.api.get(f"/payouts/{payout['id']}/calls").body["data"]
    for line in lines:
        schemas_payouts.EarningView.model_validate(line)
    assert sum(line["amount_cents"] for line in lines) == 4050
    (kept,) = (line for line in lines if line["adjustment"])
    assert (kept["call_id"], kept["payout_id"], kept["amount_cents"]) == (None, payout["id"], -450)
    assert market.api.get("/ledger/audit").body["clean"] is True


def test_a_debt_of_a_publisher_is_given_up_once() -> None:
    market, payout = with_a_payout()
    step(market, payout, "settle")
    (line, *_) = market.api.get(f"/payouts/{payout}/calls").body["data"]
    market.api.post(f"/calls/{line['call_id']}/credit", {"reason": "spam"})
    path = f"/publishers/{market.publisher['id']}/write-off"
    given_up = market.api.post(path, Idempotency_Key="exit")
    schemas_payouts.EarningView.model_validate(given_up.body)
    assert (given_up.status, given_up.body["amount_cents"]) == (201, 1500)
    assert market.api.post(path, Idempotency_Key="exit").body == given_up.body
    refused = market.api.post(path)
    assert (refused.status, refused.body["code"]) == (409, "nothing_to_write_off")
    assert market.api.post("/publishers/pub_0/write-off").status == 404
    assert balance(market, f"pub:{market.publisher['id']}:payable") == 0


def test_a_hold_needs_a_publisher_and_a_reason() -> None:
    market = on_terms()
    path = f"/publishers/{market.publisher['id']}/holds"
    assert market.api.post(path, {}).faults == {("reason", "required")}
    assert market.api.post("/publishers/pub_0/holds", {"reason": "Why."}).status == 404
    assert market.api.post("/holds/hld_0/lift").status == 404


def test_a_publisher_is_told_what_its_earnings_wait_for() -> None:
    market = with_calls(on_terms())
    path = f"/publishers/{market.publisher['id']}/outlook"
    shown = market.api.get(path).body
    schemas_payouts.OutlookView.model_validate(shown)
    assert shown["sums"] == [{"waits_for": "collection", "amount_cents": 4500, "until": None}]
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    (line, *more) = market.api.get(f"{path}/calls").body["data"]
    schemas_payouts.WaitingView.model_validate(line)
    assert (len(more), line["waits_for"], line["until"]) == (2, "terms", "2026-12-16T00:00:00.000Z")
    assert market.api.get("/publishers/pub_0/outlook").status == 404


def publisher(market: Market) -> Party:
    return Party(market.api, market.publisher, "publisher")


def test_a_publisher_reads_its_own_payouts_without_what_they_cost_the_operator() -> None:
    market, payout = with_a_payout()
    step(market, payout, "settle", reference="check-1041", fee_cents=1500)
    own = publisher(market)
    (listed,) = own.get("/payouts").body["data"]
    read = own.get(f"/payouts/{payout}").body
    schemas_statements.OwnPayoutView.model_validate(read)
    assert read == listed
    assert (read["reference"], read["sent_cents"]) == ("check-1041", 4500)
    operators = market.api.get(f"/payouts/{payout}").body
    assert set(operators) - set(read) == {"fee_cents"}
    assert own.get("/payouts?state=settled").body["data"] == [read]
    assert own.get("/payouts?state=created").body["data"] == []
    refused = own.get("/payouts?publisher_id=pub_other")
    assert (refused.status, refused.faults) == (400, {("publisher_id", "unknown_parameter")})


def test_a_publisher_sees_which_calls_a_payout_is_for_and_nothing_of_who_bought_them() -> None:
    market, payout = with_a_payout()
    own = publisher(market)
    lines = own.get(f"/payouts/{payout}/calls").body["data"]
    for line in lines:
        schemas_statements.StatementLineView.model_validate(line)
        call = own.get(f"/calls/{line['call_id']}").body
        assert (line["caller"], line["number"]) == (call["caller"], call["number"])
        assert line["amount_cents"] == call["earning_cents"]
        assert line["caller"].endswith("****")
    assert sum(line["amount_cents"] for line in lines) == 4500
    told = json.dumps([lines, own.get(f"/payouts/{payout}/statement").body])
    for never in (market.advertiser["id"], market.campaign["id"], "charge"):
        assert never not in told


def test_the_lines_of_a_payout_come_in_pages() -> None:
    market, payout = with_a_payout()
    own = publisher(market)
    first = own.get(f"/payouts/{payout}/calls?limit=2").body
    cursor = first["next_cursor"]
    second = own.get(f"/payouts/{payout}/calls?limit=2&cursor={cursor}").body
    whole = own.get(f"/payouts/{payout}/calls").body["data"]
    assert first["data"] + second["data"] == whole
    assert len(whole) == 3
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "begins", "name"),
    [("pdf", b"%PDF", ".pdf"), ("calls.csv", b"kind,call_id,start_utc,", "-calls.csv")],
)
def test_operator_and_publisher_get_the_statement_by_a_link(
    path: str, begins: bytes, name: str
) -> None:
    market, payout = with_a_payout()
    replies = [who.get(f"/payouts/{payout}/{path}") for who in (market.api, publisher(market))]
    for reply in replies:
        schemas_billing.DocumentLinkView.model_validate(reply.body)
        key = reply.body["url"].removeprefix("https://documents.example.com/").partition("?")[0]
        assert market.api.documents[key].startswith(begins)
        assert (reply.body["name"], "seconds=300" in reply.body["url"]) == (payout + name, True)
    assert replies[0].body == replies[1].body


def test_a_statement_adds_up_to_what_is_sent() -> None:
    market, payout = with_a_payout()
    said = market.api.get(f"/payouts/{payout}/statement").body
    schemas_statements.PayoutStatementView.model_validate(said)
    assert (said["opening_cents"], said["earned_cents"], said["sent_cents"]) == (0, 4500, 4500)
    assert (said["publisher"], said["state"], said["line_count"]) == (
        market.publisher["name"], "created", 3,
    )  # fmt: skip
    assert said == publisher(market).get(f"/payouts/{payout}/statement").body


def test_a_payout_that_failed_has_no_statement() -> None:
    market, payout = with_a_payout()
    step(market, payout, "fail", reason="no_account")
    for path in ("statement", "pdf", "calls.csv"):
        reply = publisher(market).get(f"/payouts/{payout}/{path}")
        assert (reply.status, reply.body["code"]) == (409, "payout_given_back")


def test_a_payout_is_nobody_elses() -> None:
    market, payout = with_a_payout()
    other = publisher(Market(market.api, e164="+18005550101"))
    buyer = Party(market.api, market.advertiser, "advertiser")
    assert other.get("/payouts").body["data"] == []
    for path in ("", "/calls", "/statement", "/pdf", "/calls.csv"):
        assert other.get(f"/payouts/{payout}{path}").status == 404
        assert buyer.get(f"/payouts/{payout}{path}").status == 403
        assert publisher(market).get(f"/payouts/po_{'0' * 26}{path}").status == 404


def test_the_statement_is_mailed_to_the_publisher_and_its_link_opens_it() -> None:
    market, payout = with_a_payout()
    path = f"/payouts/{payout}/mails"
    assert market.api.get(path).body == {"payout_id": payout, "mails": []}
    refused = market.api.post(path, {})
    assert (refused.status, refused.body["code"]) == (409, "not_to_be_mailed")
    put(market.api, "/issuer", ISSUER | {"mail": MAIL})
    mailed = market.api.post(path, {"to": "ap@bright.example"})
    assert mailed.status == 201
    schemas_billing.MailView.model_validate(mailed.body)
    assert (mailed.body["payout_id"], mailed.body["state"]) == (payout, "sent")
    shown = market.api.get(path).body
    schemas_billing.PayoutMailsView.model_validate(shown)
    assert shown["mails"] == [mailed.body]
    letter = market.api.mailer.sent[-1]
    word = letter.text.partition("/v1/mailed/")[2].split()[0]
    led = market.api.send("GET", f"/mailed/{word}", headers={"Authorization": ""})
    assert led.status == 302
    key = led.body["url"].removeprefix("https://documents.example.com/").partition("?")[0]
    assert market.api.documents[key].startswith(b"%PDF")
    wrong = market.api.post(path, {"to": "nobody"})
    assert (wrong.status, wrong.faults) == (400, {("to", "email")})
    assert market.api.post(f"/payouts/po_{'0' * 26}/mails", {}).status == 404
    for method in ("GET", "POST"):
        assert publisher(market).send(method, path, {}).status == 403
