"""What time is it inside a simulated call?

Each call has a clock of its own that counts simulated seconds from its first request. It
either jumps (no waiting at all) or keeps pace with the wall at a factor.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

_POLL_SECONDS = 0.1


class Clock:
    """Simulated time of one call.

    `speed` is simulated seconds per real second (1 is real time); `None` waits for nothing. A call
    of the `present` is never earlier than the wall: what the platform notes as it answers is not
    later than what the carrier tells afterwards.
    """

    def __init__(self, start: datetime, speed: float | None, *, present: bool = False) -> None:
        if speed is not None and speed <= 0:
            raise ValueError("speed is a factor above 0")
        self.start = start
        self.second = 0.0
        self._speed = speed
        self._present = present
        self._begun = time.monotonic()

    def at(self, second: float) -> datetime:
        """The moment `second` seconds after the call began."""
        return self.start + timedelta(seconds=second)

    def advance(self, second: float, stopped: Callable[[], bool]) -> bool:
        """Move to `second` (never back); `False` when `stopped` cut the way short.

        `stopped` is asked at least once, and while waiting several times a real second.
        """
        while not stopped():
            wait = self._wait(second)
            if wait <= 0:
                wall = time.monotonic() - self._begun if self._present else 0.0
                self.second = max(self.second, second, wall)
                return True
            time.sleep(min(wait, _POLL_SECONDS))
            self.second = max(self.second, min(second, self._played()))
        return False

    def _wait(self, second: float) -> float:
        if self._speed is None:
            return 0.0
        return (second - self._played()) / self._speed

    def _played(self) -> float:
        return (time.monotonic() - self._begun) * (self._speed or 0.0)
