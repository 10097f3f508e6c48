"""A closing that is done party by party: the same books as one that is done at once."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import times
from chalicelib.closings import MOST_TURNS, Duty, PartState, run_of
from chalicelib.errors import Broken, NotFound
from chalicelib.flows import closing_runs
from chalicelib.flows.closing_runs import RunReport
from chalicelib.flows.pacing import InTime
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import EarningState
from chalicelib.store.rows import Page, Question
from tests.fakes import Crash, FakeRows
from tests.flows.closing_queue import ClosingQueue
from tests.flows.office import (
    CLOSING,
    NET,
    PREPAID,
    WEEKLY,
    Office,
    busy_november,
    long_november,
)
from tests.laws import A_FEW


def told(office: Office) -> dict[str, Any]:
    """What the documents and the books say; when they were written is left out."""
    return {
        "invoices": [replace(one, issued_at=None) for one in office.invoices],
        "statements": [replace(one, issued_at=None) for one in office.statements],
        "payouts": {(one.publisher_id, one.amount_cents, one.call_count) for one in office.payouts},
        "accounts": office.audits().accounts,
        "collected": office.collected(),
    }


def closed_at_once(prepare: Callable[[], Office]) -> dict[str, Any]:
    office = prepare()
    office.closes()
    return told(office)


def short_times(*lengths: int) -> Callable[[], InTime]:
    """Runs whose time is up after so many looks at the clock, each in turn, then one of plenty."""
    left = iter(lengths)

    def times() -> InTime:
        looks = itertools.count()
        length = next(left, 10_000)
        return lambda: next(looks) < length

    return times


def progress(office: Office, run_id: str) -> RunReport:
    return closing_runs.look(run_id, stores=office.stores)


def test_a_run_leaves_what_a_closing_at_once_leaves() -> None:
    office = busy_november()
    queue = ClosingQueue(office)
    run = queue.asks()
    assert office.invoices == ()
    queue.delivers_all()
    assert told(office) == closed_at_once(busy_november)
    report = progress(office, run.id)
    assert report.waiting == ()
    assert {part.party_id for part in report.parts} == {"adv_net", "adv_pre", "pub_a", "pub_b"}
    assert {one for part in report.parts for one in part.issued} == {
        one.id for one in (*office.invoices, *office.statements)
    }
    assert {one for part in report.parts for one in part.paid} == {one.id for one in office.payouts}
    assert sum(part.released for part in report.parts) == 3


def test_a_run_that_is_asked_for_twice_leaves_what_one_leaves() -> None:
    office = busy_november()
    queue = ClosingQueue(office)
    assert queue.asks(CLOSING).id == queue.asks(CLOSING).id
    queue.delivers_all()
    assert told(office) == closed_at_once(busy_november)
    before = told(office)
    queue.asks()
    queue.delivers_all()
    assert told(office) == before


@pytest.mark.parametrize("kind", ["before", "after"])
def test_a_run_that_dies_before_or_after_any_write_is_completed_by_the_next_delivery(
    kind: str,
) -> None:
    expected, deaths = closed_at_once(busy_november), 0
    for position in range(1, 1000):
        office = busy_november()
        queue = ClosingQueue(office)
        run = queue.asks()
        assert isinstance(office.rows, FakeRows)
        getattr(office.rows, f"crash_{kind}_write")(position)
        queue.delivers_all()
        assert told(office) == expected
        report = office.audits()
        assert report.clean, report.differences
        assert progress(office, run.id).waiting == ()
        assert queue.dead == []
        if office.now < CLOSING + timedelta(minutes=30):
            break
        deaths += 1
    assert deaths > 15


@pytest.mark.parametrize("kind", ["before", "after"])
def test_asking_that_died_is_completed_by_asking_again(kind: str) -> None:
    for position in (1, 2):
        office = busy_november()
        queue = ClosingQueue(office)
        assert isinstance(office.rows, FakeRows)
        getattr(office.rows, f"crash_{kind}_write")(position)
        with pytest.raises(Crash):
            queue.asks(CLOSING)
        queue.asks(CLOSING)
        queue.delivers_all()
        assert told(office) == closed_at_once(busy_november)


@settings(max_examples=A_FEW)
@given(lengths=st.lists(st.integers(0, 120), max_size=12))
def test_a_run_whose_time_is_up_at_any_moment_goes_on_in_another(lengths: list[int]) -> None:
    office = long_november(100)
    office.receives("wire-1", 60 * 2500)
    queue = ClosingQueue(office, short_times(*lengths))
    run = queue.asks()
    queue.delivers_all()
    (invoice,) = office.invoices
    assert (invoice.number, invoice.call_count) == ("INV-000001", 100)
    assert office.collected() == {f"call_{n:03d}" for n in range(60)}
    assert [one.amount_cents for one in office.payouts] == [60 * 1500]
    table = office.documents[str(invoice.calls_key)].decode().splitlines()
    assert [line.split(",")[0] for line in table[1:]] == [f"call_{n:03d}" for n in range(100)]
    assert office.audits().clean
    report = progress(office, run.id)
    assert report.waiting == ()
    assert sum(part.released for part in report.parts) == 60


def test_a_part_whose_time_is_up_says_so_and_is_asked_for_again() -> None:
    office = long_november(3)
    queue = ClosingQueue(office, short_times(2))
    run = queue.asks()
    queue.delivers()
    (part,) = [one for one in progress(office, run.id).waiting if one.party_id == "adv_net"]
    assert part.said == "its time was up, and it goes on"
    assert [duty.turn for _, _, duty in queue.waiting if duty.party_id == "adv_net"] == [1]
    queue.delivers_all()
    assert office.invoices[0].call_count == 3


def test_a_part_that_never_ends_is_given_up() -> None:
    office = long_november(3)
    queue = ClosingQueue(office, lambda: lambda: False)
    queue.asks()
    queue.delivers_all()
    assert {duty.party_id for duty, _ in queue.dead} >= {"adv_net"}
    duty = Duty(run=run_of(CLOSING, CLOSING), party_id="adv_net", turn=MOST_TURNS)
    with pytest.raises(Broken, match="does not come to an end with adv_net"):
        closing_runs.work(duty, desk=office.desk(lambda: False), send=queue.send)


def test_money_of_advertisers_is_there_before_publishers_are_paid() -> None:
    office = busy_november()
    queue = ClosingQueue(office, short_times(0, 1, 2, 3))
    queue.asks()
    while not office.payouts:
        assert queue.delivers()
    assert office.collected() == {"call_1", "call_2", "call_5"}
    assert len(office.invoices) == len(office.statements) == 1


def spoiled() -> Office:
    """An advertiser whose calls cannot be billed, beside one whose calls can."""
    office = busy_november()
    euros = replace(NET, id="adv_euro", currency="EUR")
    office.opens(advertisers=(euros,), publishers=())
    office.now -= timedelta(days=10)
    office.approves("call_euro", euros)
    office.now = CLOSING
    return office


def test_an_advertiser_who_cannot_be_billed_keeps_nobody_else_and_says_why() -> None:
    office = spoiled()
    queue = ClosingQueue(office)
    run = queue.asks()
    queue.delivers_all()
    assert [one.advertiser_id for one in office.invoices] == ["adv_net"]
    ((duty, reason),) = queue.dead
    assert duty.party_id == "adv_euro"
    assert "another currency" in reason
    report = progress(office, run.id)
    (waits,) = report.waiting
    assert (waits.party_id, waits.said) == ("adv_euro", f"Broken: {reason}")
    assert {one.publisher_id for one in office.payouts} == {"pub_a", "pub_b"}
    assert office.now >= CLOSING + timedelta(hours=2)


class LaggingRows(FakeRows):
    """Rows whose index `by_document` shows nothing for its first few looks."""

    looks = 0

    def page(self, question: Question) -> Page:
        if question.index == "by_document" and self.looks:
            self.looks -= 1
            return Page((), None)
        return super().page(question)


def test_calls_that_an_index_does_not_show_yet_are_waited_for() -> None:
    rows = LaggingRows()
    office = long_november(100, rows)
    rows.crash_after_write(1)
    with pytest.raises(Crash):
        office.closes()
    rows.looks = 3
    queue = ClosingQueue(office)
    run = queue.asks()
    queue.delivers()
    (part, *_) = progress(office, run.id).waiting
    assert part.said is not None and "waits for calls that an index does not show" in part.said
    queue.delivers_all()
    assert [one.call_count for one in office.invoices] == [100]
    assert office.now >= CLOSING + timedelta(seconds=60)


def test_documents_that_cannot_be_made_are_tried_with_every_delivery_and_told() -> None:
    office = busy_november()
    queue = ClosingQueue(office)
    run = queue.asks()
    office.fails_to_print = True
    queue.delivers()
    (net, *_) = progress(office, run.id).waiting
    assert net.said is not None and "could not be made" in net.said
    assert len(net.issued) == 1
    office.fails_to_print = False
    queue.delivers_all()
    assert progress(office, run.id).waiting == ()
    assert any(key.endswith("INV-000001.pdf") for key in office.documents)
    assert queue.dead == []


def test_a_run_of_a_later_day_makes_what_a_dead_run_has_left() -> None:
    office = busy_november()
    queue = ClosingQueue(office)
    queue.asks()
    queue.waiting.clear()
    office.later(days=1)
    queue.asks()
    queue.delivers_all()
    assert [one.number for one in office.invoices] == ["INV-000001"]
    assert office.earning("call_1").state is not EarningState.APPROVED
    assert office.invoices[0].state is InvoiceState.OPEN


def test_a_party_that_is_gone_has_nothing_to_do() -> None:
    office = Office().opens()
    queue = ClosingQueue(office)
    run = run_of(CLOSING, CLOSING)
    closing_runs.ask(
        CLOSING, stores=office.stores, send=queue.send, now=CLOSING, advertisers=["adv_gone"]
    )
    queue.delivers_all()
    assert {part.state for part in progress(office, run.id).parts} == {PartState.DONE}


def test_a_run_that_was_never_asked_for_is_not_found() -> None:
    with pytest.raises(NotFound):
        progress(Office().opens(), "cls_1")


def test_many_parties_get_their_parts() -> None:
    office = Office().opens(
        advertisers=tuple(replace(PREPAID, id=f"adv_{n:03d}") for n in range(130)),
        publishers=(WEEKLY,),
    )
    office.now = datetime(2026, 12, 1, tzinfo=UTC)
    queue = ClosingQueue(office)
    run = queue.asks()
    assert len(progress(office, run.id).waiting) == 130
    queue.delivers_all()
    assert len(progress(office, run.id).parts) == 131
    assert progress(office, run.id).waiting == ()
    assert run.id == run_of(times.read(times.written(run.as_of)), office.now).id
