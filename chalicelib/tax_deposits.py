"""How does what was withheld of payouts get to the tax office?

Owns the deposit and what it posts. What is withheld of a payout belongs to `tax_forms`, that it is,
to the payout's own entries.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.ids import derived
from chalicelib.ledger import Entry, House, legs_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDeposit:
    """Money that went from the bank to the tax office for a year; below zero, what it gave back.
    The reference of either makes it once."""

    id: str
    year: int
    amount_cents: int
    currency: str
    reference: str
    booked_at: datetime


def deposit(
    *, year: int, amount_cents: int, currency: str, reference: str, now: datetime
) -> TaxDeposit:
    """The deposit; its amount is not zero."""
    return TaxDeposit(
        id=derived("txd", reference),
        year=year,
        amount_cents=amount_cents,
        currency=currency,
        reference=reference,
        booked_at=now,
    )


def confirm_same(stored: TaxDeposit, repeated: TaxDeposit) -> None:
    """Conflict when a reference comes again with something else."""
    said = [(one.year, one.amount_cents, one.currency) for one in (stored, repeated)]
    if said[0] != said[1]:
        detail = f"the reference {stored.reference} has recorded another deposit"
        raise Conflict(detail, code="tax_deposit_differs")


def entry(made: TaxDeposit) -> Entry:
    """What was withheld is owed no more, and has left the bank."""
    return Entry(
        key=f"taxdep:{made.id}",
        template="tax_deposit",
        currency=made.currency,
        booked_at=made.booked_at,
        legs=legs_of(
            (House.BACKUP_WITHHOLDING, made.amount_cents),
            (House.CASH_BANK, -made.amount_cents),
        ),
        refs={"tax_deposit_id": made.id},
    )
