"""Waiting for what another thread is about to do."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], *, within: float = 10) -> bool:
    """Whether the condition holds before the deadline (seconds); asked again and again."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
