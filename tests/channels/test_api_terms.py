"""Terms over the API: ladders and disqualifiers as they are saved, kept by version, and judged."""

import json
from typing import Any

import pytest

from chalicelib.channels import schemas_terms, schemas_verdicts
from chalicelib.channels.api_verdicts import judgement_view
from chalicelib.store.dispositions import disposition_put, postback_put
from tests.builders import a_disposition, a_postback
from tests.channels.api import Api, Market
from tests.channels.test_api_sides import E164, Sides

Json = dict[str, Any]
TWO_STEPS = [
    {"name": "base", "test": "talk", "seconds": 90, "pays": {"cents": 2000}},
    {"name": "long", "test": "talk", "seconds": 120, "pays": {"cents": 3500}},
]
LADDER: Json = {"charge_cents": 3500, "minimum_talk_seconds": None, "steps": TWO_STEPS}
SHARE = {"kind": "share_of_charge", "basis_points": 6000, "floor_cents": 500}


@pytest.fixture
def market() -> Market:
    return Market(Api())


def test_a_ladder_is_shown_as_it_was_said_with_every_default(market: Market) -> None:
    path = f"/campaigns/{market.campaign['id']}"
    shown = market.api.patch(path, {"terms": LADDER}).body["terms"]
    schemas_terms.ChargeTerms.model_validate(shown)
    assert [(one["name"], one["seconds"], one["pays"]["cents"]) for one in shown["steps"]] == [
        ("base", 90, 2000),
        ("long", 120, 3500),
    ]
    assert shown["steps"][0]["clock"] == "answer"
    again = market.api.patch(path, {"terms": {"steps": shown["steps"]}})
    assert again.body["terms"] == shown


def test_all_that_is_wrong_with_terms_is_told_at_once(market: Market) -> None:
    steps = [
        {"name": "a", "test": "talk", "seconds": 90, "pays": {"cents": 9000}},
        {"name": "a", "test": "talk", "seconds": 60, "pays": {"cents": 100}},
        {"name": "c", "test": "keyword", "values": ["roof"], "pays": {"cents": 9000}},
        {"name": "d", "test": "postback", "pays": {"kind": "share_of_postback"}},
        {"name": "e", "test": "answered", "pays": SHARE},
    ]
    terms = {
        "steps": steps,
        "disqualifiers": {"consent_withheld": {"answers": ["no"]}},
    }
    reply = market.api.patch(f"/campaigns/{market.campaign['id']}", {"terms": terms})
    assert reply.status == 400
    assert reply.faults >= {
        ("terms.minimum_talk_seconds", "exclusive"),
        ("terms.charge_cents", "range"),
        ("terms.steps.1.name", "repeated"),
        ("terms.steps.1", "order"),
        ("terms.steps.2.test", "unknown_fact"),
        ("terms.steps.3.pays.ceiling_cents", "required"),
        ("terms.steps.4.pays.kind", "choice"),
        ("terms.disqualifiers.consent_withheld.question", "required"),
    }


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        ({"steps": [{"name": "a"}]}, ("terms.steps.0.test", "required")),
        ({"steps": [{**TWO_STEPS[0], "clock": "noon"}]}, ("terms.steps.0.clock", "choice")),
        ({"steps": [{**TWO_STEPS[0], "seconds": -1}]}, ("terms.steps.0.seconds", "range")),
        ({"steps": [TWO_STEPS[0]] * 21}, ("terms.steps", "length")),
        ({"steps": None, "ladder": []}, ("terms.ladder", "unknown_field")),
        (
            {"disqualifiers": {"disposition_missing": {"within_hours": 721}}},
            ("terms.disqualifiers.disposition_missing.within_hours", "range"),
        ),
        (
            {"disqualifiers": {"disposition_rejected": {"values": ["Not Good"]}}},
            ("terms.disqualifiers.disposition_rejected.values.0", "format"),
        ),
        (
            {"disqualifiers": {"repeat_callers": [{"scope": "planet"}]}},
            ("terms.disqualifiers.repeat_callers.0.scope", "choice"),
        ),
    ],
)
def test_a_malformed_rule_is_named(market: Market, terms: Json, fault: tuple[str, str]) -> None:
    path = f"/campaigns/{market.campaign['id']}"
    assert fault in market.api.patch(path, {"terms": terms}).faults


