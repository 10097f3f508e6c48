"""Has every approved call its one charge and its one earning?

Joins the calls with the charges and earnings that the books have of them, both ways, a page at a
time.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from chalicelib import auditing_calls, times
from chalicelib.auditing import Difference
from chalicelib.calls import Call
from chalicelib.flows.findings import Findings
from chalicelib.invoices import BookedCharge
from chalicelib.store.calls import call_key, read_call
from chalicelib.store.charges import charge_key, earning_key, read_charge, read_earning
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores

_A_BATCH, _A_PAGE = 50, 200


def compare_calls(stores: Stores, first_month: str, until: str, findings: Findings) -> None:
    """Hold every call that came from `first_month` on and was approved before the instant `until`
    (written) against its charge and its earning."""
    calls = _approved(stores, first_month, until)
    counted = findings.counting("approved calls", calls)
    while batch := list(islice(counted, _A_BATCH)):
        findings.add(_calls_of(batch, stores.rows))


def charges_without_call(rows: Rows, charges: Iterable[BookedCharge]) -> Iterator[Difference]:
    """Of these charges those whose call was not approved; for when there are more charges than
    approved calls."""
    left = iter(charges)
    while batch := [one.charge.call_id for one in islice(left, _A_BATCH)]:
        found, _ = rows.gather([call_key(call_id) for call_id in batch])
        for call_id in batch:
            item = found.get(call_key(call_id))
            call = read_call(item) if item else None
            yield from auditing_calls.charge_differences(call_id, call)


def _approved(stores: Stores, first_month: str, until: str) -> Iterator[Call]:
    for month in times.months_between(first_month, until[:7]):
        mark: Mapping[str, str] | None = None
        while True:
            page = stores.calls.page(by="month", partition=month, limit=_A_PAGE, after=mark)
            for call in filter(auditing_calls.is_charged, page.items):
                if call.judged_at and times.written(call.judged_at) < until:
                    yield call
            mark = page.mark
            if mark is None:
                break


def _calls_of(calls: Iterable[Call], rows: Rows) -> Iterator[Difference]:
    batch = list(calls)
    found, _ = rows.gather([key(one.id) for one in batch for key in (charge_key, earning_key)])
    for call in batch:
        charge, earning = found.get(charge_key(call.id)), found.get(earning_key(call.id))
        yield from auditing_calls.call_differences(
            call,
            read_charge(charge) if charge else None,
            read_earning(earning) if earning else None,
        )
