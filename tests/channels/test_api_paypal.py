"""Batches for PayPal as an operator lets them go, and what PayPal calls with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.providers.paypal import NotSetUp, PayPal
from tests.channels.api import SECRETS, Api
from tests.channels.people import Manned
from tests.flows.office import Office
from tests.flows.paypaling import ADA, BOB, PayDesk, paydesk, receiver
from tests.paypal.server import Trouble
from tests.paypal.till import WEBHOOK_ID, Event

Json = dict[str, Any]


@dataclass
class Door(Manned):
    """The API before a desk, both at the same time."""

    behind: list[PayDesk] = field(default_factory=list)

    @property
    def desk(self) -> PayDesk:
        """The office behind the door."""
        (desk,) = self.behind
        desk.office.now = self.now = max(desk.office.now, self.now)
        return desk


@pytest.fixture
def door() -> Iterator[Door]:
    api = Door(secrets=replace(SECRETS, paypal_webhook_id=WEBHOOK_ID))
    with paydesk(Office(rows=api.rows)) as desk:
        api.paypal = lambda: desk.paypal
        api.behind.append(desk)
        desk.earns(ADA, BOB)
        desk.payday()
        api.now = desk.office.now
        api.hires()
        yield api


def ready(api: Api) -> Json:
    """The batch that waits for an operator."""
    (made,) = api.created("/paypal-batches")["batches"]
    batch: Json = made
    return batch


def sent(api: Door) -> Json:
    """A batch that PayPal has."""
    batch = ready(api)
    path = f"/paypal-batches/{batch['id']}"
    assert api.signed("Ann", f"{path}/approve").status == 200
    assert api.signed("Ben", f"{path}/release").status == 200
    api.desk.runs(minutes=15)
    shown: Json = api.get(f"/paypal-batches/{batch['id']}").body
    return shown


def told(api: Api, event: Event, **headers: str) -> Any:
    """PayPal calls."""
    sent = event.headers | {"Authorization": "", "Content-Type": "application/json"} | headers
    return api.send("POST", "/paypal/webhooks", event.raw, headers=sent)


def test_a_batch_is_gathered_shown_and_let_go_by_two(door: Door) -> None:
    batch = ready(door)
    assert (batch["state"], batch["count"], batch["amount_cents"]) == ("ready", 2, 3000)
    assert (batch["approved"], batch["released"]) == (None, None)
    path = f"/paypal-batches/{batch['id']}"
    early = door.signed("Ben", f"{path}/release")
    assert (early.status, early.body["code"]) == (409, "batch_state")
    approved = door.signed("Ann", f"{path}/approve").body
    assert (approved["state"], approved["approved"]["name"]) == ("approved", "Ann")
    alone = door.signed("Ann", f"{path}/release")
    assert (alone.status, alone.body["code"]) == (403, "second_operator")
    for step in ("approve", "release"):
        nobody = door.post(f"{path}/{step}")
        assert (nobody.status, nobody.body["code"]) == (403, "personal_key_needed")
    released = door.signed("Ben", f"{path}/release").body
    assert (released["state"], released["released"]["name"]) == ("released", "Ben")
    listed = door.get("/paypal-batches", state="released").body["data"]
    assert [one["id"] for one in listed] == [batch["id"]]
    assert door.get("/paypal-batches", state="done").body["data"] == []


def test_the_items_of_a_batch_are_shown_page_by_page(door: Door) -> None:
    batch = ready(door)
    first = door.get(f"/paypal-batches/{batch['id']}/items", limit="1").body
    second = door.get(
        f"/paypal-batches/{batch['id']}/items", limit="1", cursor=first["next_cursor"]
    ).body
    shown = {one["receiver"]: one["fate"] for one in first["data"] + second["data"]}
    assert shown == {receiver(ADA): "in_flight", receiver(BOB): "in_flight"}


@pytest.mark.parametrize(
    ("step", "body", "fault"),
    [
        ("withdraw", {"because": "x"}, ("because", "unknown_field")),
        ("withdraw", {"not_at_paypal": "yes"}, ("not_at_paypal", "type")),
        ("name", {}, ("payout_batch_id", "required")),
        ("name", {"payout_batch_id": "../x"}, ("payout_batch_id", "format")),
    ],
)
def test_a_body_that_breaks_rules_names_them(
    door: Door, step: str, body: Json, fault: tuple[str, str]
) -> None:
    reply = door.post(f"/paypal-batches/{ready(door)['id']}/{step}", body)
    assert (reply.status, reply.faults) == (400, {fault})


def test_a_batch_that_nobody_made_is_not_found(door: Door) -> None:
    for method, path in (
        ("GET", ""), ("GET", "/items"), ("POST", "/withdraw"),
    ):  # fmt: skip
        body: Json | None = {} if method == "POST" else None
        assert door.send(method, f"/paypal-batches/ppb_none{path}", body).status == 404
    for step in ("approve", "release"):
        assert door.signed("Ann", f"/paypal-batches/ppb_none/{step}").status == 404


def test_a_withdrawn_batch_pays_nobody(door: Door) -> None:
    batch = ready(door)
    reply = door.post(f"/paypal-batches/{batch['id']}/withdraw")
    assert (reply.status, reply.body["state"]) == (200, "withdrawn")
    assert reply.body["withdrawn"]["key_id"] == "operator"
    assert {one["state"] for one in door.get("/payouts").body["data"]} == {"failed"}
    assert door.signed("Ann", f"/paypal-batches/{batch['id']}/approve").status == 409


def test_a_lost_batch_is_named_by_an_operator(door: Door) -> None:
    door.desk.server.trouble(Trouble.LOST_AFTER, times=100)
    batch = sent(door)
    assert batch["unsure_since"] is not None
    refused = door.post(f"/paypal-batches/{batch['id']}/withdraw")
    assert (refused.status, refused.body["code"]) == (409, "batch_unsure")
    nobody = door.post(f"/paypal-batches/{batch['id']}/withdraw", {"not_at_paypal": True})
    assert (nobody.status, nobody.body["code"]) == (403, "personal_key_needed")
    door.desk.server.troubles.clear()
    absent = door.post(f"/paypal-batches/{batch['id']}/name", {"payout_batch_id": "NOSUCH"})
    assert (absent.status, absent.body["code"]) == (422, "not_at_paypal")
    (known,) = door.desk.till.batches
    reply = door.post(f"/paypal-batches/{batch['id']}/name", {"payout_batch_id": known})
    assert (reply.body["state"], reply.body["payout_batch_id"]) == ("sent", known)


@pytest.mark.parametrize(
    ("step", "said"), [("settle", {}), ("fail", {"reason": "R02"}), ("return", {"reason": "R02"})]
)
def test_what_becomes_of_a_payout_at_paypal_is_not_said_by_hand(
    door: Door, step: str, said: Json
) -> None:
    sent(door)
    payout = door.get("/payouts").body["data"][0]
    reply = door.post(f"/payouts/{payout['id']}/{step}", said)
    assert (reply.status, reply.body["code"]) == (409, "payout_in_batch")


def test_an_event_of_paypals_moves_the_payout_that_paypal_says_it_moves(door: Door) -> None:
    batch = sent(door)
    desk = door.desk
    desk.till.advance()
    desk.till.advance()
    items = [one for one in desk.till.outbox if b"PAYOUTS-ITEM" in one.raw]
    reply = told(door, items[0])
    assert (reply.status, reply.body) == (200, {"batch_id": batch["id"]})
    states = [one["state"] for one in door.get("/payouts").body["data"]]
    assert sorted(states) == ["settled", "submitted"]
    assert told(door, items[0]).status == 200, "a repetition changes nothing"
    told(door, items[1])
    assert {one["state"] for one in door.get("/payouts").body["data"]} == {"settled"}


def test_an_event_that_lies_about_the_item_moves_nothing(door: Door) -> None:
    sent(door)
    desk = door.desk
    desk.till.ways[receiver(ADA)] = ("UNCLAIMED",)
    desk.till.advance()
    (taken,) = desk.till.batches.values()
    resource = {"payout_item_id": taken.items[0].id, "transaction_status": "SUCCESS"}
    assert desk.hears({"event_type": "PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "resource": resource})
    assert {one["state"] for one in door.get("/payouts").body["data"]} == {"submitted"}


@pytest.mark.parametrize("header", ["paypal-transmission-sig", "paypal-cert-url"])
def test_what_paypal_did_not_sign_reads_and_moves_nothing(door: Door, header: str) -> None:
    sent(door)
    desk = door.desk
    desk.till.advance()
    desk.till.advance()
    trips = door.rows.trips
    reply = told(door, desk.till.outbox[-1], **{header: "https://api.paypal.com/forged"})
    assert (reply.status, reply.body["code"]) == (401, "bad_signature")
    assert door.rows.trips == trips


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"\xff"])
def test_a_malformed_event_is_refused(door: Door, raw: bytes) -> None:
    event = Event(headers={}, raw=raw)
    assert told(door, event).status == 400


@pytest.mark.parametrize(
    "resource",
    [None, [], {}, {"payout_item_id": 5}, {"batch_header": "x"}, {"batch_header": {}},
     {"payout_item_id": "NOSUCH"}, {"batch_header": {"payout_batch_id": "NOSUCH"}}],
)  # fmt: skip
def test_an_event_about_something_else_is_let_pass(door: Door, resource: Any) -> None:
    assert door.desk.hears({"event_type": "X", "resource": resource}) is None


def test_an_event_while_paypal_is_away_is_asked_for_again(door: Door) -> None:
    sent(door)
    desk = door.desk
    desk.till.advance()
    desk.server.trouble(Trouble.BROKEN_BEFORE, times=100)
    reply = told(door, desk.till.outbox[-1])
    assert (reply.status, reply.body["code"]) == (503, "paypal_away")


def test_a_stage_without_a_webhook_believes_nobody(door: Door) -> None:
    door.secrets = SECRETS
    assert told(door, Event(headers={}, raw=json.dumps({}).encode())).status == 401


def test_a_stage_without_an_account_says_so() -> None:
    def nobody() -> PayPal:
        raise NotSetUp("this deployment has no credentials of PayPal")

    api = Api(paypal=nobody)
    reply = told(api, Event(headers={}, raw=b"{}"))
    assert (reply.status, reply.body["code"]) == (422, "paypal_not_set_up")


def test_a_transfer_is_recorded_once() -> None:
    api = Api()
    said = {"source": "bank", "amount_cents": 5000, "reference": "ach-1"}
    made = api.post("/transfers", said)
    assert (made.status, made.body["target"]) == (201, "paypal")
    api.later(days=1)
    again = api.post("/transfers", said)
    assert (again.body, again.headers.get("Idempotency-Hit")) == (made.body, "true")
    differs = api.post("/transfers", said | {"amount_cents": 1})
    assert (differs.status, differs.body["code"]) == (409, "transfer_differs")
    assert api.get("/transfers").body["data"] == [made.body]
    wrong = api.post("/transfers", {"source": "till", "amount_cents": 0, "reference": ""})
    assert wrong.faults == {
        ("source", "choice"), ("amount_cents", "range"), ("reference", "length"),
    }  # fmt: skip
