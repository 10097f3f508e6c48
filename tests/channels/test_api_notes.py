"""Credit notes over HTTP: fetched by the operator and by the advertiser they are for."""

from typing import Any

import pytest

from chalicelib.channels import schemas_billing
from tests.channels.api import Market, Party
from tests.channels.test_api_books import DECEMBER
from tests.channels.test_api_credits import charged, credits

Json = dict[str, Any]
PATHS = ("pdf", "ubl")


def noted() -> tuple[Market, Json]:
    """A call on an invoice, and a credit note of 10 dollars of it."""
    market, (call_id,) = charged()
    market.api.post("/closings", {"as_of": DECEMBER})
    note = credits(market.api, call_id, "ticket-1", amount_cents=1000, note="only ours").body
    return market, note


@pytest.mark.parametrize(
    ("path", "name", "begins"),
    [("pdf", "CN-000001.pdf", b"%PDF"), ("ubl", "CN-000001.xml", b"<?xml")],
)
def test_operator_and_advertiser_get_links_that_last_for_minutes(
    path: str, name: str, begins: bytes
) -> None:
    market, note = noted()
    own = Party(market.api, market.advertiser, "advertiser")
    for reply in (
        market.api.get(f"/credits/{note['id']}/{path}"),
        own.get(f"/credits/{note['id']}/{path}"),
    ):
        schemas_billing.DocumentLinkView.model_validate(reply.body)
        key = reply.body["url"].removeprefix("https://documents.example.com/").partition("?")[0]
        kept = market.api.documents[key]
        assert kept.startswith(begins)
        assert reply.body["name"] == name
        assert "seconds=300" in reply.body["url"]
        for never in (market.publisher["id"], market.publisher["name"], "only ours"):
            assert never.encode() not in kept


def test_nobody_else_gets_them() -> None:
    market, note = noted()
    other = Party(market.api, Market(market.api, e164="+18005550101").advertiser, "advertiser")
    publisher = Party(market.api, market.publisher, "publisher")
    for path in PATHS:
        assert other.get(f"/credits/{note['id']}/{path}").status == 404
        assert publisher.get(f"/credits/{note['id']}/{path}").status == 403
        assert market.api.get(f"/credits/crd_{'0' * 26}/{path}").status == 404
    assert not [key for key in market.api.documents if key.startswith("credits/")]


def test_a_credit_from_before_billing_has_no_document() -> None:
    market, (call_id,) = charged()
    credit = credits(market.api, call_id).body
    for path in PATHS:
        reply = market.api.get(f"/credits/{credit['id']}/{path}")
        assert (reply.status, reply.body["code"]) == (404, "not_found")
        assert "before the call was billed" in reply.body["detail"]
