"""What is left when an advertiser's money goes back, or is taken back."""

from dataclasses import replace

import pytest

from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.invoices import InvoiceState
from chalicelib.paybacks import charge_back
from chalicelib.payments import Application, Payment, PaymentKind, PaymentState
from chalicelib.payouts import EarningState
from chalicelib.store.holds import funds_change
from chalicelib.store.invoices import open_invoices
from chalicelib.store.uncollecting import lost_invoices
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, HELD, NET, PREPAID, WEEKLY, Office, every_crash

LATE = replace(HELD, payout_terms=replace(HELD.payout_terms, hold_days=90))


def paid(*, publishers: tuple[str, ...] = ("late", "late", "late", "late")) -> Office:
    """One invoice of 10000 for four calls, whose earnings wait (`late`) or are released at once."""
    office = Office().opens(publishers=(WEEKLY, LATE))
    for number, kind in enumerate(publishers, start=1):
        publisher = LATE if kind == "late" else WEEKLY
        office.later(minutes=1).approves(f"call_{number}", NET, publisher)
    office.now = CLOSING
    office.closes()
    return office


def code_of(refusal: pytest.ExceptionInfo[Conflict]) -> str:
    return refusal.value.code


# --- refunds ------------------------------------------------------------------------------------


def test_a_prepaid_balance_goes_back_as_far_as_nothing_uses_or_holds_it() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 10_000, PREPAID)
    office.approves("call_1", PREPAID)
    office.rows.write([funds_change(PREPAID.id, taken=2500)])
    with pytest.raises(Conflict) as refusal:
        office.refunds(payment.id, 5_001)
    assert code_of(refusal) == "funds_too_low"
    office.refunds(payment.id, 5_000)
    assert office.funds(PREPAID) == (0, 2500)
    accounts = office.audits().accounts
    assert (accounts["prepaid:adv_pre"], accounts["cash:bank"]) == (-2500, 5000)
    assert office.audits().clean


def test_unapplied_money_goes_back_and_pays_no_later_invoice() -> None:
    office = Office().opens()
    payment = office.receives("wire-1", 4_000)
    office.refunds(payment.id, 3_000)
    with pytest.raises(Conflict) as refusal:
        office.refunds(payment.id, 1_001, "back-2")
    assert code_of(refusal) == "not_refundable"
    office.approves("call_1")
    office.now = CLOSING
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.paid_cents, invoice.state) == (1000, InvoiceState.OPEN)
    assert office.audits().clean


def test_money_that_credit_has_spent_does_not_go_back() -> None:
    office = Office().opens(advertisers=(poor := replace(NET, credit_limit_cents=0),))
    payment = office.receives("wire-1", 2_500, poor)
    office.approves("call_1", poor)
    with pytest.raises(Conflict) as refusal:
        office.refunds(payment.id, 1)
    assert code_of(refusal) == "funds_too_low"


def test_money_that_an_invoice_took_does_not_go_back() -> None:
    office = paid()
    payment = office.receives("wire-1", 10_000)
    with pytest.raises(Conflict):
        office.refunds(payment.id, 1)


def test_a_refund_happens_once_and_its_reference_says_one_amount() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 10_000, PREPAID)
    given = office.refunds(payment.id, 1_000)
    once = office.picture()
    assert office.later(hours=1).refunds(payment.id, 1_000) == given
    with pytest.raises(Conflict) as refusal:
        office.refunds(payment.id, 999)
    assert code_of(refusal) == "refund_reference_reused"
    assert office.picture() == once


def test_a_refund_of_nothing_or_of_no_payment_is_refused() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 10_000, PREPAID)
    with pytest.raises(Invalid):
        office.refunds(payment.id, 0)
    with pytest.raises(NotFound):
        office.refunds("pay_none", 1)


def test_of_two_refunds_at_once_that_the_payment_cannot_both_carry_one_happens() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 1_000, PREPAID)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.refunds(payment.id, 600, "back-2"))
    with pytest.raises(Conflict):
        office.refunds(payment.id, 600, "back-1")
    assert office.funds(PREPAID) == (400, 0)
    assert office.audits().clean


# --- chargebacks --------------------------------------------------------------------------------


def test_a_chargeback_opens_what_it_had_paid_and_its_calls_wait_again() -> None:
    office = paid()
    payment = office.receives("wire-1", 12_000)
    report = office.is_charged_back(payment.id)
    (invoice,) = office.invoices
    assert [part.amount_cents for part in report.chargeback.reopened] == [10_000]
    assert (report.chargeback.amount_cents, report.released) == (12_000, ())
    assert (invoice.state, invoice.paid_cents, invoice.spare_cents) == (InvoiceState.OPEN, 0, 0)
    assert office.collected() == set()
    assert office.payments[0].state is PaymentState.CHARGED_BACK
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["unapplied:adv_net"]) == (10_000, 0)
    assert accounts["cash:bank"] == 0
    assert office.funds() == (990_000, 0)
    assert office.audits().clean


