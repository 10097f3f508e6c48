"""Which payouts go into the next ACH file?

Gathers the created payouts that are to be paid by ACH, with the accounts as they stand, and says of
each that stays behind why. An account that money may not go to yet gets a prenote in its place.
Nothing here can read an account's number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.ach_credits import MOST_FILE_CENTS, EntryClass, credit_faults
from chalicelib.ach_files import numbered, trace_of, traces_needed
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import BankDetails, HolderKind
from chalicelib.banking_days import local_day
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.clearing import clearance
from chalicelib.flows.screening import Lookout
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

MOST_AT_ONCE = 300
"""So many payouts are looked at within the time that a request has."""

_CURRENCY = "USD"
UNREAD = "00000000"
"""Stands for a number that is not read: its form was checked when it was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why money does not go to an account now: a stable code and a sentence."""

    code: str
    detail: str
    until: datetime | None = None


MISSING = Stop(code="details_missing", detail="no bank account has been said")
NEEDED = Stop(code="prenote_needed", detail="its account is asked for by a prenote first")
PENDING = Stop(code="prenote_pending", detail="its account was asked for by a prenote lately")
FULL = Stop(code="file_full", detail="the file takes no more: it waits for the next")


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


def draft_file(*, id: str, by: str, lookout: Lookout) -> Drafted:
    """Draft the next file of what can be paid; one file is made at a time.

    Conflict while another is being made, and before the operator has said how it pays by ACH.
    """
    rows = lookout.stores.rows
    settings = store.find_ach(rows)
    if settings.version == 0:
        raise Conflict("say first how you pay by ACH", code="ach_not_set_up")
    counter = store.find_counter(rows)
    opened(counter, id)
    gathered = list(_gathered(settings, lookout))
    entries = [one for one in gathered if isinstance(one, FileEntry)]
    waiting = tuple(one for one in gathered if isinstance(one, Waits))
    if not entries:
        return Drafted(file=None, waiting=waiting)
    file = _file(entries, settings, id=id, by=by, now=lookout.now)
    return Drafted(file=_kept(file, entries, counter, lookout.stores), waiting=waiting)


def draft_at_once(*, id: str, by: str, lookout: Lookout) -> Drafted:
    """Draft the next file while somebody waits for it; Conflict when so many payouts wait that this
    is the clock's to do."""
    waiting = len(waiting_payouts(lookout.stores.rows, PayoutMethod.ACH))
    if waiting > MOST_AT_ONCE:
        detail = f"{waiting} payouts wait: switch automatic_drafts on, and they are drafted soon"
        raise Conflict(detail, code="too_many_at_once")
    return draft_file(id=id, by=by, lookout=lookout)


def stop_of(publisher_id: str, bank: BankDetails | None, lookout: Lookout) -> Stop | None:
    """What keeps money from going to the publisher's account now."""
    if bank is None:
        return MISSING
    if bank.refused:
        return Stop(code="details_refused", detail=f"its bank answered {bank.refused}")
    publisher = lookout.stores.catalog.find(Publisher, publisher_id)
    if publisher is None:
        return Stop(code="publisher_missing", detail="its publisher is not known")
    # Whoever is paid in another way by now is paid by this payout as it was made.
    payee = replace(publisher, payout_method=PayoutMethod.ACH)
    found = clearance(payee, stores=lookout.stores, documents=lookout.documents, now=lookout.now)
    for obstacle in found.obstacles:
        return Stop(code=obstacle.code, detail=obstacle.detail, until=obstacle.until)
    return None


def _gathered(settings: AchSettings, lookout: Lookout) -> Iterator[FileEntry | Waits]:
    """Every payout that waits, as an entry or with the reason; before an account's first payout
    comes the prenote that it needs."""
    rows = lookout.stores.rows
    payouts = waiting_payouts(rows, PayoutMethod.ACH)
    ids = [payout.publisher_id for payout in payouts]
    payees = find_payees(rows, ids)
    prenotes = store.find_prenotes(rows, ids) if settings.prenotes else {}
    gathering = _Gathering(settings=settings, prenotes=prenotes, now=lookout.now)
    for payout in payouts:
        payee = payees.get(payout.publisher_id)
        bank = payee.bank if payee else None
        stop = _own_stop(payout) or stop_of(payout.publisher_id, bank, lookout)
        if bank is None or stop:
            yield _waits(payout, stop or MISSING)
        else:
            yield from gathering.take(payout, bank)


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """How much the file still takes, and whose account it asks for so far."""

    settings: AchSettings
    prenotes: Mapping[str, Prenote]
    now: datetime
    entries: int = MOST_ENTRIES
    cents: int = MOST_FILE_CENTS
    asked: set[str] = field(default_factory=set)

    def take(self, payout: Payout, bank: BankDetails) -> Iterator[FileEntry | Waits]:
        """The payout as an entry, or with the reason; and the prenote that it waits for."""
        entry = _entry(payout, bank)
        stop = _entry_stop(entry, self.settings) or self._prenote_stop(payout, bank)
        if stop is NEEDED and payout.publisher_id not in self.asked and self._has_room(0):
            self.asked.add(payout.publisher_id)
            yield replace(entry, payout_id=None, cents=0)
        if stop is None and not self._has_room(entry.cents):
            stop = FULL
        yield _waits(payout, stop) if stop else entry

    def _prenote_stop(self, payout: Payout, bank: BankDetails) -> Stop | None:
        """Why money may not go to the account yet: it was never asked for, or lately."""
        if not self.settings.prenotes:
            return None
        sent = self.prenotes.get(payout.publisher_id)
        if sent is None or sent.void or sent.since != bank.since:
            return NEEDED
        return PENDING if local_day(self.now).isoformat() < sent.ready_on else None

    def _has_room(self, cents: int) -> bool:
        """Whether one more entry finds room; it has it then."""
        if not self.entries or cents > self.cents:
            return False
        self.entries -= 1
        self.cents -= cents
        return True


def _own_stop(payout: Payout) -> Stop | None:
    """What of the payout itself keeps it out of any file."""
    if payout.currency != _CURRENCY:
        return Stop(code="currency", detail=f"ACH pays {_CURRENCY} alone")
    if payout.sent_cents <= 0:
        return Stop(code="nothing_to_send", detail="all of it is withheld")
    return None


def _entry_stop(entry: FileEntry, settings: AchSettings) -> Stop | None:
    """What of the entry the form of the file does not take."""
    for fault in credit_faults(entry.credit(UNREAD), same_day=settings.same_day):
        return Stop(code=fault.rule, detail=f"{fault.field} {fault.reason}")
    return None


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
        [one.credit(UNREAD) for one in entries], balanced=settings.offset is not None
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
    credits = [one.credit(UNREAD) for one in entries]
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


def _waits(payout: Payout, stop: Stop) -> Waits:
    return Waits(
        payout_id=payout.id,
        publisher_id=payout.publisher_id,
        code=stop.code,
        detail=stop.detail,
        until=stop.until,
    )
