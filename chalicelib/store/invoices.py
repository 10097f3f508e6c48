"""How do invoices and statements lie in the books, and how do they get their number?

Owns their rows from the first claimed charge to the last collected call, and the counters of the
two series. What a document says belongs to `chalicelib.invoices`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from chalicelib import times
from chalicelib.errors import Broken
from chalicelib.ids import derived
from chalicelib.invoices import BookedCharge, Charge, Invoice, InvoiceKind, InvoiceState, number
from chalicelib.ledger import Entry
from chalicelib.payments import Application
from chalicelib.store import codec
from chalicelib.store.charges import charge_key, charges_waiting, read_charge
from chalicelib.store.claims import (
    Draft,
    Waiting,
    claim,
    document_items,
    drafts_of,
    waiting_items,
    walk_document,
    walk_waiting,
)
from chalicelib.store.entries import book, entry_key, entry_puts, read_entry
from chalicelib.store.funds import add_funds
from chalicelib.store.papers import paper_put
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    AtMost,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Rows,
)

EntryOf = Callable[[Invoice], Entry]


def invoice_key(invoice_id: str) -> Key:
    """Where an invoice or a statement lies."""
    return Key(BOOKS, f"INVOICE#{invoice_id}")


def invoices_open(advertiser_id: str) -> str:
    """The partition of `by_open` with the invoices that wait for money, or have been paid and
    have calls yet to be collected."""
    return f"INVOICES#{advertiser_id}"


def read_invoice(item: Item) -> Invoice:
    """The document that a row holds; what moves with claims and payments lies beside its text."""
    return replace(
        codec.from_json(Invoice, item["doc"]),
        state=InvoiceState(item["state"]),
        call_count=item["count"],
        total_cents=item["amount_cents"],
        paid_cents=item.get("paid_cents", 0),
        spare_cents=item.get("available_cents", 0),
        credited_cents=item.get("credited_cents", 0),
        credited_tax_cents=item.get("credited_tax_cents", 0),
        returned_cents=item.get("returned_cents", 0),
    )


def invoices_by_id(rows: Rows, ids: tuple[str, ...]) -> tuple[Invoice, ...]:
    """The documents as they stand; those that are not there are left out."""
    found, _ = rows.gather([invoice_key(one) for one in ids])
    return tuple(read_invoice(item) for item in found.values())


def invoices_by_number(rows: Rows, numbers: Sequence[str]) -> dict[str, Invoice]:
    """The issued invoices with these numbers, found by the entries that they made; those of nothing
    made none."""
    keys = {entry_key(derived("ent", f"inv:{one}")): one for one in numbers}
    found, _ = rows.gather(list(keys))
    ids = {read_entry(item).refs["invoice_id"]: keys[key] for key, item in found.items()}
    return {ids[one.id]: one for one in invoices_by_id(rows, tuple(ids))}


def open_invoices(rows: Rows, advertiser_id: str) -> tuple[Invoice, ...]:
    """The advertiser's invoices that wait for money or for collection, as they stand."""
    items = waiting_items(rows, invoices_open(advertiser_id))
    return invoices_by_id(rows, tuple(item["id"] for item in items))


def invoice_drafts(rows: Rows, advertiser_id: str) -> tuple[Invoice, ...]:
    """What an earlier closing has left unfinished."""
    return tuple(read_invoice(item) for item in waiting_items(rows, drafts_of(advertiser_id)))


def charges_of(rows: Rows, invoice_id: str) -> tuple[BookedCharge, ...]:
    """The charges of a document; the index may lag by a moment."""
    return tuple(read_charge(item) for item in document_items(rows, invoice_id))


def each_charge(rows: Rows, invoice_id: str) -> Iterator[Charge]:
    """The charges of a document by the ids of their calls, of which one page at a time is held;
    the index may lag by a moment."""
    return (read_charge(item).charge for item in walk_document(rows, invoice_id))


def charges_to_bill(rows: Rows, document: Invoice) -> Iterator[Charge]:
    """The charges booked before the period's end that wait for a document, in the order of
    booking, of which one page at a time is held."""
    waiting = charges_waiting(document.advertiser_id)
    end = times.written(document.period.end)
    return (read_charge(item).charge for item in walk_waiting(rows, waiting, below=end))


