"""Over HTTP: who may not be paid, whom that finds, and what the operator decides."""

from typing import Any

import pytest

from chalicelib.channels import schemas_screening
from tests.channels.api import Api, Party, Reply
from tests.payees import A_W9, AN_ACCOUNT

Json = dict[str, Any]
LIST = "name,aliases,countries\nDark Leads,Bright Media Group,RU;BY\n,,KP\n"


def put_list(api: Api, text: str = LIST, media: str = "text/csv") -> Reply:
    return api.send("PUT", "/screening-list", text.encode(), headers={"Content-Type": media})


def test_a_list_is_put_up_and_finds_who_is_called_so() -> None:
    api = Api()
    assert api.get("/screening-list").body["version"] == 0
    found = api.created("/publishers", name="Bright Media LLC")
    calm = api.created("/publishers", name="Calm Leads")
    put = put_list(api)
    schemas_screening.UploadedListView.model_validate(put.body)
    assert (put.body["rows"], put.body["screened"], put.body["found"]) == (2, 2, 1)
    shown = api.get("/screening-list").body
    schemas_screening.ScreeningListView.model_validate(shown)
    assert (shown["version"], shown["uploaded_by"]) == (1, "operator")
    (one,) = api.get("/screenings").body["data"]
    schemas_screening.ScreeningView.model_validate(one)
    assert (one["publisher_id"], one["state"]) == (found["id"], "open")
    assert one["hits"] == [
        {"listed": "Bright Media Group", "ours": "Bright Media LLC", "countries": ["RU", "BY"]}
    ]
    assert api.get(f"/publishers/{calm['id']}/payee/screening").body["state"] == "clear"
    assert api.get(f"/publishers/pub_{'0' * 26}/payee/screening").status == 404


def test_a_finding_is_decided_with_a_reason_that_its_publisher_does_not_see() -> None:
    api = Api()
    party = Party(api, api.created("/publishers", name="Bright Media LLC"), "publisher")
    path = f"/publishers/{party.id}/payee"
    said = {"decision": "cleared", "reason": "another town"}
    assert api.post(f"{path}/screening", said).body["code"] == "nothing_to_decide"
    put_list(api)
    decided = api.post(f"{path}/screening", said)
    schemas_screening.ScreeningView.model_validate(decided.body)
    assert (decided.body["state"], decided.body["decided_by"]) == ("cleared", "operator")
    assert api.get("/screenings").body["data"] == []
    assert [one["what"] for one in api.get(f"{path}/events").body["data"]] == ["screening"]
    assert party.get(f"{path}/events").body["data"] == []
    for method, what in [("GET", "/screening"), ("POST", "/screening")]:
        assert party.send(method, path + what, said if method == "POST" else None).status == 403


@pytest.mark.parametrize(("what", "body"), [
    ("tax-form", A_W9 | {"legal_name": "Dark Leads Inc."}),
    ("bank-details", AN_ACCOUNT | {"holder_name": "LEADS, DARK"}),
])  # fmt: skip
def test_a_publisher_that_says_a_listed_name_is_found_at_once(what: str, body: Json) -> None:
    api = Api()
    party = Party(api, api.created("/publishers", name="Calm Leads"), "publisher")
    put_list(api)
    assert party.send("PUT", f"/publishers/{party.id}/payee/{what}", body).status == 200
    assert [one["publisher_id"] for one in api.get("/screenings").body["data"]] == [party.id]


@pytest.mark.parametrize(
    ("text", "media", "status", "faults"),
    [
        (LIST, "application/json", 415, None),
        ("who\nX\n", "text/csv", 400, {("columns", "columns")}),
        ("name,countries\n,\n,Korea\n", "text/csv", 400, {("rows.3.countries", "format")}),
    ],
)
def test_a_list_that_is_none_changes_nothing(
    text: str, media: str, status: int, faults: set[tuple[str, str]] | None
) -> None:
    api = Api()
    reply = put_list(api, text, media)
    assert reply.status == status
    assert faults is None or reply.faults == faults
    assert api.get("/screening-list").body["version"] == 0


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("decision", "required"), ("reason", "required")}),
        ({"decision": "perhaps", "reason": " "}, {("decision", "choice"), ("reason", "length")}),
    ],
)
def test_a_decision_without_its_reason_is_refused(body: Json, faults: set[tuple[str, str]]) -> None:
    api = Api()
    made = api.created("/publishers", name="Bright Media LLC")
    put_list(api)
    reply = api.post(f"/publishers/{made['id']}/payee/screening", body)
    assert (reply.status, reply.faults) == (400, faults)
