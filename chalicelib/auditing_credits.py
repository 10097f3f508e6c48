"""Is each credit booked, and counted where it was given?

Owns what a credit calls for: its entry, and its cents on the charge, the document, the money handed
back and the earning. What counts them passes by elsewhere; the laws of calls belong to
`auditing_calls`.
"""

from collections.abc import Iterator

from chalicelib import credit_entries, credits, ledger
from chalicelib.auditing import Difference, Law, Tally, count_credit
from chalicelib.credits import Credit
from chalicelib.ledger import AdvertiserAccount, Entry, House


def take_credit(tally: Tally, credit: Credit, entry: Entry | None) -> Iterator[Difference]:
    """A credit passes by, with the entry that is there under its key."""
    expected = credit_entries.entry(credit)
    if entry is None or entry.payload_hash != expected.payload_hash:
        found = entry.payload_hash if entry else "no entry"
        yield Difference(
            law=Law.CREDIT, subject=credit.id, expected=expected.payload_hash, found=found
        )
    _sum_accounts(tally, credit)
    counted = "credited" if credit.is_note else "reduced"
    count_credit(tally, f"{credit.call_id} {counted}", credit.amount_cents)
    if credit.is_note:
        count_credit(tally, f"{credit.document_id} credited", credit.total_cents)
        count_credit(tally, f"{credit.document_id} credited tax", credit.tax_cents)
        count_credit(tally, f"{credit.document_id} returned", credit.returned_cents)
    handed_back = credits.handed_back(credit)
    if handed_back:
        count_credit(tally, f"{handed_back.id} handed back", handed_back.amount_cents)
    if credit.after_payout:
        count_credit(tally, f"{credit.id} clawed back", credit.clawed_back_cents)
    else:
        count_credit(tally, f"{credit.call_id} earning reduced", credit.clawed_back_cents)


def _sum_accounts(tally: Tally, credit: Credit) -> None:
    """What the credit moved and nothing else tells: what was unbilled is told by the charge, what
    waits unapplied by the money handed back, what is owed to the publisher by the earning."""
    sums = {credit_entries.given_as(credit).value: credit.amount_cents}
    sums[House.COST_PUBLISHERS] = -credit.clawed_back_cents
    sums[House.SALES_TAX] = credit.tax_cents
    owner = credit.advertiser_id
    if credit.relieved is AdvertiserAccount.RECEIVABLE:
        asked = ledger.advertiser_account(AdvertiserAccount.RECEIVABLE, owner)
        sums[asked] = credit.returned_cents - credit.total_cents
    if credit.returned_to is AdvertiserAccount.PREPAID:
        balance = ledger.advertiser_account(AdvertiserAccount.PREPAID, owner)
        sums[balance] = -credit.returned_cents
    for account, cents in sums.items():
        tally.accounts[account] += cents
