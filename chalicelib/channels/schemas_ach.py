"""What does the API take and show of payouts by ACH?

Owns the documents of the operator's agreement with its bank, of files, of their entries, and of
what the bank sends back. Account numbers come in and never go out. Import it inside handlers only,
as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib import ach_answers, ach_codes, ach_credits, payout_files
from chalicelib.channels.fields import Document, Moment, PublisherId, plain_text
from chalicelib.channels.schemas_payees import AccountKind, AccountNumber, RoutingNumber
from chalicelib.channels.schemas_payouts import SignatureView

FileState = Annotated[payout_files.FileState, Field(strict=False)]
EntryClass = Annotated[ach_credits.EntryClass, Field(strict=False)]
AnswersState = Annotated[ach_answers.AnswersState, Field(strict=False)]
Outcome = Annotated[ach_answers.Outcome, Field(strict=False)]
ReturnAction = Annotated[ach_codes.ReturnAction, Field(strict=False)]
Said = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(plain_text)]
Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(plain_text)]
Day = Annotated[str, Field(description="such as 2026-11-25, where the Federal Reserve is")]


class OffsetBody(Document):
    """The operator's own account, from which every batch is balanced."""

    routing_number: RoutingNumber
    account_number: AccountNumber
    kind: AccountKind


class OffsetView(Document):
    """The account, by the last characters of its number."""

    routing_number: str
    account_last: str
    kind: AccountKind


class AchSettingsBody(Document):
    """What the operator's bank has agreed with it; the bank says every value.

    Files go to the bank `destination_routing` from `origin`; traces begin with `odfi_routing`.
    With an `offset` account batches are balanced. `ppd_says_payroll` has payments to people say
    PAYROLL in the place of the `description`. With `prenotes` an account is asked for before money
    goes there. With `same_day` files take effect on the same day where that is possible. With
    `automatic_drafts` a file is drafted by itself as soon as payouts wait.
    """

    destination_routing: RoutingNumber
    destination_name: Said
    origin: Said
    origin_name: Said
    odfi_routing: RoutingNumber
    company_name: Said
    company_id: Said
    description: Said = "PAYOUT"
    ppd_says_payroll: bool = True
    offset: OffsetBody | None = None
    prenotes: bool = False
    same_day: bool = False
    automatic_drafts: bool = False


class AchSettingsView(Document):
    """What the operator's bank has agreed with it; version 0 was never said."""

    destination_routing: str
    destination_name: str
    origin: str
    origin_name: str
    odfi_routing: str
    company_name: str
    company_id: str
    description: str
    ppd_says_payroll: bool
    offset: OffsetView | None
    prenotes: bool
    same_day: bool
    automatic_drafts: bool
    version: int


class LeftOutView(Document):
    """An entry that was drafted and is not in the file, with the code of why."""

    trace: str
    reason: str


class AchFileView(Document):
    """Payouts that the bank is told to make together. A file is `drafted`, `approved` by one of the
    operator's people, `released` by another, `sealed`, `written`, and `settled` from `settles_on`
    on; or it was `discarded`, or the bank `refused` it. `count` entries were drafted, of which
    `prenotes` move no money; those `left_out` are not in its text."""

    id: str
    state: FileState
    count: int
    prenotes: int
    amount_cents: int
    drafted_at: Moment
    drafted_by: str
    approved: SignatureView | None
    released: SignatureView | None
    left_out: list[LeftOutView]
    name: Annotated[str | None, Field(description="what it is called when it is fetched")]
    modifier: Annotated[str | None, Field(description="tells the files of one day apart")]
    effective_on: Day | None
    settles_on: Day | None
    sha256: Annotated[str | None, Field(description="of its text")]
    sealed_at: Moment | None
    written_at: Moment | None
    refused: SignatureView | None
    note: str | None
    ended_at: Moment | None
    fetched: Annotated[list[SignatureView], Field(description="who had a link to its text")]
    version: int
    entries_path: str


class WaitingPayoutView(Document):
    """A payout that is not in the file, with a code and a sentence of why."""

    payout_id: str
    publisher_id: PublisherId
    code: str
    detail: str
    until: Moment | None


class DraftedAchFileView(Document):
    """The file, null when there is nobody to pay, and what waits for another."""

    file: AchFileView | None
    waiting: list[WaitingPayoutView]


class AchEntryView(Document):
    """One entry of a file: the payout that it pays, null for a prenote. `left_out` says why it is
    not in the file's text."""

    trace: str
    publisher_id: PublisherId
    payout_id: str | None
    cents: int
    entry_class: EntryClass
    routing_number: str
    account_last: str
    kind: AccountKind
    name: str
    left_out: str | None


class AchRefusalBody(Document):
    """`not_at_bank` says that somebody has asked the bank, and it took none of the file."""

    not_at_bank: bool
    note: Note


class AchLinkView(Document):
    """An address at which the text of the file can be fetched, until it expires."""

    url: str
    expires_at: Moment
    name: str
    sha256: str


class AchAnswersView(Document):
    """A file that the bank sent back: so many `returns` of `returned_cents` together, and so many
    `changes` of account data. The first `done` of its `lines` are applied. Corrected accounts cool
    down, unless whoever applied it `exempts` them, with the `reason`."""

    id: str
    state: AnswersState
    lines: int
    returns: int
    changes: int
    returned_cents: int
    received_at: Moment
    received_by: SignatureView
    applied: SignatureView | None
    exempts: bool
    reason: str | None
    done: int
    ended_at: Moment | None
    version: int
    lines_path: str


class CorrectedView(Document):
    """Account data as the bank says they are; null where it says nothing."""

    routing_number: str | None
    account_last: str | None
    kind: AccountKind | None
    holder_name: str | None


class AchAnswerLineView(Document):
    """One line of the bank's file, about the payout of an entry (null for a prenote). A return has
    the `action` that its `code` asks for, a change says what is `corrected`; the `outcome` is null
    until the line is applied."""

    line: int
    trace: str
    file_id: str
    publisher_id: PublisherId
    payout_id: str | None
    cents: int
    code: str
    meaning: str
    action: ReturnAction | None
    corrected: CorrectedView | None
    outcome: Outcome | None


class AchApplyBody(Document):
    """Whether corrected accounts are paid without a cool-down, and then why."""

    exempts: bool = False
    reason: Note | None = None
