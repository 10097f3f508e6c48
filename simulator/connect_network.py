"""How does anybody place a call on the simulated Amazon Connect?

`ConnectNetwork` joins an instance, the flow that its numbers lead to, and the way to the platform;
it plays the scripts that `Network` plays, and says the same of what came of each.
"""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from simulator.connect_blocks import walk
from simulator.connect_contact import ConnectSetting, LiveContact, Tells
from simulator.connect_flow import read_flow
from simulator.connect_instance import ConnectInstance
from simulator.connect_wire import Retrying
from simulator.courier import Exchange, Sender
from simulator.network import CallResult, result_of
from simulator.scripts import CallScript


class ConnectNetwork:
    """An instance whose numbers lead to one flow.

    `flow` is its JSON, `wire` the way to the platform's functions. `speed` is simulated seconds per
    real second; `None` waits for nothing. The same `seed` gives the same contacts and chances to
    the same sequence of calls. `on_exchange` hears of all that passes, in the thread that plays the
    call. Raises `FlowRefused` for a flow that cannot be played. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        flow: str,
        wire: Sender,
        instance: ConnectInstance | None = None,
        tells: Tells | None = None,
        seed: str | None = None,
        speed: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self.instance = instance or ConnectInstance()
        self._setting = ConnectSetting(
            instance=self.instance,
            flow=read_flow(flow),
            wire=Retrying(wire),
            tells=tells or Tells(),
            speed=speed,
            on_exchange=on_exchange,
        )
        self._seed = seed or secrets.token_hex(8)
        self._now = now
        self._placed = count()
        self._lock = threading.Lock()

    def place(self, script: CallScript) -> CallResult:
        """Play one call to the last that is told of it and say what came of it."""
        with self._lock:
            number = next(self._placed)
        call = LiveContact(
            script,
            self._setting,
            seed=script.seed or f"{self._seed}:{number}",
            begun=script.started_at or self._now(),
            present=script.started_at is None,
        )
        walk(call)
        return result_of(call)
