"""A carrier in memory, held to the same suite as the real one (`providers/carrier_contract.py`)."""

from collections import deque
from collections.abc import Callable, Iterator
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
from chalicelib.providers.carriers import CarrierAway, CarrierRefused, NumberUnavailable

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


@dataclass
class FakeCarrier:
    """A carrier that lends from a stock; `bought`, `released` and `looked_up` remember every
    time, the last with whether a name was asked for.

    `before` holds what happens right before the coming requests, one each: an error it raises
    means that the carrier never saw the request. `after` is the same for answers on their way back.
    """

    stock: dict[str, AvailableNumber] = field(default_factory=stock)
    rented: dict[str, OwnedNumber] = field(default_factory=dict)
    records: dict[str, tuple[Signal, ...]] = field(default_factory=dict)
    bought: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    looked_up: list[tuple[str, bool]] = field(default_factory=list)
    away: bool = False
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

    def _met(self, request: str, *, back: bool = False) -> None:
        waiting = (self.after if back else self.before).get(request)
        if waiting:
            waiting.popleft()()
        if self.away and not back:
            raise CarrierAway("the carrier does not answer")


def lost() -> None:
    """The answer never arrives."""
    raise CarrierAway("the carrier does not answer: a lost answer")
