"""How do exports for the tax office lie in the books?

Owns their rows: one that is still to be written waits where the next run finds it. The files
themselves lie in the bucket of documents, and no row holds a number of theirs.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import times
from chalicelib.store import codec
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import BOOKS, Change, Equals, Item, Key, NotWritten, Put, Rows
from chalicelib.tax_exports import ExportState, Fetch, TaxExport

_WAITING = "TAX_EXPORTS"


def export_key(export_id: str) -> Key:
    """Where an export lies."""
    return Key(BOOKS, f"TAX_EXPORT#{export_id}")


def read_export(item: Item) -> TaxExport:
    """The export that a row holds."""
    return codec.from_json(TaxExport, item["doc"])


def ask(rows: Rows, export: TaxExport) -> None:
    """Keep a new export, to be written by the next run."""
    key = export_key(export.id)
    order = f"{times.written(export.asked_at)}#{export.id}"
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "tax_export",
        "id": export.id,
        "created_key": order,
        "open": _WAITING,
        "open_key": order,
        "state": export.state.value,
        "count": 0,
        "doc": codec.to_json(export),
    }
    rows.write([Put(BOOKS, item)])


def waiting_exports(rows: Rows) -> tuple[TaxExport, ...]:
    """What is still to be written, the oldest first; the index may lag by a moment."""
    return tuple(read_export(item) for item in waiting_items(rows, _WAITING))


def finish(
    rows: Rows, export: TaxExport, *, forms: int, left_out: int, now: datetime
) -> TaxExport | None:
    """The export, whose files are written; None when another run has finished it."""
    done = replace(
        export,
        state=ExportState.DONE,
        done_at=now,
        form_count=forms,
        left_out_count=left_out,
    )
    change = Change(
        key=export_key(export.id),
        set={("state",): done.state.value, ("doc",): codec.to_json(done)},
        remove=[("open",), ("open_key",)],
        when=[Equals(("state",), ExportState.ASKED.value)],
    )
    return done if _written(rows, change) else None


def add_fetch(rows: Rows, export: TaxExport, fetch: Fetch) -> TaxExport | None:
    """The export with one more link given; None when another was given since it was read."""
    after = replace(export, fetches=(*export.fetches, fetch))
    change = Change(
        key=export_key(export.id),
        set={("count",): len(after.fetches), ("doc",): codec.to_json(after)},
        when=[
            Equals(("state",), ExportState.DONE.value),
            Equals(("count",), len(export.fetches)),
        ],
    )
    return after if _written(rows, change) else None


def _written(rows: Rows, change: Change) -> bool:
    try:
        rows.write([change])
    except NotWritten:
        return False
    return True
