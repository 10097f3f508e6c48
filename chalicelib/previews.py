"""What becomes of a file that people send between its preview and its last row?

Owns the preview: what was read, once and for all, and how far it is applied; and what each row of a
file of dispositions tells. The form of a file belongs to the module of its kind.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from chalicelib.disposition_files import FileRow
from chalicelib.dispositions import Source
from chalicelib.feedback import Feedback, row_feedback_id

KEPT = timedelta(days=7)
"""How long a preview can be applied."""


class PreviewState(StrEnum):
    """Whether anything of the file is applied, or all."""

    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file as it was read: `rows` of them. The first `done` are applied: so many of them found
    what they are about, `matched`, and so many did not."""

    id: str
    rows: int
    created_at: datetime
    begun_at: datetime | None = None
    state: PreviewState = PreviewState.PREVIEWED
    done: int = 0
    matched: int = 0
    unmatched: int = 0
    version: int = 1

    @property
    def expires_at(self) -> datetime:
        """When it is forgotten."""
        return self.created_at + KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(KeptFile):
    """A file of an advertiser's dispositions. What it says is told when its applying begins, and
    not before."""

    advertiser_id: str
    currency: str


F = TypeVar("F", bound=KeptFile)


def begun(file: F, now: datetime) -> F:
    """The file as its applying begins."""
    return replace(file, state=PreviewState.APPLYING, begun_at=now, version=file.version + 1)


def advanced(file: F, *, matched: int, unmatched: int) -> F:
    """The file with so many rows more applied."""
    done = file.done + matched + unmatched
    return replace(
        file,
        state=PreviewState.APPLIED if done == file.rows else PreviewState.APPLYING,
        done=done,
        matched=file.matched + matched,
        unmatched=file.unmatched + unmatched,
        version=file.version + 1,
    )


def feedback_of(row: FileRow, preview: Preview) -> Feedback:
    """What the row tells: the same however often it is applied."""
    told_at = preview.begun_at or preview.created_at
    return Feedback(
        id=row_feedback_id(preview.id, row.row),
        advertiser_id=preview.advertiser_id,
        source=Source.CSV,
        named=row.named,
        disposition=row.disposition,
        note=row.note,
        amount_cents=row.amount_cents,
        currency=preview.currency,
        at=told_at,
        received_at=told_at,
        row=row.row,
    )
