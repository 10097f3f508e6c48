"""How does an invoice that nobody pays lie in the books?

Owns making it void, which gives its charges back to be billed again, and writing it off. Both are
one transaction with their entry. What follows comes in batches: until the last charge has gone
back, or the last that is paid for was collected (see `uncollecting`), the invoice waits in a
partition of its own, so that a run that died leaves something to find. When an invoice may end so
belongs to `chalicelib.voiding`.
"""

from collections.abc import Iterator

from chalicelib.invoices import Charge, Invoice, InvoiceState, booking_order
from chalicelib.ledger import Entry
from chalicelib.store import claims, codec
from chalicelib.store.charges import charge_key, charges_waiting
from chalicelib.store.claims import Returning, Undone, waiting_items
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import add_funds
from chalicelib.store.invoices import each_charge, invoice_key, invoices_by_id
from chalicelib.store.rows import Action, AtMost, Change, Equals, NotWritten, Path, Rows
from chalicelib.store.uncollecting import invoices_lost


def end_unpaid(rows: Rows, before: Invoice, after: Invoice, entry: Entry, *, freed: int) -> bool:
    """Put `after` in the place of an open invoice, post its entry, and let the advertiser spend
    `freed` cents more; False when the invoice has moved on since `before` was read."""
    waiting = voids_of if after.state is InvoiceState.VOID else invoices_lost
    end: dict[Path, str] = {
        ("state",): after.state.value,
        ("doc",): codec.to_json(after),
        ("open",): waiting(after.advertiser_id),
    }
    change = Change(
        key=invoice_key(before.id),
        set=end,
        when=[
            Equals(("state",), before.state.value),
            Equals(("paid_cents",), before.paid_cents),
            Equals(("available_cents",), before.spare_cents),
            AtMost(("credited_cents",), before.credited_cents),
        ],
    )
    more: list[Action] = [add_funds(after.advertiser_id, freed)] if freed else []
    try:
        book(rows, [change, *entry_puts(entry), *more])
    except NotWritten:
        return False
    return True


def finish_voids(rows: Rows, advertiser_id: str) -> Iterator[int]:
    """Give back every charge that the advertiser's void invoices still hold, batch by batch; yields
    how many charges were in each."""
    items = waiting_items(rows, voids_of(advertiser_id))
    for invoice in invoices_by_id(rows, tuple(item["id"] for item in items)):
        yield from give_back(rows, invoice)


def give_back(rows: Rows, invoice: Invoice) -> Iterator[int]:
    """Let the charges of a void invoice wait for the next one, each once, batch by batch; yields
    how many charges were in each.

    Charges that an index does not show yet are left for the next time.
    """
    undone = Undone(key=invoice_key(invoice.id), id=invoice.id, count=invoice.call_count)
    charges = each_charge(rows, invoice.id)
    return claims.give_back(rows, undone, (_waiting(charge) for charge in charges))


def voids_of(advertiser_id: str) -> str:
    """The partition of `by_open` with the void invoices that have charges to give back."""
    return f"VOIDS#{advertiser_id}"


def _waiting(charge: Charge) -> Returning:
    return Returning(
        key=charge_key(charge.call_id),
        open=charges_waiting(charge.advertiser_id),
        order=booking_order(charge),
    )
