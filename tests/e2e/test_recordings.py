"""A call that is recorded, from the carrier's report to the sound that the link plays."""

import io
import urllib.request
import wave
from urllib.error import HTTPError

import pytest

from tests.e2e.deployment import ApiFault, Deployment, Json, Market, eventually

RECORDED = {"recording": {"record": True, "delete_at_carrier": True}}


def kept(deployment: Deployment, call_id: str, *, within: float = 60) -> Json:
    """The call's only recording once its media are kept."""

    def look() -> Json:
        found = deployment.api("GET", f"/calls/{call_id}/recordings")["recordings"]
        return found[0] if found and found[0]["state"] == "kept" else {}

    return eventually(look, within=within)


def shape_of(sound: bytes) -> tuple[int, int]:
    """How many channels a WAV file has, and how many whole seconds."""
    with wave.open(io.BytesIO(sound)) as heard:
        return heard.getnchannels(), heard.getnframes() // heard.getframerate()


def test_a_recorded_call_can_be_heard_and_then_erased(deployment: Deployment) -> None:
    market = Market(deployment, campaign=RECORDED)
    with deployment.network() as network:
        placed = market.rings(network, talk=60)
        call = deployment.judged(placed.sid)
        recording = kept(deployment, call["id"])

        def deleted() -> bool:
            return "deleted" in {one.status for one in network.carrier.recordings_of(placed.sid)}

        gone = eventually(deleted)
        path = f"/recordings/{recording['id']}"
        link = deployment.api("POST", f"{path}/links")
        with urllib.request.urlopen(link["url"], timeout=20) as sound:
            assert sound.headers["Content-Type"] == "audio/wav"
            assert shape_of(sound.read()) == (2, 60)
        (access,) = deployment.api("GET", f"{path}/accesses")["accesses"]
        erased = deployment.api("DELETE", path)
    assert placed.violations == ()
    assert call["recording"] == {"state": "on", "reason": None}
    assert (recording["seconds"], recording["channels"], gone) == (60, 2, True)
    assert access["credential"] == "operator"
    assert erased["deleted_at"] is not None
    with pytest.raises(HTTPError):
        urllib.request.urlopen(link["url"], timeout=20)
    with pytest.raises(ApiFault) as refused:
        deployment.api("POST", f"{path}/links")
    assert refused.value.problem["code"] == "recording_deleted"


def dead(told: Json) -> Json:
    """What is told of recordings that were given up."""
    (place,) = [one for one in told["places"] if one["place"] == "recordings-dead"]
    return dict(place)


def test_a_recording_that_the_carrier_would_not_give_is_had_once_it_is_taken_up(
    deployment: Deployment,
) -> None:
    market = Market(deployment, campaign=RECORDED)
    sqs = deployment.stack.cloud.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"ringledger-{deployment.stage}-recordings")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    with deployment.network_and_rest() as (network, rest):
        rest.troubles.add("500", times=1000, method="GET", about="/Recordings")
        placed = market.rings(network, talk=30)
        call = deployment.judged(placed.sid)

        def parked() -> int:
            return int(dead(deployment.api("GET", "/operations/replay"))["waiting"])

        # Five deliveries, each of which asks the carrier for six seconds.
        assert eventually(parked, within=120) == 1
        rest.troubles.clear()
        (waiting,) = deployment.api("GET", f"/calls/{call['id']}/recordings")["recordings"]
        assert waiting["state"] == "awaited"
        taken = dead(deployment.api("POST", "/operations/replay", {}))
        recording = kept(deployment, call["id"])
    assert (taken["place"], taken["taken_up"]) == ("recordings-dead", 1)
    assert (recording["id"], recording["seconds"]) == (waiting["id"], 30)
    assert call["status"] == "denied", "the books do not wait for recordings"
