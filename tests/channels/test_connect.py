"""What Amazon Connect's flow is answered, and what becomes of its calls."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.answering import (
    Acceptance,
    Answering,
    Consent,
    Line,
    Question,
    QuestionKind,
    Voicemail,
    Wait,
)
from chalicelib.calls import Call, CallStatus, HungUpBy
from chalicelib.channels.callers import NOT_IN_SERVICE, SORRY
from chalicelib.endings import Evidence
from chalicelib.flows.dry_run import Supposed, dry_run
from chalicelib.flows.settlement import Progress
from chalicelib.gate import Caller
from chalicelib.reasons import Reason
from chalicelib.store.stores import Stores
from infra import connect_flow
from tests import builders
from tests.builders import FROM_THE_DIAL, NOW, TRACKING_NUMBER
from tests.channels.connecting import Instance, told

ATTRIBUTES = {"action", *connect_flow.actions()["Keep the answer"]["Parameters"]["Attributes"]}
NEAR, FAR = "+12125550101", "+12125550102"
ZIP = Question(
    name="zip",
    prompt=Line(text="Your ZIP code & nothing else, please."),
    kind=QuestionKind.DIGITS,
    min_digits=5,
    max_digits=5,
)
MENU = Question(
    name="service",
    prompt=Line(text="Para español, oprima el dos.", language="es-US"),
    kind=QuestionKind.CHOICE,
    choices={"1": "repair", "2": "new_roof"},
)


def opened(*targets: Any, **more: Any) -> Instance:
    instance = Instance()
    instance.opens(*(targets or (builders.a_target(destination=NEAR),)), **more)
    return instance


def two() -> tuple[Any, ...]:
    return (
        builders.a_target(id="tgt_1", priority=1, destination=NEAR),
        builders.a_target(id="tgt_2", priority=2, destination=FAR),
    )


def held(instance: Instance) -> tuple[int, int]:
    """What the advertiser may still spend, and the slots that are taken."""
    leases = instance.world.target().get("leases", {})
    return instance.world.funds()[1], len(leases)


def evidence(instance: Instance) -> Evidence:
    found = instance.stores().calls.verdict(instance.call().id)
    assert found is not None
    return Evidence(found["ending"]["evidence"])


class TestAnswers:
    def test_every_answer_holds_each_attribute_that_the_flow_keeps_and_none_is_empty(self) -> None:
        asked = opened(offer=builders.an_offer(answering=Answering(questions=(ZIP,))))
        dialled, unknown = opened(), Instance()
        answers = [
            asked.asks("arrived"),
            dialled.asks("arrived"),
            dialled.asks("next", parameters={"attempt": "1", "outcome": "CallFailed"}),
            dialled.asks("ended", parameters={"attempt": "1"}),
            unknown.asks("arrived"),
            unknown.asks("nonsense"),
        ]
        assert [one["action"] for one in answers] == [
            "ask",
            "dial",
            "sorry",
            "end",
            "sorry",
            "sorry",
        ]
        for one in answers:
            assert set(one) == ATTRIBUTES
            assert all(isinstance(value, str) and value for value in one.values())
            assert len(json.dumps(one).encode()) < 32 * 1024

    def test_a_call_is_dialled_on_the_callers_own_number(self) -> None:
        answer = opened().asks("arrived")
        assert (answer["action"], answer["destination"], answer["dial"]) == ("dial", NEAR, "caller")
        assert (answer["ring_seconds"], answer["attempt"], answer["says"]) == ("25", "1", "no")

    @pytest.mark.parametrize("shown", ["tracking_number", "+13125550199"])
    def test_another_number_is_shown_as_the_dialled_one_which_the_instance_has(
        self, shown: str
    ) -> None:
        campaign = builders.a_campaign(terms=FROM_THE_DIAL, caller_id=shown)
        answer = opened(campaign=campaign).asks("arrived")
        assert (answer["dial"], answer["caller_id"]) == ("number", TRACKING_NUMBER)

    @pytest.mark.parametrize("endpoint", [None, {"Address": "anonymous"}, {}, "odd"])
    def test_an_anonymous_caller_is_shown_as_the_dialled_number(self, endpoint: Any) -> None:
        answer = opened().asks("arrived", CustomerEndpoint=endpoint)
        assert (answer["dial"], answer["caller_id"]) == ("number", TRACKING_NUMBER)

    @pytest.mark.parametrize(
        ("digits", "sent"), [("ww123#", ",,123#"), ("W9", ",,9"), ("1*2", "1*2"), ("ABCD", "none")]
    )
    def test_digits_are_sent_with_connects_own_pauses(self, digits: str, sent: str) -> None:
        answer = opened(builders.a_target(send_digits=digits)).asks("arrived")
        assert answer["send_digits"] == sent
        assert answer["dial"] == ("caller" if sent == "none" else "caller_keys")

    def test_greeting_and_consent_come_before_the_dial_and_a_whisper_is_left_out(self) -> None:
        campaign = builders.a_campaign(
            terms=FROM_THE_DIAL,
            consent=Consent(line=Line(text="This call is recorded.")),
            whisper=Line(text="A roofing call."),
        )
        greeting = Answering(greeting=Line(text="Welcome to <Roofs & Co>."))
        instance = opened(campaign=campaign, offer=builders.an_offer(answering=greeting))
        answer = instance.asks("arrived")
        assert answer["says"] == "yes"
        assert "Welcome to &lt;Roofs &amp; Co&gt;." in answer["say"]
        assert "This call is recorded." in answer["say"] and "roofing" not in answer["say"]
        assert [one.part for one in instance.call().heard] == ["greeting", "consent"]

    def test_lines_longer_than_connect_speaks_are_cut(self) -> None:
        consent = Consent(line=Line(text="word & " * 2000))
        answer = opened(campaign=builders.a_campaign(terms=FROM_THE_DIAL, consent=consent)).asks(
            "arrived"
        )
        assert 2_000 < len(answer["say"]) < 6_000

    def test_a_voice_speaks_the_language_of_the_first_line(self) -> None:
        offer = builders.an_offer(answering=Answering(questions=(MENU,)))
        answer = opened(offer=offer).asks("arrived")
        assert (answer["voice"], answer["digits"]) == ("Lupe", "1")

    def test_a_number_that_nobody_has_is_told_so_and_recorded(self) -> None:
        instance = Instance()
        answer = instance.asks("arrived")
        assert NOT_IN_SERVICE in answer["say"] and answer["reason"] == "unknown_number"
        assert instance.call().refusal == "unknown_number"

    def test_nobody_takes_the_call_so_the_caller_hears_it_and_voicemail_is_left_out(self) -> None:
        campaign = builders.a_campaign(
            terms=FROM_THE_DIAL, voicemail=Voicemail(line=Line(text="Leave…"))
        )
        instance = opened(campaign=campaign, funds=0)
        answer = instance.asks("arrived")
        assert (answer["action"], answer["reason"]) == ("sorry", "no_funds")
        assert SORRY in answer["say"]

    def test_what_connect_cannot_do_passes_a_target_over(self) -> None:
        targets = (
            builders.a_target(id="tgt_1", priority=1, destination="sip:desk@pbx.example.com"),
            builders.a_target(id="tgt_2", priority=2, destination=FAR),
        )
        assert opened(*targets).asks("arrived")["destination"] == FAR
        accepting = builders.a_campaign(terms=FROM_THE_DIAL, acceptance=Acceptance())
        assert opened(campaign=accepting).asks("arrived")["reason"] == "beyond_carrier"

    def test_a_supposed_call_meets_what_a_call_on_the_numbers_carrier_would(self) -> None:
        instance = opened(builders.a_target(destination="sip:desk@pbx.example.com"))
        supposed = Supposed(
            call_id="call_x", e164=TRACKING_NUMBER, caller=Caller(number=None), at=NOW, tags={},
            declared=(),
        )  # fmt: skip
        meets = dry_run(supposed, stores=instance.stores(), now=NOW)
        assert meets.refusal is None
        instance.lends()
        meets = dry_run(supposed, stores=Stores(instance.rows), now=NOW)
        assert meets.refusal is Reason.BEYOND_CARRIER


class TestRepetition:
    def test_an_arrival_told_again_gets_the_same_answer_and_reserves_nothing(self) -> None:
        instance = opened(*two())
        first = instance.asks("arrived")
        taken = held(instance)
        instance.later(seconds=2)
        assert instance.asks("arrived") == first
        assert held(instance) == taken == (2500, 1)

    def test_a_failure_told_again_leads_to_the_same_target_once(self) -> None:
        instance = opened(*two())
        instance.asks("arrived")
        failed = {"attempt": "1", "outcome": "ConnectionTimeLimitExceeded"}
        second = instance.asks("next", parameters=failed)
        assert (second["destination"], second["attempt"]) == (FAR, "2")
        assert instance.asks("next", parameters=failed) == second
        assert held(instance) == (2500, 0)
        assert len(instance.world.target("tgt_2")["leases"]) == 1

    def test_when_nobody_is_left_the_caller_hears_it(self) -> None:
        instance = opened()
        instance.asks("arrived")
        answer = instance.asks("next", parameters={"attempt": "1", "outcome": "CallFailed"})
        assert answer["action"] == "sorry"
        assert instance.settles() in (Progress.SETTLED, Progress.LIVE)
        assert held(instance) == (0, 0)


class TestQuestions:
    def test_what_is_keyed_decides_and_each_step_is_handed_back(self) -> None:
        offer = builders.an_offer(answering=Answering(questions=(ZIP, MENU)))
        instance = opened(offer=offer)
        first = instance.asks("arrived")
        assert (first["action"], first["step"], first["digits"]) == ("ask", "1.1", "5")
        assert "ZIP code &amp; nothing" in first["say"]
        again = instance.asks("gathered", parameters={"step": "1.1", "keys": "Timeout"})
        assert again["step"] == "1.2"
        second = instance.asks("gathered", parameters={"step": "1.2", "keys": "10001#"})
        assert (second["step"], second["digits"]) == ("2.1", "1")
        dial = instance.asks("gathered", parameters={"step": "2.1", "keys": "2"})
        assert dial["action"] == "dial"
        assert instance.asks("gathered", parameters={"step": "2.1", "keys": "2"}) == dial
        assert dict(instance.call().tags) == {"zip": "10001", "service": "new_roof"}

    def test_a_caller_who_waits_is_put_through_once_somebody_is_free(self) -> None:
        wait = Answering(wait=Wait(line=Line(text="Please hold.")))
        target = builders.a_target(concurrency_cap=1)
        instance = opened(target, offer=builders.an_offer(answering=wait))
        other = instance.asks("arrived", contact="another")
        assert other["action"] == "dial"
        first = instance.asks("arrived")
        assert (first["action"], first["step"]) == ("wait", f"wait.1.{int(NOW.timestamp())}")
        assert "Please hold." in first["say"]
        instance.later(seconds=10)
        second = instance.asks("gathered", parameters={"step": first["step"], "keys": "Timeout"})
        assert second["action"] == "wait" and second["step"].startswith("wait.2.")
        assert "Please" not in second["say"]
        end = {"initiationTimestamp": NOW, "disconnectTimestamp": instance.world.now}
        busy = {"attempt": "1", "outcome": "CallFailed"}
        assert instance.asks("next", contact="another", parameters=busy)["action"] == "sorry"
        instance.hears(told("DISCONNECTED", "another", **end))
        assert instance.settles("another") is Progress.SETTLED
        third = instance.asks("gathered", parameters={"step": second["step"], "keys": "Timeout"})
        assert third["action"] == "dial"

    @pytest.mark.parametrize(
        "step", ["", "none", "0.1", "1", "9.9", "wait.0.1", "wait.1.", "1.1.1"]
    )
    def test_a_step_that_nobody_named_ends_in_the_apology(self, step: str) -> None:
        instance = opened(offer=builders.an_offer(answering=Answering(questions=(ZIP,))))
        instance.asks("arrived")
        answer = instance.asks("gathered", parameters={"step": step, "keys": "10001"})
        assert (answer["action"], SORRY in answer["say"]) == ("sorry", True)


class TestMisfortunes:
    @pytest.mark.parametrize(
        "event",
        [
            None, [], "text", 7, {}, {"Details": None}, {"Details": {"ContactData": []}},
            {"Details": {"ContactData": {"ContactId": None}, "Parameters": {}}},
            {"Details": {"ContactData": {"ContactId": ""}, "Parameters": "x"}},
        ],
    )  # fmt: skip
    def test_an_event_without_a_contact_is_answered_the_apology(self, event: Any) -> None:
        instance = opened()
        answer = instance.answers(event)
        assert answer["action"] == "sorry" and set(answer) == ATTRIBUTES
        assert held(instance) == (0, 0)

    @pytest.mark.parametrize(
        "arn", [None, "", "arn:aws:connect:us-east-1:1:instance/another", 5, "instance/"]
    )
    def test_a_contact_of_another_instance_is_answered_and_keeps_nothing(self, arn: Any) -> None:
        instance = opened()
        assert instance.asks("arrived", InstanceARN=arn)["action"] == "sorry"
        assert held(instance) == (0, 0)

    def test_without_an_instance_no_contact_is_taken(self) -> None:
        instance = opened()
        instance.secrets = replace(instance.secrets, connect_instance_id="")
        assert instance.asks("arrived")["action"] == "sorry"
        assert instance.asks("arrived", InstanceARN="")["action"] == "sorry"
        assert held(instance) == (0, 0)

    @pytest.mark.parametrize("operation", ["", "Arrived", "drop", "arrived "])
    def test_an_unknown_operation_is_answered_the_apology(self, operation: str) -> None:
        assert opened().asks(operation)["action"] == "sorry"

    @pytest.mark.parametrize("system", [None, {}, {"Address": None}, {"Address": "x" * 5000}])
    def test_a_missing_number_is_recorded_as_nobodys(self, system: Any) -> None:
        instance = opened()
        assert instance.asks("arrived", SystemEndpoint=system)["action"] == "sorry"
        assert instance.call().refusal == "unknown_number"

    @pytest.mark.parametrize(
        "parameters",
        [{}, {"attempt": "0", "outcome": "CallFailed"}, {"attempt": "1", "outcome": "?"},
         {"attempt": "x"}, {"attempt": "100", "outcome": "CallFailed"}, {"attempt": None}],
    )  # fmt: skip
    def test_a_failure_of_no_attempt_is_answered_the_apology(self, parameters: Any) -> None:
        instance = opened()
        instance.asks("arrived")
        assert instance.asks("next", parameters=parameters)["action"] == "sorry"

    @pytest.mark.parametrize("operation", ["gathered", "next", "ended"])
    def test_what_comes_of_a_call_that_nobody_knows_ends_it(self, operation: str) -> None:
        said = {"step": "1.1", "attempt": "1", "outcome": "CallFailed", "keys": "1"}
        assert opened().asks(operation, parameters=said)["action"] == "end"

    def test_a_store_that_fails_leaves_the_caller_with_the_apology(self) -> None:
        instance = opened()

        def broken() -> Stores:
            raise RuntimeError("the store is away")

        instance.stores_now = broken
        assert instance.asks("arrived")["action"] == "sorry"

    def test_a_store_that_is_slow_leaves_the_caller_with_the_apology_in_time(self) -> None:
        instance = opened()
        instance.patience_seconds = 0.05

        answered = threading.Event()

        def slow() -> Stores:
            answered.wait(timeout=30)
            return instance.world.stores

        instance.stores_now = slow
        assert instance.asks("arrived")["action"] == "sorry"
        answered.set()


class TestEnds:
    """One call with a minute's talk: dialled after nothing, answered after 8 s, 70 s of talk."""

    def dialled(self) -> Instance:
        instance = opened(*two())
        instance.asks("arrived")
        return instance

    def end(self, instance: Instance, reason: str = "CUSTOMER_DISCONNECT") -> Any:
        return told(
            "DISCONNECTED",
            initiationTimestamp=NOW,
            disconnectTimestamp=instance.world.now,
            disconnectReason=reason,
        )

    def charged(self, call: Call) -> None:
        assert (call.status, call.charge_cents) == (CallStatus.APPROVED, 2500)

    def test_the_target_hangs_up_and_the_flow_tells(self) -> None:
        instance = self.dialled()
        instance.later(seconds=78)
        assert instance.asks("ended", parameters={"attempt": "1"})["action"] == "end"
        assert instance.settles() is Progress.UNCERTAIN
        call = instance.settled()
        self.charged(call)
        assert (call.talk_seconds, call.hung_up_by) == (78, HungUpBy.TARGET)
        assert evidence(instance) == Evidence.COMPUTED
        assert held(instance) == (0, 0)

    def test_the_caller_hangs_up_and_the_event_alone_tells(self) -> None:
        instance = self.dialled()
        instance.later(seconds=78)
        instance.hears(self.end(instance))
        assert instance.settles() is Progress.UNCERTAIN
        call = instance.settled()
        self.charged(call)
        assert (call.talk_seconds, call.hung_up_by) == (78, HungUpBy.CALLER)

    def test_a_caller_who_leaves_while_it_may_still_ring_has_talked_with_nobody(self) -> None:
        instance = self.dialled()
        instance.later(seconds=30)
        instance.hears(self.end(instance))
        instance.settles()
        call = instance.settled()
        assert (call.status, call.talk_seconds) == (CallStatus.DENIED, 0)
        assert held(instance) == (0, 0)

    def test_the_legs_own_events_tell_the_talk_to_the_second_and_at_once(self) -> None:
        instance = self.dialled()
        begun = NOW
        answered = instance.later(seconds=8)
        instance.hears(
            instance.leg("INITIATED", initiationTimestamp=begun),
            instance.leg(
                "CONNECTED_TO_SYSTEM",
                initiationTimestamp=begun,
                connectedToSystemTimestamp=answered,
            ),
        )
        over = instance.later(seconds=70)
        instance.hears(
            instance.leg(
                "DISCONNECTED",
                initiationTimestamp=begun,
                connectedToSystemTimestamp=answered,
                disconnectTimestamp=over,
            )
        )
        assert instance.settles() is Progress.SETTLED
        self.charged(instance.call())
        assert instance.call().talk_seconds == 70
        assert evidence(instance) == Evidence.LEG

    def test_an_answer_that_was_told_counts_although_the_legs_end_was_lost(self) -> None:
        instance = self.dialled()
        answered = instance.later(seconds=8)
        instance.hears(
            instance.leg(
                "CONNECTED_TO_SYSTEM", initiationTimestamp=NOW, connectedToSystemTimestamp=answered
            )
        )
        instance.later(seconds=20)
        instance.hears(self.end(instance))
        instance.settles()
        call = instance.settled()
        assert (call.status, call.talk_seconds) == (CallStatus.DENIED, 20)

    def test_a_leg_that_nobody_answered_ends_the_doubt(self) -> None:
        instance = self.dialled()
        instance.later(seconds=50)
        instance.hears(
            instance.leg(
                "DISCONNECTED",
                initiationTimestamp=NOW,
                connectedToSystemTimestamp="1970-01-01T00:00:00.001Z",
                disconnectTimestamp=instance.world.now,
                disconnectReason="TELECOM_UNANSWERED",
            ),
            self.end(instance),
        )
        assert instance.settles() is Progress.SETTLED
        assert instance.call().talk_seconds == 0

    def test_a_leg_of_an_earlier_attempt_says_nothing_of_the_present_one(self) -> None:
        instance = self.dialled()
        instance.later(seconds=26)
        instance.asks("next", parameters={"attempt": "1", "outcome": "CallFailed"})
        late = instance.leg(
            "DISCONNECTED",
            initiationTimestamp=NOW,
            disconnectTimestamp=instance.world.now,
            disconnectReason="TELECOM_BUSY",
        )
        assert instance.hears(late) == [{"kept": 0, "known": 0, "passed_over": 1}]
        assert instance.settles() is Progress.LIVE

    def test_events_told_again_and_in_another_order_change_nothing(self) -> None:
        instance = self.dialled()
        answered = instance.later(seconds=8)
        over = instance.later(seconds=70)
        leg = instance.leg(
            "COMPLETED",
            initiationTimestamp=NOW,
            connectedToSystemTimestamp=answered,
            disconnectTimestamp=over,
        )
        end = self.end(instance)
        assert instance.hears(end, leg, leg, end)[2:] == [
            {"kept": 0, "known": 1, "passed_over": 0},
            {"kept": 0, "known": 1, "passed_over": 0},
        ]
        assert instance.settles() is Progress.SETTLED
        before = instance.world.funds()
        instance.hears(leg, end)
        instance.asks("ended", parameters={"attempt": "1"})
        assert instance.settles() is Progress.SETTLED
        assert instance.world.funds() == before
        assert instance.call().talk_seconds == 70

    def test_an_end_that_comes_before_its_call_is_kept_for_it(self) -> None:
        instance = opened()
        instance.lends()
        assert instance.hears(self.end(instance)) == [{"kept": 1, "known": 0, "passed_over": 0}]
        instance.asks("arrived")
        instance.settles()
        assert instance.settled().talk_seconds == 0
        assert held(instance) == (0, 0)
