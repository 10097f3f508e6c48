"""Calls over real HTTP through the deployed stack, from the first ring to the verdict."""

from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from simulator import Behaviour, Faults, Outcome
from tests.e2e.deployment import Deployment, Market


def test_a_long_call_is_approved_charged_and_earned(deployment: Deployment) -> None:
    market = Market(deployment)
    with deployment.network() as network:
        placed = market.rings(network, talk=60)
    assert placed.violations == ()
    call = deployment.judged(placed.sid)
    assert (call["status"], call["talk_seconds"]) == ("approved", 60)
    assert (call["charge_cents"], call["earning_cents"]) == (2500, 1500)
    assert market.funds()["available_cents"] == 997_500
    decision = deployment.api("GET", f"/calls/{call['id']}/decision")
    assert "chosen" in str(decision)
    verdict = deployment.api("GET", f"/calls/{call['id']}/verdict")
    assert "minimum_talk" in str(verdict)
    assert deployment.trial_balance()["total_cents"] == 0


def test_a_short_call_is_denied_with_its_reason(deployment: Deployment) -> None:
    market = Market(deployment)
    with deployment.network() as network:
        placed = market.rings(network, talk=59)
    call = deployment.judged(placed.sid)
    assert (call["status"], call["reasons"]) == ("denied", ["too_short"])
    assert market.funds()["available_cents"] == 1_000_000


def test_a_busy_target_is_followed_by_the_next(deployment: Deployment) -> None:
    market = Market(deployment, targets=2)
    busy = Behaviour(outcome=Outcome.BUSY, after=2)
    with deployment.network() as network:
        placed = market.rings(network, attempts=(busy, Behaviour(talk=75)))
    call = deployment.judged(placed.sid)
    assert (call["status"], call["target_id"]) == ("approved", market.target_ids[1])
    assert placed.violations == ()
    for attempt in (1, 2):
        asked = {"call_id": call["id"], "attempt": attempt}
        assert deployment.api("POST", "/routing/replay", asked)["same"] is True


def test_of_three_that_ring_at_once_the_first_to_answer_has_the_call(
    deployment: Deployment,
) -> None:
    market = Market(deployment, targets=3, target={"ring_group": "front", "concurrency_cap": 1})
    first, second, third = market.target_ids
    deployment.api("PATCH", f"/targets/{third}", {"charge_cents": 4_000})
    answers = {"+12125551001": Behaviour(after=3, talk=75)}
    with deployment.network() as network:
        placed = market.rings(network, targets=answers, target=Behaviour(after=9, talk=75))
        call = deployment.judged(placed.sid)
        again = deployment.judged(market.rings(network, talk=75).sid)
    assert placed.violations == ()
    assert [leg.status for leg in placed.legs] == ["canceled", "completed", "canceled"]
    assert (call["status"], call["target_id"], call["charge_cents"]) == ("approved", second, 2_500)
    assert sorted(again["tried"]) == sorted(market.target_ids)
    (decision,) = deployment.api("GET", f"/calls/{call['id']}/decision")["decisions"]
    reasons = {seen["target_id"]: seen["reason"] for seen in decision["considered"]}
    assert reasons == {first: "chosen", second: "ringing_together", third: "ringing_together"}
    assert deployment.api("POST", "/routing/replay", {"call_id": call["id"], "attempt": 1})["same"]
    funds = market.funds()
    assert (funds["held_cents"], funds["available_cents"]) == (
        0, 1_000_000 - 2_500 - again["charge_cents"],
    )  # fmt: skip
    assert deployment.trial_balance()["total_cents"] == 0


def test_a_caller_who_keys_a_zip_reaches_a_target_that_accepts(deployment: Deployment) -> None:
    said = {
        "consent": {"line": {"text": "This call is recorded."}},
        "whisper": {"text": "A caller from ZIP {zip}."},
        "acceptance": {"seconds": 5},
        "voicemail": {"line": {"text": "Please leave a message."}},
    }
    market = Market(deployment, targets=2, campaign=said)
    question = {
        "name": "zip", "kind": "digits", "min_digits": 5, "max_digits": 5,
        "prompt": {"text": "Your ZIP code, please."},
    }  # fmt: skip
    asked = {"answering": {"greeting": {"text": "Hello."}, "questions": [question]}}
    deployment.api("PATCH", f"/offers/{market.offer_id}", asked)
    refuses = Behaviour(after=2, talk=75, whisper_digits="2")
    accepts = Behaviour(after=2, talk=75, whisper_digits="1")
    with deployment.network() as network:
        placed = market.rings(network, digits=("1", "10001"), attempts=(refuses, accepts))
        unheard = market.rings(network, digits=("10001",), target=refuses)
        call, message = deployment.judged(placed.sid), deployment.judged(unheard.sid)
    assert (placed.violations, unheard.violations) == ((), ())
    assert (call["status"], call["target_id"]) == ("approved", market.target_ids[1])
    assert (call["area"]["zip"], call["tags"]) == ("10001", {"zip": "10001"})
    assert [line["part"] for line in call["heard"]] == ["greeting", "question.zip", "consent"]
    assert deployment.api("POST", "/routing/replay", {"call_id": call["id"], "attempt": 1})["same"]
    assert (message["status"], message["voicemail"]["seconds"]) == ("denied", 10)
    assert market.funds()["available_cents"] == 997_500


@pytest.mark.parametrize("kept", ["leg", "dial", "status"])
def test_each_ending_report_ends_the_call_alone(deployment: Deployment, kept: str) -> None:
    market = Market(deployment)
    lost = tuple(kind for kind in ("leg", "dial", "status") if kind != kept)
    with deployment.network() as network:
        placed = market.rings(network, talk=66, faults=Faults(drop=lost))
        call = deployment.judged(placed.sid)
    assert (call["status"], call["talk_seconds"]) == ("approved", 66)


def test_a_balance_that_two_calls_would_overdraw_admits_one(deployment: Deployment) -> None:
    market = Market(deployment, top_up_cents=2_500)
    with deployment.network() as network, ThreadPoolExecutor(2) as pool:
        placed = list(pool.map(lambda _: market.rings(network, talk=70), range(2)))
        calls = [deployment.judged(one.sid) for one in placed]
    assert sorted(call["status"] for call in calls) == ["approved", "denied"]
    assert [call["reasons"] for call in calls if call["status"] == "denied"] == [["no_funds"]]
    assert market.funds()["available_cents"] == 0


def test_a_wrong_signature_is_refused(deployment: Deployment) -> None:
    form = {"AccountSid": deployment.endpoints["twilio_account_sid"], "CallSid": "CA" + "9" * 32}
    request = Request(
        deployment.endpoints["voice_inbound"],
        data=urlencode(form).encode(),
        headers={"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=20)
    assert refused.value.code == 403
    assert deployment.call("CA" + "9" * 32) == {}
