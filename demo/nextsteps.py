"""Where does one look after the demo?

Commands to copy, made from what has just happened.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.api import Api, Json
from demo.board import Board
from demo.page import address


def next_steps(api: Api, board: Board, numbers: Sequence[Json]) -> list[str]:
    """Questions that one may have now, each with the command that answers it."""
    asked: list[tuple[str, str]] = []
    for call in _examples(board):
        short = call["id"][-8:]
        asked.append((f"Why did call {short} go where it went?", f"calls/{call['id']}/decision"))
        asked.append((f"Why is it {call['status']}?", f"calls/{call['id']}/verdict"))
    asked.append(("Do the books hold? Every balance, recomputed:", "ledger/audit"))
    lines = ["", "Ask why. The operator's key opens the API:", "", f"  export KEY={api.key}"]
    for question, path in asked:
        lines += [
            "",
            f"  # {question}",
            f'  curl -H "Authorization: Bearer $KEY" {api.base}/{path}',
        ]
    return [
        *lines,
        "",
        "  # Call yourself, from another terminal (one caller counts once in 30 days)",
        f"  {own_call(numbers)}",
        "",
        "  # See a number change, in a browser",
        f"  {address(api)}",
        "",
    ]


def own_call(numbers: Sequence[Json]) -> str:
    """The command that places a call which counts, on a number that any caller may dial."""
    number = next(number for number in numbers if not number["states"])
    return (
        f"{_python()} -m simulator call --to {number['e164']} --from +12065550142 "
        f"--talk {number['minimum_talk_seconds'] + 5}"
    )


def _examples(board: Board) -> list[Json]:
    """A call that was approved and one that was routed and denied, the latest of each."""
    found = []
    for status in ("approved", "denied"):
        calls = [c for c in board.judged if c["status"] == status and c["target_id"]]
        found += calls[-1:]
    return found


def _python() -> str:
    """How this interpreter is called from the directory we are in."""
    interpreter = Path(sys.executable)
    here = Path.cwd()
    return os.path.relpath(interpreter) if interpreter.is_relative_to(here) else str(interpreter)
