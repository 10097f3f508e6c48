"""Do the books agree with themselves?

Owns the list of laws, what it means to break one, and the laws between documents, balances and
funds. Everything passes by once and is summed up, so that the tally grows with accounts, documents
and credits, and not with calls. The laws of calls belong to `auditing_calls`, those of the steps of
payouts to `auditing_payouts`, those of entries to `auditing_entries`; reading it all, to the flow;
nothing here is repaired.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from chalicelib import ledger, payout_entries, transfers
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.invoices import Invoice, InvoiceKind, InvoiceState
from chalicelib.ledger import AdvertiserAccount, Entry, House, PublisherAccount
from chalicelib.payments import Funds, Payment, PaymentKind
from chalicelib.payouts import Payout, PayoutState
from chalicelib.tax_deposits import TaxDeposit
from chalicelib.transfers import Transfer


class Law(StrEnum):
    """What must hold, in the order in which it is told."""

    SUM = "the_books_sum_to_zero"
    CHAIN = "a_sealed_day_is_its_legs"
    SEAL = "a_seal_is_its_checkpoints"
    ENTRY = "an_entry_is_its_legs"
    CALL = "each_approved_call_has_one_charge_and_one_earning"
    APPROVAL = "each_charge_has_one_approval"
    BALANCE = "a_balance_follows_from_documents"
    FUNDS = "funds_follow_from_the_ledger"
    INVOICE = "an_invoice_is_its_lines_and_charges"
    PAID = "an_invoice_is_paid_by_its_payments"
    COLLECTED = "an_invoice_collects_what_was_paid"
    RELEASED = "only_collected_calls_are_released"
    PAYOUT = "a_payout_is_its_earnings"
    STEPS = "each_step_of_a_payout_is_booked"
    KEPT_BACK = "what_is_kept_back_or_given_up_is_booked"
    HELD = "what_is_held_has_its_hold"
    FILE = "a_file_pays_its_payouts_once"
    CREDIT = "a_credit_is_counted_where_it_was_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One law broken: by what, what the law asks for, and what is there instead."""

    law: Law
    subject: str
    expected: str
    found: str


@dataclass(slots=True)
class Tally:
    """What has passed by so far; documents are kept without their lines.

    `sent` is what the bank was told to pay, by payout. `open_credits` are the counts of cents that
    credits call for, by what counts them: each falls to zero as that passes by.
    """

    billing: Mapping[str, Billing]
    documents: dict[str, Invoice] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    accounts: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    collected: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    earned: Counter[str] = field(default_factory=Counter)
    earnings: Counter[str] = field(default_factory=Counter)
    sent: dict[str, int] = field(default_factory=dict)
    open_credits: Counter[str] = field(default_factory=Counter)


def compare(law: Law, subject: str, expected: int, found: int) -> Iterator[Difference]:
    """The difference between two whole numbers; none when they are one."""
    if expected != found:
        yield Difference(law=law, subject=subject, expected=str(expected), found=str(found))


def told(entry: Entry | None) -> str:
    """An entry as a difference tells it."""
    if entry is None:
        return "no entry"
    legs = ", ".join(f"{leg.account} {leg.amount_cents:+d}" for leg in entry.legs)
    refs = ", ".join(f"{name} {value}" for name, value in sorted(entry.refs.items()))
    return f"{entry.currency} {legs or 'no legs'} ({refs})"


def take_invoice(tally: Tally, invoice: Invoice) -> Iterator[Difference]:
    """An invoice or a statement passes by: its lines are its sum and its number of calls."""
    lines = sum(line.quantity * line.unit_cents for line in invoice.lines)
    quantity = sum(line.quantity for line in invoice.lines if line.unit_cents >= 0)
    yield from compare(Law.INVOICE, invoice.id, invoice.subtotal_cents, lines)
    yield from compare(Law.INVOICE, invoice.id, invoice.call_count, quantity)
    if is_receivable(invoice):
        owed = ledger.advertiser_account(AdvertiserAccount.RECEIVABLE, invoice.advertiser_id)
        tally.accounts[owed] += invoice.tax_cents - invoice.written_off_cents
        tally.accounts[House.SALES_TAX] -= invoice.tax_cents
        tally.accounts[House.BAD_DEBT] += invoice.written_off_cents
    tally.documents[invoice.id] = replace(invoice, lines=())
    count_credit(tally, f"{invoice.id} credited", -invoice.credited_cents)
    count_credit(tally, f"{invoice.id} credited tax", -invoice.credited_tax_cents)
    count_credit(tally, f"{invoice.id} returned", -invoice.returned_cents)


def count_credit(tally: Tally, what: str, cents: int) -> None:
    """Credits call for `cents`, or that much is counted when it is below zero."""
    tally.open_credits[what] += cents
    if not tally.open_credits[what]:
        del tally.open_credits[what]


def is_receivable(invoice: Invoice) -> bool:
    """Whether the charges of the document are, or were, owed as a receivable: those of an invoice,
    unless it was made void."""
    return invoice.kind is InvoiceKind.INVOICE and invoice.state is not InvoiceState.VOID


