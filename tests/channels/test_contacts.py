"""What is told of contacts reaches its call, and what cannot be read stops nothing."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.calls import CallStatus
from chalicelib.channels.contacts import hear_contacts
from chalicelib.flows.settlement import Progress
from chalicelib.store.stores import Stores
from tests.builders import NOW
from tests.channels.connecting import ARN, CONTACT, Instance, moment, told

KEPT = {"kept": 1, "known": 0, "passed_over": 0}
KNOWN = {"kept": 0, "known": 1, "passed_over": 0}
PASSED_OVER = {"kept": 0, "known": 0, "passed_over": 1}


def dialled() -> Instance:
    instance = Instance()
    instance.opens()
    instance.asks("arrived")
    instance.later(seconds=78)
    return instance


def end(instance: Instance, **more: Any) -> Any:
    said = {"initiationTimestamp": NOW, "disconnectTimestamp": instance.world.now, **more}
    return told("DISCONNECTED", **said)


def a_record(instance: Instance, **more: Any) -> dict[str, Any]:
    """A contact record, as the instance streams it."""
    return {
        "ContactId": CONTACT, "InstanceARN": ARN, "InitiationMethod": "INBOUND",
        "InitiationTimestamp": moment(NOW), "DisconnectTimestamp": moment(instance.world.now),
        "DisconnectReason": "CUSTOMER_DISCONNECT", **more,
    }  # fmt: skip


def streamed(*records: Any) -> dict[str, Any]:
    data = [one if isinstance(one, str) else packed(json.dumps(one)) for one in records]
    return {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": one}} for one in data]}


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_contact_record_ends_a_call_as_an_event_does() -> None:
    for way in (lambda one: one, streamed):
        instance = dialled()
        assert instance.hears(way(a_record(instance))) == [KEPT]
        assert instance.settles() is Progress.UNCERTAIN
        assert instance.settled().status is CallStatus.APPROVED


def test_a_record_that_comes_again_changes_nothing() -> None:
    instance = dialled()
    record, event = a_record(instance), end(instance)
    counts = instance.hears(event, streamed(record, record), event)
    assert counts == [KEPT, {"kept": 0, "known": 2, "passed_over": 0}, KNOWN]


def test_a_later_version_of_a_record_corrects_the_talk_while_it_is_not_judged() -> None:
    instance = dialled()
    instance.hears(end(instance))
    assert instance.settles() is Progress.UNCERTAIN
    talk = {"ExternalThirdPartyInteractionDuration": 55}
    instance.hears(streamed(a_record(instance, ExternalThirdParty=talk)))
    assert instance.settles() is Progress.SETTLED
    assert instance.call().talk_seconds == 55


@pytest.mark.parametrize(
    "event",
    [
        None, [], "text", 5, {}, {"detail": None}, {"detail": []}, {"detail": {}},
        {"detail": {"contactId": {}}}, {"Records": [None]}, {"Records": [{"kinesis": {}}]},
        streamed(packed("no JSON")), streamed("%%%"), streamed(packed("[]")), streamed(7),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_passed_over(event: Any) -> None:
    assert dialled().hears(event) == [PASSED_OVER]


def test_what_cannot_be_read_does_not_keep_the_rest_of_its_batch() -> None:
    instance = dialled()
    counts = instance.hears(streamed(packed("no JSON"), a_record(instance), 5))
    assert counts == [{"kept": 1, "known": 0, "passed_over": 2}]


@pytest.mark.parametrize("arn", ["", None, ARN[:-1], f"{ARN}x", "instance", {}])
def test_contacts_of_another_instance_are_passed_over(arn: Any) -> None:
    instance = dialled()
    assert instance.hears(end(instance, instanceArn=arn)) == [PASSED_OVER]
    assert instance.settles() is Progress.LIVE


def test_without_an_instance_every_contact_is_anothers() -> None:
    instance = dialled()
    instance.secrets = replace(instance.secrets, connect_instance_id="")
    assert instance.hears(end(instance), end(instance, instanceArn="")) == [PASSED_OVER] * 2


@pytest.mark.parametrize("kind", ["INITIATED", "CONTACT_DATA_UPDATED", "AMD_DISABLED", "", 7])
def test_events_that_tell_of_no_end_are_passed_over(kind: Any) -> None:
    instance = dialled()
    event = end(instance, eventType=kind)
    if kind in ("", 7):
        event["detail"]["disconnectTimestamp"] = "1970-01-01T00:00:00.001Z"
    assert instance.hears(event) == [PASSED_OVER]


def test_contacts_that_are_no_call_of_ours_leave_nothing_behind() -> None:
    instance = dialled()
    foreign = told(
        "DISCONNECTED", "somebody-elses",
        initiationTimestamp=NOW, disconnectTimestamp=NOW, tags={},
    )  # fmt: skip
    twilios = told(
        "DISCONNECTED", "on-a-number-of-twilio",
        initiationTimestamp=NOW, disconnectTimestamp=NOW,
    )  # fmt: skip
    leg = instance.leg("DISCONNECTED", disconnectTimestamp=NOW)
    leg["detail"] |= {"initialContactId": "x", "previousContactId": "y"}
    assert instance.hears(foreign, twilios, leg) == [PASSED_OVER] * 3


def test_what_cannot_be_kept_comes_again() -> None:
    instance = dialled()

    def away() -> Stores:
        raise RuntimeError("the store is away")

    instance.stores = away  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        instance.hears(end(instance))


def test_the_function_takes_an_event_as_it_is() -> None:
    assert hear_contacts({"detail": {}}, None) == PASSED_OVER
