"""What is remembered of ACH files?

Owns the operator's words on ACH, the counter of files and traces, each file, its entries under
their traces, and the prenotes of accounts. Which step comes next belongs to `payout_file_steps`.
"""

from collections.abc import Iterable, Sequence

from chalicelib import times
from chalicelib.ach_files import trace_of
from chalicelib.ach_settings import AchSettings
from chalicelib.payout_files import FileCounter, FileEntry, FileState, PayoutFile, Prenote
from chalicelib.store import codec
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import (
    BOOKS,
    CATALOG,
    META,
    Action,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Put,
    Rows,
)
from chalicelib.store.versions import version_write

SETTINGS_KEY = Key(CATALOG, "OPERATOR", "ACH")
_COUNTER_KEY = Key(BOOKS, "ACH_COUNTER")
_SETTLING = "ACH_FILES"
_A_READ = 100
_A_WRITE = 100


def find_ach(rows: Rows) -> AchSettings:
    """What the operator said of ACH; nothing said where there is no row."""
    found, _ = rows.gather([SETTINGS_KEY])
    return codec.from_json(AchSettings, found[SETTINGS_KEY]["doc"]) if found else AchSettings()


def ach_write(before: AchSettings, after: AchSettings) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(SETTINGS_KEY, before, after)


def find_counter(rows: Rows) -> FileCounter:
    """The counter as it stands; a new one where there is none."""
    found, _ = rows.gather([_COUNTER_KEY])
    return codec.from_json(FileCounter, found[_COUNTER_KEY]["doc"]) if found else FileCounter()


def counter_write(before: FileCounter, after: FileCounter) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    if before.version:
        return _counted(before, after)
    item = {"pk": _COUNTER_KEY.pk, "sk": META, "claimed": after.version}
    return Put(BOOKS, item | {"doc": codec.to_json(after)})


def keep_entries(rows: Rows, entries: Sequence[FileEntry]) -> None:
    """Keep the entries under their traces; one that bore the same trace before is gone."""
    for first in range(0, len(entries), _A_WRITE):
        changes = [
            Change(key=_entry_key(one.trace), set={("doc",): codec.to_json(one)})
            for one in entries[first : first + _A_WRITE]
        ]
        rows.write(changes)


def entries_by_trace(rows: Rows, traces: Iterable[str]) -> dict[str, FileEntry]:
    """Those of the traces that an entry ever bore, in the order asked for."""
    keys = {trace: _entry_key(trace) for trace in traces}
    wanted = list(keys.values())
    found: dict[Key, Item] = {}
    for first in range(0, len(wanted), _A_READ):
        found |= rows.gather(wanted[first : first + _A_READ])[0]
    return {
        trace: codec.from_json(FileEntry, found[key]["doc"])
        for trace, key in keys.items()
        if key in found
    }


def entries_of(
    rows: Rows, file: PayoutFile, *, first: int = 0, count: int | None = None
) -> tuple[FileEntry, ...]:
    """The entries of the file in the order of their traces: all, or those of so many traces from
    the place `first` on, the first place being 0."""
    last = file.traces if count is None else min(first + count, file.traces)
    numbers = range(file.first_trace + first, file.first_trace + last)
    traces = [trace_of(file.settings.odfi_routing, number) for number in numbers]
    found = entries_by_trace(rows, traces).values()
    return tuple(entry for entry in found if entry.file_id == file.id)


def file_key(file_id: str) -> Key:
    """Where a file lies."""
    return Key(BOOKS, f"ACH_FILE#{file_id}")


def read_file(item: Item) -> PayoutFile:
    """The file that a row holds."""
    return codec.from_json(PayoutFile, item["doc"])


def find_file(rows: Rows, file_id: str) -> PayoutFile | None:
    """The file; None when there is none."""
    key = file_key(file_id)
    found, _ = rows.gather([key])
    return read_file(found[key]) if key in found else None


def file_put(file: PayoutFile) -> Put:
    """The row of a new file."""
    key = file_key(file.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "ach_file",
        "id": file.id,
        "created_key": f"{times.written(file.drafted_at)}#{file.id}",
        "claimed": file.version,
        "doc": codec.to_json(file),
    }
    return Put(BOOKS, item)


def file_change(before: PayoutFile, after: PayoutFile) -> Change:
    """`after` in the place of `before`, while that is still the version stored. A written file
    waits for the day on which its payouts settle, a refused one for nothing but its turn."""
    sets: dict[Path, str | int] = {
        ("doc",): codec.to_json(after),
        ("claimed",): after.version,
    }
    due = _due_on(after)
    if due:
        sets |= {("open",): _SETTLING, ("open_key",): f"{due}#{after.id}"}
    return Change(
        key=file_key(after.id),
        set=sets,
        remove=[] if due else [("open",), ("open_key",)],
        when=[Equals(("claimed",), before.version)],
    )


def files_due(rows: Rows, today: str) -> tuple[PayoutFile, ...]:
    """Written files whose payouts settle today at the latest, and refused ones that are not undone;
    the index may lag by a moment."""
    items = waiting_items(rows, _SETTLING, below=f"{today}$")
    return tuple(read_file(item) for item in items)


def find_prenotes(rows: Rows, publisher_ids: Iterable[str]) -> dict[str, Prenote]:
    """The latest prenote of each of the publishers that had one."""
    keys = [_prenote_key(one) for one in dict.fromkeys(publisher_ids)]
    found: dict[Key, Item] = {}
    for first in range(0, len(keys), _A_READ):
        found |= rows.gather(keys[first : first + _A_READ])[0]
    prenotes = (codec.from_json(Prenote, item["doc"]) for item in found.values())
    return {one.publisher_id: one for one in prenotes}


def keep_prenotes(rows: Rows, prenotes: Sequence[Prenote]) -> None:
    """Keep the prenotes, each in the place of any before."""
    for first in range(0, len(prenotes), _A_WRITE):
        changes = [
            Change(key=_prenote_key(one.publisher_id), set={("doc",): codec.to_json(one)})
            for one in prenotes[first : first + _A_WRITE]
        ]
        rows.write(changes)


def taken(rows: Rows, actions: Sequence[Action]) -> bool:
    """Whether all of them were written; False when something has moved on."""
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True


def _due_on(file: PayoutFile) -> str | None:
    """The day from which on there is something to do for the file; None when there is nothing."""
    if file.ended_at:
        return None
    if file.state is FileState.REFUSED:
        return "0"
    return file.settles_on if file.state is FileState.WRITTEN else None


def _counted(before: FileCounter, after: FileCounter) -> Change:
    return Change(
        key=_COUNTER_KEY,
        set={("doc",): codec.to_json(after), ("claimed",): after.version},
        when=[Equals(("claimed",), before.version)],
    )


def _entry_key(trace: str) -> Key:
    return Key(BOOKS, f"ACH_ENTRY#{trace}")


def _prenote_key(publisher_id: str) -> Key:
    return Key(BOOKS, f"PRENOTE#{publisher_id}")
