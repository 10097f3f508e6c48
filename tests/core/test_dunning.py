"""Which step is due, on which day, and how many letters that makes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dunning import Due, DunningPlan, Step, due
from chalicelib.invoices import InvoiceState
from tests.builders import an_invoice

DAY = datetime(2026, 12, 31, tzinfo=UTC)
INVOICE = an_invoice()
PLAN = DunningPlan()


def after(days: int) -> datetime:
    return DAY + timedelta(days=days, hours=6)


@pytest.mark.parametrize(
    ("days", "step"),
    [(-3, Step.REMINDER), (1, Step.LATE), (7, Step.SECOND), (15, Step.PAUSE), (30, Step.FINAL),
     (60, Step.WRITE_OFF)],
)  # fmt: skip
def test_each_step_comes_on_its_day_and_not_before(days: int, step: Step) -> None:
    before = {one for one in Step if PLAN.days(one) < days}
    letter = step is not Step.WRITE_OFF
    assert due(INVOICE, PLAN, before, after(days - 1)) == ()
    assert due(INVOICE, PLAN, before, after(days)) == (Due(step=step, letter=letter),)
    assert due(INVOICE, PLAN, {*before, step}, after(days)) == ()


def test_whoever_begins_late_sends_one_letter_and_does_what_was_missed() -> None:
    assert due(INVOICE, PLAN, (), after(90)) == (
        Due(step=Step.PAUSE, letter=False),
        Due(step=Step.FINAL, letter=True),
        Due(step=Step.WRITE_OFF, letter=False),
    )
    assert due(INVOICE, PLAN, (), after(10)) == (Due(step=Step.SECOND, letter=True),)


@pytest.mark.parametrize(
    "state", [InvoiceState.PAID, InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE, InvoiceState.DRAFT]
)
def test_nothing_is_due_against_what_asks_for_no_money(state: InvoiceState) -> None:
    assert due(replace(INVOICE, state=state), PLAN, (), after(90)) == ()


def test_the_days_are_the_operators() -> None:
    plan = DunningPlan(reminder=-10, late=0)
    assert due(INVOICE, plan, (), after(-10)) == (Due(step=Step.REMINDER, letter=True),)
    assert [one.step for one in due(INVOICE, plan, (), after(0))] == [Step.LATE]


@given(st.lists(st.integers(-10, 80), max_size=20))
def test_whenever_somebody_looks_each_step_is_taken_at_most_once(days: list[int]) -> None:
    taken: list[Step] = []
    letters = 0
    for day in sorted(days):
        steps = due(INVOICE, PLAN, taken, after(day))
        assert sum(one.letter for one in steps) <= 1
        letters += sum(one.letter for one in steps)
        taken += [one.step for one in steps]
    assert len(set(taken)) == len(taken)
    assert letters <= 5
    if days and max(days) >= 60:
        assert {Step.PAUSE, Step.WRITE_OFF} <= set(taken)
