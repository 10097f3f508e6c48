"""Time that passes only while somebody sleeps."""


class Instant:
    """A clock that a sleep moves on at once; `slept` holds every pause."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds since the beginning."""
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.slept.append(seconds)
