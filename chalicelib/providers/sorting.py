"""How is more put in order than memory should hold?

Owns sorting with the help of the disk: what does not fit lies there in sorted runs until it has
been read. A function has 512 MB of disk, for a million texts of a few hundred bytes.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from heapq import merge
from types import TracebackType
from typing import IO

HELD = 20_000


class Sorter:
    """Texts that are read in the order of their keys, or in the opposite one, `last_first`; at most
    `held` of them are in memory."""

    def __init__(self, held: int = HELD, *, last_first: bool = False) -> None:
        self._held = held
        self._last_first = last_first
        self._fresh: list[tuple[str, str]] = []
        self._runs: list[IO[str]] = []
        self._files = ExitStack()

    def __enter__(self) -> "Sorter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def add(self, key: str, text: str) -> None:
        """Another text, with the key that says its place."""
        self._fresh.append((key, text))
        if len(self._fresh) >= self._held:
            self._put_down()

    def texts(self) -> Iterator[str]:
        """All texts in their order; once, after the last was added."""
        self._fresh.sort(reverse=self._last_first)
        runs = map(_read, self._runs)
        for _, text in merge(*runs, iter(self._fresh), reverse=self._last_first):
            yield text

    def _put_down(self) -> None:
        # Closed with all others, after it was read.
        file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        run = self._files.enter_context(file)
        self._fresh.sort(reverse=self._last_first)
        run.writelines(json.dumps(pair) + "\n" for pair in self._fresh)
        self._fresh.clear()
        self._runs.append(run)


def _read(run: IO[str]) -> Iterator[tuple[str, str]]:
    run.seek(0)
    for line in run:
        key, text = json.loads(line)
        yield key, text
