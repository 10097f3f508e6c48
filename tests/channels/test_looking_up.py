"""Callers' lines from the ring to the API: the carrier asked over HTTP, and what an offer says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from chalicelib.attributes import LINE_ATTRIBUTES
from chalicelib.channels import schemas_calls
from chalicelib.channels.api_calls import call_view
from chalicelib.criteria import Filter, FilterTest
from chalicelib.flows.looking_up import Inquiry
from chalicelib.lines import CallLookup, Lookup, LookupState
from chalicelib.providers.twilio import Twilio
from chalicelib.providers.twilio_rest import Account
from chalicelib.store.rows import CALLS
from simulator.carrier import Carrier
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from tests import builders
from tests.channels.api import Api, Market, Party
from tests.channels.calling import ACCOUNT, CALIFORNIAN, TOKEN, Telephone, violations
from tests.waiting import eventually
from tests.world import World

E164 = CALIFORNIAN.number
NAME = "DOE JANE"


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(Carrier(), ACCOUNT, TOKEN, ("127.0.0.1", 0)) as running:
        yield running


@pytest.fixture
def twilio(server: RestServer) -> Twilio:
    return Twilio(Account(api_url=server.url, sid=ACCOUNT, token=TOKEN))


def a_telephone(twilio: Twilio, *, seconds: float = 5, **lookup: Any) -> Telephone:
    """An offer that wants to know lines, and a second target that wants just the caller's."""
    telephone = Telephone()
    telephone.context = replace(
        telephone.context, inquiry=Inquiry(ask=twilio.look_up, seconds=seconds)
    )
    mine = twilio.look_up(E164).line_type or ""
    wanted = Filter(attribute="line_type", test=FilterTest.EQUALS, values=(mine,))
    telephone.world.opens(
        builders.a_target(id="tgt_1", priority=1, filters=(replace(wanted, negated=True),)),
        builders.a_target(id="tgt_2", priority=2, filters=(wanted,)),
        offer=builders.an_offer(lookup=Lookup(**lookup)),
    )
    return telephone


def remembers(telephone: Telephone) -> bool:
    """Whether anything is remembered of any caller's line."""
    return any(row["pk"].startswith("LINE#") for row in telephone.rows.rows_of(CALLS))


def test_a_whole_call_goes_by_what_the_carrier_says_of_its_line(twilio: Twilio) -> None:
    telephone = a_telephone(twilio, caller_name=True)
    live = telephone.rings()
    call = telephone.settled(live)
    assert violations(live) == []
    assert call.attempt is not None
    assert call.attempt.hold.target_id == "tgt_2"
    assert call.lookup is not None
    assert (call.lookup.state, call.lookup.cost_micros) == (LookupState.ASKED, 18_000)
    assert call.lookup.line is not None
    assert call.lookup.line.caller_name == NAME
    assert (call.area.state, call.area.zip) == ("CA", "94105")


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN, Trouble.HANG])
def test_a_carrier_in_trouble_delays_no_call(
    twilio: Twilio, server: RestServer, trouble: Trouble
) -> None:
    telephone = a_telephone(twilio, seconds=0.2)
    server.troubles.add(trouble, times=20, method="GET")
    began = monotonic()
    call = telephone.call(telephone.rings())
    assert monotonic() - began < 3
    assert call.attempt is not None
    assert call.attempt.hold.target_id == "tgt_1"
    assert call.lookup == CallLookup(state=LookupState.LATE, cost_micros=8_000)
    server.troubles.clear()
    server.troubles.end()
    assert eventually(lambda: remembers(telephone))


def test_a_call_without_credentials_at_the_carrier_goes_through(server: RestServer) -> None:
    telephone = Telephone()
    stranger = Twilio(Account(api_url=server.url, sid=ACCOUNT, token="wrong"))
    telephone.context = replace(telephone.context, inquiry=Inquiry(ask=stranger.look_up, seconds=5))
    telephone.world.opens(offer=builders.an_offer(lookup=Lookup()))
    call = telephone.call(telephone.rings())
    assert call.attempt is not None
    assert call.lookup == CallLookup(state=LookupState.FAILED)


