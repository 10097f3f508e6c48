"""Who calls whom, and what does each of them do?

A `CallScript` is everything a call needs to be played; nothing in it depends on the platform's
answers. Playing it is `engine`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from simulator.faults import Faults


class Outcome(StrEnum):
    """What a dialled target does."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


class Side(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    TARGET = "target"
    PLATFORM = "platform"
    CARRIER = "carrier"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one target does when it is rung.

    `after` is seconds from the start of the dial to the answer (or to the busy or failed
    signal), `talk` seconds from the bridge to the hang-up. `whisper_digits` is what the target
    presses when a whisper asks for a digit, `answered_by` what detection takes it for.
    """

    outcome: Outcome = Outcome.ANSWER
    after: float = 6.0
    talk: float = 60.0
    hangup_by: Side = Side.CALLER
    whisper_digits: str = ""
    answered_by: str = "human"

    def __post_init__(self) -> None:
        if self.after < 0 or self.talk < 0:
            raise ValueError("a target answers after, and talks for, at least 0 seconds")
        if self.hangup_by not in (Side.CALLER, Side.TARGET):
            raise ValueError("a talk is hung up by the caller or by the target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller as the carrier describes one; `number` may be raw text such as `anonymous`.

    `verstat` is the STIR/SHAKEN word, `None` when the call carried no attestation.
    """

    number: str
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = "US"
    verstat: str | None = "TN-Validation-Passed-A"


ANONYMOUS = Caller(number="anonymous", country="", verstat=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScript:
    """One call to be placed.

    A leg behaves as `targets` says of its number (a tuple: one entry per time that number is
    rung, the last one for good), else as `attempts` says of the dial (first, second …), else as
    `target`. `digits` are pressed one entry per Gather. `hangup_while_ringing` and
    `hangup_in_ivr` are seconds of a dial's ringing, and of all spoken parts together, after
    which the caller leaves; `hangup_at` names the block of a flow at which one does. `seed` decides
    ids and chances; without one the network gives one. `started_at` defaults to now.
    """

    to: str
    caller: Caller
    target: Behaviour = field(default_factory=Behaviour)
    targets: Mapping[str, Behaviour | tuple[Behaviour, ...]] = field(default_factory=dict)
    attempts: tuple[Behaviour, ...] = ()
    digits: tuple[str, ...] = ()
    hangup_while_ringing: float | None = None
    hangup_in_ivr: float | None = None
    hangup_at: str = ""
    faults: Faults = field(default_factory=Faults)
    seed: str | None = None
    started_at: datetime | None = None

    def behaviour(self, number: str, *, dial: int, rung: int) -> Behaviour:
        """What the target at `number` does in the call's dial `dial`, having rung `rung` times.

        Both count from 0.
        """
        own = self.targets.get(number)
        if isinstance(own, Behaviour):
            return own
        if own:
            return own[min(rung, len(own) - 1)]
        return self.attempts[dial] if dial < len(self.attempts) else self.target
