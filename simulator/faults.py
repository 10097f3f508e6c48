"""What becomes of a callback on its way to the platform?

A network repeats, delays, reorders and loses what it sends. `Faults` says which, by kind or by
seeded shares; how the sending is then done is `courier`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

ASKING_KINDS = ("inbound", "redirect", "gather", "record", "dial", "whisper")
"""Requests whose answer is TwiML that Twilio goes on with."""

LEG_KINDS = ("leg-initiated", "leg-ringing", "leg-answered", "leg-completed")
TELLING_KINDS = (*LEG_KINDS, "amd", "status", "recording")
"""Requests that only tell; the carrier does nothing with their answer."""

FLOW_KINDS = ("arrived", "gathered", "next", "ended")
"""What a flow of Amazon Connect asks the function."""

LEG_EVENT_KINDS = ("leg-initiated", "leg-answered", "leg-disconnected", "leg-completed")
CONTACT_KINDS = (
    "contact-initiated", "contact-updated", "contact-disconnected", "contact-completed",
)  # fmt: skip
RECORD_KINDS = ("leg-record", "contact-record")
EVENT_KINDS = (*CONTACT_KINDS, *LEG_EVENT_KINDS, *RECORD_KINDS)
"""What Amazon Connect tells of a caller's contact, and of the contact of a transfer."""

KINDS = tuple(dict.fromkeys((*ASKING_KINDS, *TELLING_KINDS, *FLOW_KINDS, *EVENT_KINDS)))
SHARED_DROPS = tuple(dict.fromkeys(("dial", *TELLING_KINDS, *EVENT_KINDS)))
"""The kinds a drop share may take: a call whose first request is lost never reached anybody."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "leg": (*LEG_KINDS, "leg-disconnected", "leg-record"),
    "contact": (*CONTACT_KINDS, "contact-record"),
    "event": (*CONTACT_KINDS, *LEG_EVENT_KINDS),
    "records": RECORD_KINDS,
    "all": KINDS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What happens to one callback: sent `copies` times (0: lost), late, or after the next one."""

    copies: int = 1
    delay: float = 0.0
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The unreliability of one call's callbacks.

    Kinds are those of `KINDS`, or `leg` for every leg callback, or `all`. Naming a kind n times
    in `repeat` sends n extra copies. `delay` is in simulated seconds. A reordered callback
    changes places with the next one. Shares are probabilities from 0 to 1, decided by the
    call's own seed; `drop_share` takes only `SHARED_DROPS`. Raises `ValueError` for anything
    else.
    """

    repeat: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    delay: Mapping[str, float] = field(default_factory=dict)
    reorder: tuple[str, ...] = ()
    repeat_share: float = 0.0
    drop_share: float = 0.0
    delay_share: float = 0.0
    reorder_share: float = 0.0
    delay_seconds: float = 20.0

    def __post_init__(self) -> None:
        for kind in (*self.repeat, *self.drop, *self.delay, *self.reorder):
            if kind not in KINDS and kind not in GROUPS:
                known = ", ".join((*KINDS, *GROUPS))
                raise ValueError(f"there is no callback kind {kind!r}; the kinds are {known}")
        for name in ("repeat_share", "drop_share", "delay_share", "reorder_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability from 0 to 1")
        if self.delay_seconds < 0 or any(seconds < 0 for seconds in self.delay.values()):
            raise ValueError("a delay is not negative")

    def fate(self, kind: str, seed: str) -> Fate:
        """What becomes of a callback of `kind`; the same seed always meets the same fate."""
        dice = Random(seed)
        repeated, dropped, delayed, held = (dice.random() for _ in range(4))
        if _names(self.drop, kind) or (kind in SHARED_DROPS and dropped < self.drop_share):
            return Fate(copies=0)
        extra = _names(self.repeat, kind) + (repeated < self.repeat_share)
        late = max((s for named, s in self.delay.items() if _names((named,), kind)), default=0.0)
        if delayed < self.delay_share:
            late += self.delay_seconds
        swapped = bool(_names(self.reorder, kind)) or held < self.reorder_share
        return Fate(copies=1 + extra, delay=late, held=swapped)


def _names(named: tuple[str, ...], kind: str) -> int:
    return sum(1 for name in named if name == kind or kind in GROUPS.get(name, ()))
