"""Which trouble does the carrier's REST side make, when it is told to?"""

import threading
from collections import deque
from enum import StrEnum

from simulator.rest_words import RestFault


class Trouble(StrEnum):
    """What becomes of a request.

    `429` and `500` are refused untouched. `hang` is never answered and never acted on. Of a `lost`
    one everything is done, and the connection breaks before the answer, or in the middle of its
    body when it is `cut`.
    """

    TOO_MANY = "429"
    BROKEN = "500"
    HANG = "hang"
    LOST = "lost"
    CUT = "cut"

    @property
    def refusal(self) -> RestFault | None:
        """What the carrier says; `None` when it says nothing."""
        if self is Trouble.TOO_MANY:
            return RestFault(429, 20429, "Too many requests")
        if self is Trouble.BROKEN:
            return RestFault(500, 20500, "Internal server error")
        return None


class Troubles:
    """Troubles yet to be made, one for each request, in their order; safe between threads."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Trouble, str | None, str]] = deque()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def add(
        self, trouble: Trouble | str, *, times: int = 1, method: str | None = None, about: str = ""
    ) -> None:
        """Make trouble for the next `times` requests: of this method alone when it is named, and of
        paths that hold `about`, such as `/Recordings`."""
        with self._lock:
            self._waiting.extend([(Trouble(trouble), method, about)] * times)

    def clear(self) -> None:
        """Make no more trouble."""
        with self._lock:
            self._waiting.clear()

    def next(self, method: str, path: str) -> Trouble | None:
        """What this request meets; `None` when it is answered as it should be."""
        with self._lock:
            if self._waiting:
                trouble, of_method, about = self._waiting[0]
                if of_method in (None, method) and about in path:
                    self._waiting.popleft()
                    return trouble
        return None

    def hang(self) -> None:
        """Wait until the server ends."""
        self._ended.wait()

    def end(self) -> None:
        """Let everybody go who hangs."""
        self._ended.set()