def test_nothing_of_it_is_released_until_other_money_comes() -> None:
    office = paid()
    office.is_charged_back(office.receives("wire-1", 10_000).id)
    office.later(days=100).closes()
    assert {office.earning(f"call_{n}").state for n in (1, 2, 3, 4)} == {EarningState.APPROVED}
    office.receives("wire-2", 10_000)
    assert {office.earning(f"call_{n}").state for n in (1, 2, 3, 4)} == {EarningState.PAYABLE}
    assert office.audits().clean


def test_released_earnings_are_told_of_and_stay_with_their_publishers() -> None:
    office = paid(publishers=("late", "late", "now", "now"))
    report = office.is_charged_back(office.receives("wire-1", 10_000).id)
    assert {one.earning.call_id for one in report.released} == {"call_3", "call_4"}
    assert office.collected() == {"call_3", "call_4"}
    assert office.earning("call_4").state is EarningState.PAYABLE
    (invoice,) = office.invoices
    assert (invoice.paid_cents, invoice.spare_cents) == (0, -5_000)
    assert office.audits().clean


def test_new_money_makes_good_for_released_calls_before_it_collects_others() -> None:
    office = paid(publishers=("late", "late", "now", "now"))
    payment = office.receives("wire-1", 10_000)
    office.is_charged_back(payment.id)
    office.receives("wire-2", 5_000)
    assert office.collected() == {"call_3", "call_4"}
    assert office.invoices[0].spare_cents == 0
    assert office.is_charged_back(payment.id).released == ()
    office.receives("wire-3", 5_000)
    assert office.collected() == {f"call_{n}" for n in (1, 2, 3, 4)}
    assert office.invoices[0].state is InvoiceState.PAID
    assert open_invoices(office.rows, NET.id) == ()
    assert office.audits().clean


def test_of_two_payments_one_taken_back_leaves_the_calls_of_the_other() -> None:
    office = paid()
    first = office.receives("wire-1", 5_000)
    office.receives("wire-2", 5_000)
    office.is_charged_back(first.id)
    assert office.collected() == {"call_1", "call_2"}
    assert office.invoices[0].owed_cents == 5_000
    assert office.audits().clean


def test_money_that_waits_pays_the_same_invoice_again_when_it_opens_again() -> None:
    office = paid()
    first = office.receives("wire-1", 5_000)
    office.receives("wire-2", 7_000)
    office.is_charged_back(first.id)
    office.later(days=1).closes()
    (invoice,) = office.invoices
    assert invoice.paid_cents == 7_000
    office.receives("wire-3", 3_000)
    assert office.invoices[0].state is InvoiceState.PAID
    assert office.audits().clean


def test_a_prepaid_balance_may_fall_below_nothing_and_then_carries_no_call() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 5_000, PREPAID)
    office.approves("call_1", PREPAID)
    office.is_charged_back(payment.id)
    assert office.funds(PREPAID) == (-2_500, 0)
    assert office.audits().clean


def test_what_was_refunded_is_not_taken_back_again() -> None:
    office = Office().opens()
    payment = office.receives("wire-1", 5_000)
    office.refunds(payment.id, 2_000)
    assert office.is_charged_back(payment.id).chargeback.amount_cents == 3_000
    assert office.audits().accounts["cash:bank"] == 0
    with pytest.raises(Conflict):
        office.refunds(payment.id, 1, "back-2")


def test_a_payment_is_charged_back_once() -> None:
    office = paid()
    payment = office.receives("wire-1", 10_000)
    first = office.is_charged_back(payment.id)
    once = office.picture()
    assert office.later(days=1).is_charged_back(payment.id, "again").chargeback == first.chargeback
    assert office.picture() == once


def test_nothing_is_left_of_a_payment_that_was_refunded() -> None:
    office = Office().opens()
    payment = office.receives("wire-1", 5_000)
    office.refunds(payment.id, 5_000)
    with pytest.raises(Conflict) as refusal:
        office.is_charged_back(payment.id)
    assert code_of(refusal) == "nothing_left"


def test_a_payment_of_more_invoices_than_one_transaction_takes_is_not_charged_back() -> None:
    office = Office().opens()
    payment = office.receives("wire-1", 5_000)
    parts = tuple(Application(invoice_id=f"inv_{n}", amount_cents=1) for n in range(81))
    with pytest.raises(Conflict) as refusal:
        charge_back(replace(payment, applications=parts), reference="x", now=office.now)
    assert code_of(refusal) == "too_many_invoices"


