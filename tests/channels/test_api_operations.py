"""What lies parked, over HTTP: told without being touched, taken up by the operator alone."""

from typing import Any

import pytest

from chalicelib.channels import schemas_operations
from chalicelib.parked import Place
from tests.channels.api import Api, Market, Party
from tests.parking import A_PART, Desk, a_record, a_stretch

Json = dict[str, Any]
PATH = "/operations/replay"


@pytest.fixture
def desk() -> Desk:
    """One message at each place, and one that nobody can read."""
    desk = Desk()
    desk.lot.stream = [a_record(2, "call_a")]
    desk.lot.parks(Place.VALIDATE_FAILED, a_stretch(2))
    desk.lot.parks(Place.VALIDATE_FAILED, a_stretch(1))
    desk.lot.parks(Place.SETTLE_DEAD, {"call_id": "call_b"})
    desk.lot.parks(Place.SETTLE_DEAD, "no json")
    desk.lot.parks(Place.RECORDINGS_DEAD, {"call_id": "call_c", "recording_id": "rec_1"})
    desk.lot.parks(Place.CLOSING_DEAD, A_PART)
    return desk


@pytest.fixture
def api(desk: Desk) -> Api:
    return Api(yard=desk.yard)


def by_place(shown: Json, *names: str) -> dict[str, tuple[Any, ...]]:
    return {one["place"]: tuple(one[name] for name in names) for one in shown["places"]}


def test_a_look_tells_what_lies_where_and_touches_nothing(api: Api, desk: Desk) -> None:
    for _ in range(2):
        reply = api.get(PATH)
        schemas_operations.ParkedView.model_validate(reply.body)
        assert by_place(reply.body, "waiting", "in_hand") == {
            "validate-failed": (2, 0), "settle-dead": (2, 0), "recordings-dead": (1, 0),
            "closing-dead": (1, 0),
        }  # fmt: skip
        assert "make replay" in reply.body["next"]
    assert (desk.settled, desk.fetched) == ([], [])


def test_a_run_tells_what_it_took_up_and_what_it_left(api: Api, desk: Desk) -> None:
    reply = api.post(PATH, {})
    schemas_operations.TakenUpView.model_validate(reply.body)
    assert reply.status == 200
    assert by_place(reply.body, "taken_up", "expired", "waiting", "in_hand") == {
        "validate-failed": (1, 1, 0, 0),
        "settle-dead": (1, 0, 0, 1),
        "recordings-dead": (1, 0, 0, 0),
        "closing-dead": (1, 0, 0, 0),
    }
    (refusal,) = reply.body["places"][1]["refused"]
    assert refusal["reason"].startswith("JSONDecodeError")
    assert reply.body["next"].startswith("1 could not be taken up")
    assert (desk.settled, desk.fetched) == (["call_a", "call_b"], [("call_c", "rec_1")])
    assert [duty.party_id for duty in desk.closed] == ["adv_1"]


def test_a_repetition_takes_up_nothing(api: Api, desk: Desk) -> None:
    for _ in range(2):
        last = api.post(PATH, {})
    assert {count for (count,) in by_place(last.body, "taken_up").values()} == {0}
    assert len(desk.settled) == 2


def test_a_run_takes_up_no_more_than_it_is_told_to(api: Api, desk: Desk) -> None:
    reply = api.post(PATH, {"limit": 1})
    assert desk.settled == ["call_a"]
    assert reply.body["next"] == "More lies there. Run this again."


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"limit": 0}, ("limit", "range")),
        ({"limit": 201}, ("limit", "range")),
        ({"limit": "all"}, ("limit", "type")),
        ({"limit": True}, ("limit", "type")),
        ({"place": "settle-dead"}, ("place", "unknown_field")),
    ],
)
def test_a_body_that_breaks_a_rule_takes_up_nothing(
    api: Api, desk: Desk, body: Json, fault: tuple[str, str]
) -> None:
    reply = api.post(PATH, body)
    assert (reply.status, reply.faults) == (400, {fault})
    assert desk.settled == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff"])
def test_a_malformed_body_takes_up_nothing(api: Api, desk: Desk, raw: bytes) -> None:
    assert api.send("POST", PATH, raw).status == 400
    assert desk.settled == []


@pytest.mark.parametrize("kind", ["publisher", "advertiser"])
def test_neither_publisher_nor_advertiser_may_look_or_take_up(
    api: Api, desk: Desk, kind: str
) -> None:
    party = Party(api, getattr(Market(api), kind), kind)
    assert party.get(PATH).status == 403
    assert party.send("POST", PATH, {}).status == 403
    assert api.send("POST", PATH, {}, headers={"Authorization": ""}).status == 401
    assert desk.settled == []
