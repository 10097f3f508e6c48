"""Other terms tried on past calls over HTTP, and verdicts made again: for each side its own."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib.channels import schemas_backtest
from chalicelib.keys import PartyKind
from chalicelib.store.rows import CALLS, Change, Key
from infra.openapi import document
from tests.builders import CALLER
from tests.channels.api import Api, Party, Reply
from tests.channels.test_api_sides import E164, Sides

Json = dict[str, Any]
PERIOD = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
NOBODY = "cmp_01J00000000000000000000000"


class Tries:
    """Two markets; the first has a call of 130 seconds, one of 70, and one of 10."""

    def __init__(self) -> None:
        self.sides = Sides()
        self.api = self.sides.api
        for n, seconds in ((7, 70), (8, 10)):
            self.api.later(hours=1)
            caller = f"+1415555017{n}"
            self.sides.world.talks(f"CA{n}", seconds=seconds, e164=E164[0], caller=caller)
        self.market = self.sides.markets[0]
        self.campaign = self.market.campaign["id"]
        self.path = f"/campaigns/{self.campaign}/backtest"

    def asks(self, by: Party | None = None, **body: Any) -> Reply:
        """A back-test of the first market's campaign."""
        asked = {"period": PERIOD, **body}
        return (by or self.api).send("POST", self.path, asked)


@pytest.fixture
def tries() -> Tries:
    return Tries()


def test_it_tells_what_calls_would_have_come_to(tries: Tries) -> None:
    reply = tries.asks(terms={"minimum_talk_seconds": 100, "charge_cents": 3000})
    assert reply.status == 200, reply.body
    told = reply.body
    assert (told["calls"], told["changed"], told["next_cursor"]) == (3, 2, None)
    assert told["terms"]["charge_cents"] == 3000
    assert told["charge"] == {
        "before": {"approved": 2, "denied": 1, "pending": 0, "cents": 5000, "most_cents": 5000},
        "after": {"approved": 1, "denied": 2, "pending": 0, "cents": 3000, "most_cents": 3000},
    }
    assert told["earning"]["after"]["cents"] == 1500
    assert [one["publisher_id"] for one in told["publishers"]] == [tries.market.publisher["id"]]
    assert told["left_out"] == {
        "not_judged": 0, "facts_not_kept": 0, "earlier_calls": 0, "blocks_unknown": 0,
    }  # fmt: skip
    assert told["through"] == "2026-11-23T17:00:00.000Z"


def test_every_changed_call_tells_why(tries: Tries) -> None:
    (one,) = tries.asks(terms={"minimum_talk_seconds": 71}).body["changes"]
    before, after = one["charge"]["before"], one["charge"]["after"]
    assert (before["standing"], before["cents"]) == ("approved", 2500)
    assert (after["standing"], after["cents"]) == ("denied", 0)
    (why,) = after["by"]
    assert (why["denial"], why["saw"], why["asked"]) == ("too_short", "70 s", "at least 71 s")
    assert one["target_id"] == tries.market.target["id"]


def test_rules_tell_how_many_calls_each_decided(tries: Tries) -> None:
    rules = tries.asks(terms={"minimum_talk_seconds": 100}).body["rules"]
    told = {(one["ladder"], one["standing"], one["rule"]): (one["before"], one["after"])
            for one in rules}  # fmt: skip
    assert told["charge", "denied", "minimum_talk"] == (1, 2)
    assert told["charge", "approved", "minimum_talk"] == (2, 1)
    assert told["earning", "denied", "charged"] == (1, 2)


def test_nothing_at_all_is_written(tries: Tries) -> None:
    before = [tries.api.rows.rows_of(table) for table in ("catalog", "calls", "books", "ledger")]
    tries.asks(terms={"charge_cents": 1}, earning={tries.market.offer["id"]: {"earning_cents": 1}})
    tries.api.post(f"/calls/{tries.sides.calls[0]['id']}/verdict/replay")
    after = [tries.api.rows.rows_of(table) for table in ("catalog", "calls", "books", "ledger")]
    assert after == before


def test_no_terms_and_the_terms_as_they_stand_change_nothing(tries: Tries) -> None:
    bodies: tuple[Json, ...] = ({}, {"terms": None}, {"terms": {}})
    for body in bodies:
        told = tries.asks(**body).body
        assert (told["calls"], told["changed"], told["changes"]) == (3, 0, [])
        assert told["charge"]["before"] == told["charge"]["after"]
    assert tries.asks().body["terms"] is None


def test_the_terms_as_they_stand_are_tried_on_calls_from_before_they_changed(tries: Tries) -> None:
    path = f"/campaigns/{tries.campaign}"
    assert tries.api.patch(path, {"terms": {"minimum_talk_seconds": 100}}).status == 200
    assert tries.asks().body["changed"] == 0
    assert tries.asks(terms={}).body["changed"] == 1


