"""Postbacks over HTTP: genuine, forged, late, repeated, and matched with their calls."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels import schemas_dispositions
from chalicelib.flows import feedback
from chalicelib.flows.feedback import Looked
from chalicelib.store.rows import Question
from tests.builders import NOW
from tests.channels.api import Api, Market, Reply
from tests.channels.telling import CALLERS, NO_CALL, Buyers
from tests.fakes import Crash

Json = dict[str, Any]
TIME = "2026-11-23T15:00:00Z"


def told(**said: Any) -> bytes:
    """The body of a postback of one sale."""
    return json.dumps({"event_id": "sale-1"} | said).encode()


def looks(buyers: Buyers) -> Looked:
    """The sweep's look at what waits for its call."""
    return feedback.look(stores=buyers.api.stores, now=buyers.api.now)


# --- what it tells ------------------------------------------------------------------------------


def test_a_signed_postback_is_kept_beside_its_call() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    body = told(call_id=call, amount="25.00", currency="USD", disposition="Sold", note="fine")
    reply = buyers.posts_back(body)
    assert reply.status == 200
    schemas_dispositions.TakenPostbackView.model_validate(reply.body)
    assert (reply.body["call_id"], reply.body["matched_by"]) == (call, "call_id")
    said = buyers.said(call)
    (postback,), (disposition,) = said["postbacks"], said["dispositions"]
    assert (postback["amount_cents"], postback["converted"], postback["event_id"]) == (
        2500, True, "sale-1",
    )  # fmt: skip
    assert (disposition["value"], disposition["source"]) == ("sold", "postback")
    assert buyers.advertiser.get(f"/calls/{call}").body["disposition"]["note"] == "fine"


@pytest.mark.parametrize(
    ("said", "converted"),
    [
        ({"amount": "0.00"}, False),
        ({"amount": "0.00", "converted": True}, True),
        ({"converted": True}, True),
        ({"amount": "0.01"}, True),
        ({"amount": "25.00", "converted": False}, False),
    ],
)
def test_a_postback_of_nothing_is_no_conversion_unless_it_says_so(
    said: Json, converted: bool
) -> None:
    buyers = Buyers()
    assert buyers.posts_back(told(call_id=buyers.calls[0], **said)).status == 200
    assert buyers.said(buyers.calls[0])["postbacks"][0]["converted"] is converted


def test_a_url_tells_the_same_as_a_body() -> None:
    buyers = Buyers()
    said = {"caller": CALLERS[0], "time": TIME, "amount": "0", "converted": "true",
            "note": "a & b = c", "disposition": "sold"}  # fmt: skip
    reply = buyers.gets_back(event_id="sale-1", **said)
    assert (reply.status, reply.body["matched_by"]) == (200, "caller")
    assert buyers.said(buyers.calls[0])["dispositions"][0]["note"] == "a & b = c"
    again = buyers.posts_back(told(**said | {"converted": True, "amount": "0.00"}))
    assert again.headers["Idempotency-Hit"] == "true"
    assert again.body == reply.body
    assert len(buyers.said(buyers.calls[0])["postbacks"]) == 1


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"event_id": None}, {("event_id", "type")}),
        ({}, {("call_id", "required"), ("disposition", "required")}),
        ({"call_id": NO_CALL}, {("disposition", "required")}),
        ({"call_id": "call_1", "amount": 25}, {("call_id", "format"), ("amount", "type")}),
        ({"call_id": NO_CALL, "amount": "-1"}, {("amount", "format")}),
        ({"call_id": NO_CALL, "amount": "1", "currency": "EUR"},
         {("currency", "currency_of_advertiser")}),
        ({"caller": CALLERS[0], "amount": "1"}, {("time", "required")}),
        ({"caller": "4155550100", "time": "noon", "amount": "1"},
         {("caller", "format"), ("time", "format")}),
        ({"external_id": "=1", "amount": "1", "sold": True},
         {("external_id", "format"), ("sold", "unknown_field")}),
    ],
)  # fmt: skip
def test_every_fault_of_a_genuine_postback_is_named(
    said: Json, faults: set[tuple[str, str]]
) -> None:
    buyers = Buyers()
    before = buyers.api.rows.rows_of("calls")
    reply = buyers.posts_back(told(**said))
    assert (reply.status, reply.faults) == (400, faults)
    assert buyers.api.rows.rows_of("calls") == before


