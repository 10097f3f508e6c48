"""What does a payout post, from the moment it is made to its end?

Owns the templates of payouts. A payout that fails or comes back is undone by entries of its own,
never by a change. When each happens belongs to `payout_steps`.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.ledger import Entry, House, PublisherAccount, legs_of, publisher_account
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout


def cash_of(method: PayoutMethod) -> House:
    """The account that payouts of this method are paid from."""
    return House.CASH_PAYPAL if method is PayoutMethod.PAYPAL else House.CASH_BANK


def created(payout: Payout, now: datetime) -> Entry:
    """Released earnings are on their way to the publisher, less what is withheld."""
    return _entry(
        payout, "create", now,
        (_account(payout, PublisherAccount.PAYABLE), payout.amount_cents),
        (_account(payout, PublisherAccount.IN_TRANSIT), -payout.sent_cents),
        (House.BACKUP_WITHHOLDING, -payout.withheld_cents),
    )  # fmt: skip


def settled(payout: Payout, now: datetime) -> Entry:
    """The publisher has been paid."""
    return _entry(
        payout, "settled", now,
        (_account(payout, PublisherAccount.IN_TRANSIT), payout.sent_cents),
        (cash_of(payout.method), -payout.sent_cents),
    )  # fmt: skip


def failed(payout: Payout, now: datetime) -> Entry:
    """The money never left: what making the payout has moved goes back, leg by leg."""
    made = created(payout, now)
    legs = tuple(replace(leg, amount_cents=-leg.amount_cents) for leg in made.legs)
    return replace(made, key=f"po:{payout.id}:fail", template="payout_failed", legs=legs)


def returned(payout: Payout, now: datetime) -> Entry:
    """The money came back for `payout.reason`, and waits; what was withheld of it waits with it.
    Of a payout that was not settled it had not left the books as cash yet."""
    in_transit = _account(payout, PublisherAccount.IN_TRANSIT)
    made = _entry(
        payout, "returned", now,
        (cash_of(payout.method) if payout.settled_at else in_transit, payout.sent_cents),
        (House.BACKUP_WITHHOLDING, payout.withheld_cents),
        (_account(payout, PublisherAccount.HELD), -payout.amount_cents),
    )  # fmt: skip
    return replace(made, key=f"po:{payout.id}:return:{payout.reason}")


def released(payout: Payout, now: datetime) -> Entry:
    """What was returned may be paid again."""
    return _entry(
        payout, "released", now,
        (_account(payout, PublisherAccount.HELD), payout.amount_cents),
        (_account(payout, PublisherAccount.PAYABLE), -payout.amount_cents),
    )  # fmt: skip


def fee(payout: Payout, event: str, cents: int, now: datetime) -> Entry:
    """What whoever pays has taken for `event`, such as a return."""
    return replace(
        _entry(
            payout, "fee", now,
            (House.PAYOUT_FEES, cents),
            (cash_of(payout.method), -cents),
        ),
        key=f"po:{payout.id}:fee:{event}",
    )  # fmt: skip


def _account(payout: Payout, kind: PublisherAccount) -> str:
    return publisher_account(kind, payout.publisher_id)


def _entry(payout: Payout, event: str, now: datetime, *sides: tuple[str, int]) -> Entry:
    return Entry(
        key=f"po:{payout.id}:{event}",
        template=f"payout_{event}",
        currency=payout.currency,
        booked_at=now,
        legs=legs_of(*sides),
        refs={"payout_id": payout.id},
    )