def test_the_operator_tries_what_publishers_earn(tries: Tries) -> None:
    offer, partnership = tries.market.offer["id"], tries.market.partnership["id"]
    told = tries.asks(earning={offer: {"earning_cents": 900}}).body
    assert (told["earning"]["after"]["cents"], told["changed"]) == (1800, 2)
    assert told["charge"]["before"] == told["charge"]["after"]
    own = {"minimum_talk_seconds": 100}
    told = tries.asks(earning={offer: {"earning_cents": 900}, partnership: own}).body
    assert told["earning"]["after"]["cents"] == 1500


def test_slices_of_a_period_add_up(tries: Tries) -> None:
    terms = {"minimum_talk_seconds": 100}
    whole = tries.asks(terms=terms).body
    calls = changed = cents = 0
    cursor = None
    for _ in range(3):
        part = tries.asks(terms=terms, limit=1, cursor=cursor).body
        calls, changed = calls + part["calls"], changed + part["changed"]
        cents += part["charge"]["after"]["cents"]
        cursor = part["next_cursor"]
    assert cursor is None
    assert (calls, changed, cents) == (3, whole["changed"], whole["charge"]["after"]["cents"])


def test_a_cursor_holds_only_for_the_period_the_terms_and_the_asker_it_was_made_for(
    tries: Tries,
) -> None:
    terms = {"charge_cents": 1}
    cursor = tries.asks(terms=terms, limit=1).body["next_cursor"]
    buyer = tries.sides.party("advertiser")
    later = {**PERIOD, "start": "2026-11-02T00:00:00Z"}
    refused = (
        tries.asks(terms={"charge_cents": 2}, cursor=cursor),
        tries.asks(cursor=cursor),
        tries.asks(terms=terms, period=later, cursor=cursor),
        tries.asks(buyer, terms=terms, cursor=cursor),
        tries.asks(terms=terms, cursor="AAAA"),
    )
    assert [reply.faults for reply in refused] == [{("cursor", "cursor")}] * 5
    assert tries.asks(terms=terms, cursor=cursor).status == 200


def test_an_advertiser_tries_its_own_terms_and_sees_neither_earnings_nor_publishers(
    tries: Tries,
) -> None:
    buyer, market = tries.sides.party("advertiser"), tries.market
    reply = tries.asks(buyer, terms={"minimum_talk_seconds": 100})
    assert reply.status == 200, reply.body
    schemas_backtest.AdvertiserBacktestView.model_validate(reply.body)
    (publisher,) = reply.body["publishers"]
    (call,) = buyer.get("/calls", campaign_id=tries.campaign).body["data"][-1:]
    assert publisher["publisher"] == call["publisher"] == reply.body["changes"][0]["publisher"]
    text = json.dumps(reply.body)
    for hidden in ("earning", "charged", market.publisher["id"], market.partnership["id"],
                   market.offer["id"], CALLER):  # fmt: skip
        assert hidden not in text
    assert reply.body["changed"] == 1


def test_a_change_of_the_earning_alone_is_no_change_to_an_advertiser(tries: Tries) -> None:
    path = f"/offers/{tries.market.offer['id']}"
    assert tries.api.patch(path, {"earning": {"earning_cents": 1}}).status == 200
    told = tries.asks(tries.sides.party("advertiser"), terms={}).body
    assert (told["changed"], {one["ladder"] for one in told["rules"]}) == (0, {"charge"})


def test_what_publishers_earn_is_not_for_an_advertiser_to_try(tries: Tries) -> None:
    for offer in (tries.market.offer["id"], "off_nobody"):
        reply = tries.asks(tries.sides.party("advertiser"), earning={offer: {"earning_cents": 1}})
        assert (reply.status, reply.faults) == (400, {("earning", "operator_only")})


def test_other_campaigns_are_not_found_and_publishers_may_not_ask(tries: Tries) -> None:
    body = {"period": PERIOD, "terms": {}}
    stranger = tries.sides.party("advertiser", 1)
    assert stranger.send("POST", tries.path, body).status == 404
    assert tries.api.post(f"/campaigns/{NOBODY}/backtest", body).status == 404
    assert tries.sides.party("publisher").send("POST", tries.path, body).status == 403
    nobody = tries.api.send("POST", tries.path, body, headers={"Authorization": "Bearer x"})
    assert nobody.status == 401


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"period": None}, {("period", "type")}),
        ({"period": {"start": "now"}}, {("period.start", "format"), ("period.end", "required")}),
        ({"period": {**PERIOD, "end": PERIOD["start"]}}, {("period.end", "range")}),
        ({"terms": 5, "limit": 0, "cursor": "!", "why": 1},
         {("terms", "type"), ("limit", "range"), ("cursor", "format"), ("why", "unknown_field")}),
        ({"limit": 4001}, {("limit", "range")}),
        ({"terms": {"charge_cents": -1, "colour": "red"}},
         {("terms.charge_cents", "range"), ("terms.colour", "unknown_field")}),
        ({"terms": {"steps": [{"name": "a", "test": "keyword", "values": ["roof"],
                               "pays": {"cents": 1}}], "minimum_talk_seconds": None}},
         {("terms.steps.0.test", "unknown_fact")}),
        ({"earning": {"off_1": {}, "par_2": {}, "x": {}}},
         {(f"earning.{id}", "unknown_reference") for id in ("off_1", "par_2", "x")}),
        ({"earning": {str(n): {} for n in range(51)}}, {("earning", "length")}),
    ],
)  # fmt: skip
def test_every_fault_of_a_question_is_named(
    body: Json, faults: set[tuple[str, str]], tries: Tries
) -> None:
    reply = tries.asks(**body)
    assert (reply.status, reply.faults) == (400, faults)


