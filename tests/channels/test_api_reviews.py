"""Reviews over HTTP: what the operator decides, what both sides see of it, and what waits."""

import json
from typing import Any

import pytest

from chalicelib.channels import schemas_reviews, schemas_terms, schemas_verdicts
from tests.channels.api import Reply
from tests.channels.telling import NO_CALL
from tests.channels.test_api_sides import E164, Sides

Json = dict[str, Any]
REVIEW: Json = {"within_hours": 24, "otherwise": "deny"}
DENY: Json = {"decision": "deny", "reason": "wrong_product", "note": "asked for Ann"}


class Reviewing(Sides):
    """Two markets; the charges of the first await a review, and so does a call of it."""

    def __init__(self, **review: Any) -> None:
        super().__init__()
        self.campaign = f"/campaigns/{self.markets[0].campaign['id']}"
        terms = {"disqualifiers": {"review": {**REVIEW, **review}}}
        self.saved = self.api.patch(self.campaign, {"terms": terms})
        self.call = self.talks("CA9")

    def talks(self, sid: str) -> str:
        """One more call of the first market; its id."""
        self.world.talks(sid, seconds=130, e164=E164[0], caller=f"+1415555015{sid[-1]}")
        return self.world.call(sid).id

    def decides(self, call: str = "", **body: Any) -> Reply:
        return self.api.send("PUT", f"/calls/{call or self.call}/review", body)

    def reviews(self) -> list[Json]:
        body = self.api.get(f"/calls/{self.call}/reviews").body
        schemas_reviews.ReviewsView.model_validate(body)
        kept: list[Json] = body["reviews"]
        return kept

    def waiting(self) -> list[Json]:
        listed: list[Json] = self.api.get("/reviews").body["data"]
        for one in listed:
            schemas_reviews.UnreviewedView.model_validate(one)
        return listed


def findings(verdict: Json) -> list[Json]:
    return [one for one in verdict["verdict"]["charge"] if one["rule"] == "review"]


def test_terms_that_ask_for_a_review_are_shown_with_every_default() -> None:
    shown = Reviewing().saved.body["terms"]
    schemas_terms.ChargeTerms.model_validate(shown)
    assert shown["disqualifiers"]["review"] == {**REVIEW, "filters": []}


@pytest.mark.parametrize(
    ("review", "fault"),
    [
        ({"within_hours": 0}, ("within_hours", "range")),
        ({"within_hours": 721}, ("within_hours", "range")),
        ({"otherwise": "wait"}, ("otherwise", "choice")),
        ({"of": "every call"}, ("of", "unknown_field")),
        (
            {"filters": [{"attribute": "caller", "test": "present"}]},
            ("filters.0.attribute", "choice"),
        ),
        (
            {"filters": [{"attribute": "tag.a", "test": "equals", "values": ["a", "b"]}]},
            ("filters.0.values", "filter"),
        ),
    ],
)
def test_every_fault_of_a_review_in_terms_is_named(review: Json, fault: tuple[str, str]) -> None:
    saved = Reviewing(**review).saved
    assert (f"terms.disqualifiers.review.{fault[0]}", fault[1]) in saved.faults


def test_a_review_of_an_earning_is_refused_by_the_same_rules() -> None:
    sides = Sides()
    wrong = {"within_hours": 1, "filters": [{"attribute": "number", "test": "present"}]}
    earning = {"disqualifiers": {"review": wrong}}
    saved = sides.api.patch(f"/offers/{sides.markets[0].offer['id']}", {"earning": earning})
    assert saved.faults == {("earning.disqualifiers.review.filters.0.attribute", "choice")}


def test_a_call_waits_until_the_operator_decides_and_both_sides_see_why() -> None:
    sides = Reviewing()
    path = f"/calls/{sides.call}/verdict"
    (waits,) = findings(sides.api.get(path).body)
    assert (waits["outcome"], waits["until"]) == ("waiting", "2026-11-24T15:00:00.000Z")
    kept = sides.decides(**DENY)
    assert kept.status == 200
    schemas_reviews.ReviewView.model_validate(kept.body)
    assert kept.body["note"] == "asked for Ann"
    sides.world.settles("CA9")
    shown = [sides.api.get(path).body] + [
        sides.party(kind).get(path).body for kind in ("publisher", "advertiser")
    ]
    schemas_verdicts.VerdictView.model_validate(shown[0])
    schemas_verdicts.PublisherVerdictView.model_validate(shown[1])
    schemas_verdicts.AdvertiserVerdictView.model_validate(shown[2])
    for one in shown:
        (told,) = findings(one)
        assert (one["status"], told["saw"]) == ("denied", "deny: wrong_product")
        assert (told["source"], told["denial"]) == ("operator", "review_denied")
        assert "Ann" not in json.dumps(one)


