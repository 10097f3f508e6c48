"""How far has an ACH file come, and who may take the next step?

Owns the way of a file: drafted, approved by one of the operator's people, released by another,
sealed (from then on its text is decided), written, settled; or discarded, or refused by the bank.
Every step is decided from the file as it stands; keeping it belongs to the store.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chalicelib.ach_files import MODIFIERS
from chalicelib.banking_days import effective_on, settled_on
from chalicelib.errors import Busy, Conflict
from chalicelib.payout_files import FileCounter, FileState, LeftOut, PayoutFile
from chalicelib.signatures import Signature, confirm_another, confirm_person, is_again


def approved(file: PayoutFile, by: Signature) -> PayoutFile:
    """The file, which one of the operator's people has looked at; once is enough."""
    if is_again(file.approved, by):
        return file
    confirm_person(by)
    _confirm(file, FileState.DRAFTED)
    return _become(file, FileState.APPROVED, approved=by)


def released(file: PayoutFile, by: Signature) -> PayoutFile:
    """The file, which another of them lets go to the bank.

    Forbidden for whoever approved it, by that key or by another of theirs.
    """
    if is_again(file.released, by):
        return file
    confirm_person(by)
    _confirm(file, FileState.APPROVED)
    confirm_another(file.approved, by, file.id)
    return _become(file, FileState.RELEASED, released=by)


def discarded(file: PayoutFile) -> PayoutFile:
    """The file, which nobody is paid by; Conflict once it is sealed."""
    if file.state is FileState.DISCARDED:
        return file
    _confirm(file, FileState.DRAFTED, FileState.APPROVED, FileState.RELEASED)
    return _become(file, FileState.DISCARDED)


def emptied(file: PayoutFile, left_out: tuple[LeftOut, ...], now: datetime) -> PayoutFile:
    """The file, of which nothing was left to write: nobody is paid by it."""
    if file.state is FileState.DISCARDED:
        return file
    _confirm(file, FileState.RELEASED, FileState.SEALED)
    return _become(file, FileState.DISCARDED, left_out=left_out, ended_at=now)


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
    """The file, to which somebody is given a link; Conflict before it is written.

    Nobody has brought it to the bank before the first: what is late takes effect later.
    """
    _confirm(file, FileState.WRITTEN, FileState.SETTLED)
    fetched = (*file.fetched, by)
    return _become(file, file.state, fetched=fetched, settles_on=settles_on(file, by.at))


def settles_on(file: PayoutFile, fetched_at: datetime) -> str | None:
    """The day from which on the payouts of the file count as settled, when it is fetched now."""
    if file.fetched or file.settles_on is None:
        return file.settles_on
    effective = effective_on(fetched_at, same_day=file.settings.same_day)
    return max(file.settles_on, settled_on(effective).isoformat())


def settled(file: PayoutFile, now: datetime) -> PayoutFile:
    """The file, every payout of which has come to an end; Conflict before anybody has fetched it:
    the bank does not have it."""
    if file.state is FileState.SETTLED:
        return file
    _confirm(file, FileState.WRITTEN)
    if not file.fetched:
        detail = f"nobody has fetched {file.id}: bring it to the bank, or refuse it"
        raise Conflict(detail, code="file_not_fetched")
    return _become(file, FileState.SETTLED, ended_at=now)


def refused(file: PayoutFile, by: Signature, note: str, today: date) -> PayoutFile:
    """The file, of which the bank took nothing, as one of the operator's people says.

    Conflict before it is written, and from the day on which its payouts count as settled.
    """
    if file.state is FileState.REFUSED:
        return file
    confirm_person(by)
    _confirm(file, FileState.WRITTEN)
    if file.fetched and file.settles_on and file.settles_on <= today.isoformat():
        detail = f"the payouts of {file.id} count as settled: report each that came back"
        raise Conflict(detail, code="file_state")
    return _become(file, FileState.REFUSED, refused=by, note=note)


def undone(file: PayoutFile, now: datetime) -> PayoutFile:
    """The file that the bank refused, every payout of which has failed."""
    if file.ended_at:
        return file
    _confirm(file, FileState.REFUSED)
    return _become(file, FileState.REFUSED, ended_at=now)


def _become(file: PayoutFile, state: FileState, **changes: Any) -> PayoutFile:
    return replace(file, state=state, version=file.version + 1, **changes)


def _confirm(file: PayoutFile, *wanted: FileState) -> None:
    if file.state not in wanted:
        words = " or ".join(wanted)
        raise Conflict(f"{file.id} is {file.state}, not {words}", code="file_state")
