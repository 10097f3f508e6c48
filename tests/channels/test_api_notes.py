"""Credit notes over HTTP: fetched by the operator and by the advertiser they are for."""

from typing import Any

import pytest

from chalicelib.channels import schemas_billing
from tests.channels.api import Market, Party
from tests.channels.test_api_books import DECEMBER
from tests.channels.test_api_credits import charged, credits
from tests.channels.test_api_papers import mailing_market

Json = dict[str, Any]
PATHS = ("pdf", "ubl")


def noted(market: Market | None = None) -> tuple[Market, Json]:
    """A call on an invoice, and a credit note of 10 dollars of it."""
    market, (call_id,) = charged(market=market)
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


def test_a_note_is_mailed_by_the_next_closing_and_its_link_needs_no_key() -> None:
    market, note = noted(mailing_market())
    path = f"/credits/{note['id']}/mails"
    assert market.api.get(path).body == {"credit_id": note["id"], "mails": []}
    market.api.post("/closings", {"as_of": DECEMBER})
    shown = market.api.get(path).body
    schemas_billing.CreditMailsView.model_validate(shown)
    (mail,) = shown["mails"]
    assert (mail["state"], mail["credit_id"], mail["about"]) == ("sent", note["id"], "credit_note")
    _, letter = market.api.mailer.sent
    address = next(line for line in letter.text.splitlines() if line.startswith("https://"))
    link = address.removeprefix("https://api.ring.example/v1")
    reply = market.api.send("GET", link, headers={"Authorization": ""})
    assert reply.status == 302
    assert "CN-000001.pdf" in reply.headers["Location"]
    assert market.api.send("GET", link + "0", headers={"Authorization": ""}).status == 404


def test_a_note_is_mailed_whenever_it_is_asked_for() -> None:
    market, note = noted(mailing_market())
    path = f"/credits/{note['id']}/mails"
    sent = market.api.post(path, {"to": "boss@example.com"})
    schemas_billing.MailView.model_validate(sent.body)
    assert (sent.status, sent.body["n"], sent.body["state"]) == (201, 1, "sent")
    assert market.api.post(path, {}).body["to"] == "ap@example.com"
    assert market.api.post(path, {"to": "nobody"}).faults == {("to", "email")}
    assert market.api.post(path, {"cc": "a@example.com"}).status == 400
    assert market.api.post(f"/credits/crd_{'0' * 26}/mails", {}).status == 404
    own = Party(market.api, market.advertiser, "advertiser")
    assert own.send("POST", path, {}).status == own.get(path).status == 403


def test_a_note_goes_to_nobody_while_mail_is_off() -> None:
    market, note = noted()
    refused = market.api.post(f"/credits/{note['id']}/mails", {"to": "boss@example.com"})
    assert (refused.status, refused.body["code"]) == (409, "mail_is_off")
    without = market.api.post(f"/credits/{note['id']}/mails", {})
    assert (without.status, without.body["code"]) == (409, "not_to_be_mailed")
