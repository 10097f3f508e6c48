"""Which targets ring at once in one attempt, and what is kept of each?

Owns what an attempt on a group says of its members. Who belongs to a group belongs to `routing`;
which of its members took the call, to `ringing`.
"""

from dataclasses import dataclass

from chalicelib.criteria import Geography
from chalicelib.settings import CapUse
from chalicelib.terms import Step, TermsVersion

MOST_TOGETHER = 10
"""How many may ring at once (Twilio, Dial: ten nouns)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """One member of a group: where it rings, on which terms, and what is kept under its caps.

    A `geography` or `steps` of None are those of the campaign's terms. `kept_cents` is what is left
    of the caps in money once the call is over, None while it is not.
    """

    target_id: str
    destination: str
    send_digits: str | None = None
    charge_cents: int
    geography: Geography | None = None
    steps: tuple[Step, ...] | None = None
    terms: TermsVersion | None = None
    kept_cents: int | None = None
    target_windows: tuple[str, ...]
    cap_use: CapUse
    listen_seconds: int = 0
    recover_seconds: int = 0

    @property
    def amount_cents(self) -> int:
        """What is kept of the member's caps in money."""
        return self.charge_cents if self.kept_cents is None else self.kept_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A group that rings, its first choice before the others; `geography` and `steps` are those of
    the campaign's terms.

    `freed_for` is the member for which what the others kept was given back while the call went on.
    """

    members: tuple[Ringing, ...]
    geography: Geography
    steps: tuple[Step, ...] = ()
    freed_for: str | None = None