def claim_charges(rows: Rows, document: Invoice, charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Put charges that wait into the draft; returns those that this call has put there, as they
    are."""
    known = {charge_key(charge.call_id): charge for charge in charges}
    members = [
        Waiting(
            key=key,
            open=charges_waiting(document.advertiser_id),
            amount_cents=charge.amount_cents,
            reduced_cents=charge.reduced_cents,
        )
        for key, charge in known.items()
    ]
    claimed = claim(rows, _draft_of(document), members)
    return tuple(
        replace(known[key], reduced_cents=one.reduced_cents) for key, one in claimed.items()
    )


def find_draft(rows: Rows, document: Invoice) -> Invoice | None:
    """The draft as it stands; None when nothing is in it, or when it is a draft no more."""
    found = invoices_by_id(rows, (document.id,))
    return found[0] if found and found[0].state is InvoiceState.DRAFT else None


def finalise(rows: Rows, issued: Invoice, entry_of: EntryOf | None) -> Invoice | None:
    """Give the document the next number of its series and post its entry, in one transaction.

    What the tax adds to its sum is taken from what the advertiser may spend.

    None when the draft has grown since it was read, or is a draft no more. A number that another
    document takes meanwhile is passed over for the next one, so that none is left out.
    """
    counter = counter_key(issued.kind)
    found, _ = rows.gather([counter])
    last = found[counter]["count"] if counter in found else 0
    while True:
        numbered = replace(issued, number=number(issued.kind, last + 1))
        entries: list[Action] = [*entry_puts(entry_of(numbered))] if entry_of else []
        if numbered.tax_cents:
            entries.append(add_funds(numbered.advertiser_id, -numbered.tax_cents))
        try:
            counted = count_change(counter, last)
            book(rows, [_finish(numbered), counted, paper_put(numbered), *entries])
        except NotWritten as refused:
            if 0 in refused.images:
                return None
            image = refused.images.get(1)
            if image is None:
                raise Broken(f"the number {numbered.number} has been booked before") from refused
            last = image["count"]
            continue
        return numbered


def apply_change(before: Invoice, part: Application) -> Change:
    """The invoice after a part of a payment, while it stands as it was when `before` was read."""
    paid: dict[Path, str] = {}
    if before.owed_cents == part.amount_cents:
        paid = {("state",): InvoiceState.PAID.value}
    return Change(
        key=invoice_key(before.id),
        set=paid,
        add={("paid_cents",): part.amount_cents, ("available_cents",): part.amount_cents},
        when=[
            Equals(("state",), InvoiceState.OPEN.value),
            Equals(("paid_cents",), before.paid_cents),
            AtMost(("credited_cents",), before.credited_cents),
        ],
    )


def reduce_draft(draft: Invoice, cents: int) -> Change:
    """The draft after a credit of one of its charges, while it is one."""
    return Change(
        key=invoice_key(draft.id),
        add={("amount_cents",): -cents},
        when=[Equals(("state",), InvoiceState.DRAFT.value)],
    )


def credit_change(before: Invoice, after: Invoice) -> Change:
    """The issued document after a credit note, while it stands as it was when `before` was read."""
    return Change(
        key=invoice_key(before.id),
        set={("state",): after.state.value},
        add={
            ("credited_cents",): after.credited_cents - before.credited_cents,
            ("credited_tax_cents",): after.credited_tax_cents - before.credited_tax_cents,
            ("returned_cents",): after.returned_cents - before.returned_cents,
            ("available_cents",): after.spare_cents - before.spare_cents,
        },
        when=[
            Equals(("state",), before.state.value),
            Equals(("paid_cents",), before.paid_cents),
            AtMost(("credited_cents",), before.credited_cents),
        ],
    )


def invoice_order(issued: Invoice) -> str:
    """The sort key of an issued document among those of its kind, and of those that wait."""
    return f"{times.written(issued.issued_at)}#{issued.id}" if issued.issued_at else issued.id


def _draft_of(document: Invoice) -> Draft:
    return Draft(
        key=invoice_key(document.id),
        id=document.id,
        owner_id=document.advertiser_id,
        order=times.written(document.period.start),
        doc=codec.to_json(document),
    )


def _finish(issued: Invoice) -> Change:
    """The draft becomes the document; an invoice then waits for money and collection."""
    order = invoice_order(issued)
    sets: dict[Path, str | int] = {
        ("state",): issued.state.value,
        ("kind",): issued.kind.value,
        ("id",): issued.id,
        ("created_key",): order,
        ("doc",): codec.to_json(issued),
        ("amount_cents",): issued.total_cents,
        ("paid_cents",): issued.paid_cents,
        ("available_cents",): issued.spare_cents,
    }
    waits = issued.kind is InvoiceKind.INVOICE
    if waits:
        sets |= {("open",): invoices_open(issued.advertiser_id), ("open_key",): order}
    return Change(
        key=invoice_key(issued.id),
        set=sets,
        remove=[] if waits else [("open",), ("open_key",)],
        when=[
            Equals(("state",), InvoiceState.DRAFT.value),
            Equals(("count",), issued.call_count),
            Equals(("amount_cents",), issued.subtotal_cents),
        ],
    )


def counter_key(series: str) -> Key:
    """Where the last number of a series lies."""
    return Key(BOOKS, f"COUNTER#{series}")


def count_change(counter: Key, last: int) -> Change:
    """The number after `last` is taken, while that is the last one."""
    return Change(
        key=counter,
        add={("count",): 1},
        when=[Equals(("count",), last) if last else Absent(("pk",))],
    )
