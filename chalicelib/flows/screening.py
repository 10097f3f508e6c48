"""What happens when publishers are looked for on the list of those who may not be paid?

Joins the list with all that a publisher is called: when either changes, and again before it is
paid. Keeps what is found, and what the operator decides of it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from chalicelib import screening
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.parties import every
from chalicelib.flows.versions import replaced
from chalicelib.ids import derived
from chalicelib.offers import Publisher
from chalicelib.payees import Detail, Payee, PayeeEvent
from chalicelib.providers.documents import Documents
from chalicelib.screening import Decision, Names, Screening, ScreeningState, Subject
from chalicelib.screening_lists import ScreeningList, read_list
from chalicelib.store.payees import event_put, find_payees
from chalicelib.store.screening import (
    find_list,
    find_screenings,
    list_write,
    screening_write,
)
from chalicelib.store.stores import Stores

_TRIES = 8
_A_BATCH = 100
_CSV = "text/csv; charset=utf-8"
_ready: dict[str, Names] = {}
"""The list in force by its place, which follows from its content; made once per process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """What is looked with."""

    stores: Stores
    documents: Documents
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The list in force, and of how many publishers something is found on it."""

    list: ScreeningList
    screened: int
    found: int


def put_list(raw: bytes, *, by: str, lookout: Lookout) -> Upload:
    """Put the file in the place of the list before, and look for every publisher on it.

    Invalid with every fault of the file. It is kept before the row that names it. Whoever dies in
    between leaves publishers that are looked for before they are paid.
    """
    rows = read_list(raw)
    digest = hashlib.sha256(raw).hexdigest()[:32]
    place = f"screening/{digest}.csv"
    lookout.documents.keep(place, raw, _CSV)
    stores = lookout.stores
    before = find_list(stores.rows)
    wanted = ScreeningList(
        id=digest, place=place, rows=len(rows), uploaded_at=lookout.now, uploaded_by=by
    )
    if before.id == digest:
        wanted = replace(before, version=0)
    after = replaced(
        wanted,
        "the screening list",
        find=lambda: find_list(stores.rows),
        write=list_write,
        version=before.version,
        stores=stores,
    )
    screened = found = 0
    for batch in _batches(stores):
        seen = look(batch, lookout=lookout)
        screened += len(seen)
        found += sum(1 for one in seen.values() if one.stops)
    return Upload(list=after, screened=screened, found=found)


def look(publishers: Sequence[Publisher], *, lookout: Lookout) -> dict[str, Screening]:
    """What the list in force finds of each of the publishers; what was found before stays while
    neither the list nor anything that the publisher is called has changed."""
    rows = lookout.stores.rows
    ids = [one.id for one in publishers]
    known, current = find_screenings(rows, ids), find_list(rows)
    if current.version == 0:
        return known
    payees = find_payees(rows, ids)
    return {
        one.id: _looked(
            known.get(one.id) or Screening(publisher_id=one.id),
            subject_of(one, payees.get(one.id)),
            current,
            lookout,
        )
        for one in publishers
    }


def decide(
    publisher_id: str, decision: Decision, reason: str, *, by: str, lookout: Lookout
) -> Screening:
    """Keep what the operator makes of a finding, with the reason; the same once more changes
    nothing. NotFound without the publisher, Conflict when nothing is found of it."""
    stores = lookout.stores
    publisher = stores.catalog.find(Publisher, publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    for _ in range(_TRIES):
        before = look([publisher], lookout=lookout).get(publisher_id)
        if before is None or before.state is ScreeningState.CLEAR:
            raise Conflict(f"nothing is found of {publisher_id}", code="nothing_to_decide")
        if before.state.value == decision.value and before.reason == reason:
            return before
        after = screening.decided(before, decision, reason=reason, by=by, now=lookout.now)
        after = replace(after, version=before.version + 1)
        event = _event(before, after, by, lookout.now)
        if stores.catalog.write([screening_write(before, after), event_put(event)]):
            return after
    raise Busy(f"the finding of {publisher_id} keeps changing; send it again")


def subject_of(publisher: Publisher, payee: Payee | None) -> Subject:
    """All that the publisher is called: by the operator, on its tax form, by its bank."""
    form, bank = (payee.tax_form, payee.bank) if payee else (None, None)
    names = (publisher.name, form.legal_name if form else "", bank.holder_name if bank else "")
    return Subject(
        names=tuple(dict.fromkeys(filter(None, names))),
        country=form.address.country if form else None,
    )


def _looked(
    before: Screening, subject: Subject, current: ScreeningList, lookout: Lookout
) -> Screening:
    """The finding of one publisher, written when it is not that which stands."""
    for _ in range(_TRIES):
        if (before.list_id, before.subject) == (current.id, subject):
            return before
        hits = _names(current, lookout.documents).hits(subject)
        after = screening.screened(before, subject, hits, list_id=current.id, now=lookout.now)
        after = replace(after, version=before.version + 1)
        if lookout.stores.catalog.write([screening_write(before, after)]):
            return after
        found = find_screenings(lookout.stores.rows, (before.publisher_id,))
        before = found.get(before.publisher_id, before)
    raise Busy(f"the finding of {before.publisher_id} keeps changing")


def _names(current: ScreeningList, documents: Documents) -> Names:
    if current.place not in _ready:
        names = Names(read_list(documents.read(current.place)))
        _ready.clear()
        _ready[current.place] = names
    return _ready[current.place]


def _event(before: Screening, after: Screening, by: str, now: datetime) -> PayeeEvent:
    return PayeeEvent(
        id=derived("pye", after.publisher_id, "screening", str(after.version)),
        publisher_id=after.publisher_id,
        what=Detail.SCREENING,
        at=now,
        by=by,
        before=screening.told(before),
        after=screening.told(after),
        reason=after.reason,
    )


def _batches(stores: Stores) -> Iterator[list[Publisher]]:
    everybody = every(Publisher, stores)
    while batch := list(islice(everybody, _A_BATCH)):
        yield batch