def test_a_chargeback_that_died_anywhere_is_completed_by_the_same_request() -> None:
    def paid_once() -> Office:
        office = paid(publishers=("late", "now", "late", "late"))
        office.receives("wire-1", 11_000)
        return office

    def takes_back(office: Office) -> object:
        return office.is_charged_back(office.payments[0].id)

    whole = paid_once()
    takes_back(whole)
    expected = whole.picture()
    offices = every_crash(paid_once, takes_back)
    assert len(offices) == 4
    for office in offices:
        assert office.audits().clean
        takes_back(office)
        assert office.picture() == expected


def test_a_chargeback_that_died_is_completed_by_the_next_closing() -> None:
    def paid_once() -> Office:
        office = paid()
        office.receives("wire-1", 10_000)
        return office

    for office in every_crash(paid_once, lambda one: one.is_charged_back(one.payments[0].id)):
        if office.payments[0].state is PaymentState.CHARGED_BACK:
            office.later(days=100).closes()
            assert office.collected() == set()
            assert office.earning("call_1").state is EarningState.APPROVED
            assert office.audits().clean


# --- at once ------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(1, 7))
def test_a_payment_that_comes_in_while_another_is_taken_back_leaves_whole_books(
    moment: int,
) -> None:
    office = paid(publishers=("late", "now", "late", "now"))
    first = office.receives("wire-1", 10_000)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.receives("wire-2", 7_500), moment)
    office.is_charged_back(first.id)
    office.receives("wire-2", 7_500)
    office.receives("wire-3", 2_500)
    office.later(days=100).closes()
    assert office.collected() == {f"call_{n}" for n in (1, 2, 3, 4)}
    assert {office.earning(f"call_{n}").state for n in (1, 2, 3, 4)} == {EarningState.PAYABLE}
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 6))
def test_a_payment_that_is_taken_back_while_another_comes_in_leaves_whole_books(
    moment: int,
) -> None:
    office = paid(publishers=("late", "now", "late", "now"))
    first = office.receives("wire-1", 6_000)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.is_charged_back(first.id), moment)
    office.receives("wire-2", 4_000)
    office.is_charged_back(first.id)
    assert office.audits().clean
    assert office.invoices[0].paid_cents == 4_000
    office.receives("wire-3", 6_000)
    assert office.collected() == {f"call_{n}" for n in (1, 2, 3, 4)}
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 5))
def test_calls_that_are_released_while_their_money_is_taken_back_are_told_of(moment: int) -> None:
    office = paid()
    payment = office.receives("wire-1", 10_000)
    office.later(days=100)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(office.closes, moment)
    report = office.is_charged_back(payment.id)
    released = {one.earning.call_id for one in report.released}
    payable = {n for n in range(1, 5) if office.earning(f"call_{n}").state is EarningState.PAYABLE}
    assert released == {f"call_{n}" for n in payable} == office.collected()
    assert office.audits().clean


# --- invoices that ended ------------------------------------------------------------------------


def test_what_a_written_off_invoice_had_been_paid_is_lost_as_well() -> None:
    office = paid()
    payment = office.receives("wire-1", 4_000)
    office.writes_off(office.invoices[0].id)
    taken = office.is_charged_back(payment.id).chargeback
    assert (taken.amount_cents, taken.lost_cents) == (4_000, 4_000)
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["expense:bad_debt"]) == (0, 10_000)
    assert office.invoices[0].state is InvoiceState.UNCOLLECTIBLE
    assert office.collected() == set()
    assert office.audits().clean


def test_an_invoice_whose_calls_were_released_before_a_chargeback_is_not_made_void() -> None:
    office = paid(publishers=("now", "late", "late", "late"))
    office.is_charged_back(office.receives("wire-1", 10_000).id)
    with pytest.raises(Conflict) as refusal:
        office.voids(office.invoices[0].id)
    assert code_of(refusal) == "invoice_has_collected"
    assert office.audits().clean


def test_a_chargeback_of_a_written_off_invoice_that_died_is_completed_by_the_next_closing() -> None:
    def written_off() -> Office:
        office = paid()
        office.receives("wire-1", 5_000)
        office.writes_off(office.invoices[0].id)
        return office

    for office in every_crash(written_off, lambda one: one.is_charged_back(one.payments[0].id)):
        if office.payments[0].state is PaymentState.CHARGED_BACK:
            office.later(days=100).closes()
            assert office.collected() == set()
            assert office.earning("call_1").state is EarningState.APPROVED
            assert lost_invoices(office.rows, NET.id) == ()
            assert office.audits().clean


# --- beside credit notes ------------------------------------------------------------------------


def credited(*, publishers: tuple[str, ...] = ("late", "late", "late", "late")) -> Office:
    """The invoice was paid in full, and then the second of its calls was credited: 2500 of the
    payment wait for another invoice."""
    office = paid(publishers=publishers)
    office.receives("wire-1", 10_000)
    office.credits("call_2")
    return office


