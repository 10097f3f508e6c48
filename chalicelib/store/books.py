"""What money is there, and which documents are there of it?

Owns looking things up: one by its id, or all of a kind in the order of creation. How they change
belongs to the modules beside it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.ach_answers import Answers
from chalicelib.credits import Credit
from chalicelib.errors import NotFound
from chalicelib.holding import Hold
from chalicelib.invoices import BookedCharge, Invoice
from chalicelib.paybacks import Chargeback, Refund
from chalicelib.payments import Funds, Payment
from chalicelib.payout_files import PayoutFile
from chalicelib.payouts import BookedEarning, Payout
from chalicelib.paypal_batches import Batch
from chalicelib.store.ach_answers import read_answers
from chalicelib.store.charges import read_charge, read_earning
from chalicelib.store.credits import read_credit
from chalicelib.store.funds import read_funds
from chalicelib.store.holding import read_hold
from chalicelib.store.invoices import read_invoice
from chalicelib.store.paybacks import read_chargeback, read_refund
from chalicelib.store.payments import read_payment
from chalicelib.store.payout_files import read_file
from chalicelib.store.payouts import read_payout
from chalicelib.store.paypal_batches import read_batch
from chalicelib.store.rows import BOOKS, Item, Key, Question, Rows
from chalicelib.store.stripe_events import read_stripe_event
from chalicelib.store.tax_deposits import read_deposit
from chalicelib.store.tax_exports import read_export
from chalicelib.store.transfers import read_transfer
from chalicelib.stripe_events import TakenEvent
from chalicelib.tax_deposits import TaxDeposit
from chalicelib.tax_exports import TaxExport
from chalicelib.transfers import Transfer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """Where things of one kind lie, and how a row of theirs is read."""

    kind: str
    prefix: str
    read: Callable[[Item], T]


CHARGES: Shelf[BookedCharge] = Shelf("charge", "CHARGE", read_charge)
EARNINGS: Shelf[BookedEarning] = Shelf("earning", "EARNING", read_earning)
INVOICES: Shelf[Invoice] = Shelf("invoice", "INVOICE", read_invoice)
STATEMENTS: Shelf[Invoice] = Shelf("statement", "INVOICE", read_invoice)
CREDITS: Shelf[Credit] = Shelf("credit", "CREDIT", read_credit)
ADJUSTMENTS: Shelf[BookedEarning] = Shelf("adjustment", "EARNING", read_earning)
CLAWBACKS: Shelf[BookedEarning] = Shelf("clawback", "EARNING", read_earning)
PAYMENTS: Shelf[Payment] = Shelf("payment", "PAYMENT", read_payment)
REFUNDS: Shelf[Refund] = Shelf("refund", "REFUND", read_refund)
CHARGEBACKS: Shelf[Chargeback] = Shelf("chargeback", "CHARGEBACK", read_chargeback)
STRIPE_EVENTS: Shelf[TakenEvent] = Shelf("stripe_event", "STRIPE", read_stripe_event)
PAYPAL_BATCHES: Shelf[Batch] = Shelf("paypal_batch", "PAYPAL_BATCH", read_batch)
PAYOUTS: Shelf[Payout] = Shelf("payout", "PAYOUT", read_payout)
ACH_FILES: Shelf[PayoutFile] = Shelf("ach_file", "ACH_FILE", read_file)
ACH_ANSWERS: Shelf[Answers] = Shelf("ach_answers", "ACH_ANSWERS", read_answers)
TRANSFERS: Shelf[Transfer] = Shelf("transfer", "TRANSFER", read_transfer)
TAX_DEPOSITS: Shelf[TaxDeposit] = Shelf("tax_deposit", "TAX_DEPOSIT", read_deposit)
TAX_EXPORTS: Shelf[TaxExport] = Shelf("tax_export", "TAX_EXPORT", read_export)
HOLDS: Shelf[Hold] = Shelf("hold", "HOLD", read_hold)


@dataclass(frozen=True, slots=True)
class BooksPage(Generic[T]):
    """Things of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[T, ...]
    mark: dict[str, str] | None


class Books:
    """Money and its documents, for whoever asks; drafts are nobody's business yet."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, shelf: Shelf[T], thing_id: str) -> T:
        """The thing as it stands; NotFound when there is none of this kind."""
        key = Key(BOOKS, f"{shelf.prefix}#{thing_id}")
        found, _ = self._rows.gather([key])
        if key not in found or found[key].get("kind") != shelf.kind:
            raise NotFound(f"there is no {shelf.kind} {thing_id}")
        return shelf.read(found[key])

    def list(
        self, shelf: Shelf[T], *, limit: int | None = None, after: Mapping[str, str] | None = None
    ) -> BooksPage[T]:
        """A page of the things of a kind, the oldest first."""
        question = Question(
            table=BOOKS, index="by_kind", partition=shelf.kind, limit=limit, after=after
        )
        page = self._rows.page(question)
        return BooksPage(tuple(shelf.read(item) for item in page.items), page.mark)

    def every(self, shelf: Shelf[T]) -> Iterator[T]:
        """All things of a kind, page by page, the oldest first."""
        mark: Mapping[str, str] | None = None
        while True:
            page = self.list(shelf, after=mark)
            yield from page.items
            mark = page.mark
            if mark is None:
                return

    def funds(self, advertiser_id: str) -> Funds:
        """What the advertiser may spend; NotFound when no funds were opened."""
        return read_funds(self._rows, advertiser_id)

    def page_of(
        self,
        shelf: Shelf[T],
        document_id: str,
        *,
        limit: int | None = None,
        after: Mapping[str, str] | None = None,
    ) -> BooksPage[T]:
        """A page of the charges of an invoice or a statement, or of the earnings of a payout, in
        the order of the ids of their calls; the index may lag by a moment."""
        page = self._rows.page(
            Question(
                table=BOOKS, index="by_document", partition=document_id, limit=limit, after=after
            )
        )
        return BooksPage(tuple(shelf.read(item) for item in page.items), page.mark)

    def each_of(self, shelf: Shelf[T], document_id: str) -> Iterator[T]:
        """All of them, of which one page at a time is held."""
        mark: Mapping[str, str] | None = None
        while True:
            page = self.page_of(shelf, document_id, after=mark)
            yield from page.items
            mark = page.mark
            if mark is None:
                return
