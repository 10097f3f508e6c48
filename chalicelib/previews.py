"""What becomes of a file of dispositions between its preview and its last row?

Owns the preview: what was read, once and for all, and how far it is applied; and what each of its
rows tells. The form of the file belongs to `disposition_files`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

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
class Preview:
    """A file as it was read: `rows` of them. The first `done` are applied: `matched` with a call,
    and `unmatched`. What it says is told when its applying begins, and not before."""

    id: str
    advertiser_id: str
    currency: str
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


def begun(preview: Preview, now: datetime) -> Preview:
    """The preview as its applying begins."""
    return replace(preview, state=PreviewState.APPLYING, begun_at=now, version=preview.version + 1)


def advanced(preview: Preview, *, matched: int, unmatched: int) -> Preview:
    """The preview with so many rows more applied."""
    done = preview.done + matched + unmatched
    return replace(
        preview,
        state=PreviewState.APPLIED if done == preview.rows else PreviewState.APPLYING,
        done=done,
        matched=preview.matched + matched,
        unmatched=preview.unmatched + unmatched,
        version=preview.version + 1,
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
