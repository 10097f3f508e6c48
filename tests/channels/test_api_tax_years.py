"""Over HTTP: from how much on a year is told of, what was paid in it, and what was deposited."""

from typing import Any

import pytest

from chalicelib.channels import schemas_tax
from tests.channels.api import Api, Market, Party
from tests.channels.test_api_books import balance
from tests.channels.test_api_payouts import step, with_a_payout

Json = dict[str, Any]
A_DEPOSIT: Json = {"year": 2026, "amount_cents": 1_080, "reference": "eftps-1"}


def with_a_settled_payout(**withholding: Any) -> Market:
    """45 dollars were paid to the publisher of a market on the first day of December."""
    market, payout = with_a_payout()
    path = f"/publishers/{market.publisher['id']}/payee/withholding"
    market.api.send("PUT", path, {"on": False} | withholding)
    step(market, payout, "settle")
    return market


def year_of(party: Party | Api, id: str, year: int = 2026) -> Json:
    shown: Json = party.get(f"/publishers/{id}/tax-years/{year}").body
    schemas_tax.PayeeYearView.model_validate(shown)
    return shown


def test_a_year_has_the_tables_threshold_until_the_operator_says_one() -> None:
    api = Api()
    shown = api.get("/tax-years/2026").body
    assert shown == {
        "year": 2026, "start": "2026-01-01T00:00:00.000Z", "end": "2027-01-01T00:00:00.000Z",
        "threshold_cents": 200_000, "said_by": "table", "version": 0,
    }  # fmt: skip
    unknown = api.get("/tax-years/2027").body
    assert (unknown["threshold_cents"], unknown["said_by"]) == (None, None)
    said = api.send("PUT", "/tax-years/2027", {"threshold_cents": 210_000})
    assert (said.body["threshold_cents"], said.body["said_by"]) == (210_000, "operator")
    assert said.headers["ETag"] == '"1"'
    again = api.send("PUT", "/tax-years/2027", {"threshold_cents": 1}, headers={"If-Match": '"0"'})
    assert (again.status, again.body["code"]) == (409, "version_mismatch")
    back = api.send("PUT", "/tax-years/2027", {"threshold_cents": None}).body
    schemas_tax.TaxYearView.model_validate(back)
    assert (back["threshold_cents"], back["version"]) == (None, 2)


def test_a_year_begins_at_the_midnight_of_the_operators_zone() -> None:
    api = Api()
    assert api.send("PUT", "/settings", {"tax_zone": "America/New_York"}).status == 200
    assert api.get("/tax-years/2026").body["start"] == "2026-01-01T05:00:00.000Z"
    assert api.send("PUT", "/settings", {"tax_zone": "Mars/Olympus"}).faults == {
        ("tax_zone", "zone")
    }


@pytest.mark.parametrize("year", ["1999", "2099", "26", "twenty", "02026", "٢٠٢٦"])
def test_what_is_no_year_is_not_found(year: str) -> None:
    api = Api()
    for path in (f"/tax-years/{year}", f"/tax-years/{year}/payees"):
        assert api.get(path).status == 404
    publisher = api.created("/publishers", name="Bright Media")
    assert api.get(f"/publishers/{publisher['id']}/tax-years/{year}").status == 404


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("threshold_cents", "required")),
        ({"threshold_cents": 0}, ("threshold_cents", "range")),
        ({"threshold_cents": "2000"}, ("threshold_cents", "type")),
        ({"threshold_cents": 1, "year": 2026}, ("year", "unknown_field")),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(body: Json, fault: tuple[str, str]) -> None:
    api = Api()
    reply = api.send("PUT", "/tax-years/2026", body)
    assert (reply.status, reply.faults) == (400, {fault})
    assert api.send("PUT", "/tax-years/2026", b"{").body["code"] == "malformed_body"


def test_operator_and_publisher_read_the_same_sums() -> None:
    market = with_a_settled_payout(b_notice="first")
    api, id = market.api, market.publisher["id"]
    party = Party(api, market.publisher, "publisher")
    own = year_of(party, id)
    assert own == year_of(api, id)
    assert (own["own"]["paid_cents"], own["own"]["net_cents"], own["standing"]) == (
        4_500, 4_500, "below_threshold",
    )  # fmt: skip
    api.created("/publishers", name="Calm Media")
    (listed,) = api.get("/tax-years/2026/payees").body["data"]
    schemas_tax.OperatorPayeeYearView.model_validate(listed)
    assert listed == own | {"name": "Bright Media", "withholding": False, "b_notice": "first"}
    assert api.get("/tax-years/2025/payees").body["data"] == []
    assert party.get("/tax-years/2026/payees").status == 403
    assert party.get("/tax-years/2026").status == 403


def test_a_lower_threshold_puts_the_year_on_a_form() -> None:
    market = with_a_settled_payout()
    market.api.send("PUT", "/tax-years/2026", {"threshold_cents": 4_500})
    assert year_of(market.api, market.publisher["id"])["standing"] == "form_1099_nec"


def test_a_publisher_reads_no_year_of_another() -> None:
    market = with_a_settled_payout()
    other = Party(market.api, market.api.created("/publishers", name="Calm Media"), "publisher")
    assert other.get(f"/publishers/{market.publisher['id']}/tax-years/2026").status == 404
    assert year_of(other, other.id)["standing"] == "nothing_paid"


def test_pages_of_payees_hold_everybody_once() -> None:
    market = with_a_settled_payout()
    for name in ("Calm Media", "Dark Media"):
        market.api.created("/publishers", name=name)
    found, query = [], {"limit": "1"}
    while True:
        page = market.api.get("/tax-years/2026/payees", **query).body
        found += [one["publisher_id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == [market.publisher["id"]]


def test_what_was_withheld_is_deposited_once() -> None:
    market, _ = with_a_payout()
    made = market.api.post("/tax-deposits", A_DEPOSIT)
    assert made.status == 201
    schemas_tax.TaxDepositView.model_validate(made.body)
    market.api.later(hours=1)
    again = market.api.post("/tax-deposits", A_DEPOSIT)
    assert (again.body, again.headers["Idempotency-Hit"]) == (made.body, "true")
    other = market.api.post("/tax-deposits", A_DEPOSIT | {"amount_cents": 1})
    assert (other.status, other.body["code"]) == (409, "tax_deposit_differs")
    assert market.api.get("/tax-deposits").body["data"] == [made.body]
    assert balance(market, "tax:backup_withholding") == 1_080
    assert market.api.get("/ledger/audit").body["clean"] is True


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"year": 1999}, ("year", "range")),
        ({"year": "2026"}, ("year", "type")),
        ({"amount_cents": 0}, ("amount_cents", "range")),
        ({"amount_cents": 10.5}, ("amount_cents", "type")),
        ({"amount_cents": 10**12}, ("amount_cents", "range")),
        ({"reference": ""}, ("reference", "length")),
        ({"currency": "dollars"}, ("currency", "format")),
        ({"paid": True}, ("paid", "unknown_field")),
    ],
)
def test_a_deposit_that_cannot_be_is_refused(change: Json, fault: tuple[str, str]) -> None:
    api = Api()
    reply = api.post("/tax-deposits", A_DEPOSIT | change)
    assert (reply.status, reply.faults) == (400, {fault})
    assert api.get("/tax-deposits").body["data"] == []
