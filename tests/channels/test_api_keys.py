"""Keys of publishers and advertisers over HTTP: issued, listed, revoked, and what they open."""

import ast
import inspect
import json
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.channels import credentials, schemas_sides
from chalicelib.keys import ApiKey
from chalicelib.store.keys import find_key
from tests.builders import NOW
from tests.channels.api import SECRETS, Api, Market, Party, secret_text
from tests.fakes import Crash

Json = dict[str, Any]
NAME = {"name": "Reports"}


def publisher(api: Api) -> Json:
    return api.created("/publishers", name="Bright Media")


def test_a_secret_is_shown_once_and_kept_nowhere() -> None:
    api = Api()
    account = publisher(api)
    made = api.created(f"/publishers/{account['id']}/keys", **NAME)
    schemas_sides.IssuedKeyView.model_validate(made)
    assert made["secret"].startswith("rlk_") and len(made["secret"]) == 47
    assert made["holder"] == {"kind": "publisher", "id": account["id"]}
    assert (made["name"], made["revoked_at"]) == ("Reports", None)
    listed = api.get(f"/publishers/{account['id']}/keys").body["data"]
    assert listed == [{name: made[name] for name in made if name != "secret"}]
    schemas_sides.KeyView.model_validate(listed[0])
    assert made["secret"] not in json.dumps(api.rows.rows_of("catalog"))


def test_a_repeated_request_makes_one_key_and_does_not_tell_its_secret_again() -> None:
    api = Api()
    path = f"/publishers/{publisher(api)['id']}/keys"
    first = api.post(path, NAME, Idempotency_Key="k1")
    again = api.post(path, NAME, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotency-Hit"] == "true"
    assert again.body == first.body | {"secret": None}
    assert len(api.get(path).body["data"]) == 1
    other = api.post(path, {"name": "Other"}, Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert len({api.created(path, **NAME)["id"] for _ in range(2)}) == 2


def test_a_key_whose_answer_was_lost_is_found_by_its_repetition() -> None:
    api = Api()
    path = f"/publishers/{publisher(api)['id']}/keys"
    api.rows.crash_after_write()
    with pytest.raises(Crash):
        api.post(path, NAME, Idempotency_Key="k1")
    again = api.post(path, NAME, Idempotency_Key="k1")
    assert (again.status, again.body["secret"]) == (201, None)
    (listed,) = api.get(path).body["data"]
    assert listed["id"] == again.body["id"]


def test_a_crash_before_the_write_leaves_no_key() -> None:
    api = Api()
    path = f"/publishers/{publisher(api)['id']}/keys"
    api.rows.crash_before_write()
    with pytest.raises(Crash):
        api.post(path, NAME, Idempotency_Key="k1")
    assert api.get(path).body["data"] == []
    again = api.post(path, NAME, Idempotency_Key="k1")
    assert again.body["secret"] is not None


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("name", "required")}),
        ({"name": " "}, {("name", "length")}),
        ({"name": 5, "secret": "rlk_mine"}, {("name", "type"), ("secret", "unknown_field")}),
    ],
)
def test_every_fault_of_a_key_is_named(body: Json, faults: set[tuple[str, str]]) -> None:
    api = Api()
    path = f"/publishers/{publisher(api)['id']}/keys"
    assert api.post(path, body).faults == faults
    assert api.get(path).body["data"] == []


def test_keys_are_of_an_account_that_is_there_and_of_its_kind() -> None:
    api = Api()
    account = publisher(api)
    nobody = f"pub_{'0' * 26}"
    for path in (f"/publishers/{nobody}/keys", f"/advertisers/{account['id']}/keys"):
        assert api.post(path, NAME).status == 404
        assert api.get(path).status == 404
    assert api.delete(f"/keys/key_{'0' * 26}").status == 404


def test_an_archived_account_gets_no_key() -> None:
    api = Api()
    account = publisher(api)
    api.delete(f"/publishers/{account['id']}")
    reply = api.post(f"/publishers/{account['id']}/keys", NAME)
    assert (reply.status, reply.body["code"]) == (409, "account_archived")


