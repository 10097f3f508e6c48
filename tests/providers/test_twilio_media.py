"""What is Twilio's own of recordings: tried again, refused, silent, elsewhere, and too large."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest
from urllib3 import BaseHTTPResponse

from chalicelib.providers.carriers import CarrierAway, CarrierRefused, UnusableMedia
from chalicelib.providers.twilio import Twilio
from chalicelib.providers.twilio_media import MOST_BYTES, ArrivingMedia
from chalicelib.providers.twilio_rest import BUDGET_SECONDS, MOST_REDIRECTS, Account, Rest
from simulator.carrier import Carrier
from simulator.recordings import RecordingRecord
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from tests.builders import NOW
from tests.providers.timing import Instant

ACCOUNT, TOKEN = "AC" + "1" * 32, "token"
SID, CALL = "RE" + "2" * 32, "CA" + "3" * 32
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


def twilio_at(
    url: str, token: str = TOKEN, instant: Instant | None = None, **choices: float
) -> Twilio:
    """The account, on a clock of its own."""
    account = Account(api_url=url, sid=ACCOUNT, token=token)
    instant = instant or Instant()
    rest = Rest(account, clock=instant.clock, sleep=instant.sleep, **choices)
    return Twilio(account, rest=rest)


class Desk:
    """A simulated carrier with one recording, and the platform's way to it."""

    def __init__(self, carrier: Carrier, server: RestServer) -> None:
        self.carrier = carrier
        self.server = server
        self.instant = Instant()
        self.twilio = twilio_at(server.url, instant=self.instant)

    def has(self, *, channels: int = 2, status: str = "completed") -> None:
        self.carrier.keep_recording(
            RecordingRecord(
                sid=SID, call_sid=CALL, account_sid=ACCOUNT, channels=channels, status=status,
                created=NOW - timedelta(minutes=1), duration=1,
            )
        )  # fmt: skip

    def status(self) -> str:
        found = self.carrier.recording(SID)
        return found.status if found else ""

    def begins(self) -> bytes:
        with self.twilio.open_recording(SID) as media:
            return media.read(4)


@pytest.fixture
def desk() -> Iterator[Desk]:
    carrier = Carrier()
    with RestServer(carrier, ACCOUNT, TOKEN, ("127.0.0.1", 0)) as server:
        yield Desk(carrier, server)


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN, Trouble.LOST])
@pytest.mark.parametrize("channels", [1, 2])
def test_media_are_asked_for_again_after_longer_and_longer_pauses(
    desk: Desk, trouble: Trouble, channels: int
) -> None:
    desk.has(channels=channels)
    desk.server.troubles.add(trouble, times=3, about="/Recordings")
    assert desk.begins() == b"RIFF"
    assert desk.instant.slept == [0.2, 0.4, 0.8]


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN])
def test_media_that_do_not_begin_are_given_up_within_the_budget(
    desk: Desk, trouble: Trouble
) -> None:
    desk.has()
    desk.server.troubles.add(trouble, times=100)
    with pytest.raises(CarrierAway):
        desk.begins()
    assert 0.5 * BUDGET_SECONDS < sum(desk.instant.slept) < BUDGET_SECONDS


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN, Trouble.LOST])
def test_a_deletion_and_a_pause_are_repeated_until_they_are_heard(
    desk: Desk, trouble: Trouble
) -> None:
    desk.has(status="in-progress")
    desk.server.troubles.add(trouble, times=2)
    assert desk.twilio.pause_recording(CALL, paused=True) == SID
    assert desk.status() == "paused"
    desk.has()
    desk.server.troubles.add(trouble, times=2)
    desk.twilio.delete_recording(SID)
    assert desk.status() == "deleted"


def test_a_carrier_that_does_not_begin_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.has()
    desk.server.troubles.add(Trouble.HANG, times=9)
    impatient = twilio_at(desk.server.url, budget_seconds=0.3, stream_read_seconds=0.1)
    with pytest.raises(CarrierAway), impatient.open_recording(SID):
        pass


def test_a_wrong_token_is_the_carriers_refusal_and_changes_nothing(desk: Desk) -> None:
    desk.has()
    stranger = twilio_at(desk.server.url, "another")
    with pytest.raises(CarrierRefused, match="Authenticate"), stranger.open_recording(SID):
        pass
    with pytest.raises(CarrierRefused):
        stranger.delete_recording(SID)
    with pytest.raises(CarrierRefused):
        stranger.pause_recording(CALL, paused=True)
    with pytest.raises(CarrierRefused):
        stranger.recordings_of(CALL)
    assert desk.status() == "completed"


def test_whoever_hears_media_meets_no_error_but_the_ones_of_their_own(desk: Desk) -> None:
    desk.has()
    with pytest.raises(ZeroDivisionError), desk.twilio.open_recording(SID):
        _ = 1 // 0


