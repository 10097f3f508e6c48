"""What has an audit found so far, and how far has it come?

Owns the first differences of each law, the count of everything that passed by, and telling of it
while it goes on. It grows with neither.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from chalicelib.auditing import Difference, Law

T = TypeVar("T")
Progress = Callable[[str, int], object]

_DIFFERENCES_A_LAW = 20
_TOLD_EVERY = 1000


class Findings:
    """Differences and counts; `progress` is told the kind and the count at every thousand."""

    def __init__(self, progress: Progress) -> None:
        self.counted: Counter[str] = Counter()
        self._progress = progress
        self._by_law: dict[Law, list[Difference]] = {law: [] for law in Law}

    def add(self, differences: Iterable[Difference]) -> None:
        """Keep the differences, up to a bound for each law."""
        for difference in differences:
            kept = self._by_law[difference.law]
            if len(kept) < _DIFFERENCES_A_LAW:
                kept.append(difference)

    def counting(self, what: str, stream: Iterable[T]) -> Iterator[T]:
        """The stream, counted as it passes by."""
        self.counted[what] += 0
        for one in stream:
            self.counted[what] += 1
            if self.counted[what] % _TOLD_EVERY == 0:
                self._progress(what, self.counted[what])
            yield one

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The first of each law, in the order of the laws."""
        return tuple(one for kept in self._by_law.values() for one in kept)
