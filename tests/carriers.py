"""A carrier in memory, held to the same suite as the real one (`providers/carrier_contract.py`)."""

import io
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.calls import Call, Signal
from chalicelib.numbers import (
    AvailableNumber,
    LineFacts,
    NumberSearch,
    OwnedNumber,
    SearchKind,
    Webhooks,
    monthly_cost_micros,
)
from chalicelib.offers import TWILIO
from chalicelib.providers.carriers import (
    CarrierAway,
    CarrierRefused,
    Media,
    NumberUnavailable,
    UnusableMedia,
)
from chalicelib.recording import CarriersOwn, Transcript
from simulator.recordings import sound_of

HERE = Webhooks(
    voice_url="https://voice.example.com/twilio/inbound",
    fallback_url="https://voice.example.com/twilio/fallback",
    status_url="https://voice.example.com/twilio/status",
)
ELSEWHERE = Webhooks(voice_url="https://elsewhere.example.com/", fallback_url="", status_url="")
SAN_FRANCISCO = ("San Francisco", "CA", "94105")
NEW_YORK = ("New York", "NY", "10001")


def stock() -> dict[str, AvailableNumber]:
    """Ten numbers of each of two places, and ten that are toll-free."""
    found = [
        AvailableNumber(e164=f"+1{area}55501{n:02d}", kind=SearchKind.LOCAL, city=place[0],
                        state=place[1], zip=place[2])
        for area, place in (("415", SAN_FRANCISCO), ("212", NEW_YORK))
        for n in range(10)
    ]  # fmt: skip
    found += [
        AvailableNumber(e164=f"+18005550{n}", kind=SearchKind.TOLL_FREE) for n in range(100, 110)
    ]
    return {
        one.e164: replace(one, monthly_cost_micros=monthly_cost_micros(one.e164)) for one in found
    }


@dataclass(frozen=True, kw_only=True)
class MadeRecording:
    """What a carrier recorded of a call; `status` is in-progress, paused, completed or absent."""

    carrier_id: str
    carrier_call_id: str
    started_at: datetime
    status: str = "completed"
    seconds: int = 90
    channels: int = 2

    @property
    def sound(self) -> bytes:
        """The media, once they are complete."""
        return sound_of(self.seconds, self.channels)