def test_a_late_answer_serves_the_callers_next_call(twilio: Twilio, server: RestServer) -> None:
    telephone = a_telephone(twilio, seconds=0.05)
    server.troubles.add(Trouble.TOO_MANY, method="GET")
    first = telephone.rings(seed="1")
    assert telephone.call(first).lookup == CallLookup(state=LookupState.LATE, cost_micros=8_000)
    assert eventually(lambda: remembers(telephone))
    second = telephone.call(telephone.rings(seed="2"))
    assert second.lookup is not None
    assert (second.lookup.state, second.lookup.cost_micros) == (LookupState.KEPT, 0)
    assert second.attempt is not None
    assert second.attempt.hold.target_id == "tgt_2"


def test_an_offer_says_what_it_wants_to_know_and_keeps_it() -> None:
    market = Market(Api())
    assert market.offer["lookup"] is None
    path = f"/offers/{market.offer['id']}"
    said = {"caller_name": True, "from_charge_cents": 2_000, "keep_days": 7, "cost_micros": 9_000}
    assert market.api.patch(path, {"lookup": said}).body["lookup"] == said
    usual = {"caller_name": False, "from_charge_cents": 0, "keep_days": 30, "cost_micros": None}
    assert market.api.patch(path, {"lookup": None}).body["lookup"] is None
    assert market.api.patch(path, {"lookup": {}}).body["lookup"] == usual


def test_every_fault_of_a_look_up_is_named() -> None:
    market = Market(Api())
    said = {
        "caller_name": "yes", "from_charge_cents": -1, "keep_days": 0, "cost_micros": 0.5,
        "line_type": True,
    }  # fmt: skip
    reply = market.api.patch(f"/offers/{market.offer['id']}", {"lookup": said, "strategy": "x"})
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {f"lookup.{name}" for name in said} | {
        "strategy"
    }
    too_much = {"keep_days": 366, "cost_micros": 10_000_001}
    reply = market.api.patch(f"/offers/{market.offer['id']}", {"lookup": too_much})
    assert {field for field, _ in reply.faults} == {f"lookup.{name}" for name in too_much}


@pytest.mark.parametrize("attribute", sorted(LINE_ATTRIBUTES))
def test_targets_filter_by_what_a_look_up_tells(attribute: str) -> None:
    market = Market(Api())
    filters = [{"attribute": attribute, "test": "present", "values": [], "negated": False}]
    reply = market.api.patch(f"/targets/{market.target['id']}", {"filters": filters})
    assert (reply.status, reply.body["filters"]) == (200, filters)


def test_the_operator_sees_the_callers_line_and_nobody_else_the_name() -> None:
    api = Api()
    market = Market(api)
    api.created("/payments", advertiser_id=market.advertiser["id"], reference="wire",
                amount_cents=10_000, currency="USD")  # fmt: skip
    api.patch(f"/offers/{market.offer['id']}", {"lookup": {"caller_name": True}})
    World(api.rows, now=api.now).talks("CA1")
    (call,) = api.get("/calls").body["data"]
    schemas_calls.CallView.model_validate(call)
    assert call["lookup"] == {
        "state": "asked", "cost_micros": 18_000,
        "line": {
            "line_type": "mobile", "line_carrier": "Example Wireless", "caller_name": NAME,
            "country": "US", "with_name": True, "looked_up_at": "2026-11-23T15:00:00.000Z",
        },
    }  # fmt: skip
    for kind, account in (("publisher", market.publisher), ("advertiser", market.advertiser)):
        party = Party(api, account, kind)
        for path in (f"/calls/{call['id']}", f"/calls/{call['id']}/decision"):
            reply = party.get(path)
            assert reply.status == 200
            assert NAME not in json.dumps(reply.body)
            assert "lookup" not in reply.body


def test_a_call_that_was_kept_before_there_were_look_ups_shows_none() -> None:
    shown = call_view(builders.a_call())
    assert shown["lookup"] is None
    schemas_calls.CallView.model_validate(shown)
