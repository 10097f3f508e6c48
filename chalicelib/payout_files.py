"""How far has an ACH file come, and who may take the next step?

Owns the file as the platform keeps it: drafted, approved by one of the operator's people, released
by another, sealed (from then on its text is decided), written, settled; or discarded. What stands
in it belongs to `ach_files`, taking the steps to the flows.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.ach_credits import AchAccount, Credit, EntryClass
from chalicelib.ach_files import MODIFIERS, MOST_TRACES, Issue
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import AccountKind
from chalicelib.errors import Busy, Conflict, Forbidden
from chalicelib.hidden import Hidden
from chalicelib.keys import OWN_KEY

MOST_ENTRIES = 5_000
"""So many entries a file takes; what is left waits for the next."""


class FileState(StrEnum):
    """How far a file has come; a sealed one is on its way to the bucket and can not be stopped."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    RELEASED = "released"
    SEALED = "sealed"
    WRITTEN = "written"
    SETTLED = "settled"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Which of the operator's people took a step: by their key, and as they are called."""

    key_id: str
    name: str
    at: datetime


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
    had a link to it. From its sealing on it has a `modifier`, `sealed_at` and
    `effective_on`; once written, a `place` in the bucket and the hash of its text.
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
    settled_at: datetime | None = None
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
    """The prenote of an account that stands `since`: money may go there from `ready_on` on."""

    publisher_id: str
    since: datetime
    trace: str
    ready_on: str


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


def approved(file: PayoutFile, by: Signature) -> PayoutFile:
    """The file, which one of the operator's people has looked at; once is enough."""
    if file.approved and file.approved.key_id == by.key_id:
        return file
    _confirm_person(by)
    _confirm(file, FileState.DRAFTED)
    return _become(file, FileState.APPROVED, approved=by)


def released(file: PayoutFile, by: Signature) -> PayoutFile:
    """The file, which another of them lets go to the bank.

    Forbidden for whoever approved it, by that key or by another of theirs.
    """
    if file.released and file.released.key_id == by.key_id:
        return file
    _confirm_person(by)
    _confirm(file, FileState.APPROVED)
    first = file.approved
    if first and (first.key_id == by.key_id or _same_person(first, by)):
        detail = f"{file.id} was approved by {first.name}: another operator releases it"
        raise Forbidden(detail, code="second_operator")
    return _become(file, FileState.RELEASED, released=by)


def discarded(file: PayoutFile) -> PayoutFile:
    """The file, which nobody is paid by; Conflict once it is sealed."""
    if file.state is FileState.DISCARDED:
        return file
    _confirm(file, FileState.DRAFTED, FileState.APPROVED, FileState.RELEASED)
    return _become(file, FileState.DISCARDED)


def sealed(
    file: PayoutFile,
    counter: FileCounter,
    *,
    left_out: tuple[LeftOut, ...],
    dates: tuple[date, date, date],
    now: datetime,
) -> tuple[PayoutFile, FileCounter]:
    """The file whose text is decided, and the counter with its modifier used.

    `dates` are today, when the file takes effect, and when what did not come back is settled; the
    first on the wall clock of the Federal Reserve. Busy when the day's modifiers are used up.
    """
    _confirm(file, FileState.RELEASED)
    today, effective, settles = (one.isoformat() for one in dates)
    used = counter.sealed_today if counter.day == today else 0
    if used >= len(MODIFIERS):
        raise Busy(f"{len(MODIFIERS)} files were made on {today}; the next one is made tomorrow")
    after = _become(
        file,
        FileState.SEALED,
        left_out=left_out,
        sealed_at=now,
        modifier=MODIFIERS[used],
        effective_on=effective,
        settles_on=settles,
    )
    version = counter.version + 1
    return after, replace(counter, day=today, sealed_today=used + 1, version=version)


def written(
    file: PayoutFile, *, left_out: tuple[LeftOut, ...], place: str, sha256: str, now: datetime
) -> PayoutFile:
    """The file, which lies in the bucket."""
    _confirm(file, FileState.SEALED)
    return _become(
        file, FileState.WRITTEN, left_out=left_out, place=place, sha256=sha256, written_at=now
    )


def fetched(file: PayoutFile, by: Signature) -> PayoutFile:
    """The file, to which somebody is given a link; Conflict before it is written."""
    _confirm(file, FileState.WRITTEN, FileState.SETTLED)
    return _become(file, file.state, fetched=(*file.fetched, by))


def settled(file: PayoutFile, now: datetime) -> PayoutFile:
    """The file, every payout of which has come to an end."""
    _confirm(file, FileState.WRITTEN)
    return _become(file, FileState.SETTLED, settled_at=now)


def _become(file: PayoutFile, state: FileState, **changes: Any) -> PayoutFile:
    return replace(file, state=state, version=file.version + 1, **changes)


def _confirm(file: PayoutFile, *wanted: FileState) -> None:
    if file.state not in wanted:
        words = " or ".join(wanted)
        raise Conflict(f"{file.id} is {file.state}, not {words}", code="file_state")


def _confirm_person(by: Signature) -> None:
    if by.key_id == OWN_KEY:
        detail = "the deployment's own key belongs to nobody: use the key of one of your people"
        raise Forbidden(detail, code="personal_key_needed")


def _same_person(one: Signature, other: Signature) -> bool:
    return one.name.strip().casefold() == other.name.strip().casefold()