# --- whose it is --------------------------------------------------------------------------------


def refused(buyers: Buyers, reply: Reply, code: str) -> None:
    assert (reply.status, reply.body["code"]) == (401, code)
    assert buyers.said(buyers.calls[0])["postbacks"] == []
    assert not [row for row in buyers.api.rows.rows_of("calls") if row["pk"].startswith("EVENT#")]


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "0" * 64}, {"signature": ""}, {"signature": "x"}, {"timestamp": ""},
        {"timestamp": "noon"}, {"timestamp": str(int(NOW.timestamp()) + 1)},
        {"advertiser_id": f"adv_{'0' * 26}"},
    ],
)  # fmt: skip
def test_a_forged_postback_is_refused_and_changes_nothing(changed: dict[str, str]) -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], amount="25.00")
    refused(buyers, buyers.posts_back(body, **changed), "bad_signature")


def test_a_postback_signed_for_one_advertiser_is_not_anothers() -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], amount="25.00")
    reply = buyers.posts_back(body, advertiser_id=buyers.parties[1].id)
    refused(buyers, reply, "bad_signature")


def test_a_body_that_was_changed_on_the_way_is_refused() -> None:
    buyers = Buyers()
    signed = buyers.signed("POST", told(call_id=buyers.calls[0], amount="25.00"))
    headers = {"RingLedger-Timestamp": signed.timestamp, "RingLedger-Signature": signed.signature}
    path = f"/postbacks?advertiser_id={signed.advertiser_id}"
    changed = told(call_id=buyers.calls[0], amount="99.00")
    refused(buyers, buyers.api.send("POST", path, changed, headers=headers), "bad_signature")
    query = {"event_id": "sale-1", "call_id": buyers.calls[0], "amount": "99.00"}
    reply = buyers.api.get(
        "/postbacks", advertiser_id=signed.advertiser_id, timestamp=signed.timestamp,
        signature=signed.signature, **query,
    )  # fmt: skip
    refused(buyers, reply, "bad_signature")
    refused(buyers, buyers.api.get("/postbacks", **query), "bad_signature")


@pytest.mark.parametrize(("seconds", "fresh"), [(-301, False), (-300, True), (300, True),
                                                (301, False)])  # fmt: skip
def test_an_expired_signature_is_refused(seconds: int, fresh: bool) -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], amount="25.00")
    signed = buyers.signed("POST", body)
    buyers.api.now += timedelta(seconds=seconds)
    reply = buyers.posts_back(body, timestamp=signed.timestamp, signature=signed.signature)
    if fresh:
        assert reply.status == 200
    else:
        refused(buyers, reply, "expired_signature")


def test_nothing_but_the_secrets_is_read_before_the_signature_holds() -> None:
    buyers = Buyers()
    trips = buyers.api.rows.trips
    assert buyers.posts_back(b"not even JSON", signature="0" * 64).status == 401
    assert buyers.api.rows.trips == trips + 1
    assert buyers.posts_back(b"not even JSON", signature="short").status == 401
    buyers.api.later(hours=1)
    assert buyers.posts_back(b"{}", timestamp="1795446000").body["code"] == "expired_signature"
    assert buyers.api.rows.trips == trips + 1


def test_a_genuine_postback_that_is_no_json_is_malformed() -> None:
    assert Buyers().posts_back(b"not even JSON").body["code"] == "malformed_body"


@given(st.text(max_size=80), st.text(max_size=30), st.binary(max_size=40))
@settings(max_examples=30, deadline=None)
def test_no_guess_opens_the_door(signature: str, timestamp: str, body: bytes) -> None:
    api = Api()
    headers = {"RingLedger-Timestamp": timestamp, "RingLedger-Signature": signature}
    path = f"/postbacks?advertiser_id=adv_{'0' * 26}"
    assert api.send("POST", path, body, headers=headers).status == 401
    assert api.rows.rows_of("calls") == []


# --- once ---------------------------------------------------------------------------------------


