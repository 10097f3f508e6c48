"""What happens to a file of dispositions?

Keeps what was read, and applies it piece by piece: the rows of a piece first, then how far it is.
Whoever dies in between leaves a piece to be done again, in which every row finds what it did
before.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import previews, runtime
from chalicelib.campaigns import Advertiser
from chalicelib.disposition_files import FileRow, read_file
from chalicelib.errors import NotFound
from chalicelib.flows.feedback import take_rows
from chalicelib.flows.matching import match_all
from chalicelib.matching import Match
from chalicelib.previews import Preview, PreviewState, feedback_of
from chalicelib.store.previews import (
    ROWS_A_PART,
    due_previews,
    find_preview,
    keep_preview,
    preview_change,
    rows_of,
)
from chalicelib.store.stores import Stores

PARTS_A_PIECE = 8
"""So many rows take a few seconds: a request has 29."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row of a file, and the call that it means as things stand."""

    row: FileRow
    match: Match


def preview(raw: bytes, *, id: str, advertiser_id: str, stores: Stores, now: datetime) -> Preview:
    """Read a file and keep what it says; nothing is done to any call.

    Invalid with the faults of all its rows, NotFound without the advertiser.
    """
    advertiser = stores.catalog.find(Advertiser, advertiser_id)
    if advertiser is None:
        raise NotFound(f"there is no advertiser {advertiser_id}")
    read = read_file(raw)
    made = Preview(
        id=id,
        advertiser_id=advertiser_id,
        currency=advertiser.currency,
        rows=len(read),
        created_at=now,
    )
    keep_preview(stores.rows, made, read)
    return made


def known_preview(id: str, *, advertiser_id: str | None, stores: Stores, now: datetime) -> Preview:
    """The preview; NotFound when there is none, it is over, or another advertiser's. Without an
    advertiser it may be anybody's."""
    found = find_preview(stores.rows, id)
    gone = found is None or found.expires_at <= now
    if found is None or gone or advertiser_id not in (None, found.advertiser_id):
        raise NotFound(f"there is no preview {id}")
    return found


def seen_rows(made: Preview, *, first: int, count: int, stores: Stores) -> tuple[SeenRow, ...]:
    """So many rows of the file from the place `first` on, each with the call that it means now."""
    rows = rows_of(stores.rows, made, first, count)
    if not rows:
        return ()
    matched = match_all([feedback_of(row, made) for row in rows], stores=stores)
    return tuple(SeenRow(row=row, match=one.match) for row, one in zip(rows, matched, strict=True))


def apply(made: Preview, *, stores: Stores, now: datetime) -> Preview:
    """Apply the next piece of the file, and say how far it is; repeat it until all is applied.

    An applied file stays as it is.
    """
    if made.state is PreviewState.PREVIEWED:
        made = _kept(made, previews.begun(made, now), stores, now)
    for _ in range(PARTS_A_PIECE):
        if made.state is PreviewState.APPLIED:
            break
        rows = rows_of(stores.rows, made, made.done, ROWS_A_PART)
        matches = take_rows([feedback_of(row, made) for row in rows], stores=stores)
        matched = sum(1 for match in matches if match.call_id)
        after = previews.advanced(made, matched=matched, unmatched=len(matches) - matched)
        made = _kept(made, after, stores, now)
    return made


def go_on(*, stores: Stores, now: datetime, limit: int = 5) -> tuple[int, int]:
    """Apply a piece of each file that somebody began to apply and left; how many, and of how many
    it failed."""
    done = failed = 0
    for made in due_previews(stores.rows, now, limit=limit):
        try:
            apply(made, stores=stores, now=now)
            done += 1
        except Exception:
            # Whatever is wrong with this file, the log says it and the next one goes on.
            what = {"preview_id": made.id}
            runtime.logger().exception("a file could not be applied", extra=what)
            stores.catalog.write([preview_change(made, made, now)])
            failed += 1
    return done, failed


def _kept(before: Preview, after: Preview, stores: Stores, now: datetime) -> Preview:
    """`after`, or what somebody else has made of it meanwhile."""
    if stores.catalog.write([preview_change(before, after, now)]):
        return after
    found = find_preview(stores.rows, before.id)
    if found is None:
        raise NotFound(f"there is no preview {before.id}")
    return found
