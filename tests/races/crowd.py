"""Many calls at once: every one in a process of its own, as far as the rows can tell."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from chalicelib.flows.inbound import Answer
from chalicelib.flows.replay import replay
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import Action, Item, Key, Page, Question, Rows
from tests.builders import NOW
from tests.world import World

T = TypeVar("T")


class Meeting(Rows):
    """Rows whose first write waits until everybody is about to write: all have read the same."""

    def __init__(self, everybody: threading.Barrier) -> None:
        self._rows = DynamoRows()
        self._everybody = everybody
        self._waits = True

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        return self._rows.gather(keys, questions)

    def page(self, question: Question) -> Page:
        return self._rows.page(question)

    def write(self, actions: Sequence[Action]) -> None:
        if self._waits:
            self._waits = False
            self._everybody.wait(timeout=30)
        self._rows.write(actions)


def at_once(*acts: Callable[[World], T], now: datetime = NOW) -> list[T]:
    """What the acts return, in their order. Each has a world of its own, none knows of another, and
    all have read before the first of them writes; so each must write."""
    everybody = threading.Barrier(len(acts))

    def alone(act: Callable[[World], T]) -> T:
        return act(World(Meeting(everybody), now=now))

    with ThreadPoolExecutor(max_workers=len(acts)) as threads:
        return list(threads.map(alone, acts))


def arrivals(calls: int, *, caller: str | None = None) -> list[Callable[[World], Answer]]:
    """As many calls, each of another caller or all of one."""

    def arrive(number: int) -> Callable[[World], Answer]:
        return lambda world: world.arrives(f"CA{number}", caller=caller or f"+1415555{number:04d}")

    return [arrive(number) for number in range(calls)]


def taken(answers: Sequence[Answer]) -> list[Answer]:
    """Those that reached a target."""
    return [answer for answer in answers if answer.attempt is not None]


def made_otherwise(world: World, answers: Sequence[Answer]) -> list[str]:
    """The calls whose first decision, made again from what it looked at, comes out differently."""
    calls = [answer.call_id for answer in answers]
    return [call for call in calls if not replay(call, 1, {}, stores=world.stores).same]


def nothing_left(counts: Mapping[str, int]) -> bool:
    """Whether every count is back at zero."""
    return not any(counts.values())
