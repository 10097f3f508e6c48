"""Closing over HTTP: what is done while one waits, and how far the runs are that do the rest."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels import schemas_books
from chalicelib.flows import closing_runs
from chalicelib.flows.closing import desk_of
from chalicelib.flows.mailing import PostOffice
from tests.channels.api import Api, Market, Party
from tests.channels.test_api_books import DECEMBER, on_terms, with_calls
from tests.documents import FakeDocuments

Json = dict[str, Any]


def work(api: Api) -> None:
    """The function behind the queue does all that was asked for."""
    while api.asked:
        duty, _ = api.asked.pop(0)
        desk = desk_of(
            stores=api.stores, documents=FakeDocuments(api.documents), now=api.now,
            post=PostOffice(send=api.mailer, key="a-key"),
        )  # fmt: skip
        closing_runs.work(duty, desk=desk, send=lambda duty, delay: api.asked.append((duty, delay)))


def handed_on(market: Market) -> tuple[Json, Json]:
    """A closing for which there was no time: its answer, and how far its run is."""
    api = market.api
    api.look_lasts = timedelta(seconds=20)
    report = api.post("/closings", {"as_of": DECEMBER}).body
    api.look_lasts = timedelta(0)
    schemas_books.ClosingView.model_validate(report)
    return report, progress(api, report["run"]["id"])


def progress(api: Api, run_id: str) -> Json:
    shown: Json = api.get(f"/closings/{run_id}").body
    schemas_books.ClosingProgressView.model_validate(shown)
    return shown


def test_a_closing_that_is_over_in_time_leaves_nothing_to_a_run() -> None:
    market = with_calls(on_terms())
    api = market.api
    reply = api.post("/closings", {"as_of": DECEMBER})
    assert (len(reply.body["issued"]), reply.body["run"]) == (1, None)
    assert (api.asked, api.get("/closings").body["data"]) == ([], [])


def test_what_there_is_no_time_for_is_done_by_a_run_that_tells_how_far_it_is() -> None:
    market = with_calls(on_terms())
    api = market.api
    report, shown = handed_on(market)
    assert (report["issued"], report["payouts"]) == ([], [])
    assert (shown["parts_done"], shown["parts_waiting"]) == (0, 1)
    (waits,) = shown["waiting"]
    assert (waits["party_id"], waits["said"]) == (market.advertiser["id"], None)
    work(api)
    (invoice,) = api.get("/invoices").body["data"]
    done = progress(api, report["run"]["id"])
    assert (done["parts_done"], done["parts_waiting"], done["waiting"]) == (2, 0, [])
    assert (done["issued"], done["released"], done["payouts"]) == ([invoice["id"]], 0, [])
    assert api.post("/closings", {"as_of": DECEMBER}).body["issued"] == []


def test_runs_are_listed_the_latest_first() -> None:
    market = with_calls(on_terms())
    first, _ = handed_on(market)
    api = market.api
    api.look_lasts = timedelta(seconds=20)
    second = api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"}).body["run"]
    api.look_lasts = timedelta(0)
    listed = api.get("/closings").body
    assert listed["data"] == [second, first["run"]]
    page = api.get("/closings", limit="1").body
    assert page["data"] == [second]
    assert api.get("/closings", limit="1", cursor=page["next_cursor"]).body["data"] == [
        first["run"]
    ]


def test_a_run_that_does_not_exist_is_not_found() -> None:
    reply = Api().get(f"/closings/cls_{'0' * 26}")
    assert (reply.status, reply.body["code"]) == (404, "not_found")


@pytest.mark.parametrize("kind", ["publisher", "advertiser"])
def test_runs_are_the_operators(kind: str) -> None:
    market = with_calls(on_terms())
    report, _ = handed_on(market)
    party = Party(market.api, getattr(market, kind), kind)
    assert party.get("/closings").status == 403
    assert party.get(f"/closings/{report['run']['id']}").status == 403
