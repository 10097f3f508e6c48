"""Over HTTP: forms are asked for, waited for, and fetched by people whose keys are kept."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels import schemas_tax
from chalicelib.flows.tax_exports import Writer, write_exports
from tests.channels.api import Api, Market, Party
from tests.channels.test_api_billing import ISSUER
from tests.channels.test_api_tax_years import with_a_settled_payout
from tests.documents import FakeDocuments
from tests.payees import TIN

Json = dict[str, Any]
PAYER: Json = ISSUER | {"tax_id": "84-1234567"}


def in_january(**withholding: Any) -> Market:
    """45 dollars were paid in 2026, which is told of from there on, and the year is over."""
    market = with_a_settled_payout(**withholding)
    market.api.now = datetime(2027, 1, 11, 12, 0, tzinfo=UTC)
    assert market.api.send("PUT", "/issuer", PAYER).status == 200
    assert market.api.send("PUT", "/tax-years/2026", {"threshold_cents": 4_500}).status == 200
    return market


def writes(api: Api) -> int:
    """The scheduled function."""
    documents = FakeDocuments(api.documents)
    writer = Writer(stores=api.stores, documents=documents, cipher=api.cipher, now=api.now)
    return write_exports(writer)


def test_forms_are_asked_for_written_and_fetched() -> None:
    api = in_january().api
    export = api.created("/tax-years/2026/exports")
    schemas_tax.TaxExportView.model_validate(export)
    assert (export["state"], export["by"], export["ends_at"]) == ("asked", "operator", None)
    links = f"/tax-exports/{export['id']}/links"
    early = api.post(links, {"file": "forms"})
    assert (early.status, early.body["code"]) == (409, "export_not_done")
    assert writes(api) == 1
    done = api.get(f"/tax-exports/{export['id']}").body
    assert (done["state"], done["form_count"], done["left_out_count"]) == ("done", 1, 0)
    link = api.post(links, {"file": "forms"})
    schemas_tax.TaxExportLinkView.model_validate(link.body)
    assert (link.status, link.body["expires_at"]) == (201, "2027-01-11T12:05:00.000Z")
    (listed,) = api.get("/tax-exports").body["data"]
    assert listed["fetches"] == [
        {"file": "forms", "by": "operator", "at": "2027-01-11T12:00:00.000Z"}
    ]
    (place,) = (one for one in api.documents if one.endswith("/1099-nec-2026.csv"))
    assert place.startswith(f"tax-exports/{export['id']}/")
    assert TIN.encode() in api.documents[place]
    api.later(days=1)
    assert api.post(links, {"file": "forms"}).body["code"] == "export_gone"


def test_no_answer_shows_a_number_and_none_is_stored() -> None:
    market = in_january(on=True, b_notice="second")
    api = market.api
    export = api.created("/tax-years/2026/exports")
    writes(api)
    replies = [
        api.get("/tax-exports"), api.get(f"/tax-exports/{export['id']}"),
        api.post(f"/tax-exports/{export['id']}/links", {"file": "forms"}),
        api.get("/tax-years/2026/payees"),
        api.get(f"/publishers/{market.publisher['id']}/payee/events"),
        Party(api, market.publisher, "publisher").get(
            f"/publishers/{market.publisher['id']}/payee/events"
        ),
    ]  # fmt: skip
    seen = repr([one.body for one in replies])
    seen += repr([api.rows.rows_of(one) for one in ("catalog", "calls", "books", "ledger")])
    assert TIN not in seen and TIN.replace("-", "") not in seen
    assert "tin_read" in repr(replies[-1].body)


def test_what_cannot_be_exported_says_why() -> None:
    api = Api()
    assert api.post("/tax-years/2026/exports").body["code"] == "year_not_over"
    api.now = datetime(2028, 1, 11, tzinfo=UTC)
    assert api.post("/tax-years/2027/exports").body["code"] == "threshold_unknown"
    refused = api.post("/tax-years/2026/exports")
    assert (refused.status, refused.body["code"]) == (409, "payer_incomplete")
    assert api.post("/tax-years/nineteen/exports").status == 404
    assert api.get("/tax-exports").body["data"] == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("file", "required")),
        ({"file": "w9"}, ("file", "choice")),
        ({"file": "forms", "seconds": 86_400}, ("seconds", "unknown_field")),
    ],
)
def test_a_link_to_something_else_is_refused(body: Json, fault: tuple[str, str]) -> None:
    api = in_january().api
    export = api.created("/tax-years/2026/exports")
    reply = api.post(f"/tax-exports/{export['id']}/links", body)
    assert (reply.status, reply.faults) == (400, {fault})
    assert api.send("POST", f"/tax-exports/{export['id']}/links", b"[").status == 400


def test_an_export_that_is_none_is_not_found() -> None:
    api = Api()
    assert api.get("/tax-exports/txe_1").status == 404
    assert api.post("/tax-exports/txe_1/links", {"file": "forms"}).status == 404
    payment = in_january()
    assert payment.api.get(f"/tax-exports/{payment.publisher['id']}").status == 404
