"""What is an ACH file before it is text, and after?

Owns the file as the platform keeps it, its entries under their traces, the counter of files and
traces, and the prenotes of accounts. Which step a file takes next belongs to `payout_file_steps`,
what stands in its text to `ach_files`.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.ach_credits import AchAccount, Credit, EntryClass
from chalicelib.ach_files import MOST_TRACES, Issue
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import AccountKind
from chalicelib.errors import Conflict
from chalicelib.hidden import Hidden
from chalicelib.signatures import Signature

MOST_ENTRIES = 5_000
"""So many entries a file takes; what is left waits for the next."""


class FileState(StrEnum):
    """How far a file has come; a sealed one is on its way to the bucket and can not be stopped. One
    that was refused lay in the bucket, and the bank took none of it."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    RELEASED = "released"
    SEALED = "sealed"
    WRITTEN = "written"
    SETTLED = "settled"
    DISCARDED = "discarded"
    REFUSED = "refused"


SENT = (FileState.SEALED, FileState.WRITTEN)
"""While a file is one of these, the bank may carry whatever it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An entry that was drafted and is not in the file, with the code of why; its trace stays
    unused."""

    trace: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFile:
    """A file and the settings that it was drafted under. `digest` names the entries that were
    looked at: what was approved can not become anything else.

    `first_trace` numbers its first entry, and `traces` is how many it may use. `fetched` tells who
    had a link to it. From its sealing on it has a `modifier`, `sealed_at`, `effective_on` and
    `settles_on`; once written, a `place` in the bucket and the hash of its text. `ended_at` is when
    nothing was left to do for it; `note` says why the bank took none of it.
    """

    id: str
    settings: AchSettings
    first_trace: int
    traces: int
    count: int
    prenotes: int
    amount_cents: int
    digest: str
    drafted_at: datetime
    drafted_by: str
    state: FileState = FileState.DRAFTED
    approved: Signature | None = None
    released: Signature | None = None
    left_out: tuple[LeftOut, ...] = ()
    sealed_at: datetime | None = None
    modifier: str | None = None
    effective_on: str | None = None
    settles_on: str | None = None
    place: str | None = None
    sha256: str | None = None
    written_at: datetime | None = None
    refused: Signature | None = None
    note: str | None = None
    ended_at: datetime | None = None
    fetched: tuple[Signature, ...] = ()
    version: int = 1

    @property
    def name(self) -> str:
        """What the file is called when it is fetched."""
        return f"payouts-{self.effective_on}-{self.modifier}.ach"

    @property
    def issue(self) -> Issue:
        """What makes its text; it must be sealed."""
        if not (self.sealed_at and self.modifier and self.effective_on):
            raise ValueError(f"{self.id} is not sealed")
        return Issue(
            written_at=self.sealed_at,
            modifier=self.modifier,
            effective_on=date.fromisoformat(self.effective_on),
            first_trace=self.first_trace,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One entry as it was drafted: the payout that it pays, or none for a prenote, and the account
    as it stood `since`."""

    file_id: str
    trace: str
    publisher_id: str
    payout_id: str | None
    cents: int
    entry_class: EntryClass
    routing_number: str
    account: Hidden
    kind: AccountKind
    name: str
    since: datetime

    @property
    def id(self) -> str:
        """What the entry pays; a prenote is for the publisher itself."""
        return self.payout_id or self.publisher_id

    def credit(self, number: str) -> Credit:
        """The credit, with the account's number in full."""
        account = AchAccount(routing=self.routing_number, number=number, kind=self.kind)
        return Credit(
            id=self.id,
            entry_class=self.entry_class,
            account=account,
            name=self.name,
            cents=self.cents,
            note=f"PAYOUT {self.payout_id}" if self.payout_id else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounter:
    """What the next file goes on from: the last trace given, how many files were sealed on `day`,
    and the file that is being made, of which there is one at a time."""

    last_trace: int = 0
    day: str = ""
    sealed_today: int = 0
    open_id: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prenote:
    """The prenote of an account that stands `since`: money may go there from `ready_on` on, unless
    the bank took none of its file, which makes it `void`."""

    publisher_id: str
    since: datetime
    trace: str
    ready_on: str
    void: bool = False


def digest(entries: Iterable[FileEntry]) -> str:
    """The hash of what a file would send where: of accounts, what is kept of them."""
    said = [
        [one.trace, one.id, one.cents, one.routing_number, one.account.ciphertext, one.kind]
        for one in entries
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def traces_taken(counter: FileCounter, needed: int) -> tuple[FileCounter, int]:
    """The counter after so many traces, and the first of them; they begin again when they would
    run out within a file."""
    first = counter.last_trace + 1
    if first + needed - 1 > MOST_TRACES:
        first = 1
    after = replace(counter, last_trace=first + needed - 1, version=counter.version + 1)
    return after, first


def opened(counter: FileCounter, file_id: str) -> FileCounter:
    """The counter while the file is being made; Conflict while another is."""
    if counter.open_id not in (None, file_id):
        detail = f"{counter.open_id} is being made: release or discard it first"
        raise Conflict(detail, code="file_open")
    return replace(counter, open_id=file_id, version=counter.version + 1)


def closed(counter: FileCounter) -> FileCounter:
    """The counter once the file is made, or given up."""
    return replace(counter, open_id=None, version=counter.version + 1)
