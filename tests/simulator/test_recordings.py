"""What the simulated carrier recorded: reports, media, deletion, pauses, and how all that fails."""

import io
import wave
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from twilio.rest import Client as TwilioClient

from simulator import Behaviour, CallScript, Carrier, Network, Outcome
from simulator.recordings import sound_of
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from tests.simulator.conftest import CALLER, NOON, Place
from tests.simulator.standin import ACCOUNT, DIALLED, TOKEN, Platform, Received, Reply, dialling

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
EVERY = "in-progress completed absent"


class Client:
    """Asks one server, as the account."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def ask(
        self, method: str, path: str, form: str | None = None, user: str = f"{ACCOUNT}:{TOKEN}"
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(self._host, timeout=0.5)
        headers = {"Authorization": "Basic " + b64encode(user.encode()).decode()}
        try:
            connection.request(method, ROOT + path, form, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture
def server(network: Network) -> Iterator[RestServer]:
    with network.rest_server() as running:
        yield running


@pytest.fixture
def client(server: RestServer) -> Client:
    return Client(server.url)


def recorded(platform: Platform, how: str = "record-from-answer-dual") -> None:
    platform.says(
        "/inbound",
        dialling(
            record=how, recording_status_callback="/recording",
            recording_status_callback_event=EVERY,
        ),
    )  # fmt: skip


def told(platform: Platform) -> list[tuple[str, str | None]]:
    fields = [request.fields for request in platform.heard("/recording")]
    return [(one["RecordingStatus"], one.get("RecordingDuration")) for one in fields]


def sid_of(platform: Platform) -> str:
    (sid,) = {one.fields["RecordingSid"] for one in platform.heard("/recording")}
    return sid


def shape(sound: bytes) -> tuple[int, int]:
    with wave.open(io.BytesIO(sound)) as heard:
        return heard.getnchannels(), heard.getnframes() // heard.getframerate()


def test_a_recording_is_reported_when_it_begins_and_when_it_is_over(
    platform: Platform, place: Place
) -> None:
    recorded(platform)
    place(target=Behaviour(talk=30))
    assert told(platform) == [("in-progress", None), ("completed", "30")]
    assert all(request.genuine for request in platform.heard("/recording"))


def test_a_dial_that_nobody_answered_has_no_recording(platform: Platform, place: Place) -> None:
    recorded(platform)
    place(target=Behaviour(outcome=Outcome.BUSY))
    assert told(platform) == [("absent", "0")]


@pytest.mark.parametrize(
    ("how", "asked", "status", "channels"),
    [
        ("record-from-answer-dual", "?RequestedChannels=2", 200, 2),
        ("record-from-answer-dual", "", 200, 2),
        ("record-from-answer-dual", "?RequestedChannels=1", 200, 1),
        ("record-from-answer", "?RequestedChannels=2", 400, 0),
        ("record-from-answer", "?RequestedChannels=1", 200, 1),
        ("record-from-answer-dual", "?RequestedChannels=3", 400, 0),
    ],
)
def test_media_have_the_channels_that_there_are(
    platform: Platform, place: Place, client: Client, how: str, asked: str, status: int,
    channels: int,
) -> None:  # fmt: skip
    recorded(platform, how)
    place(target=Behaviour(talk=7))
    answered, body = client.ask("GET", f"/Recordings/{sid_of(platform)}.wav{asked}")
    assert answered == status
    assert status != 200 or shape(body) == (channels, 7)


def test_what_is_deleted_is_gone(platform: Platform, place: Place, client: Client) -> None:
    recorded(platform)
    place()
    path = f"/Recordings/{sid_of(platform)}"
    assert client.ask("DELETE", f"{path}.json") == (204, b"")
    for method, form in (("GET", "wav"), ("GET", "json"), ("DELETE", "json")):
        assert client.ask(method, f"{path}.{form}")[0] == 404


@pytest.mark.parametrize("user", [f"{ACCOUNT}:wrong", "AC:token", ""])
def test_strangers_hear_nothing(
    platform: Platform, place: Place, client: Client, user: str
) -> None:
    recorded(platform)
    place()
    path = f"/Recordings/{sid_of(platform)}"
    assert client.ask("GET", f"{path}.wav", user=user)[0] == 401
    assert client.ask("DELETE", f"{path}.json", user=user)[0] == 401
    assert client.ask("GET", f"{path}.wav")[0] == 200


def test_the_carriers_own_package_reads_and_deletes_a_recording(
    platform: Platform, place: Place, network: Network
) -> None:
    recorded(platform)
    result = place(target=Behaviour(talk=12))
    with network.rest_server() as server:
        theirs = TwilioClient(ACCOUNT, TOKEN)
        theirs.api.base_url = server.url
        found = theirs.recordings(sid_of(platform)).fetch()
        assert (found.call_sid, found.duration, found.channels) == (result.sid, "12", 2)
        assert theirs.recordings(found.sid).delete()
    assert [one.status for one in network.carrier.recordings_of(result.sid)] == ["deleted"]


def test_a_call_that_goes_on_is_paused_and_resumed(
    platform: Platform, place: Place, client: Client, network: Network
) -> None:
    recorded(platform)
    heard: list[tuple[int, str]] = []

    def turn(call_sid: str, status: str) -> None:
        path = f"/Calls/{call_sid}/Recordings/Twilio.CURRENT.json"
        answered = client.ask("POST", path, f"Status={status}&PauseBehavior=silence")[0]
        heard.append((answered, network.carrier.recordings_of(call_sid)[-1].status))

    def at_the_till(request: Received) -> Reply:
        if request.fields["CallStatus"] == "in-progress":
            turn(request.fields["ParentCallSid"], "paused")
            turn(request.fields["ParentCallSid"], "in-progress")
        return Reply(status=204)

    platform.says("/leg", at_the_till)
    result = place()
    assert heard == [(200, "paused"), (200, "in-progress")]
    turn(result.sid, "paused")
    assert heard[-1] == (404, "completed")


@pytest.mark.parametrize("form", ["", "Status=completed", "Status=paused&Other=1",
                                  "Status=paused&PauseBehavior=loud"])  # fmt: skip
def test_a_pause_of_another_form_is_refused(client: Client, form: str) -> None:
    path = f"/Calls/CA{'1' * 32}/Recordings/Twilio.CURRENT.json"
    assert client.ask("POST", path, form)[0] == 400


def test_what_is_not_there_is_not_found(client: Client) -> None:
    path = f"/Calls/CA{'1' * 32}/Recordings/Twilio.CURRENT.json"
    assert client.ask("POST", path, "Status=paused")[0] == 404
    assert client.ask("GET", path)[0] == 405
    assert client.ask("GET", f"/Recordings/RE{'1' * 32}.wav")[0] == 404
    assert client.ask("GET", f"/Recordings/RE{'1' * 32}.mp3")[0] == 404


def test_troubles_meet_requests_about_recordings_alone_when_they_are_named(
    platform: Platform, place: Place, server: RestServer, client: Client
) -> None:
    recorded(platform)
    place()
    path = f"/Recordings/{sid_of(platform)}.wav"
    for trouble in (Trouble.BROKEN, Trouble.TOO_MANY, Trouble.HANG, Trouble.LOST, Trouble.CUT):
        server.troubles.add(trouble, about="/Recordings")
    assert client.ask("GET", "/Calls.json")[0] == 200
    assert [client.ask("GET", path)[0] for _ in range(2)] == [500, 429]
    for lost in (TimeoutError, RemoteDisconnected, IncompleteRead):
        with pytest.raises(lost):
            client.ask("GET", path)
    assert client.ask("GET", path)[0] == 200


def test_a_server_that_ended_answers_nobody_on_a_connection_kept_open(network: Network) -> None:
    headers = {"Authorization": "Basic " + b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}
    with network.rest_server() as server:
        connection = HTTPConnection(urlsplit(server.url).netloc, timeout=2)
        connection.request("GET", f"{ROOT}/Calls.json", headers=headers)
        assert connection.getresponse().read()
        # Without this the connection would be made anew by itself.
        connection.auto_open = 0
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        connection.request("GET", f"{ROOT}/Calls.json", headers=headers)
        connection.getresponse()
    connection.close()


def test_another_process_knows_the_recordings_from_the_journal(
    platform: Platform, tmp_path: Path
) -> None:
    recorded(platform)
    journal = tmp_path / "calls.jsonl"
    network = Network(
        account_sid=ACCOUNT, auth_token=TOKEN, voice_inbound=platform.url + "/inbound",
        carrier=Carrier(journal), now=lambda: NOON,
    )  # fmt: skip
    network.place(CallScript(to=DIALLED, caller=CALLER, target=Behaviour(talk=9)))
    network.close()
    found = Carrier(journal).recording(sid_of(platform))
    assert found is not None
    assert (found.status, found.duration, found.created > NOON) == ("completed", 9, True)


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_is_as_long_as_the_talk(channels: int) -> None:
    assert shape(sound_of(3, channels)) == (channels, 3)
