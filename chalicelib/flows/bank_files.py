"""What happens to a bank's statement?

Keeps what was read, shows whose money each line is, and books one payment for each line that is
plain. How a file advances belongs to `kept_files`, what a payment does, to `payments`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib import payments
from chalicelib.bank_files import BankFile, BankLine, read_bank_file
from chalicelib.bank_matching import LineMatch, match_line, numbers_in, remembered
from chalicelib.campaigns import Advertiser
from chalicelib.errors import NotFound
from chalicelib.flows.kept_files import apply_parts, take_over
from chalicelib.flows.parties import every
from chalicelib.flows.payments import take_in
from chalicelib.payments import Payment
from chalicelib.store.invoices import invoices_by_number
from chalicelib.store.payments import payments_by_id
from chalicelib.store.previews import BANK_FILES
from chalicelib.store.stores import Stores

PARTS_A_PIECE = 1
"""So many payments take some seconds: a request has 29."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """A line of a statement, whose money it is as things stand, and its payment once it is
    booked."""

    line: BankLine
    match: LineMatch
    payment: Payment | None


def preview(raw: bytes, *, id: str, stores: Stores, now: datetime) -> BankFile:
    """Read a statement and keep what it says; nothing is booked. Invalid with the faults of all
    its rows."""
    read = read_bank_file(raw)
    made = BankFile(id=id, rows=len(read), created_at=now)
    BANK_FILES.keep(stores.rows, made, read)
    return made


def known_file(id: str, *, stores: Stores, now: datetime) -> BankFile:
    """The statement; NotFound when there is none or it is over."""
    found = BANK_FILES.find(stores.rows, id)
    if found is None or found.expires_at <= now:
        raise NotFound(f"there is no bank file {id}")
    return found


def seen_lines(made: BankFile, *, first: int, count: int, stores: Stores) -> tuple[SeenLine, ...]:
    """So many lines of the statement from the place `first` on."""
    lines = BANK_FILES.rows_of(stores.rows, made, first, count)
    return tuple(seen for seen, _ in _look(lines, stores))


def apply(made: BankFile, *, stores: Stores, now: datetime) -> BankFile:
    """Book the next lines of the statement, and say how far it is; repeat it until all is applied.

    A line that was booked before, from whichever file, is not booked again; what its payment left
    undone is done.
    """

    def take(_begun: BankFile, lines: Sequence[BankLine]) -> int:
        booked = 0
        for seen, advertiser in _look(lines, stores):
            owner = seen.payment.advertiser_id if seen.payment else seen.match.advertiser_id
            if advertiser and advertiser.id == owner:
                wanted = payments.of_bank_line(advertiser, seen.line, now=now)
                take_in(wanted, first=seen.match.invoice_ids, stores=stores, now=now)
            booked += bool(seen.payment or advertiser)
        return booked

    return apply_parts(BANK_FILES, made, take, most=PARTS_A_PIECE, stores=stores, now=now)


def go_on(*, stores: Stores, now: datetime, limit: int = 5) -> tuple[int, int]:
    """Book the next lines of each statement that somebody began to apply and left; how many
    statements, and how many of them failed."""
    return take_over(BANK_FILES, apply, stores=stores, now=now, limit=limit)


def _look(
    lines: Sequence[BankLine], stores: Stores
) -> tuple[tuple[SeenLine, Advertiser | None], ...]:
    """Each line with whose money it is, and the advertiser where that is plain."""
    advertisers = {one.id: one for one in every(Advertiser, stores)}
    numbers = {number for line in lines for number in numbers_in(line.reference)}
    invoices = invoices_by_number(stores.rows, sorted(numbers))
    booked = payments_by_id(stores.rows, [line.payment_id for line in lines])
    whose = remembered(advertisers.values())
    currencies = {one.id: one.currency for one in advertisers.values()}
    seen = []
    for line in lines:
        match = match_line(line, invoices=invoices, whose=whose, currencies=currencies)
        payment = booked.get(line.payment_id)
        owner = advertisers.get(match.advertiser_id or "")
        seen.append((SeenLine(line=line, match=match, payment=payment), owner))
    return tuple(seen)