def take_payment(tally: Tally, payment: Payment) -> None:
    """A payment passes by: what came in, or was handed back by a credit, what of it went back, and
    what it pays."""
    top_up = payment.kind is PaymentKind.TOP_UP
    parts = {
        AdvertiserAccount.PREPAID: payment.kept_cents if top_up else 0,
        AdvertiserAccount.RECEIVABLE: sum(one.amount_cents for one in payment.standing),
        AdvertiserAccount.UNAPPLIED: payment.unapplied_cents,
    }
    if payment.kind is PaymentKind.CREDIT:
        count_credit(tally, f"{payment.id} handed back", -payment.amount_cents)
        tally.accounts[House.CASH_BANK] -= payment.refunded_cents
    else:
        tally.accounts[House.CASH_BANK] += payment.kept_cents
    for account, cents in parts.items():
        tally.accounts[ledger.advertiser_account(account, payment.advertiser_id)] -= cents
    for part in payment.standing:
        tally.paid[part.invoice_id] += part.amount_cents


def take_transfer(tally: Tally, made: Transfer) -> None:
    """A transfer passes by: the operator's money, from one account to another."""
    tally.accounts[transfers.ACCOUNTS[made.source]] -= made.amount_cents
    tally.accounts[transfers.ACCOUNTS[made.target]] += made.amount_cents


def take_tax_deposit(tally: Tally, made: TaxDeposit) -> None:
    """A deposit passes by: what was withheld went to the tax office."""
    tally.accounts[House.BACKUP_WITHHOLDING] += made.amount_cents
    tally.accounts[House.CASH_BANK] -= made.amount_cents


def take_payout(tally: Tally, payout: Payout) -> None:
    """A payout passes by: on its way, paid, or come back; what came to nothing left its fees."""
    tally.payouts[payout.id] = payout
    cash = payout_entries.cash_of(payout.method)
    tally.accounts[House.PAYOUT_FEES] += payout.fee_cents
    tally.accounts[cash] -= payout.fee_cents
    if payout.gives_back:
        return
    if payout.state is PayoutState.RETURNED:
        held = ledger.publisher_account(PublisherAccount.HELD, payout.publisher_id)
        tally.accounts[held] -= payout.amount_cents
        return
    on_its_way = ledger.publisher_account(PublisherAccount.IN_TRANSIT, payout.publisher_id)
    tally.accounts[on_its_way if payout.in_flight else cash] -= payout.sent_cents
    tally.accounts[House.BACKUP_WITHHOLDING] -= payout.withheld_cents


def balance_differences(tally: Tally, balances: Mapping[str, int]) -> Iterator[Difference]:
    """All accounts sum to zero, and each is what charges, earnings, payments and documents tell;
    for when everything has passed by. `balances` are the sums of the legs."""
    yield from compare(Law.SUM, "all accounts", 0, sum(balances.values()))
    for account in sorted({*balances, *tally.accounts}):
        amounts = tally.accounts[account], balances.get(account, 0)
        yield from compare(Law.BALANCE, account, *amounts)


def document_differences(tally: Tally) -> Iterator[Difference]:
    """Each document is its charges, what it was paid and what that collected, and each payout its
    earnings; for when everything has passed by."""
    for invoice in tally.documents.values():
        yield from _invoice_differences(tally, invoice)
    for payout in tally.payouts.values():
        if payout.gives_back:
            continue
        yield from compare(Law.PAYOUT, payout.id, payout.amount_cents, tally.earned[payout.id])
        yield from compare(Law.PAYOUT, payout.id, payout.call_count, tally.earnings[payout.id])
    for what, cents in tally.open_credits.items():
        yield from compare(Law.CREDIT, what, cents, 0)


def fund_differences(
    advertiser: Advertiser, funds: Funds | None, balances: Mapping[str, int]
) -> Iterator[Difference]:
    """What may be spent and what is held follow from the advertiser's accounts."""
    owed = {
        kind: balances.get(ledger.advertiser_account(kind, advertiser.id), 0)
        for kind in AdvertiserAccount
    }
    expected = -owed[AdvertiserAccount.PREPAID]
    if advertiser.billing is Billing.NET:
        expected = advertiser.credit_limit_cents - sum(owed.values())
    found = funds.available_cents + funds.held_cents if funds else 0
    yield from compare(Law.FUNDS, advertiser.id, expected, found)


def _invoice_differences(tally: Tally, invoice: Invoice) -> Iterator[Difference]:
    name, handed_on = invoice.id, invoice.held_cents - invoice.spare_cents
    if invoice.state is not InvoiceState.VOID:
        yield from compare(Law.INVOICE, name, invoice.subtotal_cents, tally.charged[name])
        yield from compare(Law.INVOICE, name, invoice.call_count, tally.calls[name])
    if invoice.kind is InvoiceKind.INVOICE:
        yield from compare(Law.PAID, name, invoice.paid_cents, tally.paid[name])
    full = not invoice.unsettled_cents
    if full is not (invoice.state is InvoiceState.PAID):
        yield Difference(
            law=Law.PAID, subject=name, expected=f"paid is {full}", found=invoice.state
        )
    yield from compare(Law.COLLECTED, name, handed_on, tally.collected[name])
