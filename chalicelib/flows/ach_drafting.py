"""Which payouts go into the next ACH file?

Gathers the created payouts that are to be paid by ACH, with the accounts as they stand, and says of
each that stays behind why. An account that money may not go to yet gets a prenote in its place.
Nothing here can read an account's number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.ach_credits import EntryClass, credit_faults
from chalicelib.ach_files import numbered, trace_of, traces_needed
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import BankDetails, HolderKind
from chalicelib.banking_days import local_day
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.clearing import clearance
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payout_files import (
    MOST_ENTRIES,
    FileCounter,
    FileEntry,
    PayoutFile,
    Prenote,
    digest,
    opened,
    traces_taken,
)
from chalicelib.payouts import Payout
from chalicelib.store import payout_files as store
from chalicelib.store.payees import find_payees
from chalicelib.store.payouts import waiting_payouts
from chalicelib.store.stores import Stores

_CURRENCY = "USD"
_UNREAD = "00000000"
"""Stands for a number that is not read: its form was checked when it was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A payout that is not in the file, with a stable code and a sentence of why."""

    payout_id: str
    publisher_id: str
    code: str
    detail: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The file, None when there is nobody to pay, and what waits for another."""

    file: PayoutFile | None
    waiting: tuple[Waits, ...]


def draft_file(*, id: str, by: str, stores: Stores, now: datetime) -> Drafted:
    """Draft the next file of what can be paid; one file is made at a time.

    Conflict while another is being made, and before the operator has said how it pays by ACH.
    """
    settings = store.find_ach(stores.rows)
    if settings.version == 0:
        raise Conflict("say first how you pay by ACH", code="ach_not_set_up")
    counter = store.find_counter(stores.rows)
    opened(counter, id)
    gathered = list(_gathered(settings, stores, now))
    entries = [one for one in gathered if isinstance(one, FileEntry)]
    waiting = tuple(one for one in gathered if isinstance(one, Waits))
    if not entries:
        return Drafted(file=None, waiting=waiting)
    file = _file(entries, settings, id=id, by=by, now=now)
    return Drafted(file=_kept(file, entries, counter, stores), waiting=waiting)


def account_moved(entry: FileEntry, bank: BankDetails | None) -> bool:
    """Whether the account that was looked at is not the one that stands now."""
    if bank is None or bank.refused:
        return True
    seen = (entry.since, entry.routing_number, entry.account, entry.kind)
    return seen != (bank.since, bank.routing_number, bank.account, bank.kind)


def _gathered(settings: AchSettings, stores: Stores, now: datetime) -> Iterator[FileEntry | Waits]:
    payouts = waiting_payouts(stores.rows, PayoutMethod.ACH)[:MOST_ENTRIES]
    ids = [payout.publisher_id for payout in payouts]
    payees = find_payees(stores.rows, ids)
    prenotes = store.find_prenotes(stores.rows, ids) if settings.prenotes else {}
    asked: set[str] = set()
    for payout in payouts:
        payee = payees.get(payout.publisher_id)
        bank = payee.bank if payee else None
        stop = _stop(payout, bank, stores, now)
        if stop or bank is None:
            yield stop or _waits(payout, "bank_details_missing", "has said no bank account")
            continue
        entry = _entry(payout, bank)
        faults = credit_faults(entry.credit(_UNREAD), same_day=settings.same_day)
        if faults:
            yield _waits(payout, faults[0].rule, f"{faults[0].field} {faults[0].reason}")
            continue
        if settings.prenotes:
            code = _prenote_stop(prenotes.get(payout.publisher_id), bank, now)
            if code == "prenote_needed" and payout.publisher_id not in asked:
                asked.add(payout.publisher_id)
                yield replace(entry, payout_id=None, cents=0)
            if code:
                yield _waits(payout, code, "its account is asked for by a prenote first")
                continue
        yield entry


def _stop(payout: Payout, bank: BankDetails | None, stores: Stores, now: datetime) -> Waits | None:
    """What keeps the payout out of any file now."""
    if payout.currency != _CURRENCY:
        return _waits(payout, "currency", f"ACH pays {_CURRENCY} alone")
    if payout.sent_cents <= 0:
        return _waits(payout, "nothing_to_send", "all of it is withheld")
    if bank and bank.refused:
        return _waits(payout, "bank_details_refused", f"its bank answered {bank.refused}")
    publisher = stores.catalog.find(Publisher, payout.publisher_id)
    if publisher is None:
        return _waits(payout, "publisher_missing", "its publisher is not known")
    for obstacle in clearance(publisher, stores=stores, now=now).obstacles:
        return replace(_waits(payout, obstacle.code, obstacle.detail), until=obstacle.until)
    return None


def _prenote_stop(sent: Prenote | None, bank: BankDetails, now: datetime) -> str | None:
    """Why money may not go to the account yet: it was never asked for, or lately."""
    if sent is None or sent.since != bank.since:
        return "prenote_needed"
    return "prenote_pending" if local_day(now).isoformat() < sent.ready_on else None


def _entry(payout: Payout, bank: BankDetails) -> FileEntry:
    person = bank.holder_kind is HolderKind.PERSON
    return FileEntry(
        file_id="",
        trace="",
        publisher_id=payout.publisher_id,
        payout_id=payout.id,
        cents=payout.sent_cents,
        entry_class=EntryClass.PPD if person else EntryClass.CCD,
        routing_number=bank.routing_number,
        account=bank.account,
        kind=bank.kind,
        name=bank.holder_name,
        since=bank.since,
    )


def _file(
    entries: Sequence[FileEntry], settings: AchSettings, *, id: str, by: str, now: datetime
) -> PayoutFile:
    """The file before it has traces."""
    needed = traces_needed(
        [one.credit(_UNREAD) for one in entries], balanced=settings.offset is not None
    )
    return PayoutFile(
        id=id,
        settings=settings,
        first_trace=0,
        traces=needed,
        count=len(entries),
        prenotes=sum(1 for one in entries if one.payout_id is None),
        amount_cents=sum(one.cents for one in entries),
        digest="",
        drafted_at=now,
        drafted_by=by,
    )


def _kept(
    file: PayoutFile, entries: Sequence[FileEntry], counter: FileCounter, stores: Stores
) -> PayoutFile:
    """The file with its traces: these are taken first, then the entries are kept, and last the
    file. Whoever dies in between has used up traces and nothing else."""
    reserved, first = traces_taken(counter, file.traces)
    if not store.taken(stores.rows, [store.counter_write(counter, reserved)]):
        raise Busy("another file is being drafted")
    credits = [one.credit(_UNREAD) for one in entries]
    balanced = file.settings.offset is not None
    numbers = numbered(credits, first=first, balanced=balanced)
    odfi = file.settings.odfi_routing
    traced = sorted(
        (replace(one, file_id=file.id, trace=trace_of(odfi, numbers[one.id])) for one in entries),
        key=lambda one: one.trace,
    )
    store.keep_entries(stores.rows, traced)
    made = replace(file, first_trace=first, digest=digest(traced))
    holding = opened(reserved, file.id)
    if not store.taken(stores.rows, [store.counter_write(reserved, holding), store.file_put(made)]):
        raise Busy("another file is being drafted")
    return made


def _waits(payout: Payout, code: str, detail: str) -> Waits:
    return Waits(payout_id=payout.id, publisher_id=payout.publisher_id, code=code, detail=detail)
