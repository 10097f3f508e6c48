"""What is said twice in a list, or holds at the same time?

Owns finding repetitions, and opening hours that overlap. What they mean belongs to whoever asks.
"""

from collections.abc import Sequence

from chalicelib.times import OpenBlock

_MINUTES_A_DAY = 24 * 60
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY


def overlapping(blocks: Sequence[OpenBlock]) -> list[tuple[int, int]]:
    """The positions of blocks that are open at the same time, in pairs, lower position first."""
    spans = [(position, _spans(block)) for position, block in enumerate(blocks)]
    return [
        (one, other)
        for at, (one, mine) in enumerate(spans)
        for other, theirs in spans[at + 1 :]
        if any(a < d and c < b for a, b in mine for c, d in theirs)
    ]


def repetitions(values: Sequence[str | None]) -> list[int]:
    """The positions of values that stand before in the sequence already; what is not said repeats
    nothing."""
    first = {value: at for at, value in reversed(list(enumerate(values)))}
    return [at for at, value in enumerate(values) if value is not None and first[value] < at]


def _spans(block: OpenBlock) -> list[tuple[int, int]]:
    """The block in minutes of the week, its end excluded; split at the end of the week."""
    start = block.weekday * _MINUTES_A_DAY + block.opens.hour * 60 + block.opens.minute
    closes = block.closes.hour * 60 + block.closes.minute
    end = block.weekday * _MINUTES_A_DAY + closes
    if block.closes <= block.opens:
        end += _MINUTES_A_DAY
    if end <= _MINUTES_A_WEEK:
        return [(start, end)]
    return [(start, _MINUTES_A_WEEK), (0, end - _MINUTES_A_WEEK)]
