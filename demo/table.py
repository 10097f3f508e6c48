"""How does a table look on a screen?

Pure rendering: columns that fit a width, amounts, and the colour of a word. What a table says
belongs to the modules that have something to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_GAP = "  "
_COLOURS = {
    "approved": "32",
    "paid": "32",
    "settled": "32",
    "denied": "31",
    "live": "36",
    "pending": "33",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its title and wished width, how far it may shrink, and on which side it stands.

    A column without `least` never shrinks.
    """

    title: str
    width: int
    least: int | None = None
    right: bool = False

    @property
    def floor(self) -> int:
        """The smallest width at which the column is still shown."""
        return self.width if self.least is None else min(self.least, self.width)


def fitted(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """The width of each column so that a line takes `width` characters, as far as that can be.

    What is too much is taken from the widest column that may still shrink, one at a time.
    """
    widths = [column.width for column in columns]
    spare = sum(widths) + len(_GAP) * (len(columns) - 1) - width
    for _ in range(spare):
        open_to_it = [
            (widths[at], at) for at, column in enumerate(columns) if widths[at] > column.floor
        ]
        if not open_to_it:
            break
        widths[max(open_to_it)[1]] -= 1
    return tuple(widths)


def line(
    columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str], *, colour: bool = False
) -> str:
    """One row: every cell cut and padded to its width, known words in their colour if wanted."""
    shown = []
    for column, width, cell in zip(columns, widths, cells, strict=True):
        text = shortened(cell, width)
        padding = " " * (width - len(text))
        told = coloured(text) if colour else text
        shown.append(padding + told if column.right else told + padding)
    return _GAP.join(shown).rstrip()


def head(columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    """The titles, and the rule below them."""
    titles = line(columns, widths, [column.title for column in columns])
    return [titles, _GAP.join("─" * width for width in widths)]


def grid(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    total: Sequence[str] = (),
    colour: bool = False,
) -> list[str]:
    """A whole table, as wide as what it holds, with its `total` below a rule of its own.

    `right` names the positions of the columns that stand on the right.
    """
    body = [list(row) for row in rows]
    cells = [list(titles), *body, *([list(total)] if total else [])]
    sides = frozenset(right)
    columns = [
        Column(title=title, width=max(len(row[at]) for row in cells), right=at in sides)
        for at, title in enumerate(titles)
    ]
    widths = [column.width for column in columns]
    top = head(columns, widths)
    lines = [*top, *(line(columns, widths, row, colour=colour) for row in body)]
    return [*lines, top[1], line(columns, widths, total)] if total else lines


def shortened(text: str, width: int) -> str:
    """At most `width` characters, the cut marked."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def coloured(word: str) -> str:
    """The word in the colour of what it means; a word that means nothing stays plain."""
    code = _COLOURS.get(word.rstrip("…"))
    return f"\x1b[{code}m{word}\x1b[0m" if code else word


def dollars(cents: int) -> str:
    """An amount in dollars, such as `$1,234.50` or `-$0.07`; exact, for it is integers alone."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{rest:02d}"


def duration(seconds: int | None) -> str:
    """Minutes and seconds, such as `2:05`; a dash for what is not known."""
    return "–" if seconds is None else f"{seconds // 60}:{seconds % 60:02d}"
