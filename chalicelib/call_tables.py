"""Which calls are behind a document, as a table?

Owns the table's columns, and where it is kept. What the document asks for belongs to `invoices`.
"""

import csv
import io
from collections.abc import Iterable

from chalicelib import times
from chalicelib.invoices import Charge, Invoice, in_order

CSV_COLUMNS = (
    "call_id",
    "start_utc",
    "campaign_id",
    "caller",
    "billable_seconds",
    "rule",
    "charge_cents",
    "currency",
)


HEADING = ",".join(CSV_COLUMNS) + "\r\n"


def calls_csv(charges: Iterable[Charge]) -> str:
    """The table of the calls behind a document, in the order of booking.

    The same charges give the same text. Callers are masked. Nothing in it leads to a publisher, not
    even the number that was dialled. What credits have come to follows its call, below zero.
    """
    return HEADING + "".join(map(call_rows, in_order(charges)))


def call_rows(charge: Charge) -> str:
    """The rows of one call in the table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        (
            charge.call_id,
            times.written(charge.arrived_at),
            charge.campaign_id,
            charge.caller or "",
            charge.talk_seconds,
            charge.rule or "",
            cents,
            charge.currency,
        )
        for cents in _told_cents(charge)
    )
    return text.getvalue()


def _told_cents(charge: Charge) -> tuple[int, ...]:
    credited = charge.reduced_cents + charge.credited_cents
    return (charge.amount_cents, -credited) if credited else (charge.amount_cents,)


def calls_place(document: Invoice, digest: str) -> str:
    """Where the table of calls is kept, by the SHA-256 of its text: another content has another
    place.

    So a slower closing that knew fewer charges cannot write over the table of the finished one.
    """
    return f"{document.kind}s/{document.advertiser_id}/{document.id}/calls-{digest[:16]}.csv"
