"""Which documents of an invoice are still to be made, and which invoices are to be mailed?

Owns one row per invoice or statement. It is written in the transaction that numbers the invoice and
waits until its documents are kept, and then until it has been mailed where it shall be, so that a
run that died leaves something to find.
"""

import contextlib
from collections.abc import Iterable

from chalicelib import times
from chalicelib.invoices import Invoice
from chalicelib.mailing import addressee
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import BOOKS, Change, Equals, Key, NotWritten, Put, Rows

_WAITING, _TO_MAIL = "PAPERS", "MAILS"
_MAIL = "mail"


def paper_key(invoice_id: str) -> Key:
    """Where it lies whether the documents of an invoice are made."""
    return Key(BOOKS, f"PAPER#{invoice_id}")


def paper_put(issued: Invoice) -> Put:
    """The new row: the documents are to be made."""
    key = paper_key(issued.id)
    order = f"{times.written(issued.issued_at or issued.period.end)}#{issued.id}"
    item = {"pk": key.pk, "sk": key.sk, "id": issued.id, "open": _WAITING, "open_key": order}
    return Put(BOOKS, item | ({"state": _MAIL} if addressee(issued) else {}))


def papers_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of invoices whose documents are still to be made, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _WAITING))


def papers_waiting_of(rows: Rows, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the invoices whose documents are still to be made, whatever an index shows."""
    return _waiting_of(rows, ids, _WAITING)


def papers_made(rows: Rows, invoice_id: str) -> bool:
    """Whether the documents of an invoice are kept."""
    found, _ = rows.gather([paper_key(invoice_id)])
    return any(item.get("open") != _WAITING for item in found.values())


def mark_made(rows: Rows, invoice_id: str) -> None:
    """The documents are kept; an invoice that shall be mailed waits for that now."""
    key = paper_key(invoice_id)
    found, _ = rows.gather([key])
    if found.get(key, {}).get("state") == _MAIL:
        to_mail = Change(key=key, set={("open",): _TO_MAIL}, when=[Equals(("open",), _WAITING)])
        with contextlib.suppress(NotWritten):
            rows.write([to_mail])
        return
    rows.write([_done(invoice_id)])


def mails_waiting(rows: Rows) -> tuple[str, ...]:
    """The ids of invoices that are to be mailed, the oldest first."""
    return tuple(item["id"] for item in waiting_items(rows, _TO_MAIL))


def mails_waiting_of(rows: Rows, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the invoices that are to be mailed, whatever an index shows."""
    return _waiting_of(rows, ids, _TO_MAIL)


def mark_mailed(rows: Rows, invoice_id: str) -> None:
    """The invoice waits to be mailed no more."""
    rows.write([_done(invoice_id)])


def _waiting_of(rows: Rows, ids: Iterable[str], what: str) -> tuple[str, ...]:
    keys = {paper_key(one): one for one in sorted(ids)}
    found, _ = rows.gather(list(keys))
    return tuple(one for key, one in keys.items() if found.get(key, {}).get("open") == what)


def _done(invoice_id: str) -> Change:
    return Change(
        key=paper_key(invoice_id),
        set={("id",): invoice_id},
        remove=[("open",), ("open_key",)],
    )
