"""Where does a call stand, and what passes between the carrier and the platform meanwhile?

`LiveCall` holds one call being played: its time, its state, its webhooks. What each verb does
with it is `verbs`', `dialling`'s and `endings`' business.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from simulator.carrier import CallRecord, Carrier
from simulator.clock import Clock
from simulator.courier import Courier, Exchange
from simulator.fields import Fields, derived_id, inbound_fields, whole_seconds
from simulator.judging import Document, Violation
from simulator.recordings import RecordingRecord
from simulator.scripts import CallScript, Side
from simulator.twiml import Verb
from simulator.wire import Request, Wire

MOST_REDIRECTS = 10
MOST_DOCUMENTS = 50
APOLOGY_SECONDS = 4.0
"""How long the carrier's own error message lasts when it got no TwiML."""


class CallOver(Exception):
    """The call has ended, by whom; with `sid`, only that leg has."""

    def __init__(self, by: Side, sid: str = "") -> None:
        super().__init__(by)
        self.by = by
        self.sid = sid


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document being executed, and the URL that relative URLs in it are meant from."""

    url: str
    verbs: Document

    def address(self, verb: Verb, attribute: str = "action") -> str:
        """The absolute URL that an attribute names; this page's own without one."""
        return urljoin(self.url, verb.get(attribute)) if verb.get(attribute) else self.url


@dataclass(slots=True)
class Leg:
    """What becomes of one dialled leg; times are seconds of the call."""

    sid: str
    to: str
    from_: str
    status: str = "queued"
    begun_at: float | None = None
    answered_at: float | None = None
    bridged_at: float | None = None
    ended_at: float | None = None
    events_told: int = 0

    @property
    def duration(self) -> int:
        """Whole seconds from its answer to its end; 0 for a leg that was never answered."""
        return span(self.answered_at, self.ended_at)

    @property
    def talk_seconds(self) -> int:
        """Whole seconds from the bridge to its end."""
        return span(self.bridged_at, self.ended_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a call is played in: the account, the records, the way to the platform, the pace."""

    account_sid: str
    carrier: Carrier
    wire: Wire
    speed: float | None
    on_exchange: Callable[[Exchange], None]


class LiveCall:
    """One call being played, in the thread of whoever plays it."""

    def __init__(self, script: CallScript, setting: Setting, *, seed: str, begun: datetime) -> None:
        self.script = script
        self.account_sid = setting.account_sid
        self.sid = derived_id("CA", seed)
        self.courier = Courier(setting.wire, script.faults, seed, setting.on_exchange)
        self.clock = Clock(begun, setting.speed)
        self.status = "ringing"
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by = Side.PLATFORM
        self.legs: list[Leg] = []
        self.dials = 0
        self.verbs_done = 0
        self.rung: Counter[str] = Counter()
        self.digits = list(script.digits)
        self.recordings: list[tuple[Page, Verb, Leg]] = []
        self.active_leg = ""
        self._carrier = setting.carrier
        self._leaves_at: float | None = None
        self._ivr_spent = 0.0
        self._documents = 0
        self._redirects = 0
        self._keep()

    @property
    def duration(self) -> int:
        """Whole seconds from the answer of the caller's leg to its end."""
        return span(self.answered_at, self.ended_at)

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

    def wait_until(self, second: float) -> None:
        """Let simulated time pass, sending what falls due.

        Raises `CallOver` at the moment the caller leaves or the API ends the call. A call that
        is over already only lets time pass.
        """
        over = self.ended_at is not None
        leaving = None if over else self._leaves_at
        goal = second if leaving is None else min(second, leaving)
        while (due := self.courier.next_due()) is not None and due <= goal:
            self._advance(due, over)
            self.courier.send_due(due)
        self._advance(goal, over)
        if leaving is not None and leaving <= second:
            raise CallOver(Side.CALLER)

    def wait(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass from now."""
        self.wait_until(self.clock.second + seconds)

    @contextmanager
    def patience(self, seconds: float | None) -> Iterator[None]:
        """Within this block the caller leaves after so many seconds; `None`: never."""
        self._leaves_at = None if seconds is None else self.clock.second + seconds
        try:
            yield
        finally:
            self._leaves_at = None

    @contextmanager
    def spoken_to(self) -> Iterator[None]:
        """Within this block the caller listens, for as long as the script lets them."""
        begun = self.clock.second
        limit = self.script.hangup_in_ivr
        with self.patience(None if limit is None else max(0.0, limit - self._ivr_spent)):
            yield
        self._ivr_spent += self.clock.second - begun

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

    def tell(self, request: Request) -> None:
        """Tell the platform something; its answer changes nothing."""
        request, fate = self.courier.fate(request)
        self.courier.tell(request, fate, self.clock.second)

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


def span(begun: float | None, ended: float | None) -> int:
    """Whole seconds between two moments of a call; 0 when one of them never came."""
    return 0 if begun is None or ended is None else whole_seconds(ended - begun)