def test_an_offer_only_earns_by_answers_that_its_callers_are_asked_for(market: Market) -> None:
    step = {"name": "owner", "test": "ivr_answer", "question": "owner", "values": ["yes"],
            "pays": {"cents": 1000}}  # fmt: skip
    path = f"/offers/{market.offer['id']}"
    earning = {"steps": [step]}
    assert market.api.patch(path, {"earning": earning}).faults == {
        ("earning.steps.0.question", "unknown_fact")
    }
    question = {"name": "owner", "kind": "choice", "choices": {"1": "yes", "2": "no"},
                "prompt": {"text": "Do you own your home?", "version": "1"}}  # fmt: skip
    both = {"earning": earning, "answering": {"questions": [question]}}
    assert market.api.patch(path, both).status == 200
    partnership = f"/partnerships/{market.partnership['id']}"
    own = {"earning_cents": 1000, "steps": [{**step, "question": "roof"}]}
    assert market.api.patch(partnership, {"earning": own}).faults == {
        ("earning.steps.0.question", "unknown_fact")
    }


def test_a_target_may_say_steps_and_a_price_of_its_own(market: Market) -> None:
    path = f"/targets/{market.target['id']}"
    assert market.api.patch(path, {"steps": TWO_STEPS}).faults == {("charge_cents", "range")}
    shown = market.api.patch(path, {"steps": TWO_STEPS, "charge_cents": 3500}).body
    assert (len(shown["steps"]), shown["terms_version"]) == (2, 2)
    assert market.api.patch(path, {"steps": []}).faults == {("steps", "length")}
    assert market.api.patch(path, {"steps": None}).body["steps"] is None


def test_every_version_of_terms_stays_readable(market: Market) -> None:
    path = f"/campaigns/{market.campaign['id']}"
    first = market.api.get(path).body
    market.api.patch(path, {"name": "Another name"})
    assert market.api.get(path).body["terms_version"] == 1
    second = market.api.patch(path, {"terms": LADDER}).body
    third = market.api.patch(path, {"terms": {"repeat_days": 9}}).body
    assert (second["terms_version"], third["terms_version"]) == (2, 3)
    assert (first["terms_since"], third["terms_since"]) == (None, "2026-11-23T15:00:00.000Z")
    for thing in (first, second, third):
        reply = market.api.get(f"{path}/terms/{thing['terms_version']}")
        schemas_terms.TermsView.model_validate(reply.body)
        assert reply.body["charge"] == thing["terms"]
        assert reply.body["since"] == thing["terms_since"]
        assert (reply.body["earning"], reply.body["target"]) == (None, None)


@pytest.mark.parametrize("version", ["0", "4", "01", "x", "99999999999"])
def test_a_version_that_never_was_is_not_found(market: Market, version: str) -> None:
    path = f"/campaigns/{market.campaign['id']}/terms/{version}"
    assert market.api.get(path).status == 404


def test_offers_partnerships_and_targets_keep_their_versions_too(market: Market) -> None:
    api = market.api
    offer, partnership = (
        f"/offers/{market.offer['id']}",
        f"/partnerships/{market.partnership['id']}",
    )
    target = f"/targets/{market.target['id']}"
    api.patch(offer, {"earning": {"earning_cents": 1700}})
    api.patch(partnership, {"earning": {"earning_cents": 1800}})
    api.patch(target, {"charge_cents": 4100})
    cents = [api.get(f"{offer}/terms/{n}").body["earning"]["earning_cents"] for n in (1, 2)]
    assert cents == [1500, 1700]
    own = [api.get(f"{partnership}/terms/{n}").body["earning"] for n in (1, 2)]
    assert own[0] is None
    assert own[1]["earning_cents"] == 1800
    said = [api.get(f"{target}/terms/{n}").body["target"]["charge_cents"] for n in (1, 2)]
    assert said == [None, 4100]


def judged(sides: Sides, terms: Json, earning: Json, seconds: int = 130) -> str:
    """A call of the first market that talks under these terms; its path."""
    market = sides.markets[0]
    sides.api.patch(f"/campaigns/{market.campaign['id']}", {"terms": terms})
    sides.api.patch(f"/offers/{market.offer['id']}", {"earning": earning})
    sides.world.talks("CA9", seconds=seconds, e164=E164[0], caller="+14155550109")
    return f"/calls/{sides.world.call('CA9').id}/verdict"


