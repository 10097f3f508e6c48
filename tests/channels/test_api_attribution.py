"""The calls of a visit over HTTP, and what each side is shown of a call's visit."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.channels import schemas_calls, schemas_sides
from chalicelib.offers import ANYWHERE, Number, Slot
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Key
from chalicelib.store.visits import visit_change
from chalicelib.visits import Visit
from tests.channels.api import Api, Party
from tests.channels.test_api_calls import Played
from tests.pools import POOL, SITE, a_pool, change_slot, lay_pool

SLOT = Slot(pool_id=POOL, area=ANYWHERE, number=0)
VISIT, OTHER = f"visit_{'0' * 25}1", f"visit_{'0' * 25}2"


@dataclass
class Visited(Played):
    """A market whose number is of a pool, and lent to a visit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        lay_pool(self.api.rows, a_pool(publisher_id=self.market.publisher["id"]))
        key = Key(CATALOG, f"NUMBER#{self.market.e164}")
        number = codec.from_json(Number, self.api.rows.gather([key])[0][key]["doc"])
        pooled = codec.to_plain(number) | {"slot": codec.to_plain(SLOT)}
        self.api.rows.write([Change(key=key, set={("doc",): codec.to_json(pooled)})])
        self.lends(VISIT)

    def lends(self, visit_id: str, *, seconds_ago: int = 10) -> None:
        """The number is lent to a visit of the publisher's; whoever had it, had it before."""
        now = int(self.api.now.timestamp()) - seconds_ago
        change_slot(
            self.api.rows, SLOT, e164=self.market.e164, visit_id=visit_id, since=now, seen_at=now,
            until=now + 300,
        )  # fmt: skip

    def remembers(self, visit_id: str) -> None:
        """The visit's row lies there."""
        visit = Visit(
            id=visit_id, site_id=SITE, publisher_id=self.market.publisher["id"],
            began_at=self.api.now, seen_at=self.api.now,
        )  # fmt: skip
        expires_at = int(self.api.now.timestamp()) + 86_400
        self.api.rows.write([visit_change(visit, expires_at)])

    def rings(self, *sids: str) -> None:
        """Calls on the number, a minute apart."""
        for sid in sids:
            self.world.arrives(sid, e164=self.market.e164)
            self.api.later(minutes=1)

    def party(self, kind: str) -> Party:
        """The publisher or the advertiser of the market."""
        account = self.market.publisher if kind == "publisher" else self.market.advertiser
        return Party(self.api, account, kind)


def sids(reply: Any) -> list[str]:
    return [call["carrier_call_id"] for call in reply.body["data"]]


def test_a_call_shows_the_visit_it_belongs_to_and_how_sure_that_is() -> None:
    visited = Visited()
    visited.rings("CA1")
    (call,) = visited.calls()
    schemas_calls.CallView.model_validate(call)
    assert call["attribution"] == {
        "visit_id": VISIT, "confidence_percent": 99, "live": True, "why_none": None,
        "candidates": [{"visit_id": VISIT, "confidence_percent": 99}],
    }  # fmt: skip


def test_a_call_of_no_visit_shows_why() -> None:
    visited = Visited()
    change_slot(visited.api.rows, SLOT, id=None)
    visited.rings("CA1")
    (call,) = visited.calls()
    schemas_calls.CallView.model_validate(call)
    assert call["attribution"] == {
        "visit_id": None, "confidence_percent": None, "live": False, "why_none": "left_pool",
        "candidates": [],
    }  # fmt: skip


def test_a_publisher_sees_the_visit_and_an_advertiser_does_not() -> None:
    visited = Visited()
    visited.rings("CA1")
    (shown,) = visited.party("publisher").get("/calls").body["data"]
    schemas_sides.PublisherCallView.model_validate(shown)
    assert (shown["visit_id"], shown["confidence_percent"]) == (VISIT, 99)
    own = {"campaign_id": visited.market.campaign["id"]}
    (bought,) = visited.party("advertiser").get("/calls", **own).body["data"]
    assert VISIT not in json.dumps(bought)
    assert {"attribution", "visit_id", "confidence_percent"}.isdisjoint(bought)


def test_the_calls_of_a_visit_are_listed_newest_first() -> None:
    visited = Visited()
    visited.rings("CA1", "CA2", "CA3")
    visited.lends(OTHER, seconds_ago=0)
    visited.rings("CA4")
    assert sids(visited.api.get(f"/visits/{VISIT}/calls")) == ["CA3", "CA2", "CA1"]
    assert sids(visited.api.get(f"/visits/{OTHER}/calls")) == ["CA4"]
    theirs = visited.party("publisher").get(f"/visits/{VISIT}/calls").body["data"]
    assert [call["visit_id"] for call in theirs] == [VISIT] * 3


@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_walking_the_pages_shows_every_call_of_a_visit_once(limit: str) -> None:
    visited = Visited()
    visited.rings("CA1", "CA2", "CA3")
    found, query = [], {"limit": limit}
    while True:
        page = visited.api.get(f"/visits/{VISIT}/calls", **query)
        found += sids(page)
        if page.body["next_cursor"] is None:
            break
        query["cursor"] = page.body["next_cursor"]
    assert found == ["CA3", "CA2", "CA1"]


def test_a_visit_without_calls_has_an_empty_list_for_its_own_publisher() -> None:
    visited = Visited()
    visited.remembers(VISIT)
    for asked in (visited.api, visited.party("publisher")):
        reply = asked.get(f"/visits/{VISIT}/calls")
        assert (reply.status, reply.body) == (200, {"data": [], "next_cursor": None})


@pytest.mark.parametrize("called", [True, False])
def test_anothers_visit_is_not_found(called: bool) -> None:
    visited = Visited()
    visited.remembers(VISIT)
    visited.rings(*(["CA1"] if called else []))
    stranger = Party(visited.api, visited.api.created("/publishers", name="Other"), "publisher")
    assert stranger.get(f"/visits/{VISIT}/calls").status == 404


def test_a_visit_that_nobody_knows_is_not_found() -> None:
    assert Api().get(f"/visits/{VISIT}/calls").status == 404
    assert Api().get("/visits/..%2f/calls").status == 404


def test_an_advertiser_lists_the_calls_of_no_visit() -> None:
    visited = Visited()
    visited.rings("CA1")
    assert visited.party("advertiser").get(f"/visits/{VISIT}/calls").status == 403


def test_a_query_that_the_list_does_not_take_is_named() -> None:
    reply = Visited().api.get(f"/visits/{VISIT}/calls", status="live", limit="0")
    assert reply.faults == {("status", "unknown_parameter"), ("limit", "format")}
