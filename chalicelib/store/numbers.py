"""What is remembered of the comparisons with the carrier?

Owns the one row of the latest report; a comparison that began earlier and was slower does not
replace a later one. What a report says belongs to `numbers` of the core.
"""

from datetime import UTC, datetime, timedelta

from chalicelib.numbers import Reconciliation
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, AtMost, Change, Key, NotWritten, Rows

_KEY = Key(CATALOG, "OPERATOR", "RECONCILIATION")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def keep_reconciliation(report: Reconciliation, rows: Rows) -> None:
    """Keep the report, unless a later one is kept already."""
    order = (report.at - _EPOCH) // timedelta(milliseconds=1)
    change = Change(
        key=_KEY,
        set={("doc",): codec.to_json(report), ("version",): order},
        when=[AtMost(("version",), order)],
    )
    try:
        rows.write([change])
    except NotWritten:
        # A later comparison has said more than this one knows.
        return


def latest_reconciliation(rows: Rows) -> Reconciliation | None:
    """The report that is kept; None when numbers were never compared."""
    found, _ = rows.gather([_KEY])
    return codec.from_json(Reconciliation, found[_KEY]["doc"]) if _KEY in found else None
