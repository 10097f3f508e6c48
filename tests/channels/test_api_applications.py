"""Open offers and applications over HTTP: what a publisher sees, and how it gets on an offer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.channels import schemas, schemas_sides
from chalicelib.store.rows import CATALOG, Change, Key
from tests.channels.api import UNRULED, Api, Market, Party, Reply
from tests.fakes import Crash

Json = dict[str, Any]


@dataclass
class Looking:
    """A market, and a second publisher that looks for an offer."""

    market: Market = field(default_factory=lambda: Market(Api()))
    party: Party = field(init=False)

    def __post_init__(self) -> None:
        account = self.api.created("/publishers", name="Ridge Radio")
        self.party = Party(self.api, account, "publisher")

    @property
    def api(self) -> Api:
        """The deployment, in the operator's hands."""
        return self.market.api

    @property
    def offer_id(self) -> str:
        """The market's offer."""
        id: str = self.market.offer["id"]
        return id

    def offers(self, **query: str) -> list[Json]:
        """The open offers as the publisher sees them."""
        data: list[Json] = self.party.get("/open-offers", **query).body["data"]
        return data

    def applies(self, offer_id: str = "", **headers: str) -> Reply:
        """The publisher applies."""
        return self.party.send("POST", f"/open-offers/{offer_id or self.offer_id}/apply", **headers)

    def offer_becomes(self, **fields: Any) -> None:
        """The operator changes the offer."""
        assert self.api.patch(f"/offers/{self.offer_id}", fields).status == 200

    def offer_more(self, **fields: Any) -> Json:
        """Another offer."""
        return self.api.created(
            "/offers", **{"name": "More", "vertical": "roofing",
                          "earning": {"earning_cents": 900}} | fields
        )  # fmt: skip


def test_a_publisher_sees_open_offers_with_what_it_would_earn() -> None:
    looking = Looking()
    (offer,) = looking.offers()
    schemas_sides.OpenOfferView.model_validate(offer)
    assert offer == {
        "id": looking.offer_id, "name": "Roofing calls", "vertical": "roofing", "currency": "USD",
        "earning": {"earning_cents": 1500, "minimum_talk_seconds": None, **UNRULED},
        "partnership_id": None, "partnership_state": None,
    }  # fmt: skip


def test_a_publisher_sees_its_own_terms_and_state_and_no_other_ones() -> None:
    looking = Looking()
    ours = {"offer_id": looking.offer_id, "publisher_id": looking.party.id}
    made = looking.api.created("/partnerships", **ours, earning={"earning_cents": 1800})
    (offer,) = looking.offers()
    assert offer["earning"]["earning_cents"] == 1800
    assert (offer["partnership_id"], offer["partnership_state"]) == (made["id"], "approved")
    first = Party(looking.api, looking.market.publisher, "publisher")
    (seen,) = first.get("/open-offers").body["data"]
    assert seen["earning"]["earning_cents"] == 1500
    assert seen["partnership_id"] == looking.market.partnership["id"]


@pytest.mark.parametrize("fields", [{"open": False}, {"state": "paused"}, {"state": "archived"}])
def test_an_offer_that_is_not_open_is_neither_seen_nor_applied_to(fields: Json) -> None:
    looking = Looking()
    looking.offer_becomes(**fields)
    assert looking.offers() == []
    reply = looking.applies()
    assert (reply.status, reply.body["code"]) == (404, "not_found")
    looking.offer_becomes(open=True, state="active")
    assert looking.applies().status == 201


def test_an_offer_in_another_currency_is_none_for_this_publisher() -> None:
    looking = Looking()
    abroad = looking.offer_more(currency="EUR")
    assert [offer["id"] for offer in looking.offers()] == [looking.offer_id]
    assert looking.applies(abroad["id"]).status == 404


@pytest.mark.parametrize("id", ["off_" + "0" * 26, "off_1", "%00"])
def test_an_offer_that_is_not_there_cannot_be_applied_to(id: str) -> None:
    assert Looking().applies(id).status == 404


def test_walking_the_pages_shows_every_open_offer_once() -> None:
    looking = Looking()
    wanted = [looking.offer_id]
    for n in range(7):
        made = looking.offer_more(name=f"Offer {n}", open=n % 3 > 0)
        wanted += [made["id"]] if n % 3 else []
    found: list[str] = []
    query = {"limit": "2"}
    while query:
        page = looking.party.get("/open-offers", **query).body
        found += [offer["id"] for offer in page["data"]]
        cursor = page["next_cursor"]
        query = {"limit": "2", "cursor": cursor} if cursor else {}
    assert found == wanted


