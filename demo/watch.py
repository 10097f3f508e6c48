"""What happens on the platform right now?

Asks the API for news of calls again and again and shows them: first while the crowd calls and until
each of its calls is judged, later for as long as somebody looks on.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn, Protocol

from demo.api import Api, Declined, Json
from demo.board import Board, heading, region
from demo.screen import Screen

_PAGE = 100
_EVERY_SECONDS = 0.3
_CALMLY_SECONDS = 1.5
_VERDICTS_WITHIN = 180.0
_KINDS = {
    "adv": "advertisers",
    "cmp": "campaigns",
    "off": "offers",
    "pub": "publishers",
    "tgt": "targets",
}


class Callers(Protocol):
    """Who calls: the carrier's ids of calls begun and of calls over, and whether that is all."""

    begun: set[str]
    over: set[str]

    @property
    def finished(self) -> bool:
        """Whether everybody has called and hung up."""
        ...


class Names:
    """What things are called; each is asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, str] = {}

    def __call__(self, thing_id: str | None) -> str:
        """The name of the thing with this id; a dash for nothing."""
        if thing_id is None:
            return "–"
        if thing_id not in self._known:
            kind = _KINDS[thing_id.partition("_")[0]]
            self._known[thing_id] = self._api.get(f"/{kind}/{thing_id}")["name"]
        return self._known[thing_id]


class Watch:
    """Looks on at the calls that arrive from `since` on."""

    def __init__(self, api: Api, board: Board, screen: Screen, since: datetime) -> None:
        self._api = api
        self._board = board
        self._screen = screen
        self._since = since

    def until_judged(self, callers: Callers, calls: int) -> bool:
        """Show their calls until each has its verdict; False when that takes too long."""
        if not self._screen.live:
            self._screen.say(*heading(self._width))
        finished_at = None
        while True:
            finished_at = finished_at or (time.monotonic() if callers.finished else None)
            self._look(lambda: _progress(self._board, callers, calls))
            if finished_at and self._board.all_judged(callers.begun):
                return True
            if finished_at and time.monotonic() - finished_at > _VERDICTS_WITHIN:
                return False
            time.sleep(_EVERY_SECONDS)

    def for_good(self) -> NoReturn:
        """Show whatever comes, until somebody interrupts."""
        while True:
            try:
                self._look(lambda: "Looking on for more calls. Ctrl-C stops.")
            except Declined as declined:
                self._screen.say(f"The API does not answer now: {declined}")
            time.sleep(_CALMLY_SECONDS)

    @property
    def _width(self) -> int:
        return self._screen.size[0] - 1

    def _look(self, progress: Callable[[], str]) -> None:
        fresh = self._board.take(self._news())
        said, colour = progress(), self._screen.colour
        standing = self._board.rows(fresh, self._width, colour=colour)
        below = region(self._board, said, self._screen.size, colour=colour)
        self._screen.show(standing, below, progress=said)

    def _news(self) -> list[Json]:
        """Calls that are new, and how the calls without a verdict stand."""
        found = {call["id"]: call for call in self._newest()}
        for call in self._board.waiting:
            if call["id"] not in found:
                found[call["id"]] = self._api.get(f"/calls/{call['id']}")
        return list(found.values())

    def _newest(self) -> list[Json]:
        """Pages of calls, newest first, down to one that was known before or is too old."""
        found: list[Json] = []
        for call in self._api.every("/calls", limit=_PAGE):
            if datetime.fromisoformat(call["arrived_at"]) < self._since:
                break
            found.append(call)
            if len(found) % _PAGE == 0 and self._board.knows(call["id"]):
                break
        return found


def _progress(board: Board, callers: Callers, calls: int) -> str:
    """How far the callers are, and what is waited for."""
    waiting = board.waiting
    over = sum(call["carrier_call_id"] in callers.over for call in waiting)
    parts = [
        f"{len(callers.begun)} of {calls} have called",
        f"{len(board.judged)} judged",
        f"{len(waiting) - over} live",
    ]
    if over:
        parts.append(f"{over} over: late reports have 15 s, then the carrier is asked (2 min)")
    return " · ".join(parts)