def test_faults_of_terms_and_of_earnings_are_named_at_once(tries: Tries) -> None:
    offer, partnership = tries.market.offer["id"], tries.market.partnership["id"]
    short = {"name": "a", "test": "talk", "seconds": 10, "pays": {"cents": 9000}}
    reply = tries.asks(
        period={"start": PERIOD["end"], "end": PERIOD["start"]},
        terms={"charge_cents": 1, "steps": [short], "minimum_talk_seconds": None},
        earning={offer: {"steps": [short]}, partnership: {"earning_cents": "5"}},
    )
    assert reply.faults == {
        ("period.end", "range"),
        ("terms.charge_cents", "range"),
        (f"earning.{offer}.earning_cents", "range"),
        (f"earning.{partnership}.earning_cents", "type"),
    }


def test_a_body_that_is_no_json_is_refused(tries: Tries) -> None:
    reply = tries.api.send("POST", tries.path, b'{"period": ')
    assert (reply.status, reply.body["code"]) == (400, "malformed_body")


@pytest.mark.parametrize("kind", [PartyKind.PUBLISHER, PartyKind.ADVERTISER])
def test_a_replay_shows_each_side_the_verdict_that_it_reads(kind: str, tries: Tries) -> None:
    call = tries.sides.calls[0]["id"]
    for by in (tries.sides.party(kind), tries.api):
        reply = by.send("POST", f"/calls/{call}/verdict/replay", {})
        shown = by.get(f"/calls/{call}/verdict").body["verdict"]
        assert reply.status == 200, reply.body
        assert reply.body["original"] == reply.body["replayed"] == shown
        assert (reply.body["same"], reply.body["differences"]) == (True, [])
    stranger = tries.sides.party(kind, 1)
    assert stranger.send("POST", f"/calls/{call}/verdict/replay", {}).status == 404


def test_a_replay_names_every_member_that_comes_out_otherwise(tries: Tries) -> None:
    call = tries.sides.calls[0]["id"]
    (row,) = (row for row in tries.api.rows.rows_of(CALLS)
              if (row["pk"], row["sk"]) == (f"CALL#{call}", "VERDICT"))  # fmt: skip
    bent = row["doc"].replace('"charge_cents":2500', '"charge_cents":2400')
    assert bent != row["doc"]
    key = Key(CALLS, row["pk"], row["sk"])
    tries.api.rows.write([Change(key=key, set={("doc",): bent})])
    told = tries.api.post(f"/calls/{call}/verdict/replay").body
    assert told["differences"] == [{"field": "charge_cents", "was": 2400, "becomes": 2500}]
    party = tries.sides.party("publisher")
    assert party.send("POST", f"/calls/{call}/verdict/replay", {}).body["same"] is True


def test_a_call_that_is_not_judged_cannot_be_judged_again() -> None:
    sides = Sides()
    sides.world.arrives("CA9", e164=E164[0], caller="+14155550177")
    call = sides.world.call("CA9").id
    reply = sides.api.post(f"/calls/{call}/verdict/replay")
    assert (reply.status, reply.body["code"]) == (422, "not_judged")
    assert Api().post("/calls/call_nobody/verdict/replay").status == 404


def test_what_is_answered_is_what_is_described(tries: Tries) -> None:
    components = document()["components"]
    buyer, publisher = (tries.sides.party(kind) for kind in ("advertiser", "publisher"))
    replay = f"/calls/{tries.sides.calls[0]['id']}/verdict/replay"
    answered = [
        ("BacktestView", tries.asks(terms={"minimum_talk_seconds": 100})),
        ("AdvertiserBacktestView", tries.asks(buyer, terms={"minimum_talk_seconds": 100})),
        ("VerdictReplayView", tries.api.post(replay)),
        ("PublisherVerdictReplayView", publisher.send("POST", replay, {})),
        ("AdvertiserVerdictReplayView", buyer.send("POST", replay, {})),
    ]
    for name, reply in answered:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        assert reply.status == 200
        assert list(Draft202012Validator(schema).iter_errors(reply.body)) == []
