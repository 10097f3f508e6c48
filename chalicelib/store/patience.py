"""How long is a write tried again that DynamoDB refuses only for the moment?

Owns the turns of one write: when each comes, and when there are no more. Which refusals will pass
belongs to `dynamo`.

Of several transactions under way on one row, DynamoDB lets one through and refuses the others. A
burst of calls for one target meets there, and each that is turned away while a place is left would
be a caller lost. So they wait at random, ever longer up to 200 ms, and fifty of them all come
through in about a second. Whoever has waited two is given up: a voice decision has three in all,
and past those the caller has heard the apology.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import randbelow

PATIENCE_SECONDS = 2.0
_SHORT_MILLISECONDS = 25
_LONG_MILLISECONDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The clock by which a write waits, and the chance that keeps rivals apart.

    `draw(n)` is a whole number from 0 to n - 1. Tests bring their own.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[int], int] = randbelow

    def turns(self) -> Iterator[int]:
        """One turn at once, and one after each pause that ends within the patience."""
        given_up_at = self.clock() + PATIENCE_SECONDS
        yield 1
        for turn, seconds in enumerate(pauses(self.draw), start=2):
            if self.clock() + seconds > given_up_at:
                return
            self.sleep(seconds)
            yield turn


def pauses(draw: Callable[[int], int]) -> Iterator[float]:
    """The seconds before each further turn, without end."""
    longest = _SHORT_MILLISECONDS
    while True:
        yield draw(longest + 1) / 1000
        longest = min(2 * longest, _LONG_MILLISECONDS)
