"""A bill at the threshold and the queue's closing of the same advertiser, at the same time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.closings import Duty, run_of
from chalicelib.flows import closing_runs
from chalicelib.store.books import CHARGES
from chalicelib.store.rows import Rows
from tests.fakes import Crash, FakeRows
from tests.flows.office import DECEMBER, NET, PREPAID, WEEKLY, Office
from tests.flows.side_by_side import RowsInTurn

ACME = replace(NET, bill_at_cents=5_000)
CALLS = {"call_1": 2_500, "call_2": 2_500, "call_3": 3_000, "call_4": 2_500}
Act = Callable[[Office], object]


def turn_of_the_month(rows: Rows | None = None) -> Office:
    """November is over and nobody has billed it, and December has reached the threshold."""
    office = Office(rows=rows or FakeRows(), now=DECEMBER - timedelta(hours=1))
    office.opens(advertisers=(ACME, PREPAID))
    office.receives("wire-1", 4_000, ACME)
    for call_id, cents in CALLS.items():
        if call_id == "call_3":
            office.now = DECEMBER.replace(hour=1)
        office.approves(call_id, ACME, WEEKLY, charge=cents)
    return office.later(minutes=1)


def bills(office: Office) -> None:
    office.bills_early()


def closes(office: Office) -> None:
    """A delivery of the advertiser's part of the day's closing."""
    duty = Duty(run=run_of(DECEMBER, office.now), party_id=ACME.id)
    closing_runs.work(duty, desk=office.desk(), send=lambda _duty, _delay: None)


def beside(office: Office) -> Office:
    """Another process on the same books."""
    return Office(rows=office.rows, now=office.now, documents=office.documents)


def dies(act: Act, office: Office, kind: str, moment: int) -> bool:
    """Whether the process died before, or after, that write."""
    assert isinstance(office.rows, FakeRows)
    getattr(office.rows, f"crash_{kind}_write")(moment)
    try:
        act(office)
    except Crash:
        return True
    return False


def writes_of(act: Act) -> int:
    deaths = 0
    while dies(act, turn_of_the_month(), "before", deaths + 1):
        deaths += 1
    return deaths


def is_billed_once(office: Office) -> None:
    """Both come once more; then every call is on one document, and no number is left out."""
    closes(office)
    bills(office.later(minutes=1))
    documents = sorted(office.invoices, key=lambda one: str(one.number))
    numbers = [one.number for one in documents]
    assert numbers == [f"INV-{n:06d}" for n in range(1, len(numbers) + 1)]
    billed = Counter(
        (one.charge.call_id, one.charge.billed_cents)
        for document in documents
        for one in office.stores.books.each_of(CHARGES, document.id)
    )
    assert billed == Counter(CALLS.items())
    assert sum(one.total_cents for one in documents) == sum(CALLS.values())
    assert office.collected() in ({"call_1"}, {"call_3"})
    report = office.audits()
    assert report.clean, report.differences


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize(("first", "second"), [(bills, closes), (closes, bills)])
def test_one_that_died_anywhere_leaves_the_other_to_bill_what_is_left(
    first: Act, second: Act, kind: str
) -> None:
    for moment in range(1, writes_of(first) + 1):
        office = turn_of_the_month()
        assert dies(first, office, kind, moment)
        second(office)
        assert office.audits().clean
        is_billed_once(office)


@pytest.mark.parametrize(("first", "second"), [(bills, closes), (closes, bills)])
def test_one_between_any_two_writes_of_the_other_bills_nothing_twice(
    first: Act, second: Act
) -> None:
    for moment in range(1, writes_of(first) + 1):
        office = turn_of_the_month()
        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(partial(second, beside(office)), moment)
        first(office)
        is_billed_once(office)


@given(
    turns=st.lists(st.integers(0, 2), max_size=150),
    deaths=st.lists(st.integers(1, 25), max_size=3),
    minutes=st.integers(0, 1),
)
def test_whoever_is_slower_at_any_read_or_write_bills_nothing_twice(
    turns: list[int], deaths: list[int], minutes: int
) -> None:
    rows = RowsInTurn()
    office = turn_of_the_month(rows)
    later = beside(office).later(minutes=minutes)
    faults = rows.side_by_side(
        partial(bills, office), partial(closes, beside(office)), partial(bills, later),
        turns=turns, deaths=deaths,
    )  # fmt: skip
    assert faults == []
    assert office.later(minutes=minutes).audits().clean
    is_billed_once(office)
