"""How does what advertisers tell of calls look to them and to the operator?

Owns the plain form of dispositions, postbacks, files and what matched no call. Every member is
always there; text of others is shown so that no spreadsheet computes it.
"""

from typing import Any

from chalicelib.disposition_files import FileRow
from chalicelib.dispositions import Disposition, Postback
from chalicelib.feedback import Feedback, shown
from chalicelib.matching import Match
from chalicelib.previews import Preview
from chalicelib.store.codec import to_plain
from chalicelib.store.feedback import Unmatched

View = dict[str, Any]


def disposition_view(disposition: Disposition) -> View:
    """A disposition with its note."""
    plain: View = to_plain(disposition)
    names = ("id", "value", "note", "at", "received_at", "source")
    return {name: plain[name] for name in names} | {"note": shown(disposition.note)}


def postback_view(postback: Postback) -> View:
    """A postback."""
    plain: View = to_plain(postback)
    names = (
        "id", "event_id", "amount_cents", "currency", "converted", "at", "received_at", "source",
    )  # fmt: skip
    return {name: plain[name] for name in names}


def match_view(match: Match) -> View:
    """The call that is meant, or why there is none."""
    plain: View = to_plain(match)
    return {
        "call_id": plain["call_id"],
        "matched_by": plain["by"],
        "reason": plain["reason"],
        "candidates": plain["candidates"],
    }


def preview_view(preview: Preview) -> View:
    """A file, and how far it is applied."""
    plain: View = to_plain(preview)
    del plain["currency"], plain["version"], plain["begun_at"]
    return plain | {"expires_at": to_plain(preview.expires_at)}


def row_view(row: FileRow, match: Match) -> View:
    """A row of a file with what it matches."""
    return {"row": row.row, **_told(row), "match": match_view(match)}


def unmatched_view(unmatched: Unmatched) -> View:
    """Feedback without a call."""
    feedback = unmatched.feedback
    return {
        "id": feedback.id,
        "advertiser_id": feedback.advertiser_id,
        "source": feedback.source.value,
        "event_id": feedback.event_id,
        "row": feedback.row or None,
        **_told(feedback),
        "match": match_view(unmatched.match),
        "received_at": to_plain(feedback.received_at),
    }


def _told(told: FileRow | Feedback) -> View:
    named: View = to_plain(told.named)
    said = {"disposition": told.disposition, "amount_cents": told.amount_cents}
    return {**named, **said, "note": shown(told.note)}
