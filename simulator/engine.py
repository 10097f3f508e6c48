"""Where does a call stand, and what passes between the carrier and the platform meanwhile?

`LiveCall` holds one call being played: its time, its state, its webhooks. What each verb does
with it is `verbs`', `dialling`'s and `endings`' business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from simulator import judging
from simulator.carrier import CallRecord, Carrier
from simulator.clock import Clock
from simulator.courier import Courier, Exchange
from simulator.fields import Fields, derived_id, inbound_fields
from simulator.judging import Document, Violation
from simulator.line import CallOver, Leg, OnTheLine
from simulator.recordings import RecordingRecord
from simulator.scripts import CallScript, Side
from simulator.twiml import Verb
from simulator.wire import Request, Wire

MOST_REDIRECTS = 10
MOST_DOCUMENTS = 50
APOLOGY_SECONDS = 4.0
"""How long the carrier's own error message lasts when it got no TwiML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document being executed, and the URL that relative URLs in it are meant from."""

    url: str
    verbs: Document

    def address(self, verb: Verb, attribute: str = "action") -> str:
        """The absolute URL that an attribute names; this page's own without one."""
        return urljoin(self.url, verb.get(attribute)) if verb.get(attribute) else self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a call is played in: the account, the records, the way to the platform, the pace."""

    account_sid: str
    carrier: Carrier
    wire: Wire
    speed: float | None
    on_exchange: Callable[[Exchange], None]


class LiveCall(OnTheLine[Document]):
    """One call being played, in the thread of whoever plays it."""

    def __init__(self, script: CallScript, setting: Setting, *, seed: str, begun: datetime) -> None:
        courier = Courier(
            setting.wire, script.faults, seed, judging=judging, on_exchange=setting.on_exchange
        )
        super().__init__(derived_id("CA", seed), script, courier, Clock(begun, setting.speed))
        self.account_sid = setting.account_sid
        self.status = "ringing"
        self.verbs_done = 0
        self.recordings: list[tuple[Page, Verb, Leg]] = []
        self.active_leg = ""
        self._carrier = setting.carrier
        self._documents = 0
        self._redirects = 0
        self._keep()

    def answer(self) -> None:
        """Pick the caller's leg up, unless that has happened."""
        if self.answered_at is None:
            self.answered_at = self.clock.second
            self.status = "in-progress"
            self._keep()

    def hang_up(self) -> None:
        """End the caller's leg now, unless it has ended."""
        if self.ended_at is not None:
            return
        self.ended_at = self.clock.second
        ends = {"ringing": "no-answer", "in-progress": "completed"}
        self.status = ends.get(self.status, self.status)
        self._keep()

    def fields(self, *more: tuple[str, str]) -> Fields:
        """The fields of the caller's leg as it stands, and `more`."""
        script = self.script
        own = inbound_fields(
            self.account_sid, self.sid, script.to, caller=script.caller, status=self.status
        )
        return own + more

    def ask(self, request: Request) -> Page:
        """Ask the platform what to do next.

        Raises `CallOver` when there is no TwiML to go on with: after the carrier's own error
        message, or for the called leg alone when the question was a whisper.
        """
        request, fate = self.courier.fate(request)
        if fate.delay:
            self.wait(fate.delay)
        document = self.courier.ask(request, fate, self.clock.second)
        if document is not None and self._endless(request):
            document = None
        if document is None and request.whisper:
            raise CallOver(Side.CARRIER, self.active_leg)
        if document is None:
            self.answer()
            self.wait(APOLOGY_SECONDS)
            raise CallOver(Side.CARRIER)
        return Page(url=request.url.partition("#")[0], verbs=document)

    def recording_url(self, *facts: object) -> str:
        """Where the carrier keeps the recording of these facts, without its extension."""
        root = "https://api.twilio.com/2010-04-01/Accounts"
        return f"{root}/{self.account_sid}/Recordings/{derived_id('RE', *facts)}"

    def keep_leg(self, leg: Leg) -> None:
        """Record a leg as it stands."""
        ended = None if leg.ended_at is None else self.clock.at(leg.ended_at)
        record = CallRecord(
            sid=leg.sid,
            parent_sid=self.sid,
            account_sid=self.account_sid,
            to=leg.to,
            from_=leg.from_,
            direction="outbound-dial",
            status=leg.status,
            created=self.clock.at(leg.begun_at or 0.0),
            updated=self.clock.at(self.clock.second),
            ended=ended,
            duration=leg.duration if ended and leg.answered_at is not None else None,
        )
        self._carrier.keep(record)

    def keep_recording(self, leg: Leg, channels: int, status: str) -> None:
        """Record how the recording of a leg stands."""
        record = RecordingRecord(
            sid=derived_id("RE", leg.sid),
            call_sid=self.sid,
            account_sid=self.account_sid,
            channels=channels,
            status=status,
            created=self.clock.at(leg.answered_at or 0.0),
            duration=leg.duration if status == "completed" else None,
        )
        self._carrier.keep_recording(record)

    def _keep(self) -> None:
        ended = None if self.ended_at is None else self.clock.at(self.ended_at)
        record = CallRecord(
            sid=self.sid,
            parent_sid=None,
            account_sid=self.account_sid,
            to=self.script.to,
            from_=self.script.caller.number,
            direction="inbound",
            status=self.status,
            created=self.clock.start,
            updated=self.clock.at(self.clock.second),
            ended=ended,
            duration=self.duration if ended and self.answered_at is not None else None,
        )
        self._carrier.keep(record)

    def _endless(self, request: Request) -> bool:
        self._documents += 1
        self._redirects += request.kind == "redirect"
        if self._redirects <= MOST_REDIRECTS and self._documents <= MOST_DOCUMENTS:
            return False
        sentence = f"the call asked for more than {MOST_DOCUMENTS} documents"
        if self._redirects > MOST_REDIRECTS:
            sentence = f"the call was redirected more than {MOST_REDIRECTS} times"
        loop = Violation(rule="endless", kind=request.kind, sentence=sentence, code=11215)
        self.courier.accuse(loop)
        return True

    def _advance(self, second: float, over: bool) -> None:
        if self.clock.advance(second, (lambda: False) if over else self._stopped):
            return
        whole = self._carrier.hangup_asked(self.sid)
        raise CallOver(Side.API, "" if whole else self.active_leg)

    def _stopped(self) -> bool:
        if self._carrier.hangup_asked(self.sid):
            return True
        return bool(self.active_leg) and self._carrier.hangup_asked(self.active_leg)
