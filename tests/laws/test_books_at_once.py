"""The books while others work on them, and while an index lags behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.flows.payments import pass_on
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import EarningState
from chalicelib.store.rows import Item, Key, Page, Question
from tests.documents import FakeDocuments
from tests.fakes import Crash, FakeRows
from tests.flows.office import CLOSING, HELD, IN_NOVEMBER, NET, PREPAID, WEEKLY, Office

Seen = Callable[[Question, Item], bool]


class LaggingRows(FakeRows):
    """Rows whose indexes do not show yet what `hidden` says."""

    hidden: Seen | None = None

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        found, answers = super().gather(keys, questions)
        return found, tuple(
            tuple(item for item in items if not self._hides(question, item))
            for question, items in zip(questions, answers, strict=True)
        )

    def page(self, question: Question) -> Page:
        page = super().page(question)
        return Page(tuple(one for one in page.items if not self._hides(question, one)), page.mark)

    def _hides(self, question: Question, item: Item) -> bool:
        return bool(self.hidden and question.index and self.hidden(question, item))


@dataclass
class BusyOffice(Office):
    """An office in which something happens while the first document is on its way to the bucket."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def bucket(self) -> FakeDocuments:
        return FakeDocuments(self.documents, self.meanwhile)


def with_calls(office: Office, calls: int = 3) -> Office:
    """Calls of November, on the day of closing."""
    office.opens()
    for number in range(1, calls + 1):
        office.later(minutes=1).approves(f"call_{number}")
    office.now = CLOSING
    return office


def test_a_call_that_another_closing_adds_meanwhile_is_on_the_invoice_and_in_its_table() -> None:
    office = BusyOffice()
    with_calls(office)

    def a_straggler_and_another_closing() -> None:
        office.now = IN_NOVEMBER + timedelta(days=3)
        office.approves("call_straggler")
        office.now = CLOSING
        office.closes()

    office.meanwhile.append(a_straggler_and_another_closing)
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.call_count, invoice.total_cents) == (4, 10_000)
    table = office.documents[str(invoice.calls_key)].decode().splitlines()
    assert len(table) == 1 + 4
    assert office.audits().clean


@pytest.mark.parametrize("sums", [(4000, 4000), (4000, 500), (500, 4000), (500, 500)])
def test_two_payments_at_once_pay_each_invoice_once(sums: tuple[int, int]) -> None:
    for position in range(1, 8):
        rows = FakeRows()
        office = with_calls(Office(rows=rows))
        office.closes()
        rows.before_write(partial(pays, office, "wire-2", sums[1]), position)
        pays(office, "wire-1", sums[0])
        pays(office, "wire-2", sums[1])
        report = office.audits()
        assert report.clean, report.differences
        assert report.accounts["cash:bank"] == sum(sums)
        assert office.invoices[0].paid_cents == min(7500, sum(sums))


def test_two_collections_at_once_collect_calls_that_earn_nothing_once() -> None:
    office = Office().opens()
    office.approves("call_1", earning=0)
    office.approves("call_2", earning=0)
    office.now = CLOSING
    office.closes()
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(
        lambda: pass_on("adv_net", stores=office.stores, now=office.now) and None, 2
    )
    pays(office, "wire-1", 5000)
    assert office.collected() == {"call_1", "call_2"}
    assert office.audits().clean


def test_a_charge_that_an_index_hides_keeps_later_ones_from_being_collected_in_its_place() -> None:
    rows = LaggingRows()
    office = with_calls(Office(rows=rows))
    office.closes()
    rows.hidden = lambda question, item: item["id"] == "call_1"
    pays(office, "wire-1", 2500)
    assert office.collected() == set()
    rows.hidden = None
    office.later(days=1).closes()
    assert office.collected() == {"call_1"}
    assert office.earning("call_1").state is EarningState.PAYABLE


def test_a_draft_that_an_index_hides_is_found_by_its_period() -> None:
    rows = LaggingRows()
    office = with_calls(Office(rows=rows), calls=100)
    rows.crash_after_write(1)
    with pytest.raises(Crash):
        office.closes()
    rows.hidden = lambda question, item: question.partition.startswith("DRAFTS#")
    assert [one.call_count for one in office.closes().issued] == [100]


def test_a_payout_draft_that_an_index_hides_is_found_by_its_cutoff() -> None:
    rows = LaggingRows()
    office = Office(rows=rows).opens()
    office.receives("topup-1", 5000, PREPAID)
    office.approves("call_1", PREPAID, WEEKLY)
    office.now = CLOSING
    while not any(row["pk"].startswith("PAYOUT#") for row in rows.rows_of("books")):
        rows.crash_after_write(1)
        with pytest.raises(Crash):
            office.closes()
    rows.hidden = lambda question, item: question.partition.startswith("DRAFTS#")
    assert [one.amount_cents for one in office.closes().payouts] == [1500]


def test_a_closing_releases_and_pays_what_it_has_freed_itself_whatever_an_index_shows() -> None:
    rows = LaggingRows()
    office = Office(rows=rows).opens()
    pays(office, "wire-1", 5000)
    office.approves("call_1", NET, WEEKLY)
    office.now = CLOSING
    rows.hidden = lambda question, item: question.partition.startswith(("AWAITING#", "PAYABLE#"))
    report = office.closes()
    assert report.released == 1
    assert [one.amount_cents for one in report.payouts] == [1500]
    assert office.invoices[0].state is InvoiceState.PAID


def test_a_hold_is_over_at_the_very_instant_it_names() -> None:
    for early, state in ((1, EarningState.APPROVED), (0, EarningState.PAYABLE)):
        office = Office().opens()
        office.receives("topup-1", 5000, PREPAID)
        office.approves("call_1", PREPAID, HELD)
        office.later(days=7)
        office.closes(as_of=office.now - timedelta(milliseconds=early))
        assert office.earning("call_1").state is state


def pays(office: Office, reference: str, cents: int) -> None:
    office.receives(reference, cents)
