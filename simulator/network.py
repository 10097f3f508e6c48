"""How does anybody place a call on the simulated network?

`Network` is the door of this package: it joins an account, the platform's URLs and the
carrier's records, plays scripts, and says what came of each.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from simulator.carrier import Carrier
from simulator.courier import Exchange
from simulator.engine import LiveCall, Setting
from simulator.judging import Violation
from simulator.line import Leg, OnTheLine
from simulator.rest import RestServer
from simulator.scripts import CallScript, Side
from simulator.verbs import play
from simulator.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class LegResult:
    """What became of one leg, in whole seconds; its duration counts from its answer."""

    sid: str
    to: str
    status: str
    duration: int
    talk_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What became of one call, as the carrier knows it, whatever the platform was told.

    `duration` counts from the answer of the caller's leg, `talk_seconds` from the bridge;
    `legs` are those that were begun, in order.
    """

    sid: str
    script: CallScript
    started_at: datetime
    status: str
    ended_by: Side
    duration: int
    talk_seconds: int
    legs: tuple[LegResult, ...]
    timeline: tuple[Exchange, ...]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Everything the platform did that the carrier would not take, in order."""
        return tuple(found for exchange in self.timeline for found in exchange.violations)

    def sent(self, *kinds: str) -> tuple[Exchange, ...]:
        """The exchanges that reached the platform, of these kinds or of all."""
        return tuple(
            exchange
            for exchange in self.timeline
            if not exchange.dropped and (not kinds or exchange.kind in kinds)
        )


class Network:
    """A telephone network with one account and one voice application.

    `speed` is simulated seconds per real second; `None` waits for nothing. The same `seed`
    gives the same sids and chances to the same sequence of calls. `now` says when a call
    without a start of its own begins. `on_exchange` hears of each webhook as it goes, in the
    thread that plays the call. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        voice_inbound: str,
        voice_status: str = "",
        seed: str | None = None,
        speed: float | None = None,
        carrier: Carrier | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self.account_sid = account_sid
        self.carrier = carrier or Carrier()
        self._auth_token = auth_token
        self._inbound = voice_inbound
        self._status = voice_status
        self._seed = seed or secrets.token_hex(8)
        self._now = now
        self._wire = Wire(auth_token)
        self._setting = Setting(
            account_sid=account_sid,
            carrier=self.carrier,
            wire=self._wire,
            speed=speed,
            on_exchange=on_exchange,
        )
        self._placed = count()
        self._lock = threading.Lock()

    def place(self, script: CallScript) -> CallResult:
        """Play one call to its last callback and say what came of it.

        A rented number with a voice URL of its own goes by that; any other by the network's.
        """
        with self._lock:
            number = next(self._placed)
        seed = script.seed or f"{self._seed}:{number}"
        begun = script.started_at or self._now()
        call = LiveCall(script, self._setting, seed=seed, begun=begun)
        rented = self.carrier.number_at(script.to)
        if rented is not None and rented.voice_url:
            play(call, rented.voice_url, rented.status_callback)
        else:
            play(call, self._inbound, self._status)
        return result_of(call)

    @contextmanager
    def rest_server(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[RestServer]:
        """Serve the carrier's REST API while the block lasts; port 0 takes a free one.

        Raises `OSError` when the address is taken.
        """
        server = RestServer(self.carrier, self.account_sid, self._auth_token, (host, port))
        with server:
            yield server

    def close(self) -> None:
        """Close the connections to the platform."""
        self._wire.close()


def result_of(call: OnTheLine[Any]) -> CallResult:
    """What became of a call that has been played."""
    begun = tuple(leg for leg in call.legs if leg.begun_at is not None)
    return CallResult(
        sid=call.sid,
        script=call.script,
        started_at=call.clock.start,
        status=call.status,
        ended_by=call.ended_by,
        duration=call.duration,
        talk_seconds=sum(leg.talk_seconds for leg in begun),
        legs=tuple(_leg_result(leg) for leg in begun),
        timeline=tuple(call.courier.timeline),
    )


def _leg_result(leg: Leg) -> LegResult:
    return LegResult(
        sid=leg.sid,
        to=leg.to,
        status=leg.status,
        duration=leg.duration,
        talk_seconds=leg.talk_seconds,
    )
