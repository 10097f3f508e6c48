"""What is left when a period was closed twice, twice at once, or by a process that died."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.invoices import InvoiceState
from chalicelib.store.rows import Page, Question
from chalicelib.times import Cycle
from tests.fakes import Crash, FakeRows
from tests.flows.office import (
    CLOSING,
    NET,
    Office,
    busy_november,
    every_crash,
    long_november,
)


def died(office: Office, *, after_write: int) -> bool:
    """Close, and die right after a write; False when the closing ended before that."""
    assert isinstance(office.rows, FakeRows)
    office.rows.crash_after_write(after_write)
    try:
        office.closes()
    except Crash:
        return True
    return False


def meanwhile(
    prepare: Callable[[], Office], happening: Callable[[Office], object]
) -> Iterator[Office]:
    """Offices after a closing during which something happened: right before each write in turn."""
    for position in range(1, 1000):
        office = prepare()
        happened: list[object] = []

        def here(office: Office = office, happened: list[object] = happened) -> None:
            happened.append(happening(office))

        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(here, position)
        office.closes()
        if not happened:
            return
        yield office


def closes_too(office: Office) -> None:
    """Another closing."""
    office.closes()


def without_tables(office: Office) -> dict[str, object]:
    """The rows alone: a table of calls that no document names does no harm."""
    return {key: row for key, row in office.picture().items() if key not in office.documents}


class LaggingRows(FakeRows):
    """Rows whose index `by_document` has not heard of anything yet."""

    lagging = True

    def page(self, question: Question) -> Page:
        hidden = self.lagging and question.index == "by_document"
        return Page((), None) if hidden else super().page(question)


def test_closing_twice_leaves_the_same_documents_and_nothing_new() -> None:
    office = busy_november()
    office.closes()
    once = office.picture()
    report = office.closes()
    assert office.picture() == once
    assert (report.issued, report.released, report.payouts) == ((), 0, ())


def test_closing_again_the_next_day_changes_nothing_either() -> None:
    office = busy_november()
    office.closes()
    once = office.picture()
    office.later(days=1).closes()
    assert office.picture() == once


def test_a_closing_that_died_before_or_after_any_write_is_completed_by_the_next() -> None:
    whole = busy_november()
    whole.closes()
    expected = whole.picture()
    died = every_crash(busy_november, Office.closes)
    assert len(died) > 20
    for office in died:
        office.closes()
        assert office.picture() == expected
        assert office.audits().clean


def test_a_closing_that_dies_after_every_write_still_ends_the_same() -> None:
    whole = busy_november()
    whole.closes()
    office = busy_november()
    deaths = 0
    while died(office, after_write=1):
        deaths += 1
    assert deaths > 10
    assert office.picture() == whole.picture()


def test_two_closings_at_once_leave_what_one_leaves() -> None:
    whole = busy_november()
    whole.closes()
    expected = without_tables(whole)
    offices = list(meanwhile(busy_november, Office.closes))
    assert len(offices) > 10
    for office in offices:
        assert without_tables(office) == expected
        assert office.audits().clean
        (invoice,) = office.invoices
        table = office.documents[str(invoice.calls_key)].decode().splitlines()
        assert len(table) == 1 + invoice.call_count == 5


def test_money_that_arrives_during_a_closing_is_neither_lost_nor_spent_twice() -> None:
    offices = list(meanwhile(busy_november, lambda office: office.receives("wire-2", 5000)))
    assert len(offices) > 10
    for office in offices:
        office.closes()
        report = office.audits()
        assert report.clean, report.differences
        assert office.collected() == {f"call_{n}" for n in range(1, 6)}
        assert report.accounts["unapplied:adv_net"] == -500
        assert office.invoices[0].state is InvoiceState.PAID


def test_numbers_have_no_gaps_when_many_invoices_are_finished_at_once() -> None:
    advertisers = tuple(replace(NET, id=f"adv_{n}", billing_cycle=Cycle.MONTHLY) for n in range(7))
    office = Office().opens(advertisers=advertisers)
    for number, advertiser in enumerate(advertisers):
        office.approves(f"call_{number}", advertiser)
    office.now = CLOSING
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: closes_too(office), 4)
    office.closes()
    assert sorted(str(one.number) for one in office.invoices) == [
        f"INV-{n:06d}" for n in range(1, 8)
    ]
    assert office.audits().clean


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_closing_that_died_between_batches_goes_on_where_it_stopped(position: int) -> None:
    office = long_november(200)
    assert died(office, after_write=position)
    assert not office.audits().counted["invoices"]
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.number, invoice.call_count) == ("INV-000001", 200)
    assert office.audits().clean


def test_a_draft_left_behind_is_finished_by_the_closing_of_a_later_period() -> None:
    office = long_november(100)
    assert died(office, after_write=1)
    office.approves("call_december")
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    report = office.closes()
    assert [(one.number, one.call_count) for one in report.issued] == [
        ("INV-000001", 100),
        ("INV-000002", 1),
    ]
    assert office.audits().clean


def test_an_index_that_lags_cannot_make_an_invoice_lack_calls() -> None:
    rows = LaggingRows()
    office = long_november(100, rows)
    assert died(office, after_write=1)
    report = office.closes()
    assert report.issued == ()
    assert len(report.unfinished) == 1
    rows.lagging = False
    assert [one.call_count for one in office.closes().issued] == [100]
    assert office.audits().clean


def test_a_closing_needs_no_index_to_see_what_it_has_claimed_itself() -> None:
    office = long_november(100, LaggingRows())
    assert [one.call_count for one in office.closes().issued] == [100]
