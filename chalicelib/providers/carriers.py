"""What must every carrier be able to do?

Owns the one interface through which the platform speaks to whoever lends it numbers and carries its
calls, and the words for a carrier's failures. How a carrier is spoken to belongs to a module of its
own; the plain facts that pass belong to `calls` and `numbers`.

Every carrier is held to the suite in `tests/providers/carrier_contract.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from chalicelib import runtime
from chalicelib.calls import Call, Signal
from chalicelib.errors import Broken, Busy, Conflict, Refused
from chalicelib.numbers import AvailableNumber, LineFacts, NumberSearch, OwnedNumber, Webhooks
from chalicelib.offers import CARRIERS, CONNECT, TWILIO
from chalicelib.recording import CarriersOwn, Transcript


class CarrierAway(Busy):
    """The carrier gives no answer that counts within its time; what was asked may have happened."""

    code = "carrier_away"


class CarrierRefused(Refused):
    """The carrier answers that it will not; `carrier_code` is its own word for why."""

    code = "carrier_refused"

    def __init__(self, detail: str, *, carrier_code: int | None = None) -> None:
        super().__init__(detail)
        self.carrier_code = carrier_code


class NumberUnavailable(Conflict):
    """The carrier does not lend this number, to us or to anybody."""

    code = "number_unavailable"


class UnusableMedia(Exception):
    """What the carrier sends is no recording: of another type, too large, or cut short."""


class Media(Protocol):
    """A recording on its way from the carrier; `size_bytes` have come so far."""

    channels: int
    size_bytes: int

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes, none at the end. UnusableMedia when it ends before its length or is
        larger than any recording; CarrierAway when no more comes."""
        ...


class Carrier(Protocol):
    """Who lends numbers and carries calls.

    Every method answers within seconds, or raises CarrierAway; what the carrier will not do is
    CarrierRefused.
    """

    @property
    def name(self) -> str:
        """By which numbers and calls keep of it."""
        ...

    def webhooks(self) -> Webhooks:
        """Where the carrier must send this deployment's calls; Refused while nobody knows."""
        ...

    def record_of(self, call: Call, now: datetime) -> tuple[Signal, ...]:
        """The ends that the carrier records of a call that is over: its own, and its attempt's.

        Nothing while the call goes on, and nothing when the carrier cannot be asked now. A carrier
        that ends no call by itself tells of one which goes on when its lease is over.
        """
        ...

    def search(self, wanted: NumberSearch) -> tuple[AvailableNumber, ...]:
        """Numbers that could be bought now, at most `wanted.limit`."""
        ...

    def buy(self, e164: str, webhooks: Webhooks) -> OwnedNumber:
        """Rent the number, leading to the webhooks; NumberUnavailable when it is not to be had.

        Never sent twice: after CarrierAway it may be bought or not, which `find` tells.
        """
        ...

    def configure(self, owned: OwnedNumber, webhooks: Webhooks) -> OwnedNumber:
        """The number as it is once it leads to the webhooks, and nowhere else."""
        ...

    def release(self, owned: OwnedNumber) -> None:
        """Give the number back; one that is gone already is released."""
        ...

    def owned(self) -> Iterator[OwnedNumber]:
        """Every number of the account."""
        ...

    def find(self, e164: str) -> OwnedNumber | None:
        """The number of the account; None when it is not the account's."""
        ...

    def verified(self) -> Iterator[str]:
        """Every number that the account may show to those it calls without being lent it, in
        E.164."""
        ...

    def look_up(self, e164: str, *, caller_name: bool = False) -> LineFacts:
        """What is known of anybody's number; its holder's name costs extra and is asked for."""
        ...

    def open_recording(self, carrier_id: str) -> AbstractContextManager[Media]:
        """The media of a recording: both sides on channels of their own, or mixed where there is
        but one. CarrierRefused when there are none; UnusableMedia when they are no sound."""
        ...

    def delete_recording(self, carrier_id: str) -> None:
        """Delete the carrier's own; a recording that is not there is deleted."""
        ...

    def pause_recording(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """Pause what is being recorded of a call, or go on with it; the recording's id.

        A pause is heard as silence. None when nothing is being recorded.
        """
        ...

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """The recordings of a call that have media, or may get some."""
        ...

    def transcripts_of(self, carrier_call_id: str, arrived_at: datetime) -> tuple[Transcript, ...]:
        """Where what was said on a call lies, written down by the carrier; none where it writes
        nothing down."""
        ...


CarrierNamed = Callable[[str], Carrier]


class CarrierNotSetUp(Conflict):
    """The platform speaks to such carriers, and this deployment has no account with one."""

    code = "carrier_not_set_up"


def set_up() -> tuple[str, ...]:
    """The carriers with which the deployment has an account, the usual one first."""
    secrets = runtime.secret_values()
    has = {TWILIO: secrets.twilio_account_sid, CONNECT: secrets.connect_instance_id}
    return tuple(name for name in CARRIERS if has[name])


def carrier() -> Carrier:
    """The deployment's usual carrier."""
    return carrier_named(next(iter(set_up()), TWILIO))


def carrier_named(name: str) -> Carrier:
    """The deployment's account with a carrier, by the name that calls keep of it, with the
    credentials that hold now; Broken when no carrier is called so, CarrierNotSetUp without an
    account."""
    if name not in CARRIERS:
        raise Broken(f"no carrier is called {name!r}")
    return _connect() if name == CONNECT else _twilio()


def _connect() -> Carrier:
    from chalicelib.providers.connect import Connect
    from chalicelib.providers.connect_api import ConnectApi

    secrets = runtime.secret_values()
    if not secrets.connect_instance_id:
        raise CarrierNotSetUp("Amazon Connect is not set up: deploy with an instance id")
    return Connect(
        ConnectApi(runtime.client("connect")),
        instance_id=secrets.connect_instance_id,
        flow_id=secrets.connect_flow_id,
        s3=runtime.client("s3"),
    )


def _twilio() -> Carrier:
    from chalicelib.providers.twilio import Twilio
    from chalicelib.providers.twilio_rest import Account

    secrets = runtime.secret_values()
    account = Account(
        api_url=runtime.settings().twilio_api_url,
        sid=secrets.twilio_account_sid,
        token=secrets.twilio_tokens[0] if secrets.twilio_tokens else "",
    )
    return Twilio(account, voice_url=secrets.voice_url)


def ask_about(call: Call, now: datetime) -> tuple[Signal, ...]:
    """What a call's own carrier records of it; see `Carrier.record_of`."""
    return carrier_named(call.carrier).record_of(call, now)
