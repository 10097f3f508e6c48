"""Whole calls of the simulated network, played against the voice function in this process.

The platform's clock is that of the call that is being played, so what it measures can be held
against what the network knows.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalicelib.calls import Attempt, Call, LegStatus, Signal, SignalKind, call_id
from chalicelib.channels.callers import Context
from chalicelib.channels.twilio import handle
from chalicelib.flows.settlement import Progress, settle_finally
from chalicelib.ringing import led_by, targets_of
from chalicelib.runtime import Secrets
from simulator import Behaviour, Caller, CallScript
from simulator.carrier import Carrier
from simulator.engine import LiveCall, Setting
from simulator.scripts import Side
from simulator.signature import HEADER, sign
from simulator.verbs import play
from simulator.wire import Answer, Request, Wire, signed_url
from tests.builders import NOW, TRACKING_NUMBER
from tests.fakes import FakeRows
from tests.world import World

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret-token"
BASE = "https://voice.example.com"
CALIFORNIAN = Caller(number="+14155550111", city="SAN FRANCISCO", state="CA", zip_code="94105")
TALK = 127


class Direct(Wire):
    """The carrier's way to the platform, without a network."""

    def __init__(self, deliver: Callable[[Request], Answer]) -> None:
        super().__init__(TOKEN)
        self._deliver = deliver

    def send(self, request: Request) -> Answer:
        return self._deliver(request)


class Telephone:
    """A market in memory with the voice function before it, and a network that calls it."""

    def __init__(self) -> None:
        self.rows = FakeRows()
        self.world = World(self.rows)
        self.live: LiveCall | None = None
        self.settles_at_once = True
        self.looks: Callable[[LiveCall], None] = lambda _: None
        secrets = Secrets(
            twilio_account_sid=ACCOUNT,
            twilio_tokens=(TOKEN,),
            caller_hash_key="hash-key",
            operator_key_sha256="",
            voice_url=BASE,
        )
        self.context = Context(
            secrets=lambda: secrets, stores=lambda: self.world.stores, clock=self.world.clock
        )
        self._setting = Setting(
            account_sid=ACCOUNT,
            carrier=Carrier(),
            wire=Direct(self._deliver),
            speed=None,
            on_exchange=lambda _: None,
        )

    def rings(self, **choices: Any) -> LiveCall:
        """Play one call to its last callback."""
        values: dict[str, Any] = {
            "to": TRACKING_NUMBER,
            "caller": CALIFORNIAN,
            "target": Behaviour(after=6, talk=TALK, hangup_by=Side.TARGET),
        }
        script = CallScript(**{**values, **choices})
        live = LiveCall(script, self._setting, seed=script.seed or "1", begun=NOW)
        self.live = live
        play(live, BASE + "/twilio/inbound", BASE + "/twilio/status")
        return live

    def settled(self, live: LiveCall) -> Call:
        """The call once the stream, then the carrier's own record, then the sweep have spoken."""
        self._settle(live.sid)
        self.world.later(seconds=15)
        self._finally(live)
        self.world.later(hours=3)
        assert self._finally(live) is Progress.SETTLED
        return self.call(live)

    def call(self, live: LiveCall) -> Call:
        """The call as it is remembered."""
        return self.world.call(live.sid)

    def posts(self, path: str, live: LiveCall, *more: tuple[str, str]) -> str:
        """One webhook more about a call; the document that answers it."""
        request = Request(kind="status", url=BASE + path, fields=live.fields(*more))
        return self._deliver(request).body.decode()

    def _finally(self, live: LiveCall) -> Progress:
        return settle_finally(
            call_id("twilio", live.sid),
            stores=self.world.stores,
            now=self.world.now,
            ask_carrier=lambda call, now: records(live, call),
        )

    def _settle(self, sid: str) -> None:
        self.world.settles(sid)

    def _deliver(self, request: Request) -> Answer:
        if self.live is not None:
            self.world.now = max(self.world.now, self.live.clock.at(self.live.clock.second))
        parts = urlsplit(request.url)
        event = {
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": {HEADER.lower(): sign(TOKEN, signed_url(request.url), request.fields)},
            "requestContext": {"domainName": "voice", "http": {"method": request.method}},
            "body": urlencode(request.fields),
            "isBase64Encoded": False,
        }
        answer = handle(event, self.context)
        if self.live is not None and self.settles_at_once:
            self._settle(self.live.sid)
        if self.live is not None:
            self.looks(self.live)
        return Answer(
            status=answer["statusCode"],
            content_type=answer["headers"]["content-type"],
            body=answer["body"].encode(),
        )


def records(live: LiveCall, call: Call) -> tuple[Signal, ...]:
    """What the carrier's own record tells of a call that is over."""
    now = NOW + timedelta(hours=1)

    def ended(status: str, seconds: int, attempt: int, target: str | None = None) -> Signal:
        return Signal(
            kind=SignalKind.RECORD, attempt=attempt, status=LegStatus(status), seconds=seconds,
            received_at=now, raw={}, target_id=target,
        )  # fmt: skip

    told = []
    for leading in ringing(call):
        legs = [leg for leg in live.legs if leg.to == leading.destination]
        target = leading.hold.target_id if leading.together else None
        if legs and legs[-1].ended_at is not None:
            told.append(ended(legs[-1].status, legs[-1].duration, leading.number, target))
    return (*told, ended(live.status, live.duration, 0))


def ringing(call: Call) -> list[Attempt]:
    """The present attempt on each target that it rang."""
    attempt = call.attempt
    found = [led_by(attempt, one) for one in targets_of(attempt)] if attempt else []
    return [one for one in found if one]


def violations(live: LiveCall) -> list[str]:
    """All that the carrier would not have taken."""
    return [str(one) for exchange in live.courier.timeline for one in exchange.violations]


def kinds(live: LiveCall) -> list[str]:
    """What was asked and told, in its order."""
    return [exchange.kind for exchange in live.courier.timeline]


def said(live: LiveCall, kind: str) -> list[str]:
    """The documents that answered the questions of a kind."""
    return [
        exchange.answer.body.decode() for exchange in live.courier.timeline if exchange.kind == kind
    ]
