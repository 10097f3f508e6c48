"""Which accounts does an event of the business move, and by how much?

Owns the chart of accounts, the entry and its zero-sum law, and one template per event. When an
event happens is decided elsewhere; keeping entries, and the balances that authorise spending,
belong to the store.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.campaigns import Billing
from chalicelib.errors import Broken
from chalicelib.ids import derived


class House(StrEnum):
    """The operator's own accounts."""

    CASH_BANK = "cash:bank"
    CASH_PAYPAL = "cash:paypal"
    REVENUE_CALLS = "revenue:calls"
    CREDIT_NOTES = "revenue:credit_notes"
    COST_PUBLISHERS = "cost:publishers"
    SALES_TAX = "tax:sales"
    BACKUP_WITHHOLDING = "tax:backup_withholding"
    BAD_DEBT = "expense:bad_debt"
    PAYOUT_FEES = "expense:payout_fees"
    GOODWILL = "expense:goodwill"


class AdvertiserAccount(StrEnum):
    """Accounts kept for each advertiser: what it owes, and what it has paid beforehand."""

    RECEIVABLE = "ar"
    UNBILLED = "unbilled"
    PREPAID = "prepaid"
    UNAPPLIED = "unapplied"


class PublisherAccount(StrEnum):
    """Accounts kept for each publisher, by how near the money is to being paid."""

    APPROVED = "approved"
    PAYABLE = "payable"
    HELD = "held"
    IN_TRANSIT = "in_transit"


def advertiser_account(kind: AdvertiserAccount, advertiser_id: str) -> str:
    """The account's name, such as `ar:adv_…`."""
    return f"{kind}:{advertiser_id}"


def publisher_account(kind: PublisherAccount, publisher_id: str) -> str:
    """The account's name, such as `pub:pub_…:payable`."""
    return f"pub:{publisher_id}:{kind}"


def chart(advertiser_ids: Iterable[str], publisher_ids: Iterable[str]) -> tuple[str, ...]:
    """Every account that these parties and the house can have, in a fixed order."""
    house = [account.value for account in House]
    advertisers = [advertiser_account(k, a) for a in advertiser_ids for k in AdvertiserAccount]
    publishers = [publisher_account(k, p) for p in publisher_ids for k in PublisherAccount]
    return (*house, *advertisers, *publishers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One side of an entry: a debit is positive, a credit negative; never zero."""

    account: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A balanced posting, never changed once written.

    `key` names the cause and makes the entry happen once; `template` names the kind of event;
    `refs` leads back to the call, invoice, payment or payout.
    """

    key: str
    template: str
    currency: str
    booked_at: datetime
    legs: tuple[Leg, ...]
    refs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(leg.amount_cents for leg in self.legs) != 0:
            raise Broken(f"the legs of {self.key} do not sum to zero")
        if any(leg.amount_cents == 0 for leg in self.legs):
            raise Broken(f"{self.key} has a leg of zero")

    @property
    def id(self) -> str:
        """Derived from the key, so that the same cause cannot be booked under two ids."""
        return derived("ent", self.key)

    @property
    def payload_hash(self) -> str:
        """What the entry says, apart from when: the same key with another hash is a conflict."""
        legs = sorted((leg.account, leg.amount_cents) for leg in self.legs)
        said = [self.key, self.template, self.currency, legs, sorted(self.refs.items())]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def approval(
    *,
    call_id: str,
    advertiser_id: str,
    billing: Billing,
    publisher_id: str,
    charge_cents: int,
    earning_cents: int,
    currency: str,
    now: datetime,
) -> Entry:
    """The charge and the earning of one approved call, together."""
    paid_from = (
        AdvertiserAccount.PREPAID if billing is Billing.PREPAID else AdvertiserAccount.UNBILLED
    )
    return Entry(
        key=f"call:{call_id}:approve",
        template="approval",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (advertiser_account(paid_from, advertiser_id), charge_cents),
            (House.REVENUE_CALLS, -charge_cents),
            (House.COST_PUBLISHERS, earning_cents),
            (publisher_account(PublisherAccount.APPROVED, publisher_id), -earning_cents),
        ),
        refs={"call_id": call_id},
    )