class Stalling(BaseHTTPRequestHandler):
    """Sends the first half of a sound, and then nothing until the test is over."""

    over: threading.Event

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"RIFF")
        self.wfile.flush()
        self.over.wait()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_carrier_that_falls_silent_in_the_middle_is_away() -> None:
    over = threading.Event()
    handler = type("Handler", (Stalling,), {"over": over})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        twilio = twilio_at(url, stream_read_seconds=0.2)
        with twilio.open_recording(SID) as media:
            assert media.read(4) == b"RIFF"
            with pytest.raises(CarrierAway, match="silent"):
                media.read(4)
        over.set()
        server.shutdown()


class Elsewhere(BaseHTTPRequestHandler):
    """Leads from the account's address to `place`, which answers with what `answers` says."""

    seen: list[tuple[str, str | None]]
    answers: tuple[str, bytes]
    place: str

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.seen.append((path, self.headers.get("Authorization")))
        if path.startswith("/2010") and self.place:
            self.send_response(307)
            self.send_header("Location", self.place)
            self.send_header("Content-Length", "0")
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
def elsewhere() -> Iterator[tuple[Twilio, type[Elsewhere]]]:
    handler = type(
        "Handler", (Elsewhere,), {"seen": [], "answers": ("audio/x-wav", b"RIFF"), "place": ""}
    )
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield twilio_at(f"http://127.0.0.1:{server.server_port}"), handler
        server.shutdown()


def test_the_token_does_not_follow_the_media_to_another_place(
    elsewhere: tuple[Twilio, type[Elsewhere]],
) -> None:
    twilio, server = elsewhere
    server.place = "/media"
    with twilio.open_recording(SID) as sound:
        assert sound.read() == b"RIFF"
    assert [who for _, who in server.seen] == [BASIC, None]
    assert server.seen[-1][0] == "/media"


@pytest.mark.parametrize("place", ["ftp://elsewhere.example.com/media", "file:///etc/hosts"])
def test_the_way_leads_nowhere_but_over_http(
    elsewhere: tuple[Twilio, type[Elsewhere]], place: str
) -> None:
    twilio, server = elsewhere
    server.place = place
    with pytest.raises(CarrierRefused, match="307"), twilio.open_recording(SID):
        pass
    assert len(server.seen) == 1


def test_a_way_without_an_end_is_left(elsewhere: tuple[Twilio, type[Elsewhere]]) -> None:
    twilio, server = elsewhere
    # Led on relative to where it stands, every address is another one.
    server.place = "x/"
    with pytest.raises(CarrierRefused, match="307"), twilio.open_recording(SID):
        pass
    assert [who for _, who in server.seen] == [BASIC] + [None] * MOST_REDIRECTS


@pytest.mark.parametrize("kind", ["text/html", "application/json", "image/png", "audio/mpeg"])
def test_what_is_no_sound_is_not_taken_for_it(
    elsewhere: tuple[Twilio, type[Elsewhere]], kind: str
) -> None:
    twilio, server = elsewhere
    server.answers = (kind, b"<html>")
    with pytest.raises(UnusableMedia, match=kind), twilio.open_recording(SID):
        pass


@pytest.mark.parametrize(
    "said",
    [b"{}", b'{"recordings": 7}', b'{"recordings": [{}]}', b'{"recordings": [7]}',
     b'{"recordings": [{"sid": "RE1", "status": "completed", "start_time": "?", "channels": 2}]}'],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_a_carrier_that_is_away(
    elsewhere: tuple[Twilio, type[Elsewhere]], said: bytes
) -> None:
    twilio, server = elsewhere
    server.answers = ("application/json", said)
    with pytest.raises(CarrierAway):
        twilio.recordings_of(CALL)


@dataclass
class Body:
    """The body of an answer, and the most that was ever read of it at once."""

    size: int
    most_at_once: int = 0

    def read(self, amount: int) -> bytes:
        self.most_at_once = max(self.most_at_once, amount)
        part = bytes(min(amount, self.size))
        self.size -= len(part)
        return part


def arriving(body: Body, **more: Any) -> ArrivingMedia:
    return ArrivingMedia(cast(BaseHTTPResponse, body), 2, **more)


def test_what_is_larger_than_any_call_is_not_taken() -> None:
    body = Body(size=100)
    media = arriving(body, size_bytes=MOST_BYTES - 10)
    with pytest.raises(UnusableMedia, match="more than"):
        media.read()
    assert body.most_at_once == 11, "no more is read than it takes to know"


def test_media_of_just_the_largest_size_are_taken() -> None:
    media = arriving(Body(size=10), size_bytes=MOST_BYTES - 10)
    assert len(media.read()) == 10
    assert media.read(100) == b""