def test_walking_the_pages_shows_every_key_of_one_account_once() -> None:
    api = Api()
    one, other = publisher(api), publisher(api)
    made = {api.created(f"/publishers/{one['id']}/keys", name=f"Key {n}")["id"] for n in range(5)}
    api.created(f"/publishers/{other['id']}/keys", **NAME)
    found: list[str] = []
    query = {"limit": "2"}
    while query:
        page = api.get(f"/publishers/{one['id']}/keys", **query).body
        found += [key["id"] for key in page["data"]]
        cursor = page["next_cursor"]
        query = {"limit": "2", "cursor": cursor} if cursor else {}
    assert sorted(found) == sorted(made)


def test_a_revoked_key_opens_nothing_from_that_moment_on() -> None:
    api = Api()
    party = Party(api, publisher(api), "publisher")
    assert party.get("/calls").status == 200
    (key,) = api.get(f"/publishers/{party.id}/keys").body["data"]
    api.later(minutes=5)
    revoked = api.delete(f"/keys/{key['id']}")
    assert revoked.body == key | {"revoked_at": "2026-11-23T15:05:00.000Z"}
    api.later(minutes=5)
    assert api.delete(f"/keys/{key['id']}").body == revoked.body
    reply = party.get("/calls")
    assert (reply.status, reply.body["code"]) == (401, "unauthenticated")
    assert Party(api, party.account, "publisher").get("/calls").status == 200


def test_a_key_that_two_revoke_at_once_is_revoked_once() -> None:
    api = Api()
    party = Party(api, publisher(api), "publisher")
    (key,) = api.get(f"/publishers/{party.id}/keys").body["data"]
    api.rows.before_write(lambda: api.delete(f"/keys/{key['id']}"))
    api.now = NOW + timedelta(hours=1)
    assert api.delete(f"/keys/{key['id']}").status == 200
    kept = find_key(api.rows, key["id"])
    assert kept is not None and kept.version == 2


@pytest.mark.parametrize("kind", ["publisher", "advertiser"])
def test_a_paused_account_reads_and_changes_nothing_and_an_archived_one_is_not_known(
    kind: str,
) -> None:
    market = Market(Api())
    account = market.publisher if kind == "publisher" else market.advertiser
    party = Party(market.api, account, kind)
    campaign = {"campaign_id": market.campaign["id"]} if kind == "advertiser" else {}
    path = f"/{kind}s/{party.id}"
    market.api.patch(path, {"state": "paused"})
    assert party.get("/calls", **campaign).status == 200
    if kind == "publisher":
        for method, line in [
            ("POST", f"/open-offers/{market.offer['id']}/apply"),
            ("DELETE", f"/partnerships/{market.partnership['id']}"),
        ]:
            reply = party.send(method, line)
            assert (reply.status, reply.body["code"]) == (403, "account_paused")
    market.api.delete(path)
    assert party.get("/calls", **campaign).status == 401
    market.api.patch(path, {"state": "active"})
    assert party.get("/calls", **campaign).status == 200


def test_an_unknown_key_costs_one_read_and_the_operators_none() -> None:
    api = Api()
    account = publisher(api)
    party = Party(api, account, "publisher")
    stranger = Party(api, account, "publisher", secret=f"rlk_{secret_text(99)}")
    for asking, trips in [(stranger, 1), (party, 3)]:
        before = api.rows.trips
        asking.get("/calls")
        assert api.rows.trips - before == trips
    before = api.rows.trips
    api.get(f"/calls?publisher_id={account['id']}")
    assert api.rows.trips - before == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        lambda secret: secret[4:],
        lambda secret: secret.upper(),
        lambda secret: "rlk_" + "*" * 43,
        lambda secret: "rlk_" + "ä" * 43,
        lambda secret: "rlk_\ud800" + "a" * 42,
        lambda secret: "rlk_" + "a" * 10_000,
        lambda secret: ids.derived("key", secret),
    ],
)
def test_what_is_no_secret_opens_nothing_and_is_not_looked_up(
    change: Callable[[str], str],
) -> None:
    api = Api()
    party = Party(api, publisher(api), "publisher")
    before = api.rows.trips
    changed = change(party.secret)
    reply = Party(api, party.account, "publisher", secret=changed or " ").get("/calls")
    assert (reply.status, reply.body["code"]) == (401, "unauthenticated")
    looked_up = len(changed) == len(party.secret) and changed.isascii() and "*" not in changed
    assert api.rows.trips - before == (1 if looked_up and changed.startswith("rlk_") else 0)