def test_an_advertiser_sees_nothing_of_a_review_of_the_earning() -> None:
    sides = Sides()
    asked = {"disqualifiers": {"review": REVIEW}}
    sides.api.patch(f"/offers/{sides.markets[0].offer['id']}", {"earning": asked})
    sides.world.talks("CA9", seconds=130, e164=E164[0], caller="+14155550109")
    shown = sides.party("advertiser").get(f"/calls/{sides.world.call('CA9').id}/verdict").body
    assert (shown["status"], shown["verdict"]["charge_standing"]) == ("pending", "approved")
    assert "review" not in json.dumps(shown)


def test_a_decision_that_is_repeated_is_kept_once_and_a_change_of_mind_beside_it() -> None:
    sides = Reviewing()
    first = sides.decides(**DENY)
    sides.api.later(minutes=5)
    assert sides.decides(**DENY).body == first.body
    sides.decides(decision="approve", reason="listened")
    assert [(one["number"], one["decision"]) for one in sides.reviews()] == [
        (1, "deny"),
        (2, "approve"),
    ]


def test_a_late_decision_is_shown_and_changes_no_verdict() -> None:
    sides = Reviewing()
    sides.api.later(hours=25)
    sides.world.settles("CA9")
    before = sides.api.get(f"/calls/{sides.call}/verdict").body
    assert findings(before)[0]["denial"] == "review_missing"
    assert sides.decides(decision="approve", reason="listened").status == 200
    sides.world.settles("CA9")
    assert sides.api.get(f"/calls/{sides.call}/verdict").body == before
    assert [one["reason"] for one in sides.reviews()] == ["listened"]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("decision", "required"), ("reason", "required")}),
        ({**DENY, "decision": "pending"}, {("decision", "choice")}),
        ({**DENY, "reason": ""}, {("reason", "length")}),
        ({**DENY, "reason": "r" * 201}, {("reason", "length")}),
        ({**DENY, "reason": 7, "note": ""}, {("reason", "type"), ("note", "length")}),
        ({**DENY, "note": "a\x00"}, {("note", "format")}),
        ({**DENY, "note": "n" * 501}, {("note", "length")}),
        ({**DENY, "at": "now"}, {("at", "unknown_field")}),
    ],
)
def test_every_fault_of_a_decision_is_named(body: Json, faults: set[tuple[str, str]]) -> None:
    sides = Reviewing()
    assert sides.decides(**body).faults == faults
    assert sides.reviews() == []


def test_a_body_that_is_no_object_is_refused() -> None:
    sides = Reviewing()
    for raw in (b"{", b"[]", b"\xff"):
        assert sides.api.send("PUT", f"/calls/{sides.call}/review", raw).status == 400
    assert sides.reviews() == []


def test_a_call_that_is_not_known_cannot_be_reviewed() -> None:
    sides = Reviewing()
    assert sides.decides(NO_CALL, **DENY).status == 404
    assert sides.api.get(f"/calls/{NO_CALL}/reviews").status == 404


@pytest.mark.parametrize("kind", ["publisher", "advertiser"])
def test_reviews_are_the_operators_alone(kind: str) -> None:
    sides = Reviewing()
    party = sides.party(kind)
    assert party.send("PUT", f"/calls/{sides.call}/review", DENY).status == 403
    assert party.get(f"/calls/{sides.call}/reviews").status == 403
    assert party.get("/reviews").status == 403
    assert sides.reviews() == []


def test_text_that_a_spreadsheet_would_compute_is_shown_as_text() -> None:
    sides = Reviewing()
    kept = sides.decides(decision="deny", reason="=1+1", note="@sum").body
    assert (kept["reason"], kept["note"]) == ("'=1+1", "'@sum")


def test_what_awaits_a_review_is_listed_until_it_is_decided() -> None:
    sides = Reviewing()
    (one,) = sides.waiting()
    assert (one["call_id"], one["until"]) == (sides.call, "2026-11-24T15:00:00.000Z")
    assert (one["charge_most_cents"], one["earning_most_cents"]) == (2500, 1500)
    assert (one["campaign_id"], one["talk_seconds"]) == (sides.markets[0].campaign["id"], 130)
    sides.decides(**DENY)
    sides.world.settles("CA9")
    assert sides.waiting() == []


def test_the_pages_of_what_awaits_a_review_follow_one_another() -> None:
    sides = Reviewing()
    sides.api.later(minutes=1)
    more = sides.talks("CA8")
    first = sides.api.get("/reviews", limit="1").body
    last = sides.api.get("/reviews", limit="1", cursor=first["next_cursor"]).body
    assert [one["call_id"] for one in (*first["data"], *last["data"])] == [sides.call, more]
    assert last["next_cursor"] is None


def test_a_call_that_the_filters_leave_out_waits_for_nobody() -> None:
    gold = {"attribute": "tag.plan", "test": "equals", "values": ["gold"]}
    sides = Reviewing(filters=[gold])
    assert sides.saved.status == 200
    shown = sides.api.get(f"/calls/{sides.call}/verdict").body
    assert shown["status"] == "approved"
    assert [one["outcome"] for one in findings(shown)] == ["pass"]
    assert sides.waiting() == []
