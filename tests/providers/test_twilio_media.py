"""Media over real HTTP: both channels or one, cut short, refused, silent, deleted, paused."""

import base64
import io
import threading
import wave
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError

import pytest

from chalicelib.errors import Busy
from chalicelib.providers import twilio_media
from chalicelib.providers.twilio_media import TwilioMedia, Unusable
from simulator.carrier import Carrier
from simulator.recordings import MediaFault, RecordingRecord
from simulator.rest import RestServer
from tests.builders import NOW

ACCOUNT, TOKEN = "AC" + "1" * 32, "token"
SID, CALL = "RE" + "2" * 32, "CA" + "3" * 32


class Desk:
    """A carrier with one recording, and the platform's way to it."""

    def __init__(self, carrier: Carrier, url: str) -> None:
        self.carrier = carrier
        self.media = TwilioMedia(url, ACCOUNT, TOKEN, timeout_seconds=0.5)

    def has(self, *, channels: int = 2, status: str = "completed", seconds: int = 30) -> None:
        """The recording as it stands."""
        self.carrier.keep_recording(
            RecordingRecord(
                sid=SID, call_sid=CALL, account_sid=ACCOUNT, channels=channels, status=status,
                created=NOW - timedelta(minutes=1), duration=seconds,
            )
        )  # fmt: skip

    def status(self) -> str:
        """How the carrier's own stands."""
        found = self.carrier.recording(SID)
        return found.status if found else ""

    def fetched(self) -> tuple[int, int, int]:
        """The channels that were asked for, those of the sound, and its whole seconds."""
        with self.media.open(SID) as media:
            sound = b"".join(iter(lambda: media.read(10_000), b""))
            assert media.size_bytes == len(sound)
        with wave.open(io.BytesIO(sound)) as heard:
            return media.channels, heard.getnchannels(), heard.getnframes() // 8000


@pytest.fixture
def desk() -> Iterator[Desk]:
    carrier = Carrier()
    with RestServer(carrier, ACCOUNT, TOKEN, ("127.0.0.1", 0)) as rest:
        yield Desk(carrier, rest.url)


def test_both_sides_come_on_channels_of_their_own(desk: Desk) -> None:
    desk.has()
    assert desk.fetched() == (2, 2, 30)


def test_where_there_is_but_one_channel_that_one_comes(desk: Desk) -> None:
    desk.has(channels=1)
    assert desk.fetched() == (1, 1, 30)


@pytest.mark.parametrize("status", [500, 503, 429, 404, 403])
def test_a_carrier_that_does_not_give_them_says_so(desk: Desk, status: int) -> None:
    desk.has()
    desk.carrier.media_faults.append(status)
    with pytest.raises(Busy, match=str(status)):
        desk.fetched()
    assert desk.fetched() == (2, 2, 30)


def test_one_that_fails_at_the_second_question_too_is_a_fault(desk: Desk) -> None:
    desk.has(channels=1)
    desk.carrier.media_faults += [400, 500]
    with pytest.raises(HTTPError):
        desk.fetched()


def test_media_that_break_off_are_not_taken_for_whole(desk: Desk) -> None:
    desk.has()
    desk.carrier.media_faults.append(MediaFault.CUT)
    with pytest.raises(Unusable, match="broke off"):
        desk.fetched()


def test_a_silent_carrier_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.has()
    desk.carrier.media_faults.append(MediaFault.SILENCE)
    with pytest.raises(TimeoutError):
        desk.fetched()


def test_a_wrong_token_gets_nothing(desk: Desk) -> None:
    desk.has()
    stranger = TwilioMedia(desk.media.api_url, ACCOUNT, "another")
    with pytest.raises(Busy, match="401"), stranger.open(SID):
        pass
    with pytest.raises(Busy):
        stranger.delete(SID)
    assert desk.status() == "completed"


def test_a_deleted_recording_is_deleted_however_often_it_is_asked_for(desk: Desk) -> None:
    desk.has()
    for _ in range(2):
        desk.media.delete(SID)
    assert desk.status() == "deleted"


@pytest.mark.parametrize("fault", [500, 429, MediaFault.SILENCE])
def test_a_deletion_that_did_not_happen_says_so(desk: Desk, fault: int | MediaFault) -> None:
    desk.has()
    desk.carrier.media_faults.append(fault)
    with pytest.raises(Busy):
        desk.media.delete(SID)
    assert desk.status() == "completed"


def test_what_is_being_recorded_is_paused_and_goes_on(desk: Desk) -> None:
    desk.has(status="in-progress")
    for paused, status in ((True, "paused"), (True, "paused"), (False, "in-progress")):
        assert desk.media.pause(CALL, paused=paused) == SID
        assert desk.status() == status


def test_nothing_is_paused_where_nothing_is_recorded(desk: Desk) -> None:
    desk.has()
    assert desk.media.pause(CALL, paused=True) is None
    desk.carrier.media_faults.append(500)
    with pytest.raises(Busy):
        desk.media.pause(CALL, paused=True)


def test_the_carrier_lists_what_it_has_of_a_call(desk: Desk) -> None:
    assert desk.media.recordings_of(CALL) == ()
    desk.has(status="in-progress")
    assert [own.over for own in desk.media.recordings_of(CALL)] == [False]
    desk.has(seconds=12)
    (own,) = desk.media.recordings_of(CALL)
    assert (own.carrier_id, own.over, own.seconds, own.channels) == (SID, True, 12, 2)
    assert own.started_at == NOW - timedelta(minutes=1)
    desk.has(status="absent")
    assert desk.media.recordings_of(CALL) == ()
    desk.carrier.media_faults.append(500)
    with pytest.raises(Busy):
        desk.media.recordings_of(CALL)


class Elsewhere(BaseHTTPRequestHandler):
    """Leads from the account's address to another, which answers with what `answers` says."""

    seen: list[str | None]
    answers: tuple[str, bytes]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        if self.path.startswith("/2010"):
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/media")  # type: ignore[attr-defined]
            self.end_headers()
            return
        kind, body = self.answers
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[tuple[TwilioMedia, type[Elsewhere]]]:
    handler = type("Handler", (Elsewhere,), {"seen": [], "answers": ("audio/x-wav", b"RIFF")})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield TwilioMedia(f"http://127.0.0.1:{server.server_port}", ACCOUNT, TOKEN), handler
        server.shutdown()


def test_the_token_does_not_follow_the_media_to_another_place(
    elsewhere: tuple[TwilioMedia, type[Elsewhere]],
) -> None:
    media, server = elsewhere
    with media.open(SID) as sound:
        assert sound.read() == b"RIFF"
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert server.seen == [f"Basic {basic}", None]


@pytest.mark.parametrize("kind", ["text/html", "application/json", "image/png", "audio/mpeg"])
def test_what_is_no_sound_is_not_taken_for_it(
    elsewhere: tuple[TwilioMedia, type[Elsewhere]], kind: str
) -> None:
    media, server = elsewhere
    server.answers = (kind, b"<html>")
    with pytest.raises(Unusable, match=kind), media.open(SID):
        pass


def test_what_is_larger_than_any_call_is_not_taken(desk: Desk) -> None:
    desk.has(seconds=1)
    with desk.media.open(SID) as media:
        media.size_bytes = twilio_media.MOST_BYTES - 10
        with pytest.raises(Unusable, match="more than"):
            media.read(100)