def test_a_key_is_sent_as_a_bearer() -> None:
    api = Api()
    party = Party(api, publisher(api), "publisher")
    for header in (f"Basic {party.secret}", party.secret, f"Bearer: {party.secret}"):
        before = api.rows.trips
        assert api.send("GET", "/calls", headers={"Authorization": header}).status == 401
        assert api.rows.trips == before
    sent = {"Authorization": f"bearer  {party.secret} "}
    assert api.send("GET", "/calls", headers=sent).status == 200


@pytest.mark.parametrize("function", [credentials.admit, ApiKey.opened_by])
def test_no_secret_is_compared_but_in_constant_time(function: Callable[..., object]) -> None:
    """An `==` on what was sent would tell, by its time, how much of it was right."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    compared = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    assert compared.isdisjoint({"key", "sent", "header", "hash", "operator_key_sha256"})
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert "compare_digest" in called


def test_many_requests_at_once_with_one_idempotency_key_make_one_key() -> None:
    api = Api()
    path = f"/publishers/{publisher(api)['id']}/keys"

    def send(_: int) -> str:
        id: str = api.post(path, NAME, Idempotency_Key="k1").body["id"]
        return id

    with ThreadPoolExecutor(max_workers=6) as threads:
        assert len(set(threads.map(send, range(12)))) == 1
    assert len(api.get(path).body["data"]) == 1
    assert SECRETS.operator_key_sha256 not in json.dumps(api.rows.rows_of("catalog"))


def an_operator(api: Api, name: str = "Ada") -> Party:
    """One of the operator's people, with a key of their own."""
    made = api.created("/operator/keys", name=name)
    return Party(api, made, "operator", secret=made["secret"])


def test_an_operators_key_does_what_the_deployments_own_does_and_says_who() -> None:
    api = Api()
    ada = an_operator(api)
    account = publisher(api)
    assert ada.get(f"/publishers/{account['id']}").status == 200
    (listed,) = api.get("/operator/keys").body["data"]
    schemas_sides.KeyView.model_validate(listed)
    assert (listed["name"], listed["holder"]) == ("Ada", {"kind": "operator", "id": ""})
    ada.send("PUT", f"/publishers/{account['id']}/payee/email", {"email": "a@b.example"})
    (event,) = api.get(f"/publishers/{account['id']}/payee/events").body["data"]
    assert event["by"] == listed["id"]


def test_an_operators_key_neither_issues_nor_revokes_keys_like_itself() -> None:
    api = Api()
    ada, ben = an_operator(api), an_operator(api, "Ben")
    refused = ada.send("POST", "/operator/keys", {"name": "Cy"})
    assert (refused.status, refused.body["code"]) == (403, "own_key_only")
    refused = ada.send("DELETE", f"/keys/{ben.id}")
    assert (refused.status, refused.body["code"]) == (403, "own_key_only")
    account = publisher(api)
    key = ada.send("POST", f"/publishers/{account['id']}/keys", {"name": "Reports"}).body
    assert ada.send("DELETE", f"/keys/{key['id']}").status == 200


def test_a_revoked_operators_key_opens_nothing() -> None:
    api = Api()
    ada = an_operator(api)
    assert api.delete(f"/keys/{ada.id}").status == 200
    assert ada.get("/publishers").status == 401


def test_a_key_that_never_was_is_not_found() -> None:
    assert Api().delete("/keys/key_0").status == 404
