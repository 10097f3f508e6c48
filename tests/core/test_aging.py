"""How long money has been owed, on any day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import aging
from chalicelib.aging import Age
from chalicelib.invoices import InvoiceKind, InvoiceState
from chalicelib.payments import Application, Payment, PaymentKind
from tests.builders import an_invoice

DUE = datetime(2026, 12, 31, tzinfo=UTC)
INVOICE = an_invoice([(2500, 4)])


def a_payment(cents: int, at: datetime, invoice_id: str = "inv_1") -> Payment:
    """Money of which all pays the one invoice."""
    return Payment(
        id=f"pay_{at:%d%H%M}{cents}", kind=PaymentKind.PAYMENT, advertiser_id="adv_1",
        reference="wire", amount_cents=cents, currency="USD", received_at=at, booked_at=at,
        applications=(Application(invoice_id=invoice_id, amount_cents=cents),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "late", "age"),
    [
        (-20, 0, Age.CURRENT), (0, 0, Age.CURRENT), (1, 1, Age.TO_30), (30, 30, Age.TO_30),
        (31, 31, Age.TO_60), (60, 60, Age.TO_60), (61, 61, Age.TO_90), (90, 90, Age.TO_90),
        (91, 91, Age.OVER_90), (500, 500, Age.OVER_90),
    ],
)  # fmt: skip
def test_an_invoice_ages_by_the_day(days: int, late: int, age: Age) -> None:
    as_of = DUE + timedelta(days=days, hours=23)
    (owing,) = aging.owing([INVOICE], [], as_of)
    assert (owing.days_late, owing.age, owing.owed_cents) == (late, age, 10_000)
    assert aging.past_due(INVOICE, as_of) is (late > 0)


def test_the_day_on_which_it_is_due_is_not_late() -> None:
    assert not aging.past_due(INVOICE, DUE + timedelta(hours=23, minutes=59))
    assert aging.past_due(INVOICE, DUE + timedelta(days=1))


def test_what_is_paid_or_given_up_is_not_past_due() -> None:
    later = DUE + timedelta(days=5)
    assert not aging.past_due(replace(INVOICE, paid_cents=10_000), later)
    assert not aging.past_due(replace(INVOICE, state=InvoiceState.VOID, ended_at=later), later)


def test_a_day_of_the_past_is_told_as_it_was() -> None:
    january = datetime(2027, 1, 10, tzinfo=UTC)
    paid = [a_payment(4_000, january), a_payment(6_000, january + timedelta(days=30))]
    moments = [
        (datetime(2026, 11, 30, tzinfo=UTC), []),
        (datetime(2026, 12, 5, tzinfo=UTC), [10_000]),
        (january, [6_000]),
        (january + timedelta(days=30), []),
    ]
    for as_of, owed in moments:
        assert [one.owed_cents for one in aging.owing([INVOICE], paid, as_of)] == owed


def test_an_invoice_made_void_was_owed_until_then() -> None:
    void = replace(INVOICE, state=InvoiceState.VOID, ended_at=DUE)
    assert aging.owing([void], [], DUE) == ()
    (owing,) = aging.owing([void], [], DUE - timedelta(hours=1))
    assert owing.owed_cents == 10_000


def test_a_statement_is_never_owed() -> None:
    statement = replace(INVOICE, kind=InvoiceKind.STATEMENT, due_at=None)
    assert aging.owing([statement], [], DUE) == ()
    assert aging.days_late(statement, DUE) == 0


@given(st.lists(st.tuples(st.integers(1, 9_000), st.integers(-100, 200)), max_size=12))
def test_the_ages_sum_up_to_what_is_owed(debts: list[tuple[int, int]]) -> None:
    invoices = [
        replace(
            an_invoice([(cents, 1)]), id=f"inv_{n}", due_at=DUE - timedelta(days=late),
            issued_at=DUE - timedelta(days=300),
        )
        for n, (cents, late) in enumerate(debts)
    ]  # fmt: skip
    owing = aging.owing(invoices, [], DUE)
    sums = aging.sums(owing)
    assert list(sums) == list(Age)
    assert sum(sums.values()) == sum(cents for cents, _ in debts)
    assert [one.days_late for one in owing] == sorted((max(d, 0) for _, d in debts), reverse=True)
