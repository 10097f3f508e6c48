"""What happens to payouts by ACH by the clock?

Joins writing what was released, settling what has not come back in time, undoing what the bank
refused, and drafting what waits. One part that fails does not keep the others from going on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from chalicelib import runtime
from chalicelib.banking_days import local_day
from chalicelib.errors import Broken, Refused
from chalicelib.flows.ach_drafting import draft_file
from chalicelib.flows.ach_ending import settle_file, undo_file
from chalicelib.flows.ach_writing import Scribe, write_file
from chalicelib.payout_files import FileState
from chalicelib.store import payout_files as store

CLOCK = "clock"


@dataclass(slots=True)
class AchRun:
    """The files that were written, settled, undone and drafted, and how many failed."""

    written: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)
    failed: int = 0


def run(scribe: Scribe, new_id: Callable[[], str]) -> AchRun:
    """Do what is due now; repeating it changes nothing more."""
    done = AchRun()
    stores, now = scribe.lookout.stores, scribe.lookout.now
    _apart(lambda: _write(scribe, done), done)
    for file in store.files_due(stores.rows, local_day(now).isoformat()):
        _apart(partial(_end, file.id, done, scribe), done)
    _apart(lambda: _draft(scribe, done, new_id), done)
    return done


def _apart(act: Callable[[], None], done: AchRun) -> None:
    """Act; what is refused or broken is logged and counted."""
    try:
        act()
    except (Refused, Broken):
        runtime.logger().exception("an ACH file could not go on")
        done.failed += 1


def _write(scribe: Scribe, done: AchRun) -> None:
    rows = scribe.lookout.stores.rows
    open_id = store.find_counter(rows).open_id
    file = store.find_file(rows, open_id) if open_id else None
    if file and write_file(file, scribe).state is FileState.WRITTEN:
        done.written.append(file.id)


def _end(file_id: str, done: AchRun, scribe: Scribe) -> None:
    stores, now = scribe.lookout.stores, scribe.lookout.now
    file = store.find_file(stores.rows, file_id)
    if file and file.state is FileState.WRITTEN:
        settle_file(file, stores=stores, now=now)
        done.settled.append(file.id)
    elif file and file.state is FileState.REFUSED:
        undo_file(file, stores=stores, now=now)
        done.undone.append(file.id)


def _draft(scribe: Scribe, done: AchRun, new_id: Callable[[], str]) -> None:
    rows = scribe.lookout.stores.rows
    if not store.find_ach(rows).automatic_drafts or store.find_counter(rows).open_id:
        return
    file = draft_file(id=new_id(), by=CLOCK, lookout=scribe.lookout).file
    if file:
        done.drafted.append(file.id)
