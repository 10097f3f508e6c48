"""Which invoices money pays, and which calls are then collected."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import payments
from chalicelib.campaigns import Billing
from chalicelib.errors import Conflict, Invalid
from chalicelib.invoices import Invoice, InvoiceKind, InvoiceState
from chalicelib.payments import Application, Payment, PaymentKind
from chalicelib.times import Period
from tests.builders import NOW, an_advertiser

NOVEMBER = Period(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))


def an_invoice(age: int, total: int, paid: int = 0) -> Invoice:
    """An open invoice, the older the higher its `age`."""
    return Invoice(
        id=f"inv_{age:02d}", kind=InvoiceKind.INVOICE, advertiser_id="adv_1", currency="USD",
        period=NOVEMBER, state=InvoiceState.OPEN, issued_at=NOW - timedelta(days=age),
        total_cents=total, paid_cents=paid,
    )  # fmt: skip


def received(
    cents: int = 5000, billing: Billing = Billing.NET, at: datetime | None = None
) -> Payment:
    """Money that came in under one reference."""
    return payments.receive(
        an_advertiser(billing=billing), reference="wire-1", amount_cents=cents, currency="USD",
        received_at=at, now=NOW,
    )  # fmt: skip


def amounts(parts: Sequence[Application]) -> list[tuple[str, int]]:
    return [(part.invoice_id, part.amount_cents) for part in parts]


@pytest.mark.parametrize(
    ("billing", "kind"),
    [(Billing.PREPAID, PaymentKind.TOP_UP), (Billing.NET, PaymentKind.PAYMENT)],
)
def test_how_an_advertiser_pays_says_what_its_money_is(billing: Billing, kind: PaymentKind) -> None:
    assert received(billing=billing).kind is kind


def test_money_without_a_date_came_in_now() -> None:
    assert received().received_at == NOW


def test_a_top_up_waits_for_no_invoice() -> None:
    assert received(billing=Billing.PREPAID).unapplied_cents == 0


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        payments.receive(
            an_advertiser(), reference="", amount_cents=-1, currency="EUR", received_at=None,
            now=NOW,
        )  # fmt: skip
    assert [(fault.field, fault.rule) for fault in refusal.value.faults] == [
        ("reference", "required"),
        ("amount_cents", "positive"),
        ("currency", "currency_of_advertiser"),
    ]


def test_a_repetition_need_not_repeat_the_date() -> None:
    stored = received(at=NOW - timedelta(days=1))
    with pytest.raises(Conflict):
        payments.confirm_same(stored, received(), dated=True)
    payments.confirm_same(stored, received(), dated=False)


def test_a_date_counts_to_the_millisecond_that_is_stored() -> None:
    stored = received(at=NOW)
    with pytest.raises(Conflict):
        payments.confirm_same(stored, received(at=NOW + timedelta(milliseconds=1)), dated=True)
    soon = received(at=NOW + timedelta(microseconds=300))
    payments.confirm_same(stored, soon, dated=True)


@pytest.mark.parametrize(
    "repeated",
    [received(5001), received(at=NOW - timedelta(days=1))],
    ids=["another amount", "another date"],
)
def test_another_content_under_the_same_reference_is_a_conflict(repeated: Payment) -> None:
    with pytest.raises(Conflict):
        payments.confirm_same(received(), repeated, dated=True)


@pytest.mark.parametrize(
    ("cents", "parts"),
    [
        (1, [("inv_09", 1)]),
        (2500, [("inv_09", 2500)]),
        (4000, [("inv_09", 2500), ("inv_05", 1500)]),
        (9999, [("inv_09", 2500), ("inv_05", 5000), ("inv_01", 500)]),
    ],
)
def test_the_oldest_invoice_is_paid_first(cents: int, parts: list[tuple[str, int]]) -> None:
    owing = [an_invoice(1, 500), an_invoice(9, 3000, paid=500), an_invoice(5, 5000)]
    assert amounts(payments.allocate(cents, owing, most=50)) == parts


def test_paid_invoices_take_nothing() -> None:
    assert payments.allocate(500, [an_invoice(1, 500, paid=500)], most=50) == ()


def test_no_more_invoices_are_paid_at_once_than_were_asked_for() -> None:
    owing = [an_invoice(age, 100) for age in range(9)]
    assert len(payments.allocate(900, owing, most=4)) == 4


@given(
    st.integers(1, 10_000),
    st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 4000)), max_size=12),
)
def test_allocation_loses_nothing_and_overpays_nobody(
    cents: int, sums: list[tuple[int, int]]
) -> None:
    some = [an_invoice(age, total, min(paid, total)) for age, (total, paid) in enumerate(sums)]
    owing = {invoice.id: invoice for invoice in some}
    parts = payments.allocate(cents, owing.values(), most=50)
    assert all(0 < part.amount_cents <= owing[part.invoice_id].owed_cents for part in parts)
    owed = sum(invoice.owed_cents for invoice in owing.values())
    assert sum(part.amount_cents for part in parts) == min(cents, owed)


def test_the_oldest_money_meets_the_oldest_invoice() -> None:
    pair = payments.match([received(5000)], [an_invoice(1, 500), an_invoice(2, 900)])
    assert pair is not None
    assert (pair.invoice.id, pair.amount_cents) == ("inv_02", 900)


@pytest.mark.parametrize(
    ("waiting", "owing"),
    [
        ([], [an_invoice(1, 500)]),
        ([received()], []),
        ([received(billing=Billing.PREPAID)], [an_invoice(1, 500)]),
        ([received()], [an_invoice(1, 500, paid=500)]),
    ],
    ids=["no money", "no invoice", "only a top-up", "only a paid invoice"],
)
def test_nothing_meets_when_either_side_is_lacking(
    waiting: list[Payment], owing: list[Invoice]
) -> None:
    assert payments.match(waiting, owing) is None


@pytest.mark.parametrize(
    ("paid", "collected"),
    [
        (0, []),
        (2499, []),
        (2500, ["call_1"]),
        (5499, ["call_1"]),
        (5500, ["call_1", "call_2"]),
        (99_999, ["call_1", "call_2", "call_3"]),
    ],
)
def test_whole_calls_are_collected_in_the_order_of_booking(paid: int, collected: list[str]) -> None:
    waiting = [("call_1", 2500), ("call_2", 3000), ("call_3", 100)]
    assert list(payments.covered(waiting, paid)) == collected


@given(st.lists(st.integers(0, 3000), max_size=30), st.integers(0, 40_000), st.integers(0, 5000))
def test_more_money_never_takes_a_collected_call_back(
    sums: list[int], paid: int, more: int
) -> None:
    waiting = [(f"call_{n:02d}", cents) for n, cents in enumerate(sums)]
    before = list(payments.covered(waiting, paid))
    after = list(payments.covered(waiting, paid + more))
    assert after[: len(before)] == before
    assert sum(dict(waiting)[call_id] for call_id in before) <= paid
