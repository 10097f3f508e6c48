"""Do the files that the bank was sent agree with the payouts?

Owns the laws of ACH files: the entries are those that were approved, and each payout stands in one
file at most, with what it sends. Nothing here moves a balance; what a payout moves is told by
`auditing`.
"""

from collections.abc import Iterator, Sequence

from chalicelib.auditing import Difference, Law, Tally, compare
from chalicelib.offers import PayoutMethod
from chalicelib.payout_files import FileEntry, FileState, PayoutFile, digest

_SENT = (FileState.WRITTEN, FileState.SETTLED)


def take_file(tally: Tally, file: PayoutFile, entries: Sequence[FileEntry]) -> Iterator[Difference]:
    """A file passes by with its entries, before the payouts do."""
    found = digest(entries)
    if found != file.digest:
        yield _difference(file.id, f"the entries {file.digest[:12]}", found[:12])
    yield from compare(Law.FILE, file.id, file.amount_cents, sum(one.cents for one in entries))
    if file.state not in _SENT:
        return
    out = {one.trace for one in file.left_out}
    for entry in entries:
        if entry.payout_id and entry.trace not in out:
            yield from _sent_once(tally, entry.payout_id, entry)


def file_differences(tally: Tally) -> Iterator[Difference]:
    """Each payout that stands in a file was handed to the bank with what it sends; for when every
    file and every payout has passed by."""
    for payout_id, cents in tally.sent.items():
        payout = tally.payouts.get(payout_id)
        if payout is None:
            yield _difference(payout_id, "a payout", "none")
        elif payout.method is not PayoutMethod.ACH or payout.submitted_at is None:
            yield _difference(payout_id, "submitted by ach", f"{payout.state} by {payout.method}")
        else:
            yield from compare(Law.FILE, payout_id, payout.sent_cents, cents)


def _sent_once(tally: Tally, payout_id: str, entry: FileEntry) -> Iterator[Difference]:
    if payout_id in tally.sent:
        yield _difference(payout_id, "one entry that was sent", f"another, {entry.trace}")
    tally.sent[payout_id] = entry.cents


def _difference(subject: str, expected: str, found: str) -> Difference:
    return Difference(law=Law.FILE, subject=subject, expected=expected, found=found)
