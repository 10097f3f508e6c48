"""What does a credit note say?

Owns the note as a document: a credit, beside what it is a note on and the charge that it is of, as
these were issued and booked. Nothing that it says moves any more, so that it reads the same
whenever it is made. What a credit is belongs to `credits`, how the note looks to whoever prints it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.credits import Credit
from chalicelib.invoices import Invoice
from chalicelib.ledger import AdvertiserAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """A numbered credit as its advertiser gets it.

    `invoice` is what it is a note on, a statement too: of it only what stood on the day of issue
    counts here. The call came at `arrived_at`, and `charged_cents` were charged for it.
    """

    credit: Credit
    invoice: Invoice
    arrived_at: datetime
    charged_cents: int

    @property
    def id(self) -> str:
        """The credit's."""
        return self.credit.id

    @property
    def number(self) -> str:
        """Of the series of credit notes."""
        return str(self.credit.number)

    @property
    def reason(self) -> str:
        """Why, in words."""
        return self.credit.reason.value.replace("_", " ").capitalize()

    @property
    def campaign(self) -> str:
        """The campaign as the invoice names it."""
        ours = (line for line in self.invoice.lines if line.campaign_id == self.credit.campaign_id)
        return next((line.printed_name for line in ours), self.credit.campaign_id)

    def place(self, name: str) -> str:
        """Where a document of this note is kept, by its name."""
        return f"credits/{self.credit.advertiser_id}/{self.id}/{self.number}{name}"


Printed = Invoice | CreditNote
"""What an advertiser gets: each has an id, a number, and a place for its documents."""


def effects(note: CreditNote) -> tuple[tuple[str, int], ...]:
    """What the note did with its total when it was booked: words, and how many cents each; together
    they are the total."""
    return tuple((words, cents) for words, cents in _effects(note) if cents)


def _effects(note: CreditNote) -> Iterator[tuple[str, int]]:
    credit = note.credit
    prepaid = credit.returned_to is AdvertiserAccount.PREPAID
    yield (
        f"Taken off what {note.invoice.number} asks for",
        credit.total_cents - credit.returned_cents,
    )
    returned = "Back in your balance" if prepaid else "Waits for your next invoice"
    yield returned, credit.returned_cents
