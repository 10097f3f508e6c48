"""Which documents of an invoice are still to be made?

Owns one row per invoice or statement. It is written in the transaction that numbers the invoice and
waits until its documents are kept, so that a run that died leaves something to find.
"""

from chalicelib import times
from chalicelib.invoices import Invoice
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import BOOKS, Change, Key, Put, Rows

_WAITING = "PAPERS"


def paper_key(invoice_id: str) -> Key:
    """Where it lies whether the documents of an invoice are made."""
    return Key(BOOKS, f"PAPER#{invoice_id}")


def paper_put(issued: Invoice) -> Put:
    """The new row: the documents are to be made."""
    key = paper_key(issued.id)
    order = f"{times.written(issued.issued_at or issued.period.end)}#{issued.id}"
    item = {"pk": key.pk, "sk": key.sk, "id": issued.id, "open": _WAITING, "open_key": order}
    return Put(BOOKS, item)


def papers_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of invoices whose documents are still to be made, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _WAITING))


def papers_made(rows: Rows, invoice_id: str) -> bool:
    """Whether the documents of an invoice are kept."""
    found, _ = rows.gather([paper_key(invoice_id)])
    return any("open" not in item for item in found.values())


def mark_made(rows: Rows, invoice_id: str) -> None:
    """The documents are kept."""
    made = Change(
        key=paper_key(invoice_id),
        set={("id",): invoice_id},
        remove=[("open",), ("open_key",)],
    )
    rows.write([made])