def test_a_replayed_postback_gets_the_same_answer_and_changes_nothing() -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], amount="25.00", disposition="sold")
    first = buyers.posts_back(body)
    before = buyers.api.rows.rows_of("calls")
    buyers.api.later(minutes=2)
    again = buyers.posts_back(body)
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Idempotency-Hit"] == "true"
    assert buyers.api.rows.rows_of("calls") == before


def test_an_event_that_tells_something_else_is_refused() -> None:
    buyers = Buyers()
    buyers.posts_back(told(call_id=buyers.calls[0], amount="25.00"))
    reply = buyers.posts_back(told(call_id=buyers.calls[0], amount="99.00"))
    assert (reply.status, reply.body["code"]) == (409, "event_id_reused")
    assert [one["amount_cents"] for one in buyers.said(buyers.calls[0])["postbacks"]] == [2500]


@pytest.mark.parametrize("call_id", ["", NO_CALL])
def test_two_deliveries_at_once_count_once(call_id: str) -> None:
    buyers = Buyers()
    body = told(call_id=call_id or buyers.calls[0], amount="25.00")
    others: list[Reply] = []
    buyers.api.rows.before_write(lambda: others.append(buyers.posts_back(body)))
    reply = buyers.posts_back(body)
    assert reply.body == others[0].body
    assert reply.headers.get("Idempotency-Hit") == "true"
    assert len(buyers.said(buyers.calls[0])["postbacks"]) == (0 if call_id else 1)
    assert len(buyers.unmatched()) == (1 if call_id else 0)


def test_a_postback_whose_answer_was_lost_is_told_again_with_the_same_answer() -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], external_id="crm-1", amount="25.00", disposition="sold")
    buyers.api.rows.crash_after_write()
    with pytest.raises(Crash):
        buyers.posts_back(body)
    reply = buyers.posts_back(body)
    assert (reply.body["call_id"], reply.headers["Idempotency-Hit"]) == (buyers.calls[0], "true")
    assert len(buyers.said(buyers.calls[0])["postbacks"]) == 1


def test_a_postback_whose_write_never_happened_is_taken_the_next_time() -> None:
    buyers = Buyers()
    body = told(call_id=buyers.calls[0], external_id="crm-1", amount="25.00", disposition="sold")
    buyers.api.rows.crash_before_write()
    with pytest.raises(Crash):
        buyers.posts_back(body)
    assert buyers.said(buyers.calls[0])["postbacks"] == []
    assert "Idempotency-Hit" not in buyers.posts_back(body).headers
    assert len(buyers.said(buyers.calls[0])["postbacks"]) == 1


# --- which call ---------------------------------------------------------------------------------


def test_the_first_postback_with_both_ids_teaches_which_call_the_own_one_stands_for() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    body = told(external_id="crm-55", caller=CALLERS[0], time=TIME, amount="1")
    assert buyers.posts_back(body).body["matched_by"] == "caller"
    assert buyers.advertiser.get(f"/calls/{call}").body["external_id"] == "crm-55"
    later = buyers.posts_back(told(event_id="sale-2", external_id="crm-55", amount="9"))
    assert (later.body["call_id"], later.body["matched_by"]) == (call, "external_id")
    other = buyers.posts_back(told(event_id="sale-3", call_id=call, external_id="x", amount="9"))
    assert other.body["call_id"] == call
    assert buyers.advertiser.get(f"/calls/{call}").body["external_id"] == "crm-55"


@pytest.mark.parametrize(
    ("time", "matched"),
    [("2026-11-23T14:58:59Z", False), ("2026-11-23T14:59:00Z", True),
     ("2026-11-23T15:01:00Z", True), ("2026-11-23T15:01:01Z", False)],
)  # fmt: skip
def test_a_caller_is_matched_within_60_seconds(time: str, matched: bool) -> None:
    buyers = Buyers()
    buyers.api.later(hours=1)
    reply = buyers.posts_back(told(caller=CALLERS[0], time=time, amount="1"))
    assert (reply.body["call_id"] == buyers.calls[0]) is matched


def test_another_advertisers_call_is_never_matched() -> None:
    buyers = Buyers()
    for n, named in enumerate(({"call_id": buyers.calls[1]}, {"caller": CALLERS[1], "time": TIME})):
        reply = buyers.posts_back(told(event_id=f"sale-{n}", amount="1", **named))
        assert (reply.status, reply.body["call_id"]) == (200, None)
        assert buyers.calls[1] not in json.dumps(reply.body)
    assert buyers.said(buyers.calls[1])["postbacks"] == []