def test_a_page_of_open_offers_takes_the_same_round_trips_however_many_there_are() -> None:
    looking = Looking()
    looking.applies()
    before = looking.api.rows.trips
    looking.offers()
    few = looking.api.rows.trips - before
    for n in range(20):
        looking.applies(looking.offer_more(name=f"Offer {n}")["id"])
    before = looking.api.rows.trips
    looking.offers()
    assert looking.api.rows.trips - before == few


def test_an_application_waits_for_the_operator_and_earns_nothing_until_then() -> None:
    looking = Looking()
    reply = looking.applies()
    schemas.PartnershipView.model_validate(reply.body)
    assert (reply.status, reply.body["state"], reply.body["earning"]) == (201, "applied", None)
    assert reply.body["publisher_id"] == looking.party.id
    path = f"/partnerships/{reply.body['id']}"
    assert looking.party.get(path).body == reply.body
    assert looking.party.send("PATCH", path, {"state": "approved"}).status == 403
    approved = looking.api.patch(path, {"state": "approved", "earning": {"earning_cents": 1700}})
    assert looking.party.get(path).body == approved.body
    assert looking.offers()[0]["earning"]["earning_cents"] == 1700


@pytest.mark.parametrize("state", ["applied", "approved", "paused"])
def test_who_is_on_an_offer_does_not_apply_again(state: str) -> None:
    looking = Looking()
    made = looking.applies().body
    for step in {"applied": [], "approved": ["approved"], "paused": ["approved", "paused"]}[state]:
        looking.api.patch(f"/partnerships/{made['id']}", {"state": step})
    again = looking.applies()
    assert (again.status, again.body["code"]) == (409, "partnership_exists")
    assert made["id"] in again.body["detail"]


def test_a_partnership_that_has_ended_is_applied_for_again_as_the_same() -> None:
    looking = Looking()
    made = looking.applies().body
    path = f"/partnerships/{made['id']}"
    looking.api.patch(path, {"state": "approved"})
    ended = looking.party.send("DELETE", path)
    assert (ended.status, ended.body["state"]) == (200, "ended")
    assert looking.party.send("DELETE", path).body == ended.body
    again = looking.applies()
    assert again.status == 201
    assert again.body == ended.body | {"state": "applied", "version": 4}


def test_the_same_request_applies_once() -> None:
    looking = Looking()
    first = looking.applies(Idempotency_Key="a1")
    again = looking.applies(Idempotency_Key="a1")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotency-Hit"] == "true"


def test_two_publishers_may_use_the_same_idempotency_key() -> None:
    looking = Looking()
    other = Party(looking.api, looking.api.created("/publishers", name="Third"), "publisher")
    path = f"/open-offers/{looking.offer_id}/apply"
    first = looking.applies(Idempotency_Key="a1")
    second = other.send("POST", path, Idempotency_Key="a1")
    assert second.status == 201
    assert second.body["publisher_id"] == other.id != first.body["publisher_id"]


def test_two_simultaneous_applications_make_one_partnership() -> None:
    looking = Looking()
    with ThreadPoolExecutor(max_workers=6) as threads:
        replies = list(threads.map(lambda _: looking.applies(), range(8)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7
    assert len(looking.party.get("/partnerships").body["data"]) == 1


def test_an_application_that_another_overtakes_is_told_so() -> None:
    looking = Looking()
    looking.api.rows.before_write(looking.applies)
    reply = looking.applies()
    assert (reply.status, reply.body["code"]) == (409, "partnership_exists")


def test_an_offer_that_closes_meanwhile_takes_no_application() -> None:
    looking = Looking()
    looking.api.rows.before_write(lambda: looking.offer_becomes(open=False))
    assert looking.applies().status == 404
    assert looking.party.get("/partnerships").body["data"] == []


@pytest.mark.parametrize("after", [False, True])
def test_an_application_that_dies_is_whole_or_nothing(after: bool) -> None:
    looking = Looking()
    rows = looking.api.rows
    (rows.crash_after_write if after else rows.crash_before_write)()
    with pytest.raises(Crash):
        looking.applies(Idempotency_Key="a1")
    assert len(looking.party.get("/partnerships").body["data"]) == int(after)
    again = looking.applies(Idempotency_Key="a1")
    assert (again.status, again.body["state"]) == (201, "applied")
    assert len(looking.party.get("/partnerships").body["data"]) == 1


def test_an_offer_of_before_is_open() -> None:
    looking = Looking()
    key = Key(CATALOG, f"OFFER#{looking.offer_id}")
    row = looking.api.rows.gather([key])[0][key]
    assert '"open":true' in row["doc"]
    old = row["doc"].replace('"open":true,', "")
    looking.api.rows.write([Change(key=key, set={("doc",): old})])
    assert [offer["id"] for offer in looking.offers()] == [looking.offer_id]
