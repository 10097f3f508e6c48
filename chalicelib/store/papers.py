"""Of which invoices and credit notes are documents still to be made, and which are to be mailed?

Owns one row per invoice, statement or credit note. It is written in the transaction that numbers
it, and waits until its documents are kept, and then until it has been mailed where it shall be, so
that a run that died leaves something to find. What is made when it is asked for, as the statement
of a payout is, has its row from then on.
"""

import contextlib
from collections.abc import Iterable
from datetime import datetime

from chalicelib import times
from chalicelib.credits import Credit
from chalicelib.invoices import Invoice
from chalicelib.mailing import addressee
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import BOOKS, Change, Equals, Key, NotWritten, Path, Put, Rows

_INVOICES, _NOTES = "PAPERS", "NOTES"
_THEN_MAILED = {_INVOICES: "MAILS", _NOTES: "NOTE_MAILS"}
"""The partitions of `by_open`: what waits to be made, and where it waits to be mailed then."""
_MAIL = "mail"


def paper_key(document_id: str) -> Key:
    """Where it lies whether the documents of an invoice or a credit note are made."""
    return Key(BOOKS, f"PAPER#{document_id}")


def paper_put(issued: Invoice) -> Put:
    """The new row: the documents are to be made."""
    return _waits(_INVOICES, issued.id, issued.issued_at or issued.period.end, issued)


def note_put(credit: Credit, invoice: Invoice) -> Put:
    """The new row of a credit note, which goes wherever its invoice did."""
    return _waits(_NOTES, credit.id, credit.booked_at, invoice)


def papers_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of invoices whose documents are still to be made, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _INVOICES))


def papers_waiting_of(rows: Rows, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the invoices whose documents are still to be made, whatever an index shows."""
    return _waiting_of(rows, ids, _INVOICES)


def notes_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of credits whose notes are still to be made, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _NOTES))


def papers_made(rows: Rows, document_id: str) -> bool:
    """Whether the documents of an invoice, a credit note or a payout's state are kept."""
    found, _ = rows.gather([paper_key(document_id)])
    return any(item.get("open") not in _THEN_MAILED for item in found.values())


def mark_made(rows: Rows, document_id: str) -> None:
    """The documents are kept; what shall be mailed waits for that now."""
    key = paper_key(document_id)
    found, _ = rows.gather([key])
    row = found.get(key, {})
    if row.get("state") != _MAIL:
        rows.write([_done(document_id)])
        return
    waits = row.get("open")
    if waits in _THEN_MAILED:
        opened: Path = ("open",)
        to_mail = Change(key=key, set={opened: _THEN_MAILED[waits]}, when=[Equals(opened, waits)])
        with contextlib.suppress(NotWritten):
            rows.write([to_mail])


def mails_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of invoices that are to be mailed, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _THEN_MAILED[_INVOICES]))


def mails_waiting_of(rows: Rows, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the invoices that are to be mailed, whatever an index shows."""
    return _waiting_of(rows, ids, _THEN_MAILED[_INVOICES])


def note_mails_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of credits whose notes are to be mailed, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _THEN_MAILED[_NOTES]))


def mark_mailed(rows: Rows, document_id: str) -> None:
    """The invoice, or the credit note, waits to be mailed no more."""
    rows.write([_done(document_id)])


def _waits(partition: str, document_id: str, since: datetime, invoice: Invoice) -> Put:
    key, order = paper_key(document_id), f"{times.written(since)}#{document_id}"
    item = {"pk": key.pk, "sk": key.sk, "id": document_id, "open": partition, "open_key": order}
    return Put(BOOKS, item | ({"state": _MAIL} if addressee(invoice) else {}))


def _waiting_of(rows: Rows, ids: Iterable[str], what: str) -> tuple[str, ...]:
    keys = {paper_key(one): one for one in sorted(ids)}
    found, _ = rows.gather(list(keys))
    return tuple(one for key, one in keys.items() if found.get(key, {}).get("open") == what)


def _done(document_id: str) -> Change:
    return Change(
        key=paper_key(document_id),
        set={("id",): document_id},
        remove=[("open",), ("open_key",)],
    )
