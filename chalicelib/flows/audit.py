"""What does the whole of the books come to?

Joins everything that is remembered with the laws of `auditing`. Entries, legs, calls, charges and
earnings pass by page after page; what is held meanwhile grows with accounts, documents and days
alone. It reads, and changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from chalicelib import (
    auditing,
    auditing_calls,
    auditing_credits,
    auditing_files,
    auditing_payouts,
    credit_entries,
    times,
)
from chalicelib.auditing import Difference, Tally
from chalicelib.auditing_payouts import Paydays
from chalicelib.campaigns import Advertiser
from chalicelib.chains import DaySeal
from chalicelib.flows.audit_calls import charges_without_call, compare_calls
from chalicelib.flows.audit_ledger import LedgerAudit
from chalicelib.flows.findings import Findings, Progress
from chalicelib.flows.parties import every
from chalicelib.flows.sealing import chart
from chalicelib.invoices import BookedCharge
from chalicelib.payouts import BookedEarning
from chalicelib.store.books import (
    ACH_FILES,
    ADJUSTMENTS,
    CHARGES,
    CLAWBACKS,
    CREDITS,
    EARNINGS,
    HOLDS,
    INVOICES,
    PAYMENTS,
    PAYOUTS,
    STATEMENTS,
    TAX_DEPOSITS,
    TRANSFERS,
)
from chalicelib.store.entries import account_legs, entry_key, read_entry
from chalicelib.store.funds import funds_from
from chalicelib.store.holds import funds_key
from chalicelib.store.payout_files import entries_of
from chalicelib.store.stores import Stores

_CREDITS_A_BATCH = 50
# A call that was approved on the first day of the books came within this time before it.
_A_CALL_AT_MOST = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The balance of every account, how much was compared, the last seal, and the first
    differences of each law, in the order of the laws."""

    accounts: dict[str, int]
    total_cents: int
    counted: dict[str, int]
    seal: DaySeal | None
    differences: tuple[Difference, ...]

    @property
    def clean(self) -> bool:
        """Whether every law holds."""
        return not self.differences


def trial_balance(stores: Stores) -> dict[str, int]:
    """The balance in cents of every account of the chart, recomputed from its legs."""
    return {
        account: sum(leg.amount_cents for leg in account_legs(stores.rows, account))
        for account in chart(stores)
    }


def _silent(what: str, count: int) -> None:
    del what, count


def audit(stores: Stores, as_of: datetime, *, progress: Progress = _silent) -> AuditReport:
    """Recompute every balance from its legs, and compare all that the books hold.

    What was booked after `as_of` is left out; what changes meanwhile, such as an invoice that is
    paid, may still be seen on one side alone. Documents come first, because charges and earnings
    are summed by them. `progress` is told at every thousand of a kind.
    """
    # `$` comes after the `#` behind every instant: what was booked at `as_of` itself counts.
    until = f"{times.written(as_of)}$"
    findings = Findings(progress)
    advertisers = tuple(every(Advertiser, stores))
    tally = Tally({one.id: one.billing for one in advertisers})
    paydays = Paydays()
    watch = partial(auditing_payouts.take_entry, paydays)
    books = LedgerAudit(stores.rows, chart(stores), until, findings, watch)
    _documents(tally, stores, findings)
    _paydays(tally, paydays, stores, findings)
    _credits(tally, stores, until, findings)
    earnings = _earnings(paydays, stores, until, findings)
    _booked(tally, books, _charges(stores, until), earnings, findings)
    _calls(books.first_day, stores, until, findings)
    balances = books.balances()
    findings.add(auditing.balance_differences(tally, balances))
    findings.add(auditing.document_differences(tally))
    findings.add(auditing_payouts.left_differences(paydays))
    findings.add(auditing_files.file_differences(tally))
    _funds(advertisers, balances, stores, findings)
    return AuditReport(
        accounts=balances,
        total_cents=sum(balances.values()),
        counted=dict(findings.counted),
        seal=books.seal,
        differences=findings.differences,
    )


