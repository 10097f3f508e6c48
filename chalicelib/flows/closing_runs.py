"""How is a closing spread over many hands?

Joins a run with its parts: each advertiser's is asked for on the queue and done by whoever gets the
message, and the publishers' are asked for once no advertiser's waits. A part whose time is up puts
itself on the queue again; one that died is delivered again. Whatever is done twice changes nothing,
so that no order and no number of deliveries makes a difference to the books.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib import closings
from chalicelib.campaigns import Advertiser
from chalicelib.closings import Duty, Part, PartState, Run
from chalicelib.errors import Broken
from chalicelib.flows.billing import Desk
from chalicelib.flows.closing import Closed, PaidOut, close_advertiser, close_publisher
from chalicelib.flows.pacing import TimeUp
from chalicelib.flows.parties import every
from chalicelib.offers import Publisher
from chalicelib.store import closings as store
from chalicelib.store.stores import Stores

_FIRST_LOOK, _NEXT_LOOK = 5, 20
"""Seconds until it is asked whether the advertisers are done."""
_UNTIL_SHOWN = 30
"""Seconds until an index shows what it lacked."""
_AT_ONCE, _NO_MORE = 0, None
_TIME_UP = "its time was up, and it goes on"


class Send(Protocol):
    """Asks for a duty to be done, after so many seconds."""

    def __call__(self, duty: Duty, delay_seconds: int, /) -> None:
        """Send it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run and all its parts as they stand."""

    run: Run
    parts: tuple[Part, ...]

    @property
    def waiting(self) -> tuple[Part, ...]:
        """The parts that are not done."""
        return tuple(part for part in self.parts if part.state is PartState.WAITING)


def ask(
    as_of: datetime,
    *,
    stores: Stores,
    send: Send,
    now: datetime,
    advertisers: Iterable[str] | None = None,
) -> Run:
    """Ask for the closing of what has ended at `as_of`: of all advertisers, or of these, and then
    of all publishers. Asking again for the same instant is the same run once more."""
    run = closings.run_of(as_of, now)
    ids = (one.id for one in every(Advertiser, stores)) if advertisers is None else advertisers
    store.keep_run(stores.rows, run)
    _ask_for(run, ids, stores=stores, send=send, now=now)
    send(Duty(run=run, party_id=None), _FIRST_LOOK)
    return run


def work(duty: Duty, *, desk: Desk, send: Send) -> None:
    """Do the part of one party, or as much of it as there is time for, and ask for the rest.

    Broken when its documents cannot be made, or when it does not come to an end.
    """
    if duty.party_id is None:
        _ask_publishers(duty, desk, send)
        return
    try:
        _work_on(_part(duty, desk), duty, desk, send)
    except Exception as fault:
        # It is delivered again, and in the end left where it alarms; whoever asks sees why.
        said = f"{type(fault).__name__}: {fault}"[:300]
        _note(duty, replace(_part(duty, desk), said=said), desk)
        raise


def look(run_id: str, *, stores: Stores) -> RunReport:
    """How far the run is; NotFound when there is none."""
    run = store.find_run(stores.rows, run_id)
    return RunReport(run=run, parts=tuple(store.parts_of(stores.rows, run_id)))


def _ask_for(run: Run, ids: Iterable[str], *, stores: Stores, send: Send, now: datetime) -> None:
    """Keep a part for each party before it is asked for, so that none is done before it is known
    to be waited for."""
    parts = [Part(party_id=one, at=now) for one in ids]
    store.keep_parts(stores.rows, run, parts)
    for part in parts:
        send(Duty(run=run, party_id=part.party_id), 0)


def _ask_publishers(duty: Duty, desk: Desk, send: Send) -> None:
    run, stores = duty.run, desk.stores
    if not closings.publishers_turn(run, store.advertisers_parts(stores.rows, run.id), desk.now):
        send(duty, _NEXT_LOOK)
        return
    ids = (one.id for one in every(Publisher, stores))
    _ask_for(run, ids, stores=stores, send=send, now=desk.now)


def _work_on(before: Part, duty: Duty, desk: Desk, send: Send) -> None:
    """One turn: what it has done is noted, and what is left is asked for."""
    find = desk.stores.catalog.find
    after, rest = replace(before, said=None), _NO_MORE
    if advertiser := find(Advertiser, before.party_id):
        after, rest = _advertisers_turn(advertiser, after, duty.run, desk)
    elif publisher := find(Publisher, before.party_id):
        after, rest = _publishers_turn(publisher, after, duty.run, desk)
    if rest is not _NO_MORE:
        send(duty.again, rest)
    _note(duty, after if after.said else replace(after, state=PartState.DONE), desk)
    if after.said and rest is _NO_MORE:
        raise Broken(after.said)


def _advertisers_turn(
    advertiser: Advertiser, before: Part, run: Run, desk: Desk
) -> tuple[Part, int | None]:
    """The part after this turn, and in how many seconds the next comes."""
    closed, said, rest = Closed(), None, _NO_MORE
    try:
        close_advertiser(advertiser, run.as_of, desk, closed)
    except TimeUp:
        said, rest = _TIME_UP, _AT_ONCE
    if closed.unprinted:
        said = f"documents of {', '.join(closed.unprinted)} could not be made; see the log"
    if closed.unfinished:
        rest = _UNTIL_SHOWN
        said = f"{', '.join(closed.unfinished)} waits for calls that an index does not show yet"
    issued = tuple(dict.fromkeys((*before.issued, *(one.id for one in closed.issued))))
    return replace(before, issued=issued, said=said), rest


def _publishers_turn(
    publisher: Publisher, before: Part, run: Run, desk: Desk
) -> tuple[Part, int | None]:
    done, said, rest = PaidOut(), None, _NO_MORE
    try:
        close_publisher(publisher, run.as_of, desk, done)
    except TimeUp:
        said, rest = _TIME_UP, _AT_ONCE
    paid = (*before.paid, *(one.id for one in done.payouts))
    return replace(before, released=before.released + done.released, paid=paid, said=said), rest


def _part(duty: Duty, desk: Desk) -> Part:
    """What the run has done for the party before."""
    party_id = str(duty.party_id)
    known = store.find_part(desk.stores.rows, duty.run.id, party_id)
    return known or Part(party_id=party_id, at=desk.now)


def _note(duty: Duty, part: Part, desk: Desk) -> None:
    store.keep_parts(desk.stores.rows, duty.run, [replace(part, at=desk.now)])
