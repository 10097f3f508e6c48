"""Whose money is a line of a bank's statement, and which invoices does it name?

Owns the match: an invoice's number in the reference decides, else a reference that is remembered of
one advertiser. Whatever is not plain stays unmatched, with its cause. What is read of a file
belongs to `bank_files`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.bank_files import BankLine, plain
from chalicelib.campaigns import Advertiser
from chalicelib.invoices import Invoice, InvoiceKind, number

_NUMBER = re.compile(r"(?<![A-Z0-9])INV[- ]?(\d{6,9})(?!\d)", re.ASCII | re.IGNORECASE)


class MatchedBy(StrEnum):
    """What told whose money it is."""

    INVOICE = "invoice"
    REFERENCE = "reference"


class Cause(StrEnum):
    """Why a line makes no payment."""

    OUTGOING = "outgoing"
    NO_MONEY = "no_money"
    NOTHING_KNOWN = "nothing_known"
    UNKNOWN_INVOICE = "unknown_invoice"
    SEVERAL_ADVERTISERS = "several_advertisers"
    OTHER_CURRENCY = "other_currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMatch:
    """The advertiser who paid and the invoices that were named; or the cause why there is none."""

    advertiser_id: str | None = None
    invoice_ids: tuple[str, ...] = ()
    by: MatchedBy | None = None
    cause: Cause | None = None


def numbers_in(text: str) -> tuple[str, ...]:
    """The invoice numbers that a reference names, each once."""
    named = (number(InvoiceKind.INVOICE, int(match)) for match in _NUMBER.findall(text))
    return tuple(dict.fromkeys(named))


def remembered(advertisers: Iterable[Advertiser]) -> dict[str, frozenset[str]]:
    """Which advertisers' each remembered reference is, as references are compared."""
    whose: dict[str, frozenset[str]] = {}
    for advertiser in advertisers:
        for text in advertiser.bank_references:
            whose[plain(text)] = whose.get(plain(text), frozenset()) | {advertiser.id}
    return whose


def match_line(
    line: BankLine,
    *,
    invoices: Mapping[str, Invoice],
    whose: Mapping[str, frozenset[str]],
    currencies: Mapping[str, str],
) -> LineMatch:
    """Whose money the line is.

    `invoices` are by number, `whose` is `remembered`, `currencies` are those of the advertisers.
    Numbers that are no invoice's are passed over where another number, or a reference, decides.
    """
    if line.amount_cents <= 0:
        return LineMatch(cause=Cause.OUTGOING if line.amount_cents else Cause.NO_MONEY)
    numbers = numbers_in(line.reference)
    named = [invoices[one] for one in numbers if one in invoices]
    texts = (plain(line.reference), plain(line.payer))
    owners = {one.advertiser_id for one in named}
    by = MatchedBy.INVOICE if owners else MatchedBy.REFERENCE
    owners = owners or {owner for text in texts for owner in whose.get(text, ())}
    if not owners:
        return LineMatch(cause=Cause.UNKNOWN_INVOICE if numbers else Cause.NOTHING_KNOWN)
    if len(owners) > 1:
        return LineMatch(cause=Cause.SEVERAL_ADVERTISERS)
    (owner,) = owners
    if currencies[owner] != line.currency:
        return LineMatch(cause=Cause.OTHER_CURRENCY)
    return LineMatch(advertiser_id=owner, invoice_ids=tuple(one.id for one in named), by=by)
