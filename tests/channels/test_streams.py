"""The stream and the queue: each signalled call is settled once, and one bad record fails alone."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.app import SQSEvent

from chalicelib.channels import queues, streams
from chalicelib.closings import Duty, run_of
from chalicelib.flows.settlement import Progress
from chalicelib.providers.queue import duty_message, read_call_id, read_duty, read_recording
from tests.parking import A_PART


def record(call: str, sk: str = "SIGNAL#leg#1#completed", *, sequence: str = "1",
           event: str = "INSERT") -> dict[str, Any]:  # fmt: skip
    return {
        "eventName": event,
        "dynamodb": {
            "SequenceNumber": sequence,
            "Keys": {"pk": {"S": f"CALL#{call}"}, "sk": {"S": sk}},
        },
    }


class Desk:
    """Settles what it is given, and notes it."""

    def __init__(self, progress: Progress = Progress.SETTLED, *, fails: str = "") -> None:
        self.progress, self.fails = progress, fails
        self.settled: list[str] = []
        self.later: list[str] = []
        self.fetched: list[tuple[str, str]] = []

    def fetches(self, call_id: str, recording_id: str) -> None:
        self.fetched.append((call_id, recording_id))

    def notes(self, call_id: str) -> None:
        self.settle(call_id)

    def settle(self, call_id: str) -> Progress:
        if call_id == self.fails:
            raise ConnectionError("the database is away")
        self.settled.append(call_id)
        return self.progress


def test_several_signals_of_one_call_lead_to_one_settlement() -> None:
    desk = Desk()
    records = [record("call_a", sequence="1"), record("call_a", "SIGNAL#dial#1#completed")]
    assert streams.handle(records, desk.settle, desk.later.append, desk.fetches) == {
        "batchItemFailures": []
    }
    assert desk.settled == ["call_a"]


@pytest.mark.parametrize(
    "sk",
    [
        "DISPOSITION#2026-11-23T15:00:00.000Z#dsp_1",
        "POSTBACK#pbk_1",
        "REVIEW#2026-11-23T15:00:00.000Z#rvw_1",
    ],
)
def test_what_advertiser_or_operator_say_of_a_call_leads_to_a_look_at_it(sk: str) -> None:
    desk = Desk()
    streams.handle([record("call_a", sk)], desk.settle, desk.later.append, desk.fetches)
    assert desk.settled == ["call_a"]


@pytest.mark.parametrize(
    "other",
    [record("call_a", "META"), record("call_a", event="REMOVE"), record("call_a", "DECISION#2")],
)
def test_what_is_no_new_signal_leads_to_nothing(other: dict[str, Any]) -> None:
    desk = Desk()
    streams.handle([other], desk.settle, desk.later.append, desk.fetches)
    assert desk.settled == []


def test_a_call_whose_talk_time_may_still_come_is_looked_at_later() -> None:
    desk = Desk(Progress.UNCERTAIN)
    streams.handle([record("call_a")], desk.settle, desk.later.append, desk.fetches)
    assert desk.later == ["call_a"]


def test_a_record_that_fails_is_reported_alone_and_the_others_are_done() -> None:
    desk = Desk(fails="call_b")
    records = [record(f"call_{name}", sequence=name) for name in "abc"]
    answer = streams.handle(records, desk.settle, desk.later.append, desk.fetches)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert desk.settled == ["call_a", "call_c"]


def test_a_finished_recording_is_asked_for_and_settles_nothing() -> None:
    desk = Desk()
    finished = record("call_a", "REPORT#rec_1#completed")
    assert streams.handle([finished], desk.settle, desk.later.append, desk.fetches) == {
        "batchItemFailures": []
    }
    assert (desk.fetched, desk.settled) == ([("call_a", "rec_1")], [])


@pytest.mark.parametrize(
    "other",
    [
        record("call_a", "REPORT#rec_1#in-progress"),
        record("call_a", "REPORT#rec_1#absent"),
        record("call_a", "REPORT#rec_1#paused#2026-11-23T15:00:00.000Z"),
        record("call_a", "REPORT#rec_1#completed", event="MODIFY"),
        record("call_a", "RECORDING#rec_1"),
    ],
)
def test_a_recording_without_media_is_not_asked_for(other: dict[str, Any]) -> None:
    desk = Desk()
    streams.handle([other], desk.settle, desk.later.append, desk.fetches)
    assert (desk.fetched, desk.settled) == ([], [])


def test_a_record_without_its_keys_is_reported_and_not_lost() -> None:
    poison = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "7", "Keys": {}}}
    answer = streams.handle([poison], Desk().settle, print, print)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}


def messages(*bodies: str) -> SQSEvent:
    records = [
        {"messageId": str(n), "body": body, "receiptHandle": "r"} for n, body in enumerate(bodies)
    ]
    return SQSEvent({"Records": records}, None)


def test_a_message_settles_its_call_and_a_bad_one_comes_again() -> None:
    desk = Desk(fails="call_b")
    event = messages('{"call_id": "call_a"}', '{"call_id": "call_b"}', "{}", "no json")
    failed = queues.handle(event, lambda body: desk.notes(read_call_id(body)))["batchItemFailures"]
    assert [failure["itemIdentifier"] for failure in failed] == ["1", "2", "3"]
    assert desk.settled == ["call_a"]


def test_a_message_names_its_call_as_text() -> None:
    assert read_call_id(json.dumps({"call_id": "call_a"})) == "call_a"
    with pytest.raises(ValueError, match="no text"):
        read_call_id(json.dumps({"call_id": 7}))


def test_a_message_names_its_recording_as_text() -> None:
    body = {"call_id": "call_a", "recording_id": "rec_1"}
    assert read_recording(json.dumps(body)) == ("call_a", "rec_1")
    with pytest.raises(ValueError, match="recording_id is no text"):
        read_recording(json.dumps(body | {"recording_id": None}))


@pytest.mark.parametrize("party_id", ["adv_1", "pub_1", None])
def test_a_part_of_a_closing_comes_back_from_its_message(party_id: str | None) -> None:
    run = run_of(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, 6, 10, tzinfo=UTC))
    duty = Duty(run=run, party_id=party_id, turn=3)
    assert read_duty(json.dumps(duty_message(duty))) == duty


@pytest.mark.parametrize(
    "said",
    [
        {"turn": "3"}, {"turn": True}, {"turn": None}, {"as_of": "soon"}, {"asked_at": 5},
        {"closing_id": None}, {"party_id": 7},
    ],
)  # fmt: skip
def test_a_message_that_asks_for_no_part_of_a_closing_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read_duty(json.dumps(A_PART | said))


@pytest.mark.parametrize("missing", sorted(A_PART))
def test_a_message_that_lacks_a_word_of_a_part_is_refused(missing: str) -> None:
    with pytest.raises(KeyError):
        read_duty(json.dumps({name: one for name, one in A_PART.items() if name != missing}))
