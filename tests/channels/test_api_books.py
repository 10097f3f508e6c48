"""Money over HTTP: payments, invoices, payouts, the ledger, and a closing that joins them."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels import schemas_books, schemas_payouts
from chalicelib.flows.sealing import seal
from chalicelib.store.rows import Page, Question
from tests.channels.api import Api, Market, Reply
from tests.fakes import FakeRows
from tests.flows.office import Office
from tests.world import World

Json = dict[str, Any]
DECEMBER = "2026-12-01T00:00:00Z"


def on_terms() -> Market:
    """A market of an advertiser on terms, with 100 dollars of credit."""
    return Market(Api(), billing="net", credit_limit_cents=10_000)


def with_calls(market: Market, count: int = 3) -> Market:
    """That many approved calls of 25 dollars each, and then the month is over."""
    for n in range(count):
        World(market.api.rows, now=market.api.now).talks(f"CA{n}", caller=f"+1415555010{n}")
        market.api.later(minutes=1)
    market.api.now = datetime(2026, 12, 1, 6, 10, tzinfo=UTC)
    return market


def pays(market: Market, cents: int, reference: str = "wire-1", **more: Any) -> Reply:
    said = {
        "advertiser_id": market.advertiser["id"], "reference": reference, "amount_cents": cents,
        "currency": "USD",
    }  # fmt: skip
    return market.api.post("/payments", said | more)


def funds(market: Market) -> tuple[int, int]:
    shown = market.api.get(f"/advertisers/{market.advertiser['id']}/funds").body
    schemas_books.FundsView.model_validate(shown)
    return shown["available_cents"], shown["held_cents"]


def balance(market: Market, account: str) -> int:
    shown = market.api.get(f"/ledger/balances/{account}").body
    schemas_books.BalanceView.model_validate(shown)
    cents: int = shown["balance_cents"]
    return cents


def test_a_month_of_calls_becomes_an_invoice_a_payment_and_a_payout() -> None:
    market = with_calls(on_terms())
    api = market.api
    report = api.post("/closings", {"as_of": DECEMBER}).body
    schemas_books.ClosingView.model_validate(report)
    (invoice,) = report["issued"]
    assert (invoice["number"], invoice["amount_cents"], invoice["state"]) == (
        "INV-000001", 7_500, "open",
    )  # fmt: skip
    assert api.post("/closings", {"as_of": DECEMBER}).body["issued"] == []
    assert api.get("/invoices").body["data"] == [invoice]
    assert api.get(f"/invoices/{invoice['id']}").body == invoice
    assert balance(market, f"ar:{market.advertiser['id']}") == 7_500

    payment = pays(market, 7_500)
    schemas_books.PaymentView.model_validate(payment.body)
    assert payment.body["applications"] == [{"invoice_id": invoice["id"], "amount_cents": 7_500}]
    assert api.get(f"/invoices/{invoice['id']}").body["state"] == "paid"
    assert funds(market) == (10_000, 0)

    later = api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body
    (payout,) = later["payouts"]
    assert (payout["amount_cents"], payout["state"]) == (4_500, "created")
    assert api.get("/payouts").body["data"] == [payout]
    settled = api.post(f"/payouts/{payout['id']}/settle").body
    schemas_payouts.PayoutView.model_validate(settled)
    assert settled["state"] == "settled"
    assert api.post(f"/payouts/{payout['id']}/settle").body == settled
    assert api.get(f"/payouts/{payout['id']}").body == settled
    assert balance(market, f"pub:{market.publisher['id']}:in_transit") == 0
    assert balance(market, "cash:bank") == 3_000

    trial = api.get("/ledger/trial-balance").body
    schemas_books.TrialBalanceView.model_validate(trial)
    assert trial["total_cents"] == 0
    assert {"account": "revenue:calls", "balance_cents": -7_500} in trial["accounts"]
    audit = api.get("/ledger/audit").body
    schemas_books.AuditView.model_validate(audit)
    assert (audit["clean"], audit["differences"], audit["counted"]["charges"]) == (True, [], 3)


def test_an_invoice_shows_the_calls_behind_it() -> None:
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    path = f"/invoices/{invoice['id']}/calls"
    assert invoice["calls_path"] == f"/v1{path}"
    first = market.api.get(path, limit="2").body
    second = market.api.get(path, limit="2", cursor=first["next_cursor"]).body
    shown = [*first["data"], *second["data"]]
    for charge in shown:
        schemas_books.ChargeView.model_validate(charge)
    assert second["next_cursor"] is None
    assert len({charge["call_id"] for charge in shown}) == 3
    table = market.api.get(path, format="csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.body)))
    ids = [charge["call_id"] for charge in shown]
    assert ids == sorted(ids) == sorted(row["call_id"] for row in rows)
    assert [row["start_utc"] for row in rows] == sorted(one["arrived_at"] for one in shown)
    assert market.api.documents[next(iter(market.api.documents))].decode() == table.body


def test_a_payout_shows_the_calls_behind_it() -> None:
    market = with_calls(on_terms())
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 7_500)
    (payout,) = market.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["payouts"]
    shown = market.api.get(f"/payouts/{payout['id']}/calls").body["data"]
    for earning in shown:
        schemas_payouts.EarningView.model_validate(earning)
    assert [earning["amount_cents"] for earning in shown] == [1_500] * 3


def test_a_prepaid_advertiser_tops_up_and_gets_a_statement() -> None:
    market = Market(Api())
    assert pays(market, 10_000).body["kind"] == "top_up"
    assert funds(market) == (10_000, 0)
    with_calls(market)
    (statement,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    schemas_books.InvoiceView.model_validate(statement)
    assert (statement["kind"], statement["number"], statement["owed_cents"]) == (
        "statement", "ST-000001", 0,
    )  # fmt: skip
    assert market.api.get("/invoices").body["data"] == []
    assert market.api.get("/invoices", kind="statement").body["data"] == [statement]
    assert market.api.get(f"/invoices/{statement['id']}").body == statement


def test_a_payment_is_recorded_once_by_its_reference() -> None:
    market = Market(Api())
    first = pays(market, 10_000)
    market.api.later(seconds=1)
    again = pays(market, 10_000)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotency-Hit" not in first.headers
    assert again.headers["Idempotency-Hit"] == "true"
    assert funds(market) == (10_000, 0)
    other = pays(market, 10_001)
    assert (other.status, other.body["code"]) == (409, "payment_reference_reused")
    assert market.api.get(f"/payments/{first.body['id']}").body == first.body


def test_an_idempotency_key_stands_for_one_payment() -> None:
    market = Market(Api())
    said = {
        "advertiser_id": market.advertiser["id"], "reference": "wire-1", "amount_cents": 5,
        "currency": "USD",
    }  # fmt: skip
    first = market.api.post("/payments", said, Idempotency_Key="k")
    assert market.api.post("/payments", said, Idempotency_Key="k").body == first.body
    other = market.api.post("/payments", said | {"reference": "wire-2"}, Idempotency_Key="k")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert funds(market) == (5, 0)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"amount_cents": 0}, ("amount_cents", "range")),
        ({"amount_cents": "5"}, ("amount_cents", "type")),
        ({"currency": "EUR"}, ("currency", "currency_of_advertiser")),
        ({"currency": "usd"}, ("currency", "format")),
        ({"reference": ""}, ("reference", "length")),
        ({"received_at": "2026-11-01"}, ("received_at", "format")),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, ("received_at", "format")),
        ({"received_at": "1812-01-01T00:00:00Z"}, ("received_at", "range")),
        ({"received_at": 1700000000}, ("received_at", "type")),
    ],
)
def test_a_payment_that_cannot_be_is_refused(change: Json, fault: tuple[str, str]) -> None:
    market = Market(Api())
    assert fault in pays(market, 5, **change).faults


def test_a_payment_of_nobody_is_not_found() -> None:
    market = Market(Api())
    assert pays(market, 5, advertiser_id=f"adv_{'0' * 26}").status == 404


def test_payments_are_listed_by_advertiser_page_by_page() -> None:
    market = Market(Api())
    other = Market(market.api, e164="+18005550101")
    for n in range(9):
        pays(market if n % 3 else other, 100 + n, f"wire-{n}")
        market.api.later(seconds=1)
    seen: list[int] = []
    query = {"advertiser_id": market.advertiser["id"], "limit": "4"}
    while True:
        page = market.api.get("/payments", **query).body
        seen += [payment["amount_cents"] for payment in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [101, 102, 104, 105, 107, 108]


def test_entries_are_listed_by_month_and_by_account() -> None:
    market = with_calls(on_terms())
    this_month = market.api.get("/ledger/entries").body["data"]
    of_november = market.api.get("/ledger/entries", month="2026-11").body["data"]
    assert (this_month, len(of_november)) == ([], 3)
    for entry in of_november:
        schemas_books.EntryView.model_validate(entry)
        assert sum(leg["amount_cents"] for leg in entry["legs"]) == 0
    for account in ("revenue:calls", f"unbilled:{market.advertiser['id']}"):
        first = market.api.get("/ledger/entries", account=account, limit="2").body
        second = market.api.get(
            "/ledger/entries", account=account, limit="2", cursor=first["next_cursor"]
        ).body
        assert [*first["data"], *second["data"]] == of_november
        assert second["next_cursor"] is None
    both = market.api.get("/ledger/entries", account="cash:bank", month="2026-11")
    assert both.faults == {("account", "exclusive"), ("month", "exclusive")}


def test_accounts_are_listed_with_what_is_sealed_of_them() -> None:
    market = with_calls(on_terms())
    seal(stores=market.api.stores, now=market.api.now)
    market.api.post("/closings", {"as_of": DECEMBER})
    pays(market, 1_000)
    seen: list[Json] = []
    query = {"limit": "4"}
    while True:
        page = market.api.get("/ledger/accounts", **query).body
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    for account in seen:
        schemas_books.AccountView.model_validate(account)
    trial = market.api.get("/ledger/trial-balance").body["accounts"]
    assert [(a["account"], a["balance_cents"]) for a in seen] == [
        (a["account"], a["balance_cents"]) for a in trial
    ]
    unbilled = next(a for a in seen if a["account"].startswith("unbilled:"))
    assert (unbilled["sealed_cents"], unbilled["tail_cents"]) == (7_500, -7_500)
    assert unbilled["sealed_day"] == "2026-11-23"


def test_seals_are_listed_day_by_day_and_the_audit_names_the_last() -> None:
    market = with_calls(on_terms())
    assert market.api.get("/ledger/audit").body["seal"] is None
    assert market.api.get("/ledger/seals").body["data"] == []
    seal(stores=market.api.stores, now=market.api.now)
    first = market.api.get("/ledger/seals", limit="5").body
    second = market.api.get("/ledger/seals", limit="5", cursor=first["next_cursor"]).body
    days = [*first["data"], *second["data"]]
    for day in days:
        schemas_books.SealView.model_validate(day)
    assert [day["day"][-2:] for day in days] == [str(n) for n in range(23, 31)]
    assert market.api.get("/ledger/audit").body["seal"] == days[-1]


class SlowRows(FakeRows):
    """Rows of which every page takes time."""

    waits: Callable[[], object] | None = None

    def page(self, question: Question) -> Page:
        if self.waits:
            self.waits()
        return super().page(question)


def test_books_too_large_for_a_request_are_audited_elsewhere() -> None:
    rows = SlowRows()
    api, office = Api(rows=rows), Office(rows=rows).opens()
    for number in range(1_000):
        office.approves(f"call_{number}", charge=0, earning=0)
    assert api.get("/ledger/audit").status == 200
    rows.waits = lambda: api.later(seconds=5)
    reply = api.get("/ledger/audit")
    assert (reply.status, "use make audit" in reply.body["detail"]) == (503, True)


@pytest.mark.parametrize(
    "account",
    ["cash:vault", "cash", f"ar:adv_{'0' * 26}", f"pub:pub_{'0' * 26}:payable", "pub:x:y", "ar:"],
)
def test_an_account_that_the_chart_does_not_have_is_not_found(account: str) -> None:
    assert Api().get(f"/ledger/balances/{account}").status == 404


def test_money_of_nobody_is_not_found() -> None:
    api = Api()
    nobody = "0" * 26
    for path in (
        f"/invoices/inv_{nobody}", f"/invoices/inv_{nobody}/calls", f"/payments/pay_{nobody}",
        f"/payouts/po_{nobody}", f"/payouts/po_{nobody}/calls", f"/advertisers/adv_{nobody}/funds",
    ):  # fmt: skip
        assert api.get(path).status == 404
    assert api.post(f"/payouts/po_{nobody}/settle").status == 404


@pytest.mark.parametrize("as_of", ["yesterday", "2026-12-01", 5, "2026-12-01T00:00:00", ""])
def test_a_closing_is_as_of_an_instant(as_of: Any) -> None:
    reply = Api().post("/closings", {"as_of": as_of})
    assert {field for field, _ in reply.faults} == {"as_of"}
