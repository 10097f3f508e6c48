"""Over HTTP: how publishers are paid, said by themselves or the operator, and never read back."""

import json
from typing import Any

import pytest

from chalicelib import times
from chalicelib.channels import schemas_payees
from tests.builders import NOW
from tests.channels.api import Api, Party, Reply
from tests.channels.test_api_billing import ISSUER
from tests.payees import A_W8, A_W9, ACCOUNT_NUMBER, AN_ACCOUNT, TIN

Json = dict[str, Any]
SENDER = "billing@ring.example"


def a_publisher(api: Api, name: str = "Bright Media") -> Party:
    return Party(api, api.created("/publishers", name=name), "publisher")


def put(party: Party, what: str, body: Any, **headers: str) -> Reply:
    return party.send("PUT", f"/publishers/{party.id}/payee/{what}", body, **headers)


def by_operator(party: Party, what: str, body: Any) -> Reply:
    return party.api.send("PUT", f"/publishers/{party.id}/payee/{what}", body)


def test_a_publisher_of_whom_nothing_is_known_has_an_empty_payee() -> None:
    party = a_publisher(Api())
    shown = party.get(f"/publishers/{party.id}/payee").body
    schemas_payees.PayeeView.model_validate(shown)
    assert (shown["version"], shown["bank_details"], shown["tax_form"]) == (0, None, None)
    assert [one["code"] for one in shown["obstacles"]] == ["tax_form_missing"]
    assert party.api.get(f"/publishers/pub_{'0' * 26}/payee").status == 404


def test_an_account_is_said_once_and_shown_by_its_last_characters() -> None:
    party = a_publisher(Api())
    reply = put(party, "bank-details", AN_ACCOUNT | {"account_number": "00 1234 0056 7890"})
    schemas_payees.PayeeView.model_validate(reply.body)
    assert reply.headers["ETag"] == '"1"'
    assert reply.body["bank_details"] == {
        "routing_number": "021000021", "account_last": "7890", "kind": "checking",
        "holder_name": "Bright Media LLC", "holder_kind": "business",
        "since": times.written(NOW), "refused": None,
    }  # fmt: skip
    gone = party.send("DELETE", f"/publishers/{party.id}/payee/bank-details").body
    assert gone["bank_details"] is None


def test_numbers_are_nowhere_but_in_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    api = Api()
    assert api.send("PUT", "/issuer", ISSUER | {"mail": {
        "sender": SENDER, "api_url": "https://api.ring.example"}}).status == 200  # fmt: skip
    party = a_publisher(api)
    replies = [
        put(party, "email", {"email": "office@bright.example"}),
        put(party, "bank-details", AN_ACCOUNT),
        put(party, "tax-form", A_W9),
        put(party, "bank-details", AN_ACCOUNT | {"kind": "gold"}),
        put(party, "tax-form", A_W9 | {"tin_type": "ssn", "tin": "666-32-4455"}),
        party.get(f"/publishers/{party.id}/payee/events"),
        api.get(f"/publishers/{party.id}/payee/events"),
    ]
    api.cipher.away = True
    replies.append(put(party, "bank-details", AN_ACCOUNT))
    assert [one.status for one in replies] == [200, 200, 200, 400, 400, 200, 200, 503]
    seen = json.dumps([one.body for one in replies]) + caplog.text + repr(api.mailer.sent)
    stored = repr([api.rows.rows_of(one) for one in ("catalog", "calls", "books", "ledger")])
    for number in (ACCOUNT_NUMBER, TIN, TIN.replace("-", ""), "666-32-4455", "666324455"):
        assert number not in seen + stored
    assert len(api.mailer.sent) == 6


def test_a_form_is_kept_with_the_end_of_its_number() -> None:
    party = a_publisher(Api())
    shown = put(party, "tax-form", A_W9).body["tax_form"]
    assert (shown["tin_type"], shown["tin_last"], shown["expires_on"]) == ("ein", "6295", None)
    abroad = put(party, "tax-form", A_W8).body["tax_form"]
    assert (abroad["tin_last"], abroad["expires_on"]) == (None, "2029-12-31")
    said = put(party, "tax-form", A_W8 | {"expires_on": "2027-06-30", "received_on": None})
    assert said.body["tax_form"]["received_on"] == NOW.date().isoformat()
    assert said.body["tax_form"]["expires_on"] == "2027-06-30"