def test_an_ambiguous_postback_is_listed_with_its_candidates_and_never_guessed() -> None:
    buyers = Buyers()
    buyers.api.later(seconds=30)
    second = buyers.talks(0, "CA2")
    reply = buyers.posts_back(told(caller=CALLERS[0], time=TIME, amount="1"))
    candidates = sorted([buyers.calls[0], second])
    assert (reply.body["reason"], reply.body["candidates"]) == ("ambiguous", candidates)
    (listed,) = buyers.unmatched()
    schemas_dispositions.UnmatchedView.model_validate(listed)
    assert listed["match"]["candidates"] == candidates
    assert [buyers.said(call)["postbacks"] for call in candidates] == [[], []]


def test_a_postback_that_overtakes_its_call_finds_it_at_a_later_look() -> None:
    buyers = Buyers()
    time = "2026-11-23T15:05:00Z"
    body = told(caller=CALLERS[0], time=time, amount="25.00", disposition="sold")
    assert buyers.posts_back(body).body["reason"] == "no_call_of_caller"
    assert looks(buyers) == Looked()
    buyers.api.now = NOW + timedelta(minutes=5)
    call = buyers.talks(0, "CA2")
    buyers.api.later(seconds=1)
    assert looks(buyers) == Looked(matched=1)
    assert buyers.said(call)["postbacks"][0]["amount_cents"] == 2500
    assert buyers.unmatched() == []
    buyers.api.later(hours=1)
    assert looks(buyers) == Looked()
    assert buyers.posts_back(body).body["call_id"] is None


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("crashed", [1, 2])
def test_a_crash_at_a_later_look_is_made_up_for_by_the_next(crashed: int, after: bool) -> None:
    buyers = Buyers()
    buyers.posts_back(told(external_id="crm-1", amount="25.00"))
    body = {"external_id": "crm-1"}
    buyers.advertiser.send("PUT", f"/calls/{buyers.calls[0]}/external-id", body)
    buyers.api.later(minutes=2)
    rows = buyers.api.rows
    (rows.crash_after_write if after else rows.crash_before_write)(crashed)
    with pytest.raises(Crash):
        looks(buyers)
    buyers.api.later(minutes=2)
    looks(buyers)
    assert len(buyers.said(buyers.calls[0])["postbacks"]) == 1
    assert buyers.unmatched() == []
    assert looks(buyers) == Looked()


def test_what_waits_is_looked_at_ever_more_rarely_and_no_more_after_a_day() -> None:
    buyers = Buyers()
    buyers.posts_back(told(external_id="crm-1", amount="25.00"))
    looked = []
    for minute in range(1, 26 * 60):
        buyers.api.now = NOW + timedelta(minutes=minute, seconds=1)
        if looks(buyers).waiting:
            looked.append(minute)
    assert looked[:4] == [1, 3, 7, 15]
    assert (len(looked), looked[-1]) == (11, 24 * 60)
    body = {"external_id": "crm-1"}
    buyers.advertiser.send("PUT", f"/calls/{buyers.calls[0]}/external-id", body)
    assert looks(buyers) == Looked()
    assert len(buyers.unmatched()) == 1


def test_feedback_that_cannot_be_looked_at_keeps_no_other_waiting() -> None:
    buyers = Buyers()
    for n in range(2):
        buyers.posts_back(told(event_id=f"sale-{n}", external_id=f"crm-{n}", amount="1"))
        buyers.api.later(seconds=1)
    body = {"external_id": "crm-1"}
    buyers.advertiser.send("PUT", f"/calls/{buyers.calls[0]}/external-id", body)
    buyers.api.later(minutes=2)

    def fails() -> None:
        raise ConnectionError("the database is away")

    buyers.api.rows.before_write(fails)
    assert looks(buyers) == Looked(matched=1, failed=1)
    assert looks(buyers) == Looked()
    buyers.api.later(minutes=5, seconds=1)
    assert looks(buyers) == Looked(waiting=1)


