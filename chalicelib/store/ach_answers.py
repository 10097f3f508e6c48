"""What is remembered of the bank's files?

Owns the row of each, and those of its lines, a hundred together. What a line comes to belongs to
the flow.
"""

from collections.abc import Sequence

from chalicelib import times
from chalicelib.ach_answers import AnswerLine, Answers
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Change, Equals, Item, Key, NotWritten, Put, Rows

LINES_A_PART = 100

# A transaction takes 4 MB.
_PARTS_A_WRITE = 20


def read_answers(item: Item) -> Answers:
    """The file that a row holds."""
    return codec.from_json(Answers, item["doc"])


def find_answers(rows: Rows, answers_id: str) -> Answers | None:
    """The bank's file; None when there is none."""
    key = _key(answers_id)
    found, _ = rows.gather([key])
    return read_answers(found[key]) if key in found else None


def keep_answers(rows: Rows, answers: Answers, lines: Sequence[AnswerLine]) -> bool:
    """Keep the lines, and last the file itself: before that there is none. False when it was kept
    before."""
    starts = range(0, len(lines), LINES_A_PART)
    parts = [
        Change(key=_part_key(answers.id, n), set=_part(lines[start : start + LINES_A_PART]))
        for n, start in enumerate(starts)
    ]
    for first in range(0, len(parts), _PARTS_A_WRITE):
        rows.write(parts[first : first + _PARTS_A_WRITE])
    key = _key(answers.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "ach_answers",
        "id": answers.id,
        "created_key": f"{times.written(answers.received_at)}#{answers.id}",
        "claimed": answers.version,
        "doc": codec.to_json(answers),
    }
    return _written(rows, [Put(BOOKS, item)])


def lines_of(rows: Rows, answers: Answers, first: int, count: int) -> tuple[AnswerLine, ...]:
    """So many lines of the file from the place `first` on, the first place being 0."""
    last = min(first + count, answers.lines)
    if last <= first:
        return ()
    numbers = range(first // LINES_A_PART, (last - 1) // LINES_A_PART + 1)
    keys = [_part_key(answers.id, n) for n in numbers]
    found, _ = rows.gather(keys)
    read = [
        line for key in keys for line in codec.from_json(tuple[AnswerLine, ...], found[key]["doc"])
    ]
    start = numbers[0] * LINES_A_PART
    return tuple(read[first - start : last - start])


def move(rows: Rows, before: Answers, after: Answers, done: Sequence[AnswerLine] = ()) -> bool:
    """Keep how far the file is, and what the next part of its lines came to; False when it has
    moved on since it was read."""
    become = Change(
        key=_key(after.id),
        set={("doc",): codec.to_json(after), ("claimed",): after.version},
        when=[Equals(("claimed",), before.version)],
    )
    part = _part_key(after.id, before.done // LINES_A_PART)
    return _written(rows, [become, *([Change(key=part, set=_part(done))] if done else [])])


def _part(lines: Sequence[AnswerLine]) -> dict[tuple[str, ...], str]:
    return {("doc",): codec.to_json(tuple(lines))}


def _written(rows: Rows, actions: Sequence[Put | Change]) -> bool:
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True


def _key(answers_id: str) -> Key:
    return Key(BOOKS, f"ACH_ANSWERS#{answers_id}")


def _part_key(answers_id: str, n: int) -> Key:
    return Key(BOOKS, f"ACH_ANSWERS#{answers_id}", f"PART#{n:04d}")
