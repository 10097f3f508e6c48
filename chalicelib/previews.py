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
    and `unmatched`."""

    id: str
    advertiser_id: str
    currency: str
    rows: int
    created_at: datetime
    state: PreviewState = PreviewState.PREVIEWED
    done: int = 0
    matched: int = 0
    unmatched: int = 0
    version: int = 1

    @property
    def expires_at(self) -> datetime:
        """When it is forgotten."""
        return self.created_at + KEPT


def advanced(preview: Preview, *, matched: int, unmatched: int) -> Preview:
    """The preview with so many rows more applied; without any, as its applying begins."""
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
    """What the row tells: the same whenever and however often it is applied. It was so when the
    file was read."""
    return Feedback(
        id=row_feedback_id(preview.id, row.row),
        advertiser_id=preview.advertiser_id,
        source=Source.CSV,
        named=row.named,
        disposition=row.disposition,
        note=row.note,
        amount_cents=row.amount_cents,
        currency=preview.currency,
        at=preview.created_at,
        received_at=preview.created_at,
        row=row.row,
    )
