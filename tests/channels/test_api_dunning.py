"""Over HTTP: which steps are due against whoever does not pay, and when they come."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels import schemas_billing, schemas_books
from tests.channels.api import Api
from tests.channels.test_api_billing import put
from tests.channels.test_api_papers import invoiced, mailing_market

PLAN = {"reminder": -3, "late": 1, "second": 7, "pause": 15, "final": 30, "write_off": 60}


def test_the_plan_is_off_until_the_operator_says_otherwise() -> None:
    api = Api()
    shown = api.get("/dunning/plan").body
    schemas_billing.DunningPlanView.model_validate(shown)
    assert shown == PLAN | {"on": False, "version": 0}
    said = put(api, "/dunning/plan", {"on": True, "late": 2}).body
    assert said == PLAN | {"on": True, "late": 2, "version": 1}
    assert api.get("/dunning/plan").body == said
    late = put(api, "/dunning/plan", {}, If_Match='"0"')
    assert (late.status, late.body["code"]) == (409, "version_mismatch")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"late": 7}, ("", "order")),
        ({"pause": 3}, ("", "order")),
        ({"late": 1.5}, ("late", "type")),
        ({"final": 4_000}, ("final", "range")),
        ({"on": "yes"}, ("on", "type")),
        ({"mail": True}, ("mail", "unknown_field")),
    ],
)
def test_a_plan_that_cannot_be_is_refused(said: Any, fault: tuple[str, str]) -> None:
    assert put(Api(), "/dunning/plan", said).faults == {fault}


def test_what_is_due_is_shown_taken_by_the_closing_and_shown_as_taken() -> None:
    market, invoice = invoiced(mailing_market())
    api = market.api
    assert api.get("/dunning").body == {"on": False, "invoices": []}
    put(api, "/dunning/plan", {"on": True})
    api.now = datetime(2027, 1, 15, 6, 10, tzinfo=UTC)
    shown = api.get("/dunning").body
    schemas_billing.DunningView.model_validate(shown)
    (one,) = shown["invoices"]
    assert (one["number"], one["days_late"], one["owed_cents"]) == ("INV-000001", 15, 7_500)
    assert one["due"] == [{"step": "pause", "letter": True}]
    report = api.post("/closings").body
    schemas_books.ClosingView.model_validate(report)
    (taken,) = report["dunned"]
    assert (taken["step"], taken["mail"]) == ("pause", 2)
    assert api.get(f"/campaigns/{market.campaign['id']}").body["state"] == "paused"
    (after,) = api.get("/dunning").body["invoices"]
    assert (after["due"], after["taken"]) == ([], [taken])
    mails = api.get(f"/invoices/{invoice['id']}/mails").body["mails"]
    assert [mail["about"] for mail in mails] == ["invoice", "pause"]