# --- secrets ------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_kept_nowhere() -> None:
    market = Market(Api())
    path = f"/advertisers/{market.advertiser['id']}/postback-secrets"
    made = market.api.post(path, Idempotency_Key="k1")
    schemas_dispositions.MadePostbackSecretView.model_validate(made.body)
    assert made.body["secret"].startswith("rlp_") and len(made.body["secret"]) == 47
    again = market.api.post(path, Idempotency_Key="k1")
    assert again.body == made.body | {"secret": None}
    assert again.headers["Idempotency-Hit"] == "true"
    listed = market.api.get(path).body
    schemas_dispositions.PostbackSecretsView.model_validate(listed)
    assert [one["id"] for one in listed["secrets"]] == [made.body["id"]]
    assert made.body["secret"] not in json.dumps(
        [listed, market.api.rows.rows_of("catalog"), market.api.rows.rows_of("calls")]
    )


def test_a_secret_is_changed_without_a_gap_and_the_old_one_signs_no_more() -> None:
    buyers = Buyers()
    path = f"/advertisers/{buyers.advertiser.id}/postback-secrets"
    following = buyers.advertiser.send("POST", path, {}).body
    assert buyers.advertiser.send("POST", path, {}).body["code"] == "too_many_secrets"
    assert buyers.posts_back(told(call_id=buyers.calls[0], amount="1")).status == 200
    gone = buyers.advertiser.send("DELETE", f"{path}/{buyers.secrets[0]['id']}")
    schemas_dispositions.PostbackSecretView.model_validate(gone.body)
    assert gone.body["revoked_at"] is not None
    buyers.api.later(minutes=1)
    again = buyers.advertiser.send("DELETE", f"{path}/{buyers.secrets[0]['id']}")
    assert again.body == gone.body
    old = buyers.posts_back(told(event_id="sale-2", call_id=buyers.calls[0], amount="1"))
    assert (old.status, old.body["code"]) == (401, "bad_signature")
    buyers.secrets = (following, buyers.secrets[1])
    assert buyers.posts_back(
        told(event_id="sale-2", call_id=buyers.calls[0], amount="1")
    ).status == 200  # fmt: skip


def test_secrets_that_two_make_at_once_are_two_at_most() -> None:
    buyers = Buyers()
    path = f"/advertisers/{buyers.advertiser.id}/postback-secrets"
    buyers.api.rows.before_write(lambda: buyers.api.post(path))
    assert buyers.api.post(path).body["code"] == "too_many_secrets"
    assert len(buyers.api.get(path).body["secrets"]) == 2


def test_an_advertisers_secrets_are_nobody_elses() -> None:
    buyers = Buyers()
    path = f"/advertisers/{buyers.advertiser.id}/postback-secrets"
    other = buyers.parties[1]
    for method, line in [("POST", path), ("GET", path),
                         ("DELETE", f"{path}/{buyers.secrets[0]['id']}")]:  # fmt: skip
        assert other.send(method, line, {} if method == "POST" else None).status == 404
    theirs = f"/advertisers/{other.id}/postback-secrets/{buyers.secrets[0]['id']}"
    assert other.send("DELETE", theirs).status == 404
    assert buyers.api.get(f"/advertisers/adv_{'0' * 26}/postback-secrets").status == 404


def test_a_paused_advertisers_system_goes_on_and_an_archived_ones_does_not() -> None:
    buyers = Buyers()
    path = f"/advertisers/{buyers.advertiser.id}"
    buyers.api.patch(path, {"state": "paused"})
    assert buyers.posts_back(told(call_id=buyers.calls[0], amount="1")).status == 200
    buyers.api.delete(path)
    body = told(event_id="sale-2", call_id=buyers.calls[0], amount="1")
    assert buyers.posts_back(body).status == 401
    reply = buyers.api.post(f"{path}/postback-secrets")
    assert (reply.status, reply.body["code"]) == (409, "account_archived")


def test_what_waits_for_its_call_is_not_taken_for_a_call_that_is_due() -> None:
    buyers = Buyers()
    buyers.posts_back(told(external_id="crm-1", amount="25.00"))
    buyers.api.later(days=1)
    assert buyers.api.stores.calls.due(buyers.api.now, limit=10) == ()
    question = Question(table="calls", index="by_due", partition="unmatched")
    assert len(buyers.api.rows.page(question).items) == 1
