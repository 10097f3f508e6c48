"""The door of the DNI function: what a page may send, and who may read the answer."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.channels.dni import Context, handle
from chalicelib.errors import Busy
from chalicelib.offers import ANYWHERE
from chalicelib.pools import Overflow
from chalicelib.snippet import script
from chalicelib.store.leases import Leases
from chalicelib.store.rows import VISITS, Key, Question
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.pools import FIND, ORIGIN, SITE, a_pool, lay_pool
from tests.visitors import Visitors

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
PAGE: dict[str, Any] = {
    "site": SITE, "page": "https://www.example.com/", "attributes": {"utm_source": "google"},
}  # fmt: skip


class Door:
    """The DNI function over rows in memory, with one site and one pool."""

    def __init__(self, numbers: int = 3, **site: Any) -> None:
        self.visitors = Visitors()
        pool = a_pool(overflow=Overflow.FALLBACK_NUMBER, fallback_e164="+18005550199")
        self.visitors.opens(lay_pool(self.visitors.rows, pool, {ANYWHERE: numbers}), **site)
        self.context = Context(
            key=lambda: "a-visit-key",
            leases=lambda: self.visitors.leases,
            clock=self.visitors.clock,
            new_id=lambda prefix: ids.new(
                prefix, now=self.visitors.now, entropy=next(self._ids).to_bytes(10, "big")
            ),
        )
        self._ids = iter(range(1, 1000))

    @property
    def rows(self) -> FakeRows:
        assert isinstance(self.visitors.rows, FakeRows)
        return self.visitors.rows

    def sends(
        self,
        body: Any = PAGE,
        *,
        method: str = "POST",
        path: str = "/visits",
        packed: bool = False,
        address: str = "203.0.113.9",
        **headers: str,
    ) -> "Answered":
        """One request of a page; headers are named with underscores."""
        return Answered(
            self.answers(
                body, method=method, path=path, packed=packed, address=address, headers=headers
            )
        )

    def gets(self, path: str, *, method: str = "GET", **headers: str) -> Mapping[str, Any]:
        """The reply to a request without a body, as the function gives it."""
        return self.answers("", method=method, path=path, headers=headers)

    def answers(
        self,
        body: Any,
        *,
        method: str,
        path: str,
        packed: bool = False,
        address: str = "203.0.113.9",
        headers: Mapping[str, str],
    ) -> Mapping[str, Any]:
        """The reply to one request."""
        text = body if isinstance(body, str) else json.dumps(body)
        known = {"origin": ORIGIN, "user_agent": CHROME, "content_type": "text/plain", **headers}
        event = {
            "rawPath": path,
            "headers": {name.replace("_", "-"): value for name, value in known.items() if value},
            "requestContext": {
                "http": {"method": method, "sourceIp": address}, "requestId": "request-1",
            },
            "body": base64.b64encode(text.encode()).decode() if packed else text,
            "isBase64Encoded": packed,
        }  # fmt: skip
        return handle(event, self.context)


class Answered:
    """What came back."""

    def __init__(self, reply: Mapping[str, Any]) -> None:
        self.status: int = reply["statusCode"]
        self.headers: Mapping[str, str] = reply["headers"]
        self.body: Any = json.loads(reply["body"]) if reply["body"] else None

    @property
    def readable_by(self) -> str | None:
        return self.headers.get("access-control-allow-origin")

    @property
    def faults(self) -> set[tuple[str, str]]:
        return {(one["field"], one["rule"]) for one in self.body["invalid_parameters"]}


def test_the_script_is_handed_out_packed_to_every_page() -> None:
    door = Door()
    for origin in (ORIGIN, "https://elsewhere.example", ""):
        reply = door.gets(script().path, origin=origin, accept_encoding="gzip, br")
        assert (reply["statusCode"], reply["isBase64Encoded"]) == (200, True)
        assert reply["headers"]["content-encoding"] == "gzip"
        assert reply["headers"]["access-control-allow-origin"] == "*"
        assert reply["headers"]["cache-control"] == "public, max-age=31536000, immutable"
        assert gzip.decompress(base64.b64decode(reply["body"])) == script().content


def test_the_head_of_the_script_has_its_headers_and_no_body() -> None:
    door = Door()
    whole, head = (door.gets(script().path, method=method) for method in ("GET", "HEAD"))
    assert base64.b64decode(whole["body"]) == script().content
    assert (head["headers"], head["body"]) == (whole["headers"], "")


def test_a_script_that_never_was_leads_on_and_what_is_none_is_not_found() -> None:
    door = Door()
    on = door.gets("/dni-000000000000.js")
    assert (on["statusCode"], on["headers"]["location"]) == (302, script().path[1:])
    for path in ("/dni-.js", "/dni-0123456789ab.js/..", "/dni-../../chalicelib/pools.py"):
        assert door.gets(path)["statusCode"] == 404
    posted = door.gets(script().path, method="POST")
    assert (posted["statusCode"], posted["headers"]["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("media", ["text/plain;charset=UTF-8", "application/json"])
def test_a_page_gets_its_numbers_and_alone_may_read_them(packed: bool, media: str) -> None:
    door = Door()
    reply = door.sends(packed=packed, content_type=media)
    assert reply.status == 200
    assert reply.body["visit_id"].startswith("visit_")
    assert reply.body["expires_at"] == "2026-11-23T15:05:00.000Z"
    assert reply.body["heartbeat_seconds"] == 60
    (swap,) = reply.body["numbers"]
    assert swap["find"] == FIND and swap["number"].startswith("+1212")
    assert reply.readable_by == ORIGIN and reply.headers["vary"] == "Origin"
    assert reply.headers["cache-control"] == "no-store"
    again = door.sends(PAGE | {"token": reply.body["token"]})
    assert again.body["numbers"] == [swap] and again.body["visit_id"] == reply.body["visit_id"]


def test_a_preflight_is_answered_to_the_page_that_asks() -> None:
    reply = Door().sends("", method="OPTIONS")
    assert reply.status == 204 and reply.readable_by == ORIGIN
    assert reply.headers["access-control-allow-methods"] == "POST"
    assert reply.headers["access-control-allow-headers"] == "content-type"


@pytest.mark.parametrize(
    "origin",
    ["https://example.com", "https://shop.www.example.com", "http://EXAMPLE.com:8080"],
)
def test_a_domain_and_whatever_is_below_it_is_the_sites(origin: str) -> None:
    assert Door().sends(origin=origin).readable_by == origin


@pytest.mark.parametrize(
    "origin",
    [
        "", "null", "https://evil.test", "https://example.com.evil.test", "https://notexample.com",
        "https://example.com@evil.test", "https://evil.test/example.com", "ftp://example.com",
        "https://[::1", "https://example.com:port", "https://evil.test\r\nx: y",
    ],
)  # fmt: skip
def test_a_page_elsewhere_is_refused_and_reads_nothing(origin: str) -> None:
    door = Door()
    before = door.rows.rows_of(VISITS)
    reply = door.sends(origin=origin)
    assert (reply.status, reply.body["code"]) == (403, "foreign_origin")
    assert reply.readable_by is None
    assert door.rows.rows_of(VISITS) == before


def tampered(token: str) -> list[str]:
    flipped = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        for place in (0, 10, 21, 25, len(token) // 2, len(token) - 2)
    ]
    return [*flipped, "", token[:-4], token + "AAAA", "not a token", "€", "A" * 21, "A" * 100]


def test_a_tampered_token_is_refused_where_the_page_can_read_it() -> None:
    door = Door()
    token = door.sends().body["token"]
    before = door.rows.rows_of(VISITS)
    for one in filter(None, tampered(token)):
        reply = door.sends(PAGE | {"token": one})
        assert (reply.status, reply.body["code"]) == (400, "invalid_token"), one
        assert reply.readable_by == ORIGIN
    assert door.rows.rows_of(VISITS) == before


def test_a_token_sealed_with_another_key_is_refused() -> None:
    first, second = Door(), Door()
    token = first.sends().body["token"]
    second.context = Context(
        key=lambda: "another-key", leases=second.context.leases, clock=second.context.clock
    )
    assert second.sends(PAGE | {"token": token}).body["code"] == "invalid_token"


MALFORMED: dict[str, tuple[Any, tuple[str, str]]] = {
    "no JSON": ("{", ("body", "json")),
    "no object": ("[]", ("body", "json")),
    "a member twice": ('{"site": "a", "site": "b"}', ("body", "json")),
    "nested deeply": ('{"site": ' + "[" * 3000, ("body", "json")),
    "no number": ('{"site": NaN}', ("body", "json")),
    "no site": ({"page": "https://www.example.com/"}, ("site", "format")),
    "no page": ({"site": SITE}, ("page", "required")),
    "a site that is none": (PAGE | {"site": "a/b"}, ("site", "format")),
    "an unknown member": (PAGE | {"cookie": 1}, ("cookie", "unknown_field")),
    "a token that is none": (PAGE | {"token": 5}, ("token", "format")),
    "a long address": (PAGE | {"referrer": "h" * 1001}, ("referrer", "length")),
    "attributes as a list": (PAGE | {"attributes": []}, ("attributes", "type")),
    "a bad name": (PAGE | {"attributes": {"Utm": "a"}}, ("attributes.Utm", "format")),
    "a long value": (PAGE | {"attributes": {"a": "b" * 257}}, ("attributes.a", "length")),
    "a number for a text": (PAGE | {"attributes": {"a": 1}}, ("attributes.a", "type")),
    "too many": (PAGE | {"attributes": {f"a{n}": "b" for n in range(41)}},
                 ("attributes", "length")),
}  # fmt: skip


@pytest.mark.parametrize(("body", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_body_is_refused_with_its_fault_and_no_lease_is_spent(
    body: Any, fault: tuple[str, str]
) -> None:
    door = Door()
    before = door.rows.rows_of(VISITS)
    reply = door.sends(body)
    assert (reply.status, reply.body["code"]) == (400, "invalid")
    assert fault in reply.faults
    assert door.rows.rows_of(VISITS) == before


def test_a_value_that_was_cut_within_a_character_is_kept_without_its_half() -> None:
    door = Door()
    page = PAGE | {"attributes": {"keyword": "dachdecker \ud83c", "half": "\udfe0"}}
    assert door.sends(page).status == 200
    (stored,) = (row for row in door.rows.rows_of(VISITS) if row["pk"].startswith("VISIT#"))
    assert json.loads(stored["doc"])["attributes"] == {"keyword": "dachdecker"}


def test_all_faults_are_named_at_once() -> None:
    reply = Door().sends({"site": 1, "page": 2, "attributes": {"A": 3}, "x": 4})
    assert reply.faults == {
        ("site", "format"), ("page", "type"), ("attributes.A", "format"), ("attributes.A", "type"),
        ("x", "unknown_field"),
    }  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_of_a_hundred_kilobytes_is_refused_before_it_is_read(packed: bool) -> None:
    door = Door()
    before = door.rows.trips
    reply = door.sends("{" * 100_000, packed=packed)
    assert (reply.status, reply.body["code"]) == (413, "too_large")
    assert door.rows.trips == before
    assert door.sends("é" * 5_000, packed=packed).status == 413


def test_broken_base64_and_another_media_type_are_refused() -> None:
    door = Door()
    event = {
        "rawPath": "/visits", "headers": {}, "body": "%%%", "isBase64Encoded": True,
        "requestContext": {"http": {"method": "POST"}},
    }  # fmt: skip
    assert Answered(handle(event, door.context)).faults == {("body", "json")}
    assert door.sends(content_type="text/html").faults == {("Content-Type", "choice")}


def test_control_characters_and_empty_values_are_left_out() -> None:
    door = Door()
    attributes = {"a": "x\u0000y\n", "b": "", "c": " \t "}
    reply = door.sends(PAGE | {"attributes": attributes})
    (row,) = (row for row in door.rows.rows_of(VISITS) if row["pk"].startswith("VISIT#"))
    assert reply.status == 200 and json.loads(row["doc"])["attributes"] == {"a": "x y"}


def test_an_unknown_site_is_not_found_and_other_paths_and_methods_are_refused() -> None:
    door = Door()
    reply = door.sends(PAGE | {"site": "site_99"})
    assert (reply.status, reply.body["code"], reply.readable_by) == (404, "unknown_site", None)
    assert door.sends(path="/").status == 404
    refused = door.sends(method="GET")
    assert (refused.status, refused.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(
    "agent",
    ["", "curl/8.5", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
     CHROME.replace("Chrome", "HeadlessChrome")],
)  # fmt: skip
def test_a_program_gets_everybodys_number_and_nothing_is_kept(agent: str) -> None:
    door = Door()
    before = door.rows.rows_of(VISITS)
    reply = door.sends(user_agent=agent)
    assert reply.status == 200
    assert reply.body["numbers"] == [{"find": FIND, "number": "+18005550199"}]
    assert (reply.body["visit_id"], reply.body["token"]) == (None, None)
    assert door.rows.rows_of(VISITS) == before


def test_one_address_begins_so_many_visits_and_others_go_on() -> None:
    door = Door(numbers=9, visits_per_address=2)
    for _ in range(2):
        token = door.sends().body["token"]
    before = door.rows.rows_of(VISITS)
    refused = door.sends()
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "60" and refused.readable_by == ORIGIN
    assert door.rows.rows_of(VISITS) == before
    assert door.sends(PAGE | {"token": token}).status == 200, "a known visit goes on"
    assert door.sends(address="203.0.113.10").status == 200
    door.visitors.later(seconds=60)
    assert door.sends().status == 200


def test_a_household_is_one_address_under_ipv6() -> None:
    door = Door(numbers=9, visits_per_address=1)
    assert door.sends(address="2001:db8:1:2::7").status == 200
    assert door.sends(address="2001:db8:1:2:ffff::8").status == 429
    assert door.sends(address="2001:db8:1:3::7").status == 200


def test_no_address_is_kept_anywhere() -> None:
    door = Door()
    door.sends()
    assert "203.0.113.9" not in json.dumps(door.rows.rows_of(VISITS))


def test_the_visitors_state_is_what_the_page_says_or_what_was_measured() -> None:
    visitors = Visitors()
    lending = lay_pool(visitors.rows, a_pool(near_visitor=True), {"CA": 1, "NY": 2, "TX": 9})
    door = Door()
    door.visitors = visitors
    visitors.opens(lending)
    said = door.sends(PAGE | {"attributes": {"state": "ny"}})
    measured = door.sends(cloudfront_viewer_country="US", cloudfront_viewer_country_region="NY")
    areas = {
        row["visit_id"]: row["sk"].split("#")[1]
        for row in door.rows.rows_of(VISITS)
        if row["sk"].startswith("SLOT#") and "visit_id" in row
    }
    assert [areas[reply.body["visit_id"]] for reply in (said, measured)] == ["NY", "NY"]


class AwayRows(FakeRows):
    """Rows that answer nothing, once they are away."""

    away = False

    def gather(self, keys: Any, questions: Any = ()) -> Any:
        if self.away:
            raise Busy("the database is away")
        return super().gather(keys, questions)


class BrokenLeases(Leases):
    """A fault of ours."""

    def look(self, stretches: Any, slots: Any) -> Any:
        raise ZeroDivisionError


def test_whatever_fails_the_page_is_told_briefly_to_try_later() -> None:
    door = Door()
    broken = BrokenLeases(door.rows)
    door.context = Context(key=lambda: "k", leases=lambda: broken, clock=door.visitors.clock)
    reply = door.sends()
    assert (reply.status, reply.body["code"], reply.readable_by) == (503, "busy", ORIGIN)
    assert "ZeroDivisionError" not in json.dumps(reply.body)
    away = AwayRows()
    away.away = True
    door.context = Context(key=lambda: "k", leases=lambda: Leases(away), clock=door.visitors.clock)
    assert door.sends().status == 503


def test_the_visits_of_a_site_are_found_by_it() -> None:
    door = Door()
    reply = door.sends()
    question = Question(table=VISITS, index="by_site", partition=SITE)
    (row,) = door.rows.page(question).items
    assert row["id"] == reply.body["visit_id"]
    assert Key(VISITS, row["pk"]) in door.rows.gather([Key(VISITS, row["pk"])])[0]
    assert row["expires_at"] == int(NOW.timestamp()) + 14_400 + 86_400 + 1_800
