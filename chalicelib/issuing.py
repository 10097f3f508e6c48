"""What does a document say on the day of its issue?

Owns what its charges come to, counted one by one so that a million of them need no more room than
their lines, and the document that follows, with its sum, its tax and its due date. What a document
is belongs to `invoices`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.errors import Broken
from chalicelib.invoices import Charge, Invoice, InvoiceKind, InvoiceState, Line
from chalicelib.issuer import BillTo, Issuer, tax_cents

_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an invoice says beside its charges, as it stands on the day of issue; `campaigns` are
    their names by their ids."""

    issuer: Issuer
    bill_to: BillTo
    net_days: int
    campaigns: Mapping[str, str]


@dataclass(slots=True)
class Reckoning:
    """What the charges of a document come to; it grows with the lines, and not with the calls."""

    call_count: int = 0
    total_cents: int = 0
    _currencies: set[str] = field(default_factory=set)
    _quantities: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, charge: Charge) -> None:
        """One charge, in any order; each must come once."""
        self.call_count += 1
        self.total_cents += charge.billed_cents
        self._currencies.add(charge.currency)
        self._quantities[charge.campaign_id, charge.amount_cents] += 1
        if charge.reduced_cents:
            self._quantities[charge.campaign_id, -charge.reduced_cents] += 1

    def is_all_of(self, document: Invoice) -> bool:
        """Whether these are all the charges that the draft has counted."""
        return (self.call_count, self.total_cents) == (document.call_count, document.total_cents)

    def is_in(self, currency: str) -> bool:
        """Whether no charge is in another currency."""
        return self._currencies <= {currency}

    @property
    def campaign_ids(self) -> tuple[str, ...]:
        """Whose calls they are."""
        return tuple(sorted({campaign_id for campaign_id, _ in self._quantities}))

    def lines(self, names: Mapping[str, str] = _NO_NAMES) -> tuple[Line, ...]:
        """One line for each campaign and rate, by campaign, then by rate, credits first; `names`
        are the campaigns' by their ids."""
        return tuple(
            Line(
                campaign_id=campaign, unit_cents=unit, quantity=n, amount_cents=n * unit,
                campaign=names.get(campaign),
            )
            for (campaign, unit), n in sorted(self._quantities.items())
        )  # fmt: skip


def issue(
    document: Invoice,
    reckoning: Reckoning,
    *,
    terms: Terms,
    calls_key: str,
    now: datetime,
) -> Invoice:
    """The draft as it goes out on the day of `now`, but for its number.

    A statement is paid, because its calls were, and bears no tax; so is an invoice of nothing. An
    invoice is due its net days, calendar days, after the day of issue.
    """
    if not reckoning.is_in(document.currency):
        raise Broken(f"{document.id} has charges in another currency than {document.currency}")
    subtotal = reckoning.total_cents
    statement = document.kind is InvoiceKind.STATEMENT
    tax = 0 if statement else tax_cents(subtotal, terms.issuer.tax_basis_points)
    return replace(
        document,
        state=InvoiceState.PAID if statement or not subtotal else InvoiceState.OPEN,
        issued_at=now,
        due_at=None if statement else due_at(now, terms.net_days),
        lines=reckoning.lines(terms.campaigns),
        call_count=reckoning.call_count,
        total_cents=subtotal + tax,
        paid_cents=subtotal if statement else 0,
        calls_key=calls_key,
        issuer=terms.issuer,
        bill_to=terms.bill_to,
        net_days=None if statement else terms.net_days,
        tax_cents=tax,
    )


def due_at(issued_at: datetime, net_days: int) -> datetime:
    """The start of the day `net_days` calendar days after the day of issue, in UTC."""
    midnight = times.utc(issued_at).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=net_days)
