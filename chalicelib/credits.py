"""What does it mean to credit a call that was charged?

Owns the credit: why, how much of the charge, what becomes of the earning, which accounts that
moves, and what is left of the call and of its document. Crediting changes nothing that was booked;
it books beside it. What is booked belongs to `credit_entries`, how it is kept to the store.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.calls import Call, CallStatus
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.ids import derived
from chalicelib.invoices import BookedCharge, Charge, Invoice, InvoiceKind, InvoiceState
from chalicelib.ledger import AdvertiserAccount, PublisherAccount
from chalicelib.payments import Payment, PaymentKind
from chalicelib.payouts import BookedEarning, Earning, EarningState

_WHOLE = "whole"
_ACCOUNTS = {
    EarningState.HELD: PublisherAccount.HELD,
    EarningState.PAYABLE: PublisherAccount.PAYABLE,
}


class CreditReason(StrEnum):
    """Why a call is credited, in words that advertiser and publisher are told."""

    WRONG_NUMBER = "wrong_number"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    OUT_OF_AREA = "out_of_area"
    WRONG_SERVICE = "wrong_service"
    POOR_CONNECTION = "poor_connection"
    BILLING_ERROR = "billing_error"
    DISPUTE = "dispute"
    GOODWILL = "goodwill"
    OTHER = "other"


class EarningChoice(StrEnum):
    """Whether the publisher keeps what the call earned, or its share is clawed back."""

    KEEP = "keep"
    CLAW_BACK = "claw_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The credit that is asked for: all that is left of the charge, or `amount_cents` of it.

    A call is credited in whole once; each part has a `cause` of its own, which makes it happen
    once. `note` is the operator's own.
    """

    call_id: str
    reason: CreditReason
    earning: EarningChoice = EarningChoice.CLAW_BACK
    note: str | None = None
    amount_cents: int | None = None
    cause: str | None = None

    @property
    def id(self) -> str:
        """Of the credit it makes; Invalid for a part without a cause."""
        if self.amount_cents is None:
            return derived("crd", self.call_id, _WHOLE)
        if self.cause is None:
            reason = "a part is credited once for each key: give it one"
            raise Invalid((Fault(field="Idempotency-Key", rule="required", reason=reason),))
        return derived("crd", self.call_id, "part", self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What was given back of a call's charge, never changed once booked.

    One with a `number` is a credit note on the invoice or statement `document_number`; one without
    was given before the call was billed. `tax_cents` are what the document asked for beside
    `amount_cents`. Of both, `relieved` asks for less, but for `returned_cents`: these were paid
    before, and go to `returned_to`. `clawed_back_cents` are taken
    from the publisher's account `clawed_from`; `after_payout` when the earning was in a payout.
    """

    id: str
    call_id: str
    advertiser_id: str
    publisher_id: str
    campaign_id: str
    reason: CreditReason
    note: str | None
    earning: EarningChoice
    part: bool
    currency: str
    amount_cents: int
    tax_cents: int
    relieved: AdvertiserAccount
    returned_cents: int
    returned_to: AdvertiserAccount
    clawed_back_cents: int
    clawed_from: PublisherAccount
    after_payout: bool
    document_id: str | None
    document_number: str | None
    booked_at: datetime
    number: str | None = None

    @property
    def total_cents(self) -> int:
        """What the advertiser has back, tax included."""
        return self.amount_cents + self.tax_cents

    @property
    def is_note(self) -> bool:
        """Whether it is a credit note, with a number of their series."""
        return self.document_number is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A charged call as the books have it; `document` is what its charge is on, a draft too."""

    call: Call
    charge: BookedCharge
    earning: BookedEarning
    document: Invoice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    """Where the advertiser's side of a credit goes."""

    tax_cents: int
    relieved: AdvertiserAccount
    returned_cents: int
    returned_to: AdvertiserAccount


def decide(wish: Wish, standing: Standing, now: datetime) -> Credit:
    """The credit that the wish makes of the call as it stands, but for the number of a note.

    Conflict when nothing is left of the charge, or less than is asked for, or when its invoice was
    made void or written off; Invalid for an amount below one cent.
    """
    charge = standing.charge.charge
    amount = _amount(wish, charge)
    money = _money(standing, amount)
    clawed_back = 0
    if wish.earning is EarningChoice.CLAW_BACK:
        clawed_back = share(standing.earning.earning, charge, amount)
    document = issued(standing.document)
    return Credit(
        id=wish.id,
        call_id=wish.call_id,
        advertiser_id=charge.advertiser_id,
        publisher_id=charge.publisher_id,
        campaign_id=charge.campaign_id,
        reason=wish.reason,
        note=wish.note,
        earning=wish.earning,
        part=wish.amount_cents is not None,
        currency=charge.currency,
        amount_cents=amount,
        tax_cents=money.tax_cents,
        relieved=money.relieved,
        returned_cents=money.returned_cents,
        returned_to=money.returned_to,
        clawed_back_cents=clawed_back,
        clawed_from=_ACCOUNTS.get(standing.earning.state, PublisherAccount.APPROVED),
        after_payout=standing.earning.document_id is not None,
        document_id=document.id if document else None,
        document_number=document.number if document else None,
        booked_at=now,
    )


def confirm_same(stored: Credit, wish: Wish) -> None:
    """Conflict when what makes a credit happen once comes again with another content."""
    same = (stored.reason, stored.earning, stored.note) == (wish.reason, wish.earning, wish.note)
    if not same or (wish.amount_cents not in (None, stored.amount_cents)):
        raise Conflict(f"{stored.call_id} has been credited otherwise", code="credit_differs")


def share(earning: Earning, charge: Charge, amount_cents: int) -> int:
    """What of the earning goes back with `amount_cents` of the charge, beside what went before.

    Each credit has the share of its own stretch of the charge, rounded half up where it ends, so
    that the shares of all parts come to the earning, to the cent.
    """
    before = charge.amount_cents - charge.due_cents
    parts = (before + amount_cents, before)
    end, start = (_upto(part, earning.amount_cents, charge.amount_cents) for part in parts)
    return end - start


def tax(document: Invoice, amount_cents: int) -> int:
    """What of the document's tax goes back with `amount_cents` of its calls, so that the tax of all
    its notes comes to the whole, to the cent."""
    if not document.tax_cents:
        return 0
    before = document.credited_cents - document.credited_tax_cents
    parts = (before + amount_cents, before)
    end, start = (_upto(part, document.tax_cents, document.subtotal_cents) for part in parts)
    return end - start


def issued(document: Invoice | None) -> Invoice | None:
    """The document, unless it is a draft."""
    return None if document is None or document.state is InvoiceState.DRAFT else document


def call_after(call: Call, charge: Charge, credit: Credit) -> Call:
    """The call, returned once nothing is left of its charge; its verdict stays."""
    left = charge.due_cents - credit.amount_cents
    return replace(
        call,
        status=call.status if left else CallStatus.RETURNED,
        credited_cents=call.credited_cents + credit.amount_cents,
        clawed_back_cents=call.clawed_back_cents + credit.clawed_back_cents,
        credit_reason=credit.reason.value,
    )


def document_after(document: Invoice, charge: Charge, credit: Credit) -> Invoice:
    """The issued document: it asks for less, and what the charge had collected is spare again, but
    for what is handed back. When nothing is owed, it is paid."""
    freed = credit.amount_cents if charge.collected else 0
    after = replace(
        document,
        credited_cents=document.credited_cents + credit.total_cents,
        credited_tax_cents=document.credited_tax_cents + credit.tax_cents,
        returned_cents=document.returned_cents + credit.returned_cents,
        spare_cents=document.spare_cents + freed - credit.returned_cents,
    )
    return after if after.owed_cents else replace(after, state=InvoiceState.PAID)


def number(position: int) -> str:
    """The number of the credit note at `position` (1 is the first) of the series."""
    return f"CN-{position:06d}"


def handed_back(credit: Credit) -> Payment | None:
    """The money that a credit note leaves without an invoice; None when it leaves none, or when it
    went to a prepaid balance."""
    if not credit.returned_cents or credit.returned_to is AdvertiserAccount.PREPAID:
        return None
    return Payment(
        id=derived("pay", "credit", credit.id),
        kind=PaymentKind.CREDIT,
        advertiser_id=credit.advertiser_id,
        reference=str(credit.number),
        amount_cents=credit.returned_cents,
        currency=credit.currency,
        received_at=credit.booked_at,
        booked_at=credit.booked_at,
    )


def clawback(credit: Credit, earning: Earning) -> Earning:
    """What a publisher who was paid for the call owes for it: an earning below zero.

    It counts as booked with the earning itself, so that it is past the terms at once.
    """
    return replace(
        earning, amount_cents=-credit.clawed_back_cents, reduced_cents=0, credit_id=credit.id
    )


def _amount(wish: Wish, charge: Charge) -> int:
    amount = charge.due_cents if wish.amount_cents is None else wish.amount_cents
    if wish.amount_cents is not None and amount < 1:
        reason = "a part of a charge is at least one cent"
        raise Invalid((Fault(field="amount_cents", rule="positive", reason=reason),))
    if not charge.due_cents:
        raise Conflict(f"nothing is left to credit of {wish.call_id}", code="nothing_to_credit")
    if amount > charge.due_cents:
        raise Conflict(
            f"{charge.due_cents} cents are left to credit of {wish.call_id}",
            code="credit_beyond_charge",
        )
    return amount


def _money(standing: Standing, amount_cents: int) -> _Money:
    document = issued(standing.document)
    if document is None:
        prepaid = standing.charge.charge.collected
        return _Money(
            tax_cents=0,
            relieved=AdvertiserAccount.UNBILLED,
            returned_cents=amount_cents if prepaid else 0,
            returned_to=AdvertiserAccount.PREPAID,
        )
    if document.ended_at:
        detail = f"{document.number} is {document.state}; there is nothing on it to credit"
        raise Conflict(detail, code="invoice_ended")
    statement = document.kind is InvoiceKind.STATEMENT
    taxed = tax(document, amount_cents)
    return _Money(
        tax_cents=taxed,
        relieved=AdvertiserAccount.RECEIVABLE,
        returned_cents=max(amount_cents + taxed - document.owed_cents, 0),
        returned_to=AdvertiserAccount.PREPAID if statement else AdvertiserAccount.UNAPPLIED,
    )


def _upto(cents: int, shared_cents: int, whole_cents: int) -> int:
    """What of `shared_cents` belongs to the first `cents` of the whole, half a cent counting up."""
    return (2 * shared_cents * cents + whole_cents) // (2 * whole_cents)
