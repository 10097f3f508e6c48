"""In which members do two documents differ?

Owns the comparison alone; what the documents are belongs to whoever has two of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDifference:
    """A member that is another, by its path, such as `charge.2.outcome`; None where one of the
    two has none."""

    field: str
    was: Any
    becomes: Any


def changed_members(was: Any, becomes: Any, path: str = "") -> list[MemberDifference]:
    """Every member in which the documents differ, in the order of the first; lists are compared
    place by place."""
    if isinstance(was, Mapping) and isinstance(becomes, Mapping):
        names = dict.fromkeys((*was, *becomes))
        pairs: Iterator[tuple[Any, Any, Any]] = (
            (name, was.get(name), becomes.get(name)) for name in names
        )
    elif isinstance(was, list) and isinstance(becomes, list):
        pairs = ((at, *pair) for at, pair in enumerate(zip_longest(was, becomes)))
    else:
        same = was == becomes
        return [] if same else [MemberDifference(field=path, was=was, becomes=becomes)]
    return [
        difference
        for name, one, other in pairs
        for difference in changed_members(one, other, f"{path}.{name}" if path else str(name))
    ]
