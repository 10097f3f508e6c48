"""Does it help the caller to wait, and what is heard meanwhile?

Owns which refusals pass by themselves within a caller's patience, and what one look after another
for a free target says. How an operator sets it up belongs to `answering`; looking, to the flows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.answering import Answering, Heard, Line
from chalicelib.reasons import Reason
from chalicelib.routing import Decision

MOST_LOOKS = 999
_PASSING = frozenset({Reason.AT_CONCURRENCY, Reason.TOO_SOON, Reason.LOST_RACE})
# Music says by its own length when to look; a carrier wants some silence after it.
_AFTER_MUSIC = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the caller hears before the next look, which is number `look` (from 1) of a wait that
    began at `since`: `lines`, then `music_url`, then silence of `seconds`."""

    since: datetime
    look: int
    lines: tuple[Line, ...]
    music_url: str | None
    seconds: int


def waits(
    decision: Decision,
    answering: Answering | None,
    *,
    since: datetime,
    look: int,
    now: datetime,
) -> Waiting | None:
    """How the caller waits for look number `look`; None where waiting is not wanted, does not help
    because no target is merely busy, or has lasted all its seconds."""
    wait = answering.wait if answering else None
    if wait is None or answering is None or look > MOST_LOOKS:
        return None
    if now - since >= timedelta(seconds=wait.seconds):
        return None
    if not any(seen.reason in _PASSING for seen in decision.considered):
        return None
    return waiting(answering, since=since, look=look)


def waiting(answering: Answering, *, since: datetime, look: int) -> Waiting | None:
    """What the caller hears before look number `look`, as long as the wait lasts; the greeting
    comes first where no question came before."""
    wait = answering.wait
    if wait is None:
        return None
    greeting = () if answering.questions else (answering.greeting,)
    first = (*greeting, wait.line) if look == 1 else ()
    return Waiting(
        since=since,
        look=look,
        lines=tuple(line for line in first if line),
        music_url=wait.music_url,
        seconds=_AFTER_MUSIC if wait.music_url else wait.every_seconds,
    )


def heard_waiting(answering: Answering, of: str) -> tuple[Heard, ...]:
    """What a caller of offer `of` who waits has heard of it."""
    if answering.wait is None:
        return ()
    return (Heard(part="wait", of=of, version=answering.wait.line.version),)
