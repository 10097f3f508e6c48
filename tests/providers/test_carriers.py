"""Every carrier on one bench: Twilio by HTTP to the simulated network, and the one in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from chalicelib import runtime
from chalicelib.calls import Call, SignalKind
from chalicelib.channels import twilio_forms
from chalicelib.errors import Broken
from chalicelib.providers.carriers import carrier, carrier_named
from chalicelib.providers.twilio import Twilio
from chalicelib.providers.twilio_rest import Account, Rest
from simulator import Behaviour, Caller, CallScript, Network
from simulator.recordings import RecordingRecord
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from tests.builders import CALLER, TRACKING_NUMBER, a_call, a_signal, an_attempt
from tests.carriers import ELSEWHERE, FakeCarrier, MadeRecording
from tests.providers.carrier_contract import Bench, CarrierContract
from tests.providers.timing import Instant

SID, TOKEN = "AC" + "1" * 32, "token"
TARGET = "+12125550100"


class Answers(BaseHTTPRequestHandler):
    """A voice application that dials the target and takes every report."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        dial = f"<Dial answerOnBridge='true'><Number>{TARGET}</Number></Dial>"
        body = f"<Response>{dial if self.path == '/inbound' else ''}</Response>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestTwilio(CarrierContract):
    """Against the simulated network's REST side."""

    @pytest.fixture
    def bench(self, application: str) -> Iterator[Bench]:
        network = Network(
            account_sid=SID, auth_token=TOKEN, voice_inbound=f"{application}/inbound",
            voice_status=f"{application}/status",
        )  # fmt: skip
        with network.rest_server() as server:
            account = Account(api_url=server.url, sid=SID, token=TOKEN)
            instant = Instant()
            rest = Rest(account, clock=instant.clock, sleep=instant.sleep)
            yield Bench(
                carrier=Twilio(account, voice_url="https://voice.example.com", rest=rest),
                mislead=lambda e164: self.mislead(network, e164),
                away=lambda: self.away(server),
                talk=lambda seconds: self.talk(network, seconds),
                lay=lambda made: self.lay(network, made),
                status=lambda carrier_id: self.status(network, carrier_id),
                cut=lambda: self.cut(server),
                verify=network.carrier.verify,
            )
        network.close()

    @staticmethod
    def lay(network: Network, made: MadeRecording) -> None:
        over = made.status in ("completed", "absent")
        network.carrier.keep_recording(
            RecordingRecord(
                sid=made.carrier_id, call_sid=made.carrier_call_id, account_sid=SID,
                channels=made.channels, status=made.status, created=made.started_at,
                duration=made.seconds if over else None,
            )
        )  # fmt: skip

    @staticmethod
    def status(network: Network, carrier_id: str) -> str | None:
        record = network.carrier.recording(carrier_id)
        return None if record is None or record.status == "deleted" else record.status

    @staticmethod
    @contextmanager
    def cut(server: RestServer) -> Iterator[None]:
        server.troubles.add(Trouble.CUT, times=1000, about="/Recordings")
        yield
        server.troubles.clear()

    @staticmethod
    def mislead(network: Network, e164: str) -> None:
        record = network.carrier.number_at(e164)
        assert record is not None
        network.carrier.rent(
            replace(
                record, voice_url=ELSEWHERE.voice_url, voice_fallback_url="", status_callback="",
                voice_application_sid="AP" + "1" * 32,
            )
        )  # fmt: skip

    @staticmethod
    @contextmanager
    def away(server: RestServer) -> Iterator[None]:
        server.troubles.add(Trouble.BROKEN, times=1000)
        yield
        server.troubles.clear()

    @staticmethod
    def talk(network: Network, seconds: int) -> Call:
        script = CallScript(
            to=TRACKING_NUMBER,
            caller=Caller(number=CALLER),
            target=Behaviour(after=5, talk=seconds),
        )
        placed = network.place(script)
        return a_call(carrier_call_id=placed.sid, attempt=an_attempt(destination=TARGET))


class TestFakeCarrier(CarrierContract):
    """The one that flow tests work with."""

    @pytest.fixture
    def bench(self) -> Bench:
        carrier = FakeCarrier()
        return Bench(
            carrier=carrier,
            mislead=lambda e164: carrier.has(e164, ELSEWHERE, elsewhere=True),
            away=lambda: self.away(carrier),
            talk=lambda seconds: self.talk(carrier, seconds),
            lay=carrier.lays,
            status=lambda carrier_id: self.status(carrier, carrier_id),
            cut=lambda: self.cut(carrier),
            verify=carrier.shown.append,
        )

    @staticmethod
    def status(carrier: FakeCarrier, carrier_id: str) -> str | None:
        made = carrier.recordings.get(carrier_id)
        return made.status if made else None

    @staticmethod
    @contextmanager
    def cut(carrier: FakeCarrier) -> Iterator[None]:
        carrier.cut = True
        yield
        carrier.cut = False

    @staticmethod
    @contextmanager
    def away(carrier: FakeCarrier) -> Iterator[None]:
        carrier.away = True
        yield
        carrier.away = False

    @staticmethod
    def talk(carrier: FakeCarrier, seconds: int) -> Call:
        call = a_call()
        carrier.records[call.carrier_call_id] = tuple(
            a_signal(kind=SignalKind.RECORD, attempt=attempt, seconds=seconds) for attempt in (0, 1)
        )
        return call


@pytest.mark.usefixtures("aws")
def test_a_carrier_is_had_by_the_name_that_calls_keep_of_it() -> None:
    path = runtime.settings().parameter_path
    for name in ("caller-hash-key", "operator-key-sha256"):
        runtime.client("ssm").put_parameter(Name=f"{path}/{name}", Value="x", Type="SecureString")
    assert isinstance(carrier_named(twilio_forms.CARRIER), Twilio)
    assert isinstance(carrier(), Twilio)


def test_a_name_that_is_no_carriers_is_a_fault_of_the_platform() -> None:
    with pytest.raises(Broken, match="nobody"):
        carrier_named("nobody")
