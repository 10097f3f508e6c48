"""What does the API take and show of dispositions, files of them, and postbacks?

Owns their documents. The form of a single field follows the readers of the core, so that a file, a
body and a query are read alike. Import it inside handlers only, as the other schemas.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib import dispositions, feedback, matching, previews
from chalicelib.channels.fields import Currency, Document, Moment, plain_text


def _confirmed(read: Callable[[str], object], field: str) -> AfterValidator:
    """A text that `read` can read, kept as `read` gives it when that is a text."""

    def confirm(text: str) -> str:
        found = read(text)
        if found is None or found is False:
            reason = {"reason": feedback.REASONS[field]}
            raise PydanticCustomError("format", "{reason}", reason)
        return found if isinstance(found, str) else text

    return AfterValidator(confirm)


Value = Annotated[
    str,
    Field(
        max_length=200,
        description="in your own words: lower case, with `_` for whatever is no letter or digit",
    ),
    _confirmed(dispositions.read_value, "disposition"),
]
Note = Annotated[
    str, Field(min_length=1, max_length=feedback.LONGEST_NOTE), AfterValidator(plain_text)
]
ExternalId = Annotated[
    str,
    Field(max_length=128, description="your own id: visible ASCII characters without spaces"),
    _confirmed(feedback.is_external_id, "external_id"),
]
CallId = Annotated[str, Field(pattern=r"^call_[0-9A-HJKMNP-TV-Z]{26}$")]
Caller = Annotated[
    str,
    Field(max_length=64, description="E.164; its plus may be missing from 11 digits on"),
    _confirmed(feedback.read_caller, "caller"),
]
Amount = Annotated[
    str,
    Field(max_length=20, description="such as `25` or `25.00`, in the advertiser's currency"),
    _confirmed(feedback.read_amount, "amount"),
]
Source = Annotated[dispositions.Source, Field(strict=False)]
MatchedBy = Annotated[matching.MatchedBy, Field(strict=False)]
UnmatchedReason = Annotated[matching.UnmatchedReason, Field(strict=False)]
PreviewState = Annotated[previews.PreviewState, Field(strict=False)]


class DispositionBody(Document):
    """What the call came to, and when it did; null is now."""

    value: Value
    note: Note | None = None
    at: Moment | None = None


class DispositionView(Document):
    """A disposition of a call. `at` is when the call came to it, `received_at` when the platform
    was told."""

    id: str
    value: str
    note: str | None
    at: Moment
    received_at: Moment
    source: Source


class PostbackView(Document):
    """A postback for a call; `event_id` is null for a row of a file."""

    id: str
    event_id: str | None
    amount_cents: int
    currency: Currency
    converted: bool
    at: Moment
    received_at: Moment
    source: Source


class DispositionsView(Document):
    """All that the call's advertiser has said of it, the earliest first."""

    call_id: str
    dispositions: list[DispositionView]
    postbacks: list[PostbackView]


class PublisherDispositionView(Document):
    """A disposition as the call's publisher sees it."""

    value: str
    at: Moment


class PublisherDispositionsView(Document):
    """What the call's buyer has said that it came to, the earliest first."""

    call_id: str
    dispositions: list[PublisherDispositionView]


class ExternalIdBody(Document):
    """The call's id in the advertiser's own system."""

    external_id: ExternalId


class ExternalIdView(Document):
    """Which call an advertiser's own id stands for."""

    call_id: str
    external_id: str


class MatchView(Document):
    """The call that is meant and what led to it, or the reason why there is none; `candidates` are
    the calls between which it is ambiguous."""

    call_id: str | None
    matched_by: MatchedBy | None
    reason: UnmatchedReason | None
    candidates: list[str]


class NamedView(Document):
    """How a call was named."""

    call_id: str | None
    external_id: str | None
    caller: str | None
    time: Moment | None


class FeedbackView(NamedView):
    """What was told of a call, and by which way. What a spreadsheet would take for a formula is
    shown with an apostrophe before it."""

    disposition: str | None
    amount_cents: int | None
    note: str | None


class PreviewView(Document):
    """A file of dispositions. The first `done` of its `rows` are applied: so many of them matched a
    call, and so many are listed as unmatched."""

    id: str
    advertiser_id: str
    state: PreviewState
    rows: int
    done: int
    matched: int
    unmatched: int
    created_at: Moment
    expires_at: Moment


class PreviewRowView(FeedbackView):
    """A row of a file as it was read, numbered as a spreadsheet shows it, and what it matches as
    things stand."""

    row: int
    match: MatchView


class ApplyBody(Document):
    """The file that is to be applied, by its preview."""

    preview_id: Annotated[str, Field(pattern=r"^pvw_[0-9A-HJKMNP-TV-Z]{26}$")]


class UnmatchedView(FeedbackView):
    """Feedback that has no call: of which postback or file and row, and why."""

    id: str
    advertiser_id: str
    source: Source
    event_id: str | None
    row: int | None
    match: MatchView
    received_at: Moment


class PostbackBody(Document):
    """What a call brought. It is named by `call_id`, else by `external_id`, else by `caller` and
    `time`. `converted` null is whether the amount is more than zero. `event_id` is yours: the same
    event counts once."""

    event_id: ExternalId
    call_id: CallId | None = None
    external_id: ExternalId | None = None
    caller: Caller | None = None
    time: Moment | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    converted: bool | None = None
    disposition: Value | None = None
    note: Note | None = None
    at: Moment | None = None


class TakenPostbackView(MatchView):
    """What became of a postback when it came first."""

    id: str
    event_id: str


class PostbackSecretView(Document):
    """A secret by its id; a revoked one signs nothing any more."""

    id: str
    created_at: Moment
    revoked_at: Moment | None


class PostbackSecretsView(Document):
    """The advertiser's secrets in force, and those revoked last."""

    advertiser_id: str
    secrets: list[PostbackSecretView]


class MadePostbackSecretView(PostbackSecretView):
    """A secret as it is made. It is shown this once; a repeated request shows null."""

    secret: str | None