def by_kind(office: Office, kind: PaymentKind) -> Payment:
    (found,) = (one for one in office.payments if one.kind is kind)
    return found


def test_what_a_credit_note_handed_back_goes_back_as_far_as_nothing_uses_it() -> None:
    office = credited()
    handed_back = by_kind(office, PaymentKind.CREDIT)
    with pytest.raises(Conflict) as refusal:
        office.refunds(handed_back.id, 2_501)
    assert code_of(refusal) == "not_refundable"
    office.refunds(handed_back.id, 2_500)
    with pytest.raises(Conflict) as refusal:
        office.refunds(handed_back.id, 1, "back-2")
    assert code_of(refusal) == "not_refundable"
    accounts = office.audits().accounts
    assert (accounts["cash:bank"], accounts["unapplied:adv_net"]) == (7_500, 0)
    assert office.audits().clean


def test_what_a_credit_note_handed_back_and_another_invoice_took_does_not_go_back() -> None:
    office = credited()
    office.approves("call_5")
    office.later(days=31).closes()
    with pytest.raises(Conflict) as refusal:
        office.refunds(by_kind(office, PaymentKind.CREDIT).id, 1)
    assert code_of(refusal) == "not_refundable"


def test_no_bank_takes_back_what_a_credit_note_handed_back() -> None:
    office = credited()
    once = office.picture()
    with pytest.raises(Conflict) as refusal:
        office.is_charged_back(by_kind(office, PaymentKind.CREDIT).id)
    assert code_of(refusal) == "not_from_a_bank"
    assert office.picture() == once


def test_a_credited_invoice_opens_again_and_what_was_handed_back_pays_it() -> None:
    office = credited()
    office.is_charged_back(by_kind(office, PaymentKind.PAYMENT).id)
    (invoice,) = office.invoices
    assert (invoice.paid_cents, invoice.held_cents, invoice.owed_cents) == (0, -2_500, 10_000)
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["unapplied:adv_net"]) == (10_000, -2_500)
    assert office.funds() == (992_500, 0)
    assert office.audits().clean
    office.later(days=1).closes()
    assert office.invoices[0].owed_cents == 7_500
    assert office.collected() == {"call_2"}
    office.receives("wire-2", 7_500)
    assert office.invoices[0].state is InvoiceState.PAID
    assert office.collected() == {f"call_{n}" for n in (1, 2, 3, 4)}
    assert office.audits().clean


def test_what_was_handed_back_and_refunded_is_owed_after_a_chargeback_too() -> None:
    office = credited()
    office.refunds(by_kind(office, PaymentKind.CREDIT).id, 2_500)
    office.is_charged_back(by_kind(office, PaymentKind.PAYMENT).id)
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["cash:bank"]) == (10_000, -2_500)
    assert office.audits().clean


def test_a_released_call_that_is_credited_after_a_chargeback_needs_no_other_money() -> None:
    office = paid(publishers=("late", "late", "late", "now"))
    payment = office.receives("wire-1", 10_000)
    assert [one.earning.call_id for one in office.is_charged_back(payment.id).released] == [
        "call_4"
    ]
    office.credits("call_4")
    assert office.is_charged_back(payment.id).released == ()
    (invoice,) = office.invoices
    assert (invoice.owed_cents, invoice.spare_cents) == (7_500, 0)
    assert office.audits().clean


def test_a_part_that_was_credited_is_not_collected_again() -> None:
    office = paid()
    payment = office.receives("wire-1", 10_000)
    office.credits("call_1", 1_000)
    office.is_charged_back(payment.id)
    office.later(days=1).closes()
    office.receives("wire-2", 1_500)
    assert office.invoices[0].paid_cents == 2_500
    office.receives("wire-3", 1_000)
    assert office.collected() == {"call_1"}
    assert office.invoices[0].spare_cents == 1_000
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 6))
def test_a_call_that_is_credited_while_its_money_is_taken_back_leaves_whole_books(
    moment: int,
) -> None:
    office = paid(publishers=("late", "now", "late", "now"))
    payment = office.receives("wire-1", 10_000)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.credits("call_1", 1_000), moment)
    office.is_charged_back(payment.id)
    office.credits("call_1", 1_000)
    assert office.audits().clean
    office.later(days=1).closes()
    assert office.collected() == {"call_2", "call_4"}
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 4))
def test_money_that_is_taken_back_while_a_call_is_credited_leaves_whole_books(moment: int) -> None:
    office = paid(publishers=("late", "now", "late", "now"))
    payment = office.receives("wire-1", 10_000)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.is_charged_back(payment.id), moment)
    office.credits("call_2")
    office.is_charged_back(payment.id)
    assert office.audits().clean
    office.later(days=1).closes()
    assert office.collected() >= {"call_4"}
    assert office.audits().clean
