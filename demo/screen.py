"""How does a stream of lines become a live display?

On a terminal, lines that stand go up the screen and a region below them is drawn anew each time.
Anywhere else there is no region: lines that stand are printed, and now and then how far it is.
"""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

_EVERY_SECONDS = 5.0
_PLAIN_WIDTH = 132
_LEAST_WIDTH = 78
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """Where a person looks: `stream`, a terminal or not."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb" and _wide_enough()
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self._drawn = 0
        self._told = ""
        self._told_at: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        found = shutil.get_terminal_size((_PLAIN_WIDTH, 40))
        return (found.columns, found.lines) if self.live else (_PLAIN_WIDTH, found.lines)

    def say(self, *lines: str) -> None:
        """Lines that stand."""
        self.show(lines, ())

    def show(self, standing: Sequence[str], region: Sequence[str], *, progress: str = "") -> None:
        """Add lines that stand, and put `region` in the place of the one before.

        Without a terminal the region is left out, and `progress` is told every few seconds.
        """
        if self.live:
            self._write(self._erasing(), [*standing, *region])
            self._drawn = len(region)
        else:
            self._write("", [*standing, *([progress] if self._due(progress) else [])])

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self.live:
            self._stream.write(_SHOW)
            self._stream.flush()

    def _erasing(self) -> str:
        """What takes the region away; while there is one, the cursor hides."""
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        return f"{_HIDE}{up}\r\x1b[J"

    def _write(self, before: str, lines: Sequence[str]) -> None:
        self._stream.write(before + "".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def _due(self, progress: str) -> bool:
        now = time.monotonic()
        if progress in ("", self._told):
            return False
        self._told_at = self._told_at or now
        if now - self._told_at < _EVERY_SECONDS:
            return False
        self._told, self._told_at = progress, now
        return True


def _wide_enough() -> bool:
    """Whether no line would be wrapped, which would hide how far up the region begins."""
    return shutil.get_terminal_size().columns >= _LEAST_WIDTH
