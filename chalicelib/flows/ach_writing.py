"""What happens when a released ACH file is made?

Its text is decided before any payout of it is the bank's to make: who is left out, which numbers,
which day. Only then are the payouts submitted, each under its trace, and the text kept. Whoever
dies in between leaves a sealed file, which the next run makes again, to the letter. Nothing but
this reads account numbers in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from chalicelib import payout_file_steps as steps
from chalicelib import times
from chalicelib.ach_answers import is_same
from chalicelib.ach_checks import faults
from chalicelib.ach_files import lay_out
from chalicelib.ach_settings import originator
from chalicelib.banking_days import effective_on, local_day, settled_on
from chalicelib.errors import Broken, Conflict
from chalicelib.flows.ach_drafting import stop_of
from chalicelib.flows.ach_files import change, closing_write
from chalicelib.flows.ach_settings import offset_number
from chalicelib.flows.payouts import submit_payout
from chalicelib.flows.screening import Lookout
from chalicelib.hidden import Secret, bound_to
from chalicelib.ids import derived
from chalicelib.offers import PayoutMethod
from chalicelib.payees import READ_AS, PayeeEvent
from chalicelib.payout_files import FileEntry, FileState, LeftOut, PayoutFile, Prenote, digest
from chalicelib.providers.ciphers import Cipher
from chalicelib.store import payout_files as store
from chalicelib.store.payees import event_put, find_payees

FOLDER = "ach"
MEDIA = "text/plain; charset=us-ascii"
ENDED = "payout_ended"
MOVED = "details_changed"

_FAULTS_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scribe:
    """Who makes the text: with what is remembered, and with the key of account numbers. `numbers`
    are those that were read so far, by their traces."""

    lookout: Lookout
    cipher: Cipher
    numbers: dict[str, str] = field(default_factory=dict, repr=False)


def write_file(file: PayoutFile, scribe: Scribe) -> PayoutFile:
    """Make a released or sealed file, and return it as it stands then: written, or discarded when
    nobody is left to be paid by it.

    Broken when it would not be one that a bank takes: it stays released, and can be discarded.
    """
    entries = _looked_at(file, scribe)
    if file.state is FileState.RELEASED:
        file = _sealed(file, entries, scribe)
    return _written(file, entries, scribe) if file.state is FileState.SEALED else file


def _looked_at(file: PayoutFile, scribe: Scribe) -> tuple[FileEntry, ...]:
    """The entries, which must be those that were approved."""
    entries = store.entries_of(scribe.lookout.stores.rows, file)
    if digest(entries) != file.digest:
        raise Broken(f"the entries of {file.id} are not those that were approved")
    return entries


def _sealed(file: PayoutFile, entries: Sequence[FileEntry], scribe: Scribe) -> PayoutFile:
    stores, now = scribe.lookout.stores, scribe.lookout.now
    out = tuple(_left_out(entries, scribe.lookout))
    if len(out) == len(entries):
        return _emptied(file, out, scribe)
    counter = store.find_counter(stores.rows)
    effective = effective_on(now, same_day=file.settings.same_day)
    dates = (local_day(now), effective, settled_on(effective))
    after, counted = steps.sealed(file, counter, left_out=out, dates=dates, now=now)
    _text(after, entries, scribe)
    actions = [store.file_change(file, after), store.counter_write(counter, counted)]
    return after if store.taken(stores.rows, actions) else _as_it_stands(file, scribe)


def _left_out(entries: Sequence[FileEntry], lookout: Lookout) -> Iterator[LeftOut]:
    """Entries whose account is not the one that was looked at, or may not be paid any more."""
    payees = find_payees(lookout.stores.rows, (one.publisher_id for one in entries))
    for entry in entries:
        payee = payees.get(entry.publisher_id)
        bank = payee.bank if payee else None
        if bank and not is_same(bank, entry):
            yield LeftOut(trace=entry.trace, reason=MOVED)
            continue
        stop = stop_of(entry.publisher_id, bank, lookout)
        if stop:
            yield LeftOut(trace=entry.trace, reason=stop.code)


def _written(file: PayoutFile, entries: Sequence[FileEntry], scribe: Scribe) -> PayoutFile:
    stores, now = scribe.lookout.stores, scribe.lookout.now
    gone = {one.trace for one in file.left_out}
    kept = [one for one in entries if one.trace not in gone]
    ended = (one for one in kept if not _submitted(one, scribe))
    out = (*file.left_out, *(LeftOut(trace=one.trace, reason=ENDED) for one in ended))
    if len(out) == len(entries):
        return _emptied(file, out, scribe)
    gone = {one.trace for one in out}
    text = _text(replace(file, left_out=out), entries, scribe).encode("ascii")
    sha = sha256(text).hexdigest()
    place = f"{FOLDER}/{file.id}/{sha}.ach"
    scribe.lookout.documents.keep(place, text, MEDIA)
    asked = [one for one in kept if one.payout_id is None and one.trace not in gone]
    store.keep_prenotes(stores.rows, [_prenote(one, file) for one in asked])
    after = steps.written(file, left_out=out, place=place, sha256=sha, now=now)
    actions = [store.file_change(file, after), *closing_write(file, stores)]
    return after if store.taken(stores.rows, actions) else _as_it_stands(file, scribe)


def _submitted(entry: FileEntry, scribe: Scribe) -> bool:
    """Whether the entry goes to the bank: the payout is the bank's to make from now on, and
    nobody's else. One that was paid by hand since, or failed, stays out."""
    if entry.payout_id is None:
        return True
    try:
        submit_payout(
            entry.payout_id,
            method=PayoutMethod.ACH,
            reference=entry.trace,
            stores=scribe.lookout.stores,
            now=scribe.lookout.now,
        )
    except Conflict:
        return False
    return True


