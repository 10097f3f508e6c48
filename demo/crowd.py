"""Who calls while the demo runs?

Draws callers from the simulator's population and lets them call in the background, over a network
that repeats one callback in ten and loses one in twenty. What becomes of their calls on the
platform is `watch`'s business.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from simulator import BUILTIN, CallScript, Carrier, Exchange, Faults, Network, plan, run
from simulator.endpoints import Endpoints
from simulator.profiles import numbers_from

SPEED = 90.0
"""Simulated seconds that pass in a real one."""

_HANGUP_SECONDS = 10.0
_FAULTS = Faults(repeat_share=0.1, drop_share=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How many call, how many begin in a real second, and the seed of what they are and do."""

    calls: int
    rate: float
    seed: str


class Crowd:
    """Callers who call, one after another, from the moment they are let loose."""

    def __init__(self, endpoints: Endpoints, carrier: Carrier, stream: Stream, demo: Path) -> None:
        self.begun: set[str] = set()
        self.over: set[str] = set()
        self.refused: list[str] = []
        self._rate = stream.rate
        self._scripts = scripts(stream, demo)
        self._carrier = carrier
        self._network = Network(
            account_sid=endpoints.account_sid,
            auth_token=endpoints.auth_token,
            voice_inbound=endpoints.voice_inbound,
            voice_status=endpoints.voice_status,
            # The sids are new in every run, or the platform would take them for calls it knows.
            seed=secrets.token_hex(8),
            speed=SPEED,
            carrier=carrier,
            on_exchange=self._heard,
        )
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._call, name="crowd", daemon=True)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Let them call while the block lasts; leaving it lets nobody begin and ends every call."""
        self._thread.start()
        try:
            yield
        finally:
            self._leaving.set()
            for sid in self.begun - self.over:
                self._carrier.ask_hangup(sid)
            self._thread.join(_HANGUP_SECONDS)

    @property
    def finished(self) -> bool:
        """Whether everybody has called and hung up."""
        return not self._thread.is_alive()

    def _call(self) -> None:
        try:
            for result in run(self._network, self._in_turn(), rate=self._rate):
                self.over.add(result.sid)
                self.refused += [str(violation) for violation in result.violations]
        finally:
            self._network.close()

    def _in_turn(self) -> Iterator[CallScript]:
        for script in self._scripts:
            if self._leaving.is_set():
                return
            yield script

    def _heard(self, exchange: Exchange) -> None:
        if exchange.kind == "inbound":
            self.begun.add(exchange.fields["CallSid"])


def scripts(stream: Stream, demo: Path) -> list[CallScript]:
    """What the callers do; the same seed and the same market give the same callers."""
    profile = replace(
        BUILTIN, numbers=numbers_from(demo), near_threshold=0.2, short=0.15, repeat_share=0.08
    )
    drawn = plan(profile, seed=stream.seed, calls=stream.calls, faults=_FAULTS)
    return [replace(script, seed=None) for script in drawn]
