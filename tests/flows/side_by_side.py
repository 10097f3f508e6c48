"""Two processes on the same rows, of which each reads or writes only when it is its turn."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from chalicelib.store.rows import Action, Item, Key, Page, Question
from tests.fakes import Crash, FakeRows

_ALL_TOGETHER = 30.0


class RowsInTurn(FakeRows):
    """Rows at which processes stand in line: `turns` says whose is next, by its place; once it has
    run out they alternate, and one that is done gives its turns away.

    `deaths` says before which of its own writes, from 1, a process dies.
    """

    def __init__(self) -> None:
        super().__init__()
        self._line = threading.Condition()
        self._places: dict[int, int] = {}
        self._left: set[int] = set()
        self._turns: Iterator[int] = iter(())
        self._next = 0
        self._deaths: dict[int, int] = {}
        self._written: dict[int, int] = {}

    def side_by_side(
        self, *works: Callable[[], object], turns: Sequence[int], deaths: Sequence[int] = ()
    ) -> list[BaseException]:
        """Do all works at once, until each is done or has died; the faults that were no death."""
        faults: list[BaseException] = []
        self._turns, self._left = iter(turns), set(range(len(works)))
        self._deaths = dict(enumerate(deaths))
        self._written = dict.fromkeys(self._left, 0)
        with self._line:
            self._choose()

        def run(place: int, work: Callable[[], object]) -> None:
            self._places[threading.get_ident()] = place
            try:
                work()
            except Crash:
                pass
            except BaseException as fault:
                # It is the test's to say what that means.
                faults.append(fault)
            finally:
                with self._line:
                    self._left.discard(place)
                    self._choose()

        threads = [
            threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_ALL_TOGETHER)
        assert not any(thread.is_alive() for thread in threads), "they wait for one another"
        self._places = {}
        return faults

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        with self._turn():
            return super().gather(keys, questions)

    def page(self, question: Question) -> Page:
        with self._turn():
            return super().page(question)

    def write(self, actions: Sequence[Action]) -> None:
        with self._turn() as place:
            if place is not None:
                self._written[place] += 1
                if self._written[place] == self._deaths.get(place):
                    raise Crash
            super().write(actions)

    @contextmanager
    def _turn(self) -> Iterator[int | None]:
        """The place of the process whose turn it is; None where nobody stands in line."""
        place = self._places.get(threading.get_ident())
        if place is None:
            yield None
            return
        with self._line:
            assert self._line.wait_for(lambda: self._next == place, _ALL_TOGETHER)
        try:
            yield place
        finally:
            with self._line:
                self._choose()

    def _choose(self) -> None:
        """Who is next: as the turns say, where that one is still at work."""
        if self._left:
            others = sorted(self._left)
            wanted = next(self._turns, self._next + 1)
            self._next = wanted if wanted in self._left else others[wanted % len(others)]
        self._line.notify_all()
