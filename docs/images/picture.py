"""How do the pictures of a run come about?

Plays `python -m demo.run` in a terminal that exists only in memory, and draws what it showed:
`run.svg` in the middle of the calls, `closing.svg` with what followed. It alone needs
`pip install pyte`. From the root of the repository: `PYTHONPATH=. python docs/images/picture.py`.
"""

import os
import pty
import re
import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import pyte

HERE = Path(__file__).parent
COLUMNS, LINES = 120, 32
COMMAND = (sys.executable, "-m", "demo.run", "--no-stay", *sys.argv[1:])

_CELL, _LINE, _EDGE = 8.4, 18, 16
_COLOURS = {
    "default": "#d0d7de",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "yellow": "#e3b341",
    "cyan": "#79c0ff",
}


def main() -> None:
    """Run the demo and write both pictures."""
    window = pyte.Screen(COLUMNS, LINES)
    scroll = pyte.Screen(COLUMNS, 2000)
    streams = [pyte.ByteStream(screen) for screen in (window, scroll)]
    middle: list[Any] = []
    for chunk in _terminal():
        for stream in streams:
            stream.feed(chunk)
        if not middle and _share_called(window) >= 0.7:
            middle = _rows(window)
    (HERE / "run.svg").write_text(_svg(_trimmed(middle)), encoding="utf-8")
    shown = _rows(scroll)
    texts = ["".join(cell.data for cell in row) for row in shown]
    first = next(at for at, text in enumerate(texts) if "the month is over" in text)
    last = next(at for at, text in enumerate(texts) if "sum of all accounts" in text)
    (HERE / "closing.svg").write_text(_svg(shown[first : last + 1]), encoding="utf-8")


def _terminal() -> Iterator[bytes]:
    """What the demo writes to a terminal of the wanted size, as it comes."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(COLUMNS=str(COLUMNS), LINES=str(LINES), TERM="xterm-256color")
        os.execv(COMMAND[0], COMMAND)  # noqa: S606
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side has closed.
            break
        if not chunk:
            break
        yield chunk
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the demo did not end well: run it by hand")


def _share_called(screen: Any) -> float:
    """How many of the callers have called, from 0 to 1, as the screen says."""
    found = re.search(r"(\d+) of (\d+) have called", "\n".join(screen.display))
    return int(found[1]) / int(found[2]) if found else 0.0


def _rows(screen: Any) -> list[list[Any]]:
    return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]


def _trimmed(rows: list[list[Any]]) -> list[list[Any]]:
    """Without the empty lines at the end."""
    while rows and not "".join(cell.data for cell in rows[-1]).strip():
        rows = rows[:-1]
    return rows


def _svg(rows: list[list[Any]]) -> str:
    width = COLUMNS * _CELL + 2 * _EDGE
    height = len(rows) * _LINE + 2 * _EDGE
    body = "\n".join(text for y, row in enumerate(rows) for text in _texts(row, y))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" '
        f'font-size="14">\n<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        f"{body}\n</svg>\n"
    )


def _texts(row: list[Any], y: int) -> Iterator[str]:
    """One element for each stretch of a colour; its length is fixed, whatever the font."""
    at = 0
    for colour, cells in groupby(row, key=lambda cell: cell.fg):
        text = "".join(cell.data for cell in cells)
        if text.strip():
            lead = len(text) - len(text.lstrip())
            said = text.strip()
            x = _EDGE + (at + lead) * _CELL
            yield (
                f'<text x="{x:.1f}" y="{_EDGE + y * _LINE + 13}" fill="{_COLOURS[colour]}" '
                f'textLength="{len(said) * _CELL:.1f}" xml:space="preserve">{escape(said)}</text>'
            )
        at += len(text)


if __name__ == "__main__":
    main()
