"""How does money get from one of the operator's own accounts to another?

Owns the transfer between the bank and the PayPal balance, and what it posts. Nobody is paid by it:
PayPal pays publishers from what lies there.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.errors import Conflict
from chalicelib.ids import derived
from chalicelib.ledger import Entry, House, legs_of


class Cash(StrEnum):
    """Where the operator has money."""

    BANK = "bank"
    PAYPAL = "paypal"


ACCOUNTS: dict[Cash, House] = {Cash.BANK: House.CASH_BANK, Cash.PAYPAL: House.CASH_PAYPAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money that went from `source` to `target`; the reference of either makes it once."""

    id: str
    source: Cash
    target: Cash
    amount_cents: int
    currency: str
    reference: str
    booked_at: datetime


def transfer(
    *, source: Cash, amount_cents: int, currency: str, reference: str, now: datetime
) -> Transfer:
    """The transfer from this account to the other one; its amount is positive."""
    return Transfer(
        id=derived("trf", reference),
        source=source,
        target=Cash.PAYPAL if source is Cash.BANK else Cash.BANK,
        amount_cents=amount_cents,
        currency=currency,
        reference=reference,
        booked_at=now,
    )


def confirm_same(stored: Transfer, repeated: Transfer) -> None:
    """Conflict when a reference comes again with something else."""
    said = [(one.source, one.amount_cents, one.currency) for one in (stored, repeated)]
    if said[0] != said[1]:
        detail = f"the reference {stored.reference} has recorded another transfer"
        raise Conflict(detail, code="transfer_differs")


def entry(made: Transfer) -> Entry:
    """The money leaves the one account and is in the other."""
    return Entry(
        key=f"transfer:{made.id}",
        template="transfer",
        currency=made.currency,
        booked_at=made.booked_at,
        legs=legs_of(
            (ACCOUNTS[made.target], made.amount_cents),
            (ACCOUNTS[made.source], -made.amount_cents),
        ),
        refs={"transfer_id": made.id},
    )