def invoice_issued(
    *,
    invoice_id: str,
    number: str,
    advertiser_id: str,
    total_cents: int,
    tax_cents: int = 0,
    currency: str,
    now: datetime,
) -> Entry:
    """Approved charges, with the tax on them, become a receivable."""
    charged_cents = total_cents - tax_cents
    return Entry(
        key=f"inv:{number}",
        template="invoice_issued",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (advertiser_account(AdvertiserAccount.RECEIVABLE, advertiser_id), total_cents),
            (advertiser_account(AdvertiserAccount.UNBILLED, advertiser_id), -charged_cents),
            (House.SALES_TAX, -tax_cents),
        ),
        refs={"invoice_id": invoice_id},
    )


def payment(
    *,
    payment_id: str,
    advertiser_id: str,
    applied_cents: int,
    unapplied_cents: int,
    currency: str,
    now: datetime,
) -> Entry:
    """Money from an advertiser on terms: open invoices first, the rest waits unapplied."""
    return Entry(
        key=f"pay:{payment_id}",
        template="payment",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (House.CASH_BANK, applied_cents + unapplied_cents),
            (advertiser_account(AdvertiserAccount.RECEIVABLE, advertiser_id), -applied_cents),
            (advertiser_account(AdvertiserAccount.UNAPPLIED, advertiser_id), -unapplied_cents),
        ),
        refs={"payment_id": payment_id},
    )


def applied(
    *,
    invoice_id: str,
    payment_id: str,
    advertiser_id: str,
    amount_cents: int,
    currency: str,
    now: datetime,
    times_before: int = 0,
) -> Entry:
    """Money that waited unapplied pays an invoice, which it has paid `times_before`."""
    return Entry(
        key=f"apply:{payment_id}:{invoice_id}" + (f":{times_before}" if times_before else ""),
        template="applied",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (advertiser_account(AdvertiserAccount.UNAPPLIED, advertiser_id), amount_cents),
            (advertiser_account(AdvertiserAccount.RECEIVABLE, advertiser_id), -amount_cents),
        ),
        refs={"invoice_id": invoice_id, "payment_id": payment_id},
    )


def top_up(
    *, payment_id: str, advertiser_id: str, amount_cents: int, currency: str, now: datetime
) -> Entry:
    """Money from a prepaid advertiser, before its calls."""
    return Entry(
        key=f"topup:{payment_id}",
        template="top_up",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (House.CASH_BANK, amount_cents),
            (advertiser_account(AdvertiserAccount.PREPAID, advertiser_id), -amount_cents),
        ),
        refs={"payment_id": payment_id},
    )


def credit(
    *,
    key: str,
    refs: dict[str, str],
    given_as: House,
    tax_cents: int,
    advertiser_side: Iterable[tuple[str, int]],
    publisher_side: tuple[str, int],
    currency: str,
    now: datetime,
) -> Entry:
    """A call is credited, with the tax on it: `given_as` is the account that bears it,
    `advertiser_side` are those that ask for less or hold more, each with its cents,
    `publisher_side` is where its earning is taken back."""
    given = [(account, -cents) for account, cents in advertiser_side]
    account, clawed_back = publisher_side
    return Entry(
        key=key,
        template="credit",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (given_as, -sum(cents for _, cents in given) - tax_cents),
            (House.SALES_TAX, tax_cents),
            *given,
            (account, clawed_back),
            (House.COST_PUBLISHERS, -clawed_back),
        ),
        refs=refs,
    )


def release(
    *, call_id: str, publisher_id: str, earning_cents: int, currency: str, now: datetime
) -> Entry:
    """An earning whose charge is collected may be paid out."""
    return Entry(
        key=f"call:{call_id}:release",
        template="release",
        currency=currency,
        booked_at=now,
        legs=legs_of(
            (publisher_account(PublisherAccount.APPROVED, publisher_id), earning_cents),
            (publisher_account(PublisherAccount.PAYABLE, publisher_id), -earning_cents),
        ),
        refs={"call_id": call_id},
    )


def balances(legs: Iterable[Leg]) -> dict[str, int]:
    """The balance of every account that the legs touch, in cents."""
    sums: Counter[str] = Counter()
    for leg in legs:
        sums[leg.account] += leg.amount_cents
    return dict(sums)


def legs_of(*sides: tuple[str, int]) -> tuple[Leg, ...]:
    """Accounts with their cents as legs, less those of nothing."""
    return tuple(Leg(account=account, amount_cents=cents) for account, cents in sides if cents)