@pytest.mark.parametrize(
    ("what", "body", "faults"),
    [
        ("bank-details", {}, {(name, "required") for name in AN_ACCOUNT}),
        ("bank-details", AN_ACCOUNT | {"routing_number": "021000022", "account_number": "12"},
         {("routing_number", "routing_number"), ("account_number", "format")}),
        ("bank-details", AN_ACCOUNT | {"account_number": 123456, "holder_name": ""},
         {("account_number", "type"), ("holder_name", "length")}),
        ("bank-details", AN_ACCOUNT | {"kind": "gold", "holder_kind": "dog", "bic": "X"},
         {("kind", "choice"), ("holder_kind", "choice"), ("bic", "unknown_field")}),
        ("paypal", {"email": "nobody"}, {("email", "email")}),
        ("paypal", {}, {("email", "required")}),
        ("email", {"email": "a@b"}, {("email", "email")}),
        ("tax-form", A_W9 | {"tin": "078-05-1120", "tin_type": "ssn"}, {("tin", "tin")}),
        ("tax-form", A_W9 | {"tin": None, "tin_type": None},
         {("tin", "required"), ("tin_type", "required")}),
        ("tax-form", A_W9 | {"received_on": "2027-01-01", "expires_on": "2027-01-01"},
         {("received_on", "range"), ("expires_on", "not_on_w9")}),
        ("tax-form", A_W8 | {"tin": TIN, "received_on": "yesterday"},
         {("received_on", "format")}),
        ("tax-form", A_W8 | {"tin": TIN, "address": A_W9["address"]},
         {("tin", "not_on_w8"), ("address.country", "abroad")}),
    ],
)  # fmt: skip
def test_every_fault_is_named_and_nothing_is_kept(
    what: str, body: Json, faults: set[tuple[str, str]]
) -> None:
    party = a_publisher(Api())
    reply = put(party, what, body)
    assert (reply.status, reply.faults) == (400, faults)
    assert party.get(f"/publishers/{party.id}/payee").body["version"] == 0
    assert put(party, what, b"{").body["code"] == "malformed_body"


def test_a_version_that_has_passed_is_refused() -> None:
    party = a_publisher(Api())
    put(party, "paypal", {"email": "a@bright.example"})
    refused = put(party, "bank-details", AN_ACCOUNT, If_Match='"0"')
    assert (refused.status, refused.body["code"]) == (409, "version_mismatch")
    assert put(party, "bank-details", AN_ACCOUNT, If_Match='"1"').status == 200


def test_the_history_says_who_and_what_and_the_operator_sees_who_was_told() -> None:
    api = Api()
    party = a_publisher(api)
    put(party, "bank-details", AN_ACCOUNT)
    api.later(hours=1)
    by_operator(party, "bank-details", AN_ACCOUNT | {"account_number": "99887766"})
    path = f"/publishers/{party.id}/payee/events"
    latest, first = api.get(path).body["data"]
    for one in (latest, first):
        schemas_payees.PayeeEventView.model_validate(one)
    assert (first["by"], first["before"]) == (
        api.get(f"/publishers/{party.id}/keys").body["data"][0]["id"], None,
    )  # fmt: skip
    assert (latest["by"], latest["before"], latest["after"]) == (
        "operator", "checking …7890 at 021000021", "checking …7766 at 021000021"
    )  # fmt: skip
    page = party.get(path, limit="1").body
    schemas_payees.PublisherPayeeEventView.model_validate(page["data"][0])
    assert "notices" not in page["data"][0]
    rest = party.get(path, limit="1", cursor=page["next_cursor"]).body
    assert [one["id"] for one in rest["data"]] == [first["id"]]


def test_withholding_is_the_operators_to_say() -> None:
    party = a_publisher(Api())
    said = {"on": True, "b_notice": "second"}
    assert put(party, "withholding", said).status == 403
    assert by_operator(party, "withholding", said).body["withholding"] == said


def test_a_publisher_has_nothing_of_anothers() -> None:
    api = Api()
    one, other = a_publisher(api), a_publisher(api, "Calm Media")
    put(one, "bank-details", AN_ACCOUNT)
    for method, what, body in [
        ("GET", "", None), ("PUT", "/bank-details", AN_ACCOUNT), ("GET", "/events", None),
        ("DELETE", "/bank-details", None), ("PUT", "/email", {"email": "x@evil.example"}),
    ]:  # fmt: skip
        assert other.send(method, f"/publishers/{one.id}/payee{what}", body).status == 404
    assert api.get(f"/publishers/{one.id}/payee").body["version"] == 1