@dataclass
class Sound:
    """Media on their way; when they are `cut`, their second half never comes."""

    file: io.BytesIO
    channels: int
    cut: bool = False
    size_bytes: int = 0

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes, counted."""
        half = len(self.file.getbuffer()) // 2
        if self.cut and self.size_bytes == half:
            raise UnusableMedia("the recording broke off")
        left = half - self.size_bytes if self.cut else -1
        part = self.file.read(amount if left < 0 else left if amount < 0 else min(amount, left))
        self.size_bytes += len(part)
        return part


@dataclass
class FakeCarrier:
    """A carrier that lends from a stock; `bought`, `released` and `looked_up` remember every
    time, the last with whether a name was asked for, and `asked` how often each request arrived.
    `recordings` are what it has, by their ids.

    `before` holds what happens right before the coming requests, one each: an error it raises
    means that the carrier never saw the request. `after` is the same for answers on their way back.
    """

    name: str = TWILIO
    stock: dict[str, AvailableNumber] = field(default_factory=stock)
    rented: dict[str, OwnedNumber] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    records: dict[str, tuple[Signal, ...]] = field(default_factory=dict)
    bought: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    looked_up: list[tuple[str, bool]] = field(default_factory=list)
    recordings: dict[str, MadeRecording] = field(default_factory=dict)
    transcripts: dict[str, tuple[Transcript, ...]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    away: bool = False
    cut: bool = False
    records_whole_calls: bool = False
    before: dict[str, deque[Callable[[], object]]] = field(default_factory=dict)
    after: dict[str, deque[Callable[[], object]]] = field(default_factory=dict)

    def has(self, e164: str, webhooks: Webhooks = HERE, *, elsewhere: bool = False) -> None:
        """The account rents the number, wherever it came from."""
        self.rented[e164] = OwnedNumber(
            carrier_number_id=f"PN{e164[1:]}", e164=e164, webhooks=webhooks, elsewhere=elsewhere
        )

    def happens_before(self, request: str, happening: Callable[[], object]) -> None:
        """Something happens right before the next such request arrives."""
        self.before.setdefault(request, deque()).append(happening)

    def happens_after(self, request: str, happening: Callable[[], object]) -> None:
        """Something happens once the next such request is carried out."""
        self.after.setdefault(request, deque()).append(happening)

    def webhooks(self) -> Webhooks:
        """This deployment's."""
        return HERE

    def record_of(self, call: Call, now: datetime) -> tuple[Signal, ...]:
        """What was laid down for the call."""
        del now
        return () if self.away else self.records.get(call.carrier_call_id, ())

    def search(self, wanted: NumberSearch) -> tuple[AvailableNumber, ...]:
        """From the stock, without what is rented."""
        self._met("search")
        digits = (wanted.contains or "").strip("*")
        fitting = [
            one
            for one in self.stock.values()
            if one.e164 not in self.rented
            and one.kind is wanted.kind
            and wanted.area_code in (None, one.e164[2:5])
            and wanted.zip in (None, one.zip)
            and wanted.state in (None, one.state)
            and digits in one.e164
        ]
        return tuple(fitting[: wanted.limit])

    def buy(self, e164: str, webhooks: Webhooks) -> OwnedNumber:
        """Out of the stock, once."""
        self._met("buy")
        if e164 not in self.stock or e164 in self.rented:
            raise NumberUnavailable(f"the carrier does not lend {e164}")
        self.bought.append(e164)
        self.has(e164, webhooks)
        self._met("buy", back=True)
        return self.rented[e164]

    def configure(self, owned: OwnedNumber, webhooks: Webhooks) -> OwnedNumber:
        """Only what is rented."""
        self._met("configure")
        if self.rented.get(owned.e164, owned).carrier_number_id != owned.carrier_number_id:
            raise CarrierRefused("the carrier refuses: it has another number there")
        if owned.e164 not in self.rented:
            raise CarrierRefused("the carrier refuses: not found", carrier_code=20404)
        self.has(owned.e164, webhooks)
        return self.rented[owned.e164]

    def release(self, owned: OwnedNumber) -> None:
        """Back into the stock."""
        self._met("release")
        if self.rented.pop(owned.e164, None) is not None:
            self.released.append(owned.e164)
        self._met("release", back=True)

    def owned(self) -> Iterator[OwnedNumber]:
        """What is rented, as it stood when it was asked."""
        self._met("owned")
        yield from list(self.rented.values())

    def verified(self) -> Iterator[str]:
        """What was laid down."""
        self._met("verified")
        yield from self.shown

    def find(self, e164: str) -> OwnedNumber | None:
        """What is rented."""
        self._met("find")
        return self.rented.get(e164)

    def look_up(self, e164: str, *, caller_name: bool = False) -> LineFacts:
        """Every North American number is a mobile one of Jane Doe's."""
        self.looked_up.append((e164, caller_name))
        self._met("look_up")
        if len(e164) != len("+14155550100"):
            return LineFacts(e164=e164, valid=False)
        name = "DOE JANE" if caller_name else None
        return LineFacts(
            e164=e164, valid=True, line_type="mobile", carrier_name="Example Wireless",
            caller_name=name, country="US",
        )  # fmt: skip

    def lays(self, made: MadeRecording) -> None:
        """The recording as it stands, in the place of what was known of it."""
        self.recordings[made.carrier_id] = made

    @contextmanager
    def open_recording(self, carrier_id: str) -> Iterator[Media]:
        """Only of what is complete; half of it while media are `cut`."""
        self._met("open_recording")
        made = self.recordings.get(carrier_id)
        if made is None or made.status != "completed":
            raise CarrierRefused("the carrier refuses: not found", carrier_code=20404)
        yield Sound(io.BytesIO(made.sound), made.channels, cut=self.cut)

    def delete_recording(self, carrier_id: str) -> None:
        """Gone, however often it is asked for."""
        self._met("delete_recording")
        self.recordings.pop(carrier_id, None)
        self._met("delete_recording", back=True)

    def pause_recording(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """The latest that goes on."""
        self._met("pause_recording")
        going = [
            one
            for one in self.recordings.values()
            if one.carrier_call_id == carrier_call_id and one.status in ("in-progress", "paused")
        ]
        if not going:
            return None
        self.lays(replace(going[-1], status="paused" if paused else "in-progress"))
        return going[-1].carrier_id

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """Without those that never got media."""
        self._met("recordings_of")
        return tuple(
            CarriersOwn(
                carrier_id=one.carrier_id, started_at=one.started_at,
                over=one.status == "completed", channels=one.channels,
                seconds=one.seconds if one.status == "completed" else None,
                whole_call=self.records_whole_calls,
            )
            for one in self.recordings.values()
            if one.carrier_call_id == carrier_call_id and one.status != "absent"
        )  # fmt: skip

    def transcripts_of(self, carrier_call_id: str, arrived_at: datetime) -> tuple[Transcript, ...]:
        """What was laid down for the call."""
        del arrived_at
        self._met("transcripts_of")
        return self.transcripts.get(carrier_call_id, ())

    def _met(self, request: str, *, back: bool = False) -> None:
        self.asked[request] += not back
        waiting = (self.after if back else self.before).get(request)
        if waiting:
            waiting.popleft()()
        if self.away and not back:
            raise CarrierAway("the carrier does not answer")


def lost() -> None:
    """The answer never arrives."""
    raise CarrierAway("the carrier does not answer: a lost answer")
