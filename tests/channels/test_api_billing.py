"""Over HTTP: who bills, who is billed, what is owed, and every fault of it at once."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels import schemas_billing, schemas_books
from tests.channels.api import Api, Market, Party
from tests.channels.test_api_books import DECEMBER, on_terms, pays, with_calls
from tests.providers.test_paper import a_picture

Json = dict[str, Any]
ISSUER: Json = {
    "legal_name": "Ring & Röder Lead Exchange LLC",
    "address": {
        "street": ["1200 Market Street", "Suite 400"], "city": "Denver", "region": "CO",
        "postal_code": "80202",
    },
    "tax_id": "84-1234567",
    "remit_to": ["First National Bank of Denver", "ABA 021000021, account 000123456789"],
    "dispute_contact": "billing@example.com",
}  # fmt: skip
BILL_TO: Json = {
    "legal_name": "Acme Roofing Inc.", "address": {"street": ["77 Elm St"], "city": "Boulder"},
    "purchase_order": "PO-1", "email": "ap@example.com",
}  # fmt: skip


def put(api: Api, path: str, body: Any, **headers: str) -> Any:
    return api.send("PUT", path, body, headers={n.replace("_", "-"): v for n, v in headers.items()})


def logo(body: bytes) -> Json:
    return {"png": base64.b64encode(body).decode()}


def test_nothing_is_said_of_the_issuer_at_first() -> None:
    shown = Api().get("/issuer").body
    schemas_billing.IssuerView.model_validate(shown)
    assert shown["version"] == 0
    assert shown["missing"] == ["legal_name", "address", "remit_to", "dispute_contact"]


def test_the_issuer_is_said_whole_and_read_back() -> None:
    api = Api()
    said = put(api, "/issuer", ISSUER).body
    schemas_billing.IssuerView.model_validate(said)
    assert api.get("/issuer").body == said
    assert said["address"]["country"] == "US"
    assert (said["version"], said["missing"], said["tax_basis_points"]) == (1, [], 0)
    assert put(api, "/issuer", ISSUER).body["version"] == 1, "the same again changes nothing"
    assert put(api, "/issuer", {}).body["legal_name"] is None


def test_two_who_change_the_issuer_at_once_do_not_overwrite_one_another() -> None:
    api = Api()
    put(api, "/issuer", ISSUER)
    assert put(api, "/issuer", {"legal_name": "A"}, If_Match='"1"').status == 200
    late = put(api, "/issuer", {"legal_name": "B"}, If_Match='"1"')
    assert (late.status, late.body["code"]) == (409, "version_mismatch")


def test_a_logo_stays_until_it_is_taken_away() -> None:
    api = Api()
    shown = put(api, "/issuer/logo", logo(a_picture())).body
    key = shown["logo_key"]
    assert api.documents[key] == a_picture()
    assert put(api, "/issuer", ISSUER).body["logo_key"] == key
    assert put(api, "/issuer/logo", {"png": None}).body["logo_key"] is None
    assert key in api.documents, "invoices of before still need it"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("png", "required")),
        ({"png": "§"}, ("png", "base64")),
        ({"png": "AAAA"}, ("png", "picture")),
        ({"png": base64.b64encode(a_picture((2001, 1))).decode()}, ("png", "picture")),
        ({"png": "A" * 100_001}, ("png", "length")),
        ({"png": 5}, ("png", "type")),
    ],
)
def test_what_is_no_picture_is_refused(body: Json, fault: tuple[str, str]) -> None:
    api = Api()
    assert put(api, "/issuer/logo", body).faults == {fault}
    assert api.documents == {}


def test_every_fault_of_an_issuer_is_told_at_once() -> None:
    wrong = {
        "legal_name": "東京", "tax_id": "841234567", "remit_to": [""], "dispute_days": 400,
        "tax_basis_points": -1, "logo_key": "mine", "address": {"street": [], "country": "usa"},
    }  # fmt: skip
    assert put(Api(), "/issuer", wrong).faults == {
        ("legal_name", "letters"), ("tax_id", "format"), ("remit_to.0", "length"),
        ("dispute_days", "range"), ("tax_basis_points", "range"), ("logo_key", "unknown_field"),
        ("address.street", "length"), ("address.city", "required"), ("address.country", "format"),
    }  # fmt: skip


def test_accents_are_joined_to_their_letters() -> None:
    said = put(Api(), "/issuer", {"legal_name": "Mu\u0308ller"}).body
    assert said["legal_name"] == "Müller"


def test_an_advertiser_says_how_it_is_billed() -> None:
    market = Market(Api())
    path = f"/advertisers/{market.advertiser['id']}"
    assert market.advertiser["bill_to"] is None
    said = market.api.patch(path, {"bill_to": BILL_TO}).body
    assert said["bill_to"]["legal_name"] == "Acme Roofing Inc."
    changed = market.api.patch(path, {"bill_to": {"purchase_order": "PO-2"}}).body
    assert changed["bill_to"]["email"] == "ap@example.com"
    assert changed["bill_to"]["purchase_order"] == "PO-2"
    assert market.api.patch(path, {"bill_to": None}).body["bill_to"] is None
    wrong = {"legal_name": "\u200b", "email": "nobody", "purchase_order": ""}
    assert market.api.patch(path, {"bill_to": wrong}).faults == {
        ("bill_to.legal_name", "letters"), ("bill_to.email", "email"),
        ("bill_to.purchase_order", "length"),
    }  # fmt: skip


def test_debts_are_read_by_age_on_any_day() -> None:
    market = with_calls(on_terms())
    api, owner = market.api, market.advertiser["id"]
    (invoice,) = api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    assert invoice["past_due"] is False
    api.now = datetime(2027, 2, 5, tzinfo=UTC)
    assert api.get(f"/invoices/{invoice['id']}").body["past_due"] is True
    pays(market, 2_500)
    shown = api.get(f"/advertisers/{owner}/aging").body
    schemas_billing.AdvertiserAgingView.model_validate(shown)
    assert (shown["owed_cents"], shown["ages"]["days_31_to_60"]) == (5_000, 5_000)
    assert [one["number"] for one in shown["invoices"]] == ["INV-000001"]
    every = api.get("/aging", as_of="2027-01-15").body
    schemas_billing.AgingView.model_validate(every)
    (debtor,) = every["advertisers"]
    assert (debtor["owed_cents"], debtor["ages"]["days_1_to_30"]) == (7_500, 7_500)
    assert every["as_of"] == "2027-01-15T23:59:59.999Z"
    assert api.get("/aging", as_of="2026-11-30").body["advertisers"] == []
    assert api.get(f"/advertisers/{owner}/aging", as_of="2026-11-30").body["owed_cents"] == 0


@pytest.mark.parametrize("as_of", ["yesterday", "2026-02-30", "1999-01-01", "2026-12-01T00:00:00Z"])
def test_debts_are_read_as_of_a_day(as_of: str) -> None:
    assert Api().get("/aging", as_of=as_of).faults == {("as_of", "format")}


def test_an_advertiser_reads_its_own_debts_and_invoices_alone() -> None:
    market = with_calls(on_terms())
    (invoice,) = market.api.post("/closings", {"as_of": DECEMBER}).body["issued"]
    other = Party(market.api, Market(market.api, e164="+18005550101").advertiser, "advertiser")
    own = Party(market.api, market.advertiser, "advertiser")
    for path in (f"/invoices/{invoice['id']}", f"/advertisers/{own.id}/aging"):
        assert own.get(path).status == 200
        assert other.get(path).status == 404
    (listed,) = own.get("/invoices").body["data"]
    schemas_books.InvoiceView.model_validate(listed)
    assert other.get("/invoices").body["data"] == []
    assert own.get("/invoices", advertiser_id=other.id).status == 400
    for path in ("/issuer", "/aging"):
        assert own.get(path).status == 403
    assert own.send("POST", f"/invoices/{invoice['id']}/void").status == 403


def test_debts_of_nobody_are_not_found() -> None:
    assert Api().get(f"/advertisers/adv_{'0' * 26}/aging").status == 404
