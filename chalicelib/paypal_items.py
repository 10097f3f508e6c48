"""What is kept of one payout in a batch for PayPal?

Owns the item: to whom and how much, and what PayPal says of it. What that does to the payout
belongs to the flows, the batch to `paypal_batches`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.paypal_payouts import Fate, Item, ItemReport, fate


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One payout in a batch: to whom, how much, and what PayPal last said of it. One that is `out`
    is not paid by the batch, with the reason."""

    payout_id: str
    publisher_id: str
    batch_id: str
    receiver: str
    amount_cents: int
    currency: str
    item_id: str | None = None
    status: str = ""
    error: str = ""
    fee_cents: int = 0
    out: str | None = None
    seen_at: datetime | None = None
    version: int = 1

    @property
    def fate(self) -> Fate:
        """What has become of its payout, as far as PayPal is concerned."""
        return Fate.FAILED if self.out else fate(self.status)

    @property
    def ended(self) -> bool:
        """Whether it is no longer on its way."""
        return self.fate is not Fate.IN_FLIGHT

    @property
    def asked(self) -> Item:
        """What PayPal is asked to pay."""
        return Item(
            payout_id=self.payout_id,
            receiver=self.receiver,
            amount_cents=self.amount_cents,
            currency=self.currency,
        )


def reported(item: BatchItem, report: ItemReport, now: datetime) -> BatchItem | None:
    """The item with what PayPal says of it; None when it said the same before. Conflict when PayPal
    speaks of another sum, or of another item of the same payout."""
    asked, told = (item.amount_cents, item.currency), (report.amount_cents, report.currency)
    if asked != told or item.item_id not in (None, report.item_id):
        raise Conflict(
            f"PayPal pays {report.item_id} otherwise than {item.payout_id} asks for",
            code="paypal_item_differs",
        )
    status = report.status
    if report.fate is Fate.FAILED and fate(status) is Fate.IN_FLIGHT:
        status = "DENIED"
    said = (report.item_id, status, report.error, report.fee_cents)
    if (item.item_id, item.status, item.error, item.fee_cents) == said:
        return None
    return replace(
        item,
        item_id=report.item_id,
        status=status,
        error=report.error,
        fee_cents=report.fee_cents,
        seen_at=now,
        version=item.version + 1,
    )


def left_out(item: BatchItem, reason: str, now: datetime) -> BatchItem:
    """The item, which the batch does not pay."""
    return replace(item, out=reason, seen_at=now, version=item.version + 1)