def _text(file: PayoutFile, entries: Sequence[FileEntry], scribe: Scribe) -> str:
    """The text of a sealed file; Broken when a bank would not take it."""
    gone = {one.trace for one in file.left_out}
    for entry in entries:
        if entry.trace not in gone and entry.trace not in scribe.numbers:
            scribe.numbers[entry.trace] = _number(entry, file, scribe)
    sender = originator(file.settings, offset_number(file.settings, scribe.cipher))
    credits = [one.credit(scribe.numbers.get(one.trace, "")) for one in entries]
    out = {one.id for one in entries if one.trace in gone}
    laid = lay_out(credits, sender, file.issue, out)
    _confirm(file, laid.text, laid.traces, {one.id: one.trace for one in entries})
    return laid.text


def _confirm(
    file: PayoutFile, text: str, traces: Mapping[str, str], given: Mapping[str, str]
) -> None:
    wrong = faults(text)
    if wrong:
        told = "; ".join(f"{one.field} {one.reason}" for one in wrong[:_FAULTS_TOLD])
        raise Broken(f"{file.id} is no file for a bank: {told}")
    if any(given[id] != trace for id, trace in traces.items()):
        raise Broken(f"{file.id} would bear other traces than its payouts")


def _number(entry: FileEntry, file: PayoutFile, scribe: Scribe) -> str:
    """The account's number in full. That it was read, and for which file, is kept before."""
    event = PayeeEvent(
        id=derived("pye", entry.publisher_id, Secret.ACCOUNT_NUMBER.value, entry.trace, file.id),
        publisher_id=entry.publisher_id,
        what=READ_AS[Secret.ACCOUNT_NUMBER],
        at=file.sealed_at or scribe.lookout.now,
        by=file.id,
        after=f"…{entry.account.last}",
    )
    scribe.lookout.stores.catalog.write([event_put(event)])
    bound = bound_to(entry.publisher_id, Secret.ACCOUNT_NUMBER)
    return scribe.cipher.decrypt(entry.account.ciphertext, bound)


def _prenote(entry: FileEntry, file: PayoutFile) -> Prenote:
    return Prenote(
        publisher_id=entry.publisher_id,
        since=entry.since,
        trace=entry.trace,
        ready_on=file.settles_on or times.written(file.drafted_at),
    )


def _emptied(file: PayoutFile, out: tuple[LeftOut, ...], scribe: Scribe) -> PayoutFile:
    now = scribe.lookout.now
    stores = scribe.lookout.stores
    return change(file.id, lambda one: steps.emptied(one, out, now), stores, closing=True)


def _as_it_stands(file: PayoutFile, scribe: Scribe) -> PayoutFile:
    """The file as another run, or somebody, has left it."""
    return store.find_file(scribe.lookout.stores.rows, file.id) or file
