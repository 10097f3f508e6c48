"""Which calls are there, what is known of each, and what have they come to?

Keeps what the platform says of calls and turns it into lines; asking the platform is `watch`'s
business.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from demo.api import Json
from demo.table import Column, dollars, duration, fitted, head, line, shortened

Name = Callable[[str | None], str]

COLUMNS = (
    Column(title="call", width=8),
    Column(title="publisher", width=17, least=6),
    Column(title="campaign", width=18, least=6),
    Column(title="target", width=15, least=6),
    Column(title="talk", width=5, right=True),
    Column(title="status", width=8),
    Column(title="reason", width=16, least=6),
    Column(title="charge", width=8, right=True),
    Column(title="earning", width=8, right=True),
)
_UNJUDGED = ("live", "pending")


@dataclass(slots=True)
class Board:
    """The calls of a run; `name` says what the thing with an id is called.

    `over` holds the carrier's ids of calls that have ended, judged or not.
    """

    name: Name
    over: Collection[str] = ()
    _calls: dict[str, Json] = field(default_factory=dict)

    def take(self, calls: Iterable[Json]) -> list[Json]:
        """Note what is said of calls; those judged since the last time, the oldest first."""
        fresh = []
        for call in calls:
            before = self._calls.get(call["id"])
            self._calls[call["id"]] = call
            if judged(call) and (before is None or not judged(before)):
                fresh.append(call)
        return sorted(fresh, key=lambda call: (call["judged_at"], call["id"]))

    def knows(self, call_id: str) -> bool:
        """Whether the call was noted before."""
        return call_id in self._calls

    @property
    def waiting(self) -> list[Json]:
        """Calls not judged yet, the oldest first."""
        return sorted(
            (call for call in self._calls.values() if not judged(call)),
            key=lambda call: (call["arrived_at"], call["id"]),
        )

    @property
    def judged(self) -> list[Json]:
        """Calls with a verdict, in the order of their verdicts."""
        done = (call for call in self._calls.values() if judged(call))
        return sorted(done, key=lambda call: (call["judged_at"], call["id"]))

    def all_judged(self, carrier_call_ids: Collection[str]) -> bool:
        """Whether every one of these calls has its verdict."""
        done = {call["carrier_call_id"] for call in self._calls.values() if judged(call)}
        return done.issuperset(carrier_call_ids)

    def rows(self, calls: Iterable[Json], width: int, *, colour: bool) -> list[str]:
        """A line for each call."""
        widths = fitted(COLUMNS, width)
        return [line(COLUMNS, widths, self._cells(call), colour=colour) for call in calls]

    def totals(self) -> str:
        """What the judged calls have come to."""
        done = self.judged
        charged = sum(call["charge_cents"] for call in done)
        earned = sum(call["earning_cents"] for call in done)
        approved = sum(call["status"] == "approved" for call in done)
        return (
            f"{approved} approved, {len(done) - approved} denied    charged {dollars(charged)}"
            f"    earned {dollars(earned)}    margin {dollars(charged - earned)}"
        )

    def _cells(self, call: Json) -> Sequence[str]:
        return (
            call["id"][-8:],
            self.name(call["publisher_id"]),
            self.name(call["campaign_id"]),
            self.name(next(iter(call["tried"][-1:]), None)),
            duration(call["talk_seconds"] or None),
            call["status"],
            self._reason(call),
            dollars(call["charge_cents"]) if call["charge_cents"] else "–",
            dollars(call["earning_cents"]) if call["earning_cents"] else "–",
        )

    def _reason(self, call: Json) -> str:
        """Why it does not count, or what its verdict waits for."""
        if judged(call):
            return str(call["refusal"] or ", ".join(call["reasons"]))
        return "over, not judged" if call["carrier_call_id"] in self.over else ""


def judged(call: Json) -> bool:
    """Whether the call has its verdict."""
    return call["status"] not in _UNJUDGED


def heading(width: int) -> list[str]:
    """The titles of the table."""
    return head(COLUMNS, fitted(COLUMNS, width))


def region(board: Board, progress: str, size: tuple[int, int], *, colour: bool) -> list[str]:
    """What moves below the judged calls: titles, the newest calls on the line, progress, totals."""
    width, height = size[0] - 1, size[1]
    room = max(1, min(10, height - 10))
    live = board.rows(board.waiting[-room:], width, colour=colour)
    said = (progress, board.totals())
    return [*heading(width)[::-1], *live, "", *(shortened(text, width) for text in said)]
