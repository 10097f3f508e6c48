"""The door of the API: the key, the body, the query, the cursor; and never a 5xx for bad input."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.store.stores import Stores
from tests.channels.api import KEY, Api, Market

ADVERTISER = {"name": "Acme", "billing": "prepaid"}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", KEY, "Bearer \ud800"]
)
def test_without_the_operators_key_nothing_is_read_or_written(header: str) -> None:
    api = Api()
    for method, path in [("GET", "/advertisers"), ("POST", "/advertisers"), ("GET", "/calls/x")]:
        reply = api.send(method, path, ADVERTISER, headers={"Authorization": header})
        assert (reply.status, reply.body["code"]) == (401, "unauthenticated")
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert api.rows.trips == 0


def test_the_sign_of_life_asks_for_no_key_and_reads_nothing() -> None:
    api = Api()
    reply = api.send("GET", "/health", headers={"Authorization": ""})
    assert (reply.status, reply.body, api.rows.trips) == (200, {"status": "ok"}, 0)


def test_a_fault_of_the_platform_is_a_problem_too() -> None:
    class Away(Api):
        @property
        def stores(self) -> Stores:
            raise ConnectionError("the database is away")

    reply = Away().get("/advertisers")
    assert (reply.status, reply.body["code"]) == (500, "failed")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert "database" not in reply.body["detail"]


def test_a_refusal_is_a_problem_with_every_fault() -> None:
    reply = Api().post("/advertisers", {"name": 5, "billing": "barter", "colour": "red"})
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.body) == {
        "type", "title", "status", "detail", "instance", "code", "invalid_parameters",
    }  # fmt: skip
    assert (reply.body["code"], reply.body["status"]) == ("invalid", 400)
    assert reply.faults == {
        ("name", "type"), ("billing", "choice"), ("colour", "unknown_field"),
    }  # fmt: skip
    assert all(one["reason"] for one in reply.body["invalid_parameters"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_body"),
        (b"{", "malformed_body"),
        (b"[]", "malformed_body"),
        (b'"text"', "malformed_body"),
        (b"null", "malformed_body"),
        (b"\xff\xfe", "malformed_body"),
        (b'{"name": NaN}', "malformed_body"),
        (b'{"name": "a", "name": "b"}', "malformed_body"),
        (b'{"net_days": ' + b"9" * 5000 + b"}", "malformed_body"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "malformed_body"),
        (b'{"name": "' + b"x" * 200_000 + b'"}', "body_too_large"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, code: str) -> None:
    reply = Api().send("POST", "/advertisers", body)
    assert reply.status in (400, 413)
    assert reply.body["code"] == code


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201), ("application/json; charset=utf-8", 201), ("", 201),
        ("application/merge-patch+json", 201), ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415),
    ],
)  # fmt: skip
def test_only_json_is_read(content_type: str, status: int) -> None:
    reply = Api().send("POST", "/advertisers", ADVERTISER, headers={"Content-Type": content_type})
    assert reply.status == status


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "", "   ", "x" * 201, "\ud800"])
def test_a_name_is_plain_text(text: str) -> None:
    reply = Api().post("/advertisers", {**ADVERTISER, "name": text})
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {"name"}


@pytest.mark.parametrize("value", ["5", True, 5.0, 1.5, None, -1, 10**30, [], {}])
def test_money_is_a_whole_number_of_cents(value: Any) -> None:
    reply = Api().post(
        "/advertisers", {"name": "Acme", "billing": "net", "credit_limit_cents": value}
    )
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {"credit_limit_cents"}


@pytest.mark.parametrize(
    "word", ["adv_1", "%00", "..", "adv_%F0%9F%92%A9", "a" * 500, "adv_" + "0" * 26, "%ED%A0%80"]
)
def test_an_odd_id_names_nothing(word: str) -> None:
    reply = Api().get(f"/advertisers/{word}")
    assert (reply.status, reply.body["code"]) == (404, "not_found")


def test_every_fault_of_a_query_is_named() -> None:
    reply = Api().get("/campaigns?limit=0&advertiser_id=x&colour=red&state=active&state=paused")
    assert reply.faults == {
        ("limit", "format"), ("advertiser_id", "format"), ("colour", "unknown_parameter"),
        ("state", "repeated"),
    }  # fmt: skip


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1e2", "ten", "", "9" * 5000, "٣"])
def test_a_limit_is_a_number_from_1_to_200(limit: str) -> None:
    assert Api().get("/advertisers", limit=limit).faults == {("limit", "format")}


def test_walking_the_pages_shows_everything_once() -> None:
    api = Api()
    made = [api.created("/publishers", name=f"Publisher {n}")["id"] for n in range(7)]
    seen, query = [], {"limit": "3"}
    while True:
        page = api.get("/publishers", **query).body
        seen += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == made


def _cursor(api: Api) -> str:
    for n in range(2):
        api.created("/publishers", name=f"Publisher {n}")
    cursor: str = api.get("/publishers", limit="1").body["next_cursor"]
    return cursor


def test_a_cursor_holds_for_its_list_and_filters_alone() -> None:
    api = Api()
    cursor = _cursor(api)
    assert api.get("/publishers", cursor=cursor).status == 200
    assert api.get("/publishers", cursor=cursor, limit="5").status == 200
    assert api.get("/publishers", cursor=cursor, state="active").faults == {("cursor", "cursor")}
    assert api.get("/advertisers", cursor=cursor).faults == {("cursor", "cursor")}


def test_a_cursor_that_was_tampered_with_is_refused() -> None:
    api = Api()
    cursor = _cursor(api)
    for at in range(0, len(cursor), 7):
        other = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        if _bytes(other) != _bytes(cursor):
            assert api.get("/publishers", cursor=other).faults == {("cursor", "cursor")}
    forged = base64.urlsafe_b64encode(b"0" * 16 + json.dumps([1, "x", {}]).encode()).decode()
    for text in (forged.rstrip("="), "A", "AAAA", cursor[:-4], cursor + "AAAA"):
        assert api.get("/publishers", cursor=text).faults == {("cursor", "cursor")}


def _bytes(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def test_the_same_key_makes_one_thing() -> None:
    api = Api()
    first = api.post("/advertisers", ADVERTISER, Idempotency_Key="order-1")
    again = api.post("/advertisers", ADVERTISER, Idempotency_Key="order-1")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert "Idempotency-Hit" not in first.headers
    assert again.headers["Idempotency-Hit"] == "true"
    other = api.post("/advertisers", {**ADVERTISER, "name": "Other"}, Idempotency_Key="order-1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    elsewhere = api.post("/publishers", {"name": "Other"}, Idempotency_Key="order-1")
    assert elsewhere.status == 201
    assert len(api.get("/advertisers").body["data"]) == 1


def test_content_that_only_looks_different_is_the_same_content() -> None:
    api = Api()
    first = api.post("/advertisers", ADVERTISER, Idempotency_Key="order-1")
    padded = {"billing": "prepaid", "name": " Acme ", "net_days": 30}
    again = api.post("/advertisers", padded, Idempotency_Key="order-1")
    assert again.body == first.body


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "ключ"])
def test_an_idempotency_key_is_visible_ascii(key: str) -> None:
    reply = Api().post("/advertisers", ADVERTISER, Idempotency_Key=key)
    assert reply.faults == {("Idempotency-Key", "format")}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_FIELDS = ("name", "terms", "hours", "e164", "destination", "currency", "state", "zone", "version",
           "advertiser_id", "campaign_ids", "earning", "payout_terms", "as_of", "received_at",
           "offer_id", "publisher_id", "placement_id", "reference", "amount_cents")  # fmt: skip
bodies = st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=5), json_values, max_size=6)
_MARKET = Market(Api())
_TARGETS = [
    ("POST", "/advertisers"), ("POST", "/campaigns"), ("POST", "/offers"), ("POST", "/numbers"),
    ("POST", "/publishers"), ("POST", "/partnerships"), ("POST", "/placements"),
    ("POST", "/payments"), ("POST", "/closings"), ("POST", "/numbers/buy"),
    ("POST", f"/campaigns/{_MARKET.campaign['id']}/targets"),
    ("PATCH", f"/advertisers/{_MARKET.advertiser['id']}"),
    ("PATCH", f"/campaigns/{_MARKET.campaign['id']}"),
    ("PATCH", f"/targets/{_MARKET.target['id']}"), ("PATCH", f"/offers/{_MARKET.offer['id']}"),
    ("PATCH", f"/numbers/{_MARKET.number['id']}"),
    ("PATCH", f"/partnerships/{_MARKET.partnership['id']}"),
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_TARGETS), bodies)
def test_no_body_whatever_is_answered_with_a_server_fault(
    line: tuple[str, str], body: dict[str, Any]
) -> None:
    reply = _MARKET.api.send(*line, body)
    assert reply.status < 500


@given(st.sampled_from(_TARGETS), st.binary(max_size=200))
def test_no_bytes_whatever_are_answered_with_a_server_fault(
    line: tuple[str, str], body: bytes
) -> None:
    assert _MARKET.api.send(*line, body).status in (200, 400)


_LISTS = (
    "/calls", "/invoices", "/numbers", "/available-numbers", "/targets", "/ledger/entries",
    "/payouts", "/payments",
)  # fmt: skip
_PARAMETERS = ("limit", "cursor", "month", "account", "e164", "state", "status", "kind",
               "carrier_call_id", "campaign_id", "publisher_id", "offer_id")  # fmt: skip


@given(st.sampled_from(_LISTS), st.dictionaries(st.sampled_from(_PARAMETERS), st.text(max_size=12)))
def test_no_query_whatever_is_answered_with_a_server_fault(
    path: str, query: dict[str, str]
) -> None:
    asked = {name: text.encode(errors="replace").decode() for name, text in query.items()}
    assert _MARKET.api.get(path, **asked).status < 500
