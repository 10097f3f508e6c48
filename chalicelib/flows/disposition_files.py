"""What happens to a file of dispositions?

Keeps what was read, shows which calls it means, and lets its rows be told piece by piece. How a
file advances belongs to `kept_files`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.campaigns import Advertiser
from chalicelib.disposition_files import FileRow, read_file
from chalicelib.errors import NotFound
from chalicelib.flows.feedback import take_rows
from chalicelib.flows.kept_files import apply_parts, take_over
from chalicelib.flows.matching import match_all
from chalicelib.matching import Match
from chalicelib.previews import Preview, feedback_of
from chalicelib.store.previews import DISPOSITIONS
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
    DISPOSITIONS.keep(stores.rows, made, read)
    return made


def known_preview(id: str, *, advertiser_id: str | None, stores: Stores, now: datetime) -> Preview:
    """The preview; NotFound when there is none, it is over, or another advertiser's. Without an
    advertiser it may be anybody's."""
    found = DISPOSITIONS.find(stores.rows, id)
    gone = found is None or found.expires_at <= now
    if found is None or gone or advertiser_id not in (None, found.advertiser_id):
        raise NotFound(f"there is no preview {id}")
    return found


def seen_rows(made: Preview, *, first: int, count: int, stores: Stores) -> tuple[SeenRow, ...]:
    """So many rows of the file from the place `first` on, each with the call that it means now."""
    rows = DISPOSITIONS.rows_of(stores.rows, made, first, count)
    if not rows:
        return ()
    matched = match_all([feedback_of(row, made) for row in rows], stores=stores)
    return tuple(SeenRow(row=row, match=one.match) for row, one in zip(rows, matched, strict=True))


def apply(made: Preview, *, stores: Stores, now: datetime) -> Preview:
    """Apply the next piece of the file, and say how far it is; repeat it until all is applied.

    An applied file stays as it is.
    """

    def take(begun: Preview, rows: Sequence[FileRow]) -> int:
        matches = take_rows([feedback_of(row, begun) for row in rows], stores=stores)
        return sum(1 for match in matches if match.call_id)

    return apply_parts(DISPOSITIONS, made, take, most=PARTS_A_PIECE, stores=stores, now=now)


def go_on(*, stores: Stores, now: datetime, limit: int = 5) -> tuple[int, int]:
    """Apply a piece of each file that somebody began to apply and left; how many, and of how many
    it failed."""
    return take_over(DISPOSITIONS, apply, stores=stores, now=now, limit=limit)
