"""What does a credit post?

Owns the accounts that bear a credit. What is credited, and from which accounts it is given, belongs
to `credits`.
"""

from chalicelib import ledger
from chalicelib.credits import Credit, CreditReason
from chalicelib.ledger import Entry, House


def given_as(credit: Credit) -> House:
    """The account that bears the credit. What is given back out of goodwill was earned: it is an
    expense, and takes nothing from the revenue."""
    return House.GOODWILL if credit.reason is CreditReason.GOODWILL else House.CREDIT_NOTES


def entry(credit: Credit) -> Entry:
    """What the credit posts."""
    refs = {"call_id": credit.call_id, "credit_id": credit.id}
    if credit.document_id:
        refs["invoice_id"] = credit.document_id
    owner, kept = credit.advertiser_id, credit.total_cents - credit.returned_cents
    return ledger.credit(
        key=f"cn:{credit.number}" if credit.is_note else f"credit:{credit.id}",
        refs=refs,
        given_as=given_as(credit),
        tax_cents=credit.tax_cents,
        advertiser_side=[
            (ledger.advertiser_account(credit.relieved, owner), kept),
            (ledger.advertiser_account(credit.returned_to, owner), credit.returned_cents),
        ],
        publisher_side=(
            ledger.publisher_account(credit.clawed_from, credit.publisher_id),
            credit.clawed_back_cents,
        ),
        currency=credit.currency,
        now=credit.booked_at,
    )
