"""Programs that show numbers without a browser, and visits read by those whose they are."""

from typing import Any

import pytest

from chalicelib.offers import ANYWHERE
from chalicelib.store.rows import VISITS
from tests.channels.api import Api, Json, Party
from tests.pools import FIND, SITE, a_pool, a_site, lay_pool, lay_site


class Office:
    """A deployment with two publishers, the first of which has a site with a pool."""

    def __init__(self) -> None:
        self.api = Api()
        self.ours, self.others = (
            Party(self.api, self.api.created("/publishers", name=name), "publisher")
            for name in ("Bright Media", "Dim Media")
        )
        pool = a_pool(publisher_id=self.ours.id)
        lending = lay_pool(self.api.rows, pool, {ANYWHERE: 2})
        lay_site(self.api.rows, a_site(lending, publisher_id=self.ours.id))


def a_body(**overrides: Any) -> Json:
    return {"site_id": SITE, "attributes": {"source": "newsletter"}} | overrides


def test_a_program_shows_a_visit_its_number_and_lets_it_go_on() -> None:
    office = Office()
    for asker in (office.api, office.ours):
        first = asker.send("POST", "/visits", a_body())
        assert first.status == 200
        (swap,) = first.body["numbers"]
        assert swap["find"] == FIND
        again = asker.send("POST", "/visits", a_body(token=first.body["token"]))
        assert again.body["visit_id"] == first.body["visit_id"]
        assert again.body["numbers"] == [swap]
    assert asker.send("POST", "/visits", a_body()).body["numbers"] == [], "the pool has two"


def test_a_visit_is_read_by_the_operator_and_its_publisher_and_by_nobody_else() -> None:
    office = Office()
    made = office.ours.send("POST", "/visits", a_body(page="https://mail.example/1")).body
    path = f"/visits/{made['visit_id']}"
    for asker in (office.api, office.ours):
        visit = asker.get(path).body
        assert visit["attributes"] == {"source": "newsletter"}
        assert visit["page"] == "https://mail.example/1"
        (lease,) = visit["leases"]
        assert lease["e164"] == made["numbers"][0]["number"]
    assert office.others.get(path).status == 404
    office.api.later(days=30)
    assert office.ours.get(path).status == 404, "it is forgotten"


def test_a_sites_visits_are_listed_page_by_page_the_newest_first() -> None:
    office = Office()
    made = []
    for _ in range(3):
        made.append(office.ours.send("POST", "/visits", a_body()).body["visit_id"])
        office.api.later(seconds=1)
    first = office.ours.get(f"/sites/{SITE}/visits", limit="2").body
    rest = office.ours.get(f"/sites/{SITE}/visits", limit="2", cursor=first["next_cursor"]).body
    assert [one["id"] for one in (*first["data"], *rest["data"])] == made[::-1]
    assert rest["next_cursor"] is None
    assert office.others.get(f"/sites/{SITE}/visits").status == 404


def test_another_publishers_site_is_not_found_and_an_advertiser_is_not_let_in() -> None:
    office = Office()
    before = office.api.rows.rows_of(VISITS)
    assert office.others.send("POST", "/visits", a_body()).body["code"] == "not_found"
    assert office.api.send("POST", "/visits", a_body(site_id="site_99")).status == 404
    buyer = Party(
        office.api, office.api.created("/advertisers", name="Acme", billing="prepaid"), "advertiser"
    )
    assert buyer.send("POST", "/visits", a_body()).status == 403
    assert office.api.rows.rows_of(VISITS) == before


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"site_id": "a/b"}, ("site_id", "format")),
        ({"page": "h" * 1001}, ("page", "length")),
        ({"attributes": {"UTM": "a"}}, ("attributes.UTM", "format")),
        ({"attributes": {"a": "b" * 257}}, ("attributes.a", "length")),
        ({"attributes": {f"a{n}": "b" for n in range(41)}}, ("attributes", "length")),
        ({"address": "203.0.113.9"}, ("address", "unknown_field")),
    ],
)
def test_a_malformed_visit_is_refused_with_its_fault_and_no_lease_is_spent(
    wrong: Json, fault: tuple[str, str]
) -> None:
    office = Office()
    before = office.api.rows.rows_of(VISITS)
    reply = office.api.send("POST", "/visits", a_body(**wrong))
    assert reply.status == 400 and fault in reply.faults
    assert office.api.rows.rows_of(VISITS) == before


def test_a_tampered_token_is_refused() -> None:
    reply = Office().api.send("POST", "/visits", a_body(token="A" * 60))
    assert (reply.status, reply.body["code"]) == (400, "invalid_token")


def test_too_many_visits_in_a_minute_are_refused_with_the_time_to_wait() -> None:
    office = Office()
    lending = lay_pool(office.api.rows, a_pool(id="pool_2"), position=1)
    lay_site(office.api.rows, a_site(lending, id="site_2", visits_per_minute=1))
    replies = [office.api.send("POST", "/visits", a_body(site_id="site_2")) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert replies[2].headers["Retry-After"] == "60"
