"""How is a file applied that is too long for one request?

Owns applying it piece by piece: the rows of a piece first, then how far it is. Whoever dies in
between leaves a piece to be done again, in which every row finds what it did before. What a row
does belongs to the flow of its kind.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from chalicelib import previews, runtime
from chalicelib.errors import NotFound
from chalicelib.previews import KeptFile, PreviewState
from chalicelib.store.previews import ROWS_A_PART, Previews
from chalicelib.store.stores import Stores

F = TypeVar("F", bound=KeptFile)
R = TypeVar("R")


class Apply(Protocol[F]):
    """Applies the next piece of a file."""

    def __call__(self, made: F, *, stores: Stores, now: datetime) -> F: ...


def apply_parts(
    kind: Previews[F, R],
    made: F,
    take: Callable[[F, Sequence[R]], int],
    *,
    most: int,
    stores: Stores,
    now: datetime,
) -> F:
    """Apply at most so many parts of the file from where it is; `take` does so and says how many
    of the rows matched. An applied file stays as it is."""
    if made.state is PreviewState.PREVIEWED:
        made = _kept(kind, made, previews.begun(made, now), stores=stores, now=now)
    for _ in range(most):
        if made.state is PreviewState.APPLIED:
            break
        rows = kind.rows_of(stores.rows, made, made.done, ROWS_A_PART)
        matched = take(made, rows)
        after = previews.advanced(made, matched=matched, unmatched=len(rows) - matched)
        made = _kept(kind, made, after, stores=stores, now=now)
    return made


def take_over(
    kind: Previews[F, Any], apply: Apply[F], *, stores: Stores, now: datetime, limit: int
) -> tuple[int, int]:
    """Apply a piece of each file that somebody began to apply and left; how many, and of how many
    it failed."""
    done = failed = 0
    for made in kind.due(stores.rows, now, limit=limit):
        try:
            apply(made, stores=stores, now=now)
            done += 1
        except Exception:
            # Whatever is wrong with this file, the log says it and the next one goes on.
            what = {"preview_id": made.id}
            runtime.logger().exception("a file could not be applied", extra=what)
            stores.catalog.write([kind.change(made, made, now)])
            failed += 1
    return done, failed


def _kept(kind: Previews[F, R], before: F, after: F, *, stores: Stores, now: datetime) -> F:
    """`after`, or what somebody else has made of it meanwhile."""
    if stores.catalog.write([kind.change(before, after, now)]):
        return after
    found = kind.find(stores.rows, before.id)
    if found is None:
        raise NotFound(f"there is no preview {before.id}")
    return found
