"""What does an advertiser tell, and of which call?

Owns feedback: one row of a file or one postback, whichever way it came, how it names its call, and
the disposition and postback that it becomes beside that call. Which call is meant belongs to
`matching`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.dispositions import LONGEST_VALUE, Disposition, Postback, Source
from chalicelib.ids import derived

LONGEST_NOTE = 500
NAMING = ("call_id", "external_id", "caller")
REASONS: Mapping[str, str] = {
    "call_id": "must be a call's id, such as call_01J0000000000000000000000",
    "external_id": "must be 1 to 128 visible ASCII characters, the first a letter, a digit or _",
    "caller": "must be a telephone number with its country code, such as +14155550100",
    "time": "must be a time with its offset (RFC 3339), such as 2026-11-23T15:00:00Z",
    "disposition": f"must begin with a letter and make at most {LONGEST_VALUE} letters, digits "
    "and _",
    "amount": "must be an amount such as 25 or 25.00, without sign and currency",
    "note": f"must be at most {LONGEST_NOTE} characters without control characters",
}
"""What each field must be, for people."""

_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_][!-~]{0,127}", re.ASCII)
_CALLER = re.compile(r"\+?([1-9]\d{10,14})|\+([1-9]\d{6,9})", re.ASCII)
_PUNCTUATION = re.compile(r"[ ().-]+", re.ASCII)
_CALL_ID = re.compile(r"call_[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a call is named: by our id, by the advertiser's own, or by its caller (E.164) and about
    when it came or was sent to the advertiser."""

    call_id: str | None = None
    external_id: str | None = None
    caller: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What an advertiser tells of one call. `id` derives from its cause: the preview and its row,
    or the advertiser's event. `converted` None leaves it to the amount."""

    id: str
    advertiser_id: str
    source: Source
    named: Named
    disposition: str | None = None
    note: str | None = None
    amount_cents: int | None = None
    currency: str
    converted: bool | None = None
    event_id: str | None = None
    at: datetime
    received_at: datetime
    row: int = 0


def row_feedback_id(preview_id: str, row: int) -> str:
    """The id of what a row of a file tells."""
    return derived("fbk", "row", preview_id, str(row))


def event_feedback_id(advertiser_id: str, event_id: str) -> str:
    """The id of what an advertiser's event tells, however often it is sent."""
    return derived("fbk", "event", advertiser_id, event_id)


def disposition_of(feedback: Feedback, call_id: str) -> Disposition | None:
    """The disposition that the call gets from it; None when it tells none."""
    if feedback.disposition is None:
        return None
    return Disposition(
        id=derived("dsp", feedback.id),
        call_id=call_id,
        advertiser_id=feedback.advertiser_id,
        value=feedback.disposition,
        note=feedback.note,
        at=feedback.at,
        received_at=feedback.received_at,
        source=feedback.source,
        row=feedback.row,
    )


def postback_of(feedback: Feedback, call_id: str) -> Postback | None:
    """The postback that the call gets from it; None when it tells of no amount and no conversion.

    An amount of zero, or none, is a conversion only when that is said.
    """
    if feedback.amount_cents is None and feedback.converted is None:
        return None
    cents = feedback.amount_cents or 0
    return Postback(
        id=derived("pbk", feedback.id),
        call_id=call_id,
        advertiser_id=feedback.advertiser_id,
        event_id=feedback.event_id,
        amount_cents=cents,
        currency=feedback.currency,
        converted=cents > 0 if feedback.converted is None else feedback.converted,
        at=feedback.at,
        received_at=feedback.received_at,
        source=feedback.source,
        row=feedback.row,
    )


def lacks(said: Collection[str]) -> Iterator[tuple[str, str]]:
    """What feedback that says these fields must say beside them, each with the reason."""
    if not any(name in said for name in NAMING):
        yield "call_id", "names no call: say call_id, external_id, or caller and time"
    if "caller" in said and "time" not in said:
        yield "time", "must be said beside a caller"
    if "time" in said and "caller" not in said:
        yield "caller", "must be said beside a time"
    if not {"disposition", "amount", "converted"} & set(said):
        yield "disposition", "tells nothing: say a disposition or an amount"
    elif "note" in said and "disposition" not in said:
        yield "disposition", "must be said beside a note"


def read_amount(text: str) -> int | None:
    """The cents of an amount such as `25`, `25.5` or `25.00`; None for anything else."""
    match = _AMOUNT.fullmatch(text)
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None


def read_caller(text: str) -> str | None:
    """The caller's number in E.164, written with its country code; None for anything else.

    The plus may be missing from 11 digits on: spreadsheets and queries lose it.
    """
    match = _CALLER.fullmatch(_PUNCTUATION.sub("", text))
    return f"+{match[1] or match[2]}" if match else None


def is_external_id(text: str) -> bool:
    """Whether the text can be an advertiser's own id of a call: 1 to 128 visible ASCII characters,
    the first a letter, a digit or `_`."""
    return _EXTERNAL_ID.fullmatch(text) is not None


def is_call_id(text: str) -> bool:
    """Whether the text has the form of a call's id."""
    return _CALL_ID.fullmatch(text) is not None


def shown(text: str | None) -> str | None:
    """Text of others as it is shown: what a spreadsheet would compute begins with an apostrophe."""
    return f"'{text}" if text and text.lstrip().startswith(_FORMULA) else text
