"""What does the platform refuse, and how does it say so?

Owns the few kinds of refusal and the fault that names a field. An expected business result (no
target, a denied call) is a value, never an error; the HTTP status of a refusal belongs to the
channel that answers.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with what was sent: which field, a stable rule, and a sentence."""

    field: str
    rule: str
    reason: str


class Refused(Exception):
    """A request that cannot be honoured; `code` is stable and meant for programs."""

    code = "refused"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class NotFound(Refused):
    """There is no such thing, or it is not the asker's."""

    code = "not_found"


class Conflict(Refused):
    """What is stored has moved on, or says something else under the same name."""

    code = "conflict"


class Forbidden(Refused):
    """The asker is known and may not do this."""

    code = "forbidden"


class Unauthenticated(Refused):
    """The asker is not known."""

    code = "unauthenticated"


class Busy(Refused):
    """What is needed does not answer in time, or is fought over; the same request may succeed
    later, and repeating it is safe."""

    code = "busy"


class RateLimited(Refused):
    """So much was asked for that it may be asked again only in some `seconds`."""

    code = "rate_limited"

    def __init__(self, detail: str, *, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class Invalid(Refused):
    """What was sent breaks rules; carries every fault at once."""

    code = "invalid"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} fault(s) in the request")
        self.faults = faults


class Broken(Exception):
    """An invariant of the platform does not hold. Nobody catches it, so that it alarms."""
