"""Over HTTP: what is kept of an invoice, and how one ends that nobody pays."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels import schemas_billing, schemas_books
from chalicelib.store.invoices import invoice_key
from chalicelib.store.rows import Change
from tests.channels.api import Api, Market, Party, Reply
from tests.channels.test_api_billing import BILL_TO, ISSUER, put
from tests.channels.test_api_books import DECEMBER, balance, on_terms, pays, with_calls

Json = dict[str, Any]


def invoiced(market: Market | None = None) -> tuple[Market, Json]:
    """A month of three calls, billed."""
    market = with_calls(market or on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    return market, invoice


def linked(reply: Reply) -> str:
    schemas_billing.DocumentLinkView.model_validate(reply.body)
    url: str = reply.body["url"]
    return url


@pytest.mark.parametrize(
    ("path", "name", "begins"),
    [
        ("pdf", "INV-000001.pdf", b"%PDF"),
        ("ubl", "INV-000001.xml", b"<?xml"),
        ("calls.csv", "INV-000001-calls.csv", b"call_id,start_utc,campaign_id,caller,"),
    ],
)
def test_operator_and_advertiser_get_links_that_last_for_minutes(
    path: str, name: str, begins: bytes
) -> None:
    market, invoice = invoiced()
    own = Party(market.api, market.advertiser, "advertiser")
    for reply in (
        market.api.get(f"/invoices/{invoice['id']}/{path}"),
        own.get(f"/invoices/{invoice['id']}/{path}"),
    ):
        key = linked(reply).removeprefix("https://documents.example.com/").partition("?")[0]
        assert market.api.documents[key].startswith(begins)
        assert reply.body["name"] == name
        assert reply.body["expires_at"] == "2026-12-01T06:15:00.000Z"
        assert "seconds=300" in reply.body["url"]


def test_nobody_else_gets_them() -> None:
    market, invoice = invoiced()
    other = Party(market.api, Market(market.api, e164="+18005550101").advertiser, "advertiser")
    publisher = Party(market.api, market.publisher, "publisher")
    for path in ("pdf", "ubl", "calls.csv"):
        assert other.get(f"/invoices/{invoice['id']}/{path}").status == 404
        assert publisher.get(f"/invoices/{invoice['id']}/{path}").status == 403
        assert market.api.get(f"/invoices/inv_{'0' * 26}/{path}").status == 404


def test_a_statement_has_a_page_and_calls_and_no_e_invoice() -> None:
    market = Market(Api())
    pays(market, 10_000)
    market, statement = invoiced(market)
    path = f"/invoices/{statement['id']}"
    assert market.api.get(f"{path}/pdf").body["name"] == "ST-000001.pdf"
    assert market.api.get(f"{path}/calls.csv").status == 200
    assert market.api.get(f"{path}/ubl").status == 404


def test_an_invoice_shows_what_stood_on_the_day_of_issue() -> None:
    market = on_terms()
    put(market.api, "/issuer", ISSUER | {"tax_basis_points": 1000})
    market.api.patch(f"/advertisers/{market.advertiser['id']}", {"bill_to": BILL_TO})
    market, invoice = invoiced(market)
    schemas_books.InvoiceView.model_validate(invoice)
    assert invoice["issuer"]["legal_name"] == ISSUER["legal_name"]
    assert invoice["bill_to"]["purchase_order"] == "PO-1"
    assert invoice["lines"][0]["campaign"] == "Roof repair"
    sums = [invoice[name] for name in ("subtotal_cents", "tax_cents", "amount_cents")]
    assert sums == [7_500, 750, 8_250]
    assert balance(market, "tax:sales") == -750


def test_the_calls_behind_an_invoice_say_who_called_masked_and_by_which_rule() -> None:
    market, invoice = invoiced()
    (first, *_) = market.api.get(f"/invoices/{invoice['id']}/calls").body["data"]
    schemas_books.ChargeView.model_validate(first)
    assert (first["caller"], first["rule"]) == ("+1415555****", "minimum_talk: at least 60 s")


def test_a_void_invoice_is_billed_again_by_the_next_closing() -> None:
    market, invoice = invoiced()
    path = f"/invoices/{invoice['id']}"
    void = market.api.post(f"{path}/void").body
    schemas_books.InvoiceView.model_validate(void)
    assert (void["state"], void["number"], void["owed_cents"]) == ("void", "INV-000001", 0)
    assert void["ended_at"] == "2026-12-01T06:10:00.000Z"
    assert market.api.post(f"{path}/void").body == void
    (again,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    assert (again["number"], again["amount_cents"]) == ("INV-000002", 7_500)
    assert market.api.get("/ledger/audit").body["clean"] is True
    assert market.api.get("/invoices", state="void").body["data"] == [void]


def test_calls_that_there_is_no_time_to_give_back_are_billed_again_by_the_next_closing() -> None:
    market, invoice = invoiced()
    market.api.look_lasts = timedelta(seconds=20)
    void = market.api.post(f"/invoices/{invoice['id']}/void")
    market.api.look_lasts = timedelta(0)
    assert (void.status, void.body["state"]) == (200, "void")
    (again,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    assert (again["number"], again["amount_cents"]) == ("INV-000002", 7_500)
    assert market.api.get("/ledger/audit").body["clean"] is True


def test_a_write_off_with_no_time_to_collect_is_booked_and_completed_by_the_next_closing() -> None:
    market, invoice = invoiced()
    pays(market, 2_500)
    market.api.look_lasts = timedelta(seconds=20)
    lost = market.api.post(f"/invoices/{invoice['id']}/write-off")
    market.api.look_lasts = timedelta(0)
    assert (lost.status, lost.body["state"]) == (200, "uncollectible")
    assert balance(market, "expense:bad_debt") == 5_000
    market.api.post("/closings", {"as_of": DECEMBER})
    calls = market.api.get(f"/invoices/{invoice['id']}/calls").body["data"]
    assert [one["collected"] for one in calls].count(True) == 1
    assert market.api.get("/ledger/audit").body["clean"] is True


def test_a_document_of_too_many_calls_for_one_answer_has_its_table_kept() -> None:
    market, invoice = invoiced()
    path = f"/invoices/{invoice['id']}/calls"
    for calls, status in ((10_000, 200), (10_001, 409)):
        counted = Change(key=invoice_key(invoice["id"]), set={("count",): calls})
        market.api.rows.write([counted])
        assert market.api.get(path, format="csv").status == status
        assert market.api.get(path).status == 200
    assert market.api.get(path, format="csv").body["code"] == "too_many_calls"


def test_the_rest_of_an_invoice_is_written_off() -> None:
    market, invoice = invoiced()
    pays(market, 2_500)
    path = f"/invoices/{invoice['id']}"
    lost = market.api.post(f"{path}/write-off").body
    schemas_books.InvoiceView.model_validate(lost)
    assert (lost["state"], lost["written_off_cents"]) == ("uncollectible", 5_000)
    assert market.api.post(f"{path}/write-off").body == lost
    assert balance(market, "expense:bad_debt") == 5_000
    refused = market.api.post(f"{path}/void")
    assert (refused.status, refused.body["code"]) == (409, "invoice_not_open")


def test_a_paid_invoice_ends_in_no_other_way() -> None:
    market, invoice = invoiced()
    pays(market, 7_500)
    for end in ("void", "write-off"):
        refused = market.api.post(f"/invoices/{invoice['id']}/{end}")
        assert (refused.status, refused.body["code"]) == (409, "invoice_not_open")
        assert market.api.post(f"/invoices/inv_{'0' * 26}/{end}").status == 404


def mailing_market() -> Market:
    """Whose operator mails invoices, to an advertiser with an address."""
    market = on_terms()
    mail = {"sender": "billing@ring.example", "api_url": "https://api.ring.example/"}
    assert put(market.api, "/issuer", ISSUER | {"mail": mail}).status == 200
    market.api.patch(f"/advertisers/{market.advertiser['id']}", {"bill_to": BILL_TO})
    return market


def test_an_invoice_is_mailed_and_its_link_leads_to_the_page_without_a_key() -> None:
    market, invoice = invoiced(mailing_market())
    path = f"/invoices/{invoice['id']}/mails"
    (mail,) = market.api.get(path).body["mails"]
    assert (mail["state"], mail["to"]) == ("sent", "ap@example.com")
    schemas_billing.MailsView.model_validate(market.api.get(path).body)
    (letter,) = market.api.mailer.sent
    address = next(line for line in letter.text.splitlines() if line.startswith("https://"))
    link = address.removeprefix("https://api.ring.example/v1")
    reply = market.api.send("GET", link, headers={"Authorization": ""})
    assert reply.status == 302
    assert "INV-000001.pdf" in reply.headers["Location"]
    for wrong in (link[:-1], link + "0", "/mailed/x", "/mailed/inv_1:1:2"):
        assert market.api.send("GET", wrong, headers={"Authorization": ""}).status == 404


def test_an_invoice_is_mailed_again_on_request() -> None:
    market, invoice = invoiced(mailing_market())
    path = f"/invoices/{invoice['id']}/mails"
    sent = market.api.post(path, {"to": "boss@example.com"})
    schemas_billing.MailView.model_validate(sent.body)
    assert (sent.status, sent.body["n"], sent.body["state"]) == (201, 2, "sent")
    assert market.api.post(path).body["to"] == "ap@example.com"
    assert market.api.post(path, {"to": "nobody"}).faults == {("to", "email")}
    market.api.mailer.verified = frozenset()
    failed = market.api.post(path).body
    assert (failed["state"], "not verified" in failed["error"]) == ("failed", True)
    assert len(market.api.get(path).body["mails"]) == 4
    assert market.api.post(f"/invoices/inv_{'0' * 26}/mails").status == 404


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://", "a.example", "https://a.example/?x=1", "https://ä.ex"]
)  # fmt: skip
def test_links_of_mails_lead_to_an_https_address(url: str) -> None:
    mail = {"sender": "billing@ring.example", "api_url": url}
    assert put(Api(), "/issuer", {"mail": mail}).faults == {("mail.api_url", "url")}
