"""What a process keeps of the parameter store: read once, then anew behind its askers' backs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from chalicelib.runtime import Kept


@dataclass
class Store:
    """A store whose answers are told beforehand, and a clock that is moved by hand."""

    answers: list[str | Exception]
    now: float = 0.0
    asked: int = 0
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def read(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kept(self) -> Kept[str]:
        return Kept(self.read, seconds=300, clock=lambda: self.now, behind=self.waiting.append)

    def catch_up(self) -> None:
        """What was to happen behind the askers' backs happens."""
        while self.waiting:
            self.waiting.pop(0)()


def test_a_value_is_read_once_and_kept() -> None:
    store = Store(["old"])
    kept = store.kept()
    assert [kept.value() for _ in range(3)] == ["old"] * 3
    assert store.asked == 1


def test_an_old_value_serves_on_while_the_new_one_is_read() -> None:
    store = Store(["old", "new"])
    kept = store.kept()
    kept.value()
    store.now = 300
    assert kept.value() == "old"
    assert kept.value() == "old"
    assert len(store.waiting) == 1, "one reading is under way, not two"
    store.catch_up()
    assert kept.value() == "new"


def test_a_store_that_is_away_leaves_the_value_and_is_asked_again_later() -> None:
    store = Store(["old", OSError("away"), "new"])
    kept = store.kept()
    kept.value()
    for now, expected in ((300, "old"), (599, "old"), (600, "old"), (601, "new")):
        store.now = now
        assert kept.value() == expected
        store.catch_up()
    assert store.asked == 3


def test_who_asks_first_hears_that_the_store_is_away_and_the_next_may_have_luck() -> None:
    store = Store([OSError("away"), "there"])
    kept = store.kept()
    with pytest.raises(OSError, match="away"):
        kept.value()
    assert kept.value() == "there"


def test_many_who_ask_first_at_once_ask_the_store_once() -> None:
    store, go = Store(["one", "two"]), Event()
    kept = store.kept()
    found: list[str] = []

    def ask() -> None:
        go.wait()
        found.append(kept.value())

    askers = [Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    go.set()
    for asker in askers:
        asker.join()
    assert (found, store.asked) == (["one"] * 8, 1)