def _documents(tally: Tally, stores: Stores, findings: Findings) -> None:
    # A payout is submitted before its file is written, and so it is seen after it.
    for file in findings.counting("ACH files", stores.books.every(ACH_FILES)):
        findings.add(auditing_files.take_file(tally, file, entries_of(stores.rows, file)))
    for shelf in (INVOICES, STATEMENTS):
        for invoice in findings.counting("invoices", stores.books.every(shelf)):
            findings.add(auditing.take_invoice(tally, invoice))
    for payment in findings.counting("payments", stores.books.every(PAYMENTS)):
        auditing.take_payment(tally, payment)
    for made in findings.counting("transfers", stores.books.every(TRANSFERS)):
        auditing.take_transfer(tally, made)
    for deposit in findings.counting("tax deposits", stores.books.every(TAX_DEPOSITS)):
        auditing.take_tax_deposit(tally, deposit)


def _paydays(tally: Tally, paydays: Paydays, stores: Stores, findings: Findings) -> None:
    for payout in findings.counting("payouts", stores.books.every(PAYOUTS)):
        auditing.take_payout(tally, payout)
        findings.add(auditing_payouts.take_payout(paydays, payout))
    for line in findings.counting("adjustments", stores.books.every(ADJUSTMENTS)):
        auditing_calls.take_adjustment(tally, line)
        auditing_payouts.take_line(paydays, line)
    for hold in findings.counting("holds", stores.books.every(HOLDS)):
        auditing_payouts.take_hold(paydays, hold)


def _credits(tally: Tally, stores: Stores, until: str, findings: Findings) -> None:
    past = (one for one in stores.books.every(CREDITS) if times.written(one.booked_at) < until)
    counted = findings.counting("credits", past)
    while batch := list(islice(counted, _CREDITS_A_BATCH)):
        wanted = {entry_key(credit_entries.entry(one).id): one for one in batch}
        found, _ = stores.rows.gather(list(wanted))
        for key, credit in wanted.items():
            entry = read_entry(found[key]) if key in found else None
            findings.add(auditing_credits.take_credit(tally, credit, entry))
    for clawback in findings.counting("clawbacks", stores.books.every(CLAWBACKS)):
        auditing_calls.take_clawback(tally, clawback)


def _booked(
    tally: Tally,
    books: LedgerAudit,
    charges: Iterator[BookedCharge],
    earnings: Iterator[BookedEarning],
    findings: Findings,
) -> None:
    charged = findings.counting("charges", charges)
    earned = findings.counting("earnings", earnings)
    for moment in auditing_calls.moments(charged, earned, books.approvals()):
        findings.add(auditing_calls.take_moment(tally, moment))


def _calls(first_day: str, stores: Stores, until: str, findings: Findings) -> None:
    first = times.read(f"{first_day}T00:00:00Z") - _A_CALL_AT_MOST
    compare_calls(stores, times.written(first)[:7], until, findings)
    if findings.counted["approved calls"] != findings.counted["charges"]:
        findings.add(charges_without_call(stores.rows, _charges(stores, until)))


def _funds(
    advertisers: tuple[Advertiser, ...],
    balances: Mapping[str, int],
    stores: Stores,
    findings: Findings,
) -> None:
    found, _ = stores.rows.gather([funds_key(advertiser.id) for advertiser in advertisers])
    for advertiser in advertisers:
        item = found.get(funds_key(advertiser.id))
        funds = funds_from(advertiser.id, item) if item else None
        findings.add(auditing.fund_differences(advertiser, funds, balances))


def _charges(stores: Stores, until: str) -> Iterator[BookedCharge]:
    """Every charge booked before the instant, in the order of booking."""
    for one in stores.books.every(CHARGES):
        if times.written(one.charge.booked_at) < until:
            yield one


def _earnings(
    paydays: Paydays, stores: Stores, until: str, findings: Findings
) -> Iterator[BookedEarning]:
    """Every earning booked before the instant, in the order of booking, held against its hold."""
    for one in stores.books.every(EARNINGS):
        if times.written(one.earning.booked_at) < until:
            findings.add(auditing_payouts.take_earning(paydays, one))
            yield one