def test_a_verdict_names_every_rule_its_fact_and_its_source() -> None:
    sides = Sides()
    earning = {
        "earning_cents": 2500,
        "steps": [{"name": "share", "test": "answered", "pays": SHARE}],
    }
    path = judged(sides, LADDER, earning)
    body = sides.api.get(path).body
    schemas_verdicts.VerdictView.model_validate(body)
    shown = body["verdict"]
    assert [(one["rule"], one["step"], one["outcome"], one["source"], one["cents"])
            for one in shown["charge"]] == [
        ("connected", None, "pass", "leg", None),
        ("minimum_talk", "base", "pass", "leg", 2000),
        ("minimum_talk", "long", "pass", "leg", 3500),
        ("caller_area", None, "pass", "carrier", None),
        ("repeat_caller", None, "pass", "earlier calls", None),
    ]  # fmt: skip
    assert (shown["charge_step"], shown["charge_cents"]) == ("long", 3500)
    assert (shown["earning_step"], shown["earning_cents"]) == ("share", 2100)
    market = sides.markets[0]
    assert [(one["owner_id"], one["version"]) for one in shown["terms"]] == [
        (market.campaign["id"], 2),
        (market.target["id"], 1),
        (market.offer["id"], 2),
        (market.partnership["id"], 1),
    ]


def test_a_publisher_sees_the_same_verdict_without_the_buyers_money() -> None:
    sides = Sides()
    sale = {"name": "secret sale", "test": "postback", "minimum_cents": 4321,
            "pays": {"cents": 7654}}  # fmt: skip
    terms = {"charge_cents": 7654, "minimum_talk_seconds": None, "steps": [sale]}
    path = judged(sides, terms, {"earning_cents": 1500})
    shown = sides.party("publisher").get(path).body
    schemas_verdicts.PublisherVerdictView.model_validate(shown)
    assert shown["status"] == "pending"
    assert [one["outcome"] for one in shown["verdict"]["charge"]][:2] == ["pass", "waiting"]
    assert shown["verdict"]["earning_most_cents"] == 1500
    text = json.dumps(shown)
    market = sides.markets[0]
    for hidden in ("7654", "4321", "secret", market.campaign["id"], market.target["id"],
                   market.advertiser["id"], "+14155550109"):  # fmt: skip
        assert hidden not in text
    assert sides.party("publisher", 1).get(path).status == 404


def test_an_advertiser_sees_the_same_verdict_without_the_earning() -> None:
    sides = Sides()
    market = sides.markets[0]
    owed = {"disposition_missing": {"within_hours": 3}}
    path = judged(sides, LADDER, {"earning_cents": 1234, "disqualifiers": owed})
    shown = sides.party("advertiser").get(path).body
    schemas_verdicts.AdvertiserVerdictView.model_validate(shown)
    assert (shown["status"], shown["verdict"]["charge_standing"]) == ("pending", "approved")
    assert shown["verdict"]["waits_until"] is None
    text = json.dumps(shown)
    for hidden in ("earning", "1234", market.publisher["id"], market.partnership["id"],
                   market.offer["id"], "disposition_missing"):  # fmt: skip
        assert hidden not in text
    assert sides.party("advertiser", 1).get(path).status == 404


def test_what_a_verdict_stood_like_while_it_waited_is_kept() -> None:
    sides = Sides()
    sale = {"name": "sale", "test": "postback", "minimum_cents": 5000, "pays": {"cents": 9000}}
    terms = {"charge_cents": 9000, "minimum_talk_seconds": None, "steps": [*TWO_STEPS, sale]}
    path = judged(sides, terms, {"earning_cents": 1500})
    call = sides.world.call("CA9")
    assert call.attempt is not None
    own = {"call_id": call.id, "advertiser_id": call.attempt.hold.advertiser_id}
    sides.api.rows.write([disposition_put(a_disposition("anything", **own))])
    sides.api.rows.write([postback_put(a_postback(5000, **own))])
    sides.world.settles("CA9")
    shown = sides.api.get(path).body["verdict"]
    assert (shown["approved"], shown["charge_step"], shown["charge_cents"]) == (True, "sale", 9000)
    assert [(one["charge_standing"], one["charge_most_cents"]) for one in shown["stages"]] == [
        ("pending", 9000)
    ]


def test_a_verdict_of_an_earlier_release_is_shown_with_what_it_says() -> None:
    sides = Sides()
    call_id = sides.calls[0]["id"]
    key = next(row for row in sides.api.rows.rows_of("calls")
               if row["pk"] == f"CALL#{call_id}" and row["sk"] == "VERDICT")  # fmt: skip
    doc = json.loads(key["doc"])
    for side in ("charge", "earning"):
        doc["verdict"][side] = [
            {name: one[name] for name in ("rule", "saw", "asked", "denial")}
            for one in doc["verdict"][side]
        ]
    names = ("charge", "earning", "charge_cents", "earning_cents")
    doc["verdict"] = {name: doc["verdict"][name] for name in names}
    old = {name: doc[name] for name in ("ending", "approved", "judged_at", "verdict")}
    shown = judgement_view(old)
    schemas_verdicts.JudgementView.model_validate(shown)
    assert (shown["charge_standing"], shown["charge_most_cents"]) == ("approved", 2500)
