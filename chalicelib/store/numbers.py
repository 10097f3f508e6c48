"""What is remembered of the comparisons with the carrier?

Owns one row for each carrier, of its latest report; a comparison that began earlier and was slower
does not replace a later one. What a report says belongs to `numbers` of the core.
"""

from datetime import UTC, datetime, timedelta

from chalicelib.numbers import Reconciliation
from chalicelib.offers import TWILIO
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, AtMost, Change, Key, NotWritten, Rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _key(carrier: str) -> Key:
    own = "" if carrier == TWILIO else f"#{carrier}"
    return Key(CATALOG, "OPERATOR", f"RECONCILIATION{own}")


def keep_reconciliation(report: Reconciliation, rows: Rows) -> None:
    """Keep the report, unless a later one is kept already."""
    order = (report.at - _EPOCH) // timedelta(milliseconds=1)
    change = Change(
        key=_key(report.carrier),
        set={("doc",): codec.to_json(report), ("version",): order},
        when=[AtMost(("version",), order)],
    )
    try:
        rows.write([change])
    except NotWritten:
        # A later comparison has said more than this one knows.
        return


def latest_reconciliation(rows: Rows, carrier: str = TWILIO) -> Reconciliation | None:
    """The report that is kept; None when the carrier's numbers were never compared."""
    key = _key(carrier)
    found, _ = rows.gather([key])
    return codec.from_json(Reconciliation, found[key]["doc"]) if key in found else None
