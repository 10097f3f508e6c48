"""Calls credited before and after they are billed, paid for and paid out."""

import csv
import io
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from chalicelib import call_tables
from chalicelib.calls import CallStatus
from chalicelib.credits import CreditReason
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.payments import pass_on
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import EarningState
from chalicelib.store.books import CHARGES, EARNINGS
from chalicelib.store.rows import Item, Key, Question
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, HELD, NET, PREPAID, WEEKLY, Office, every_crash


class Torn(FakeRows):
    """Rows of which several are not read at one moment, as DynamoDB's BatchGetItem allows: what
    `between` names happens after the first row of the next such read, before the others."""

    def __init__(self) -> None:
        super().__init__()
        self.between: Callable[[], object] | None = None

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        if self.between is None or len(keys) < 2:
            return super().gather(keys, questions)
        happening, self.between = self.between, None
        first, _ = super().gather(keys[:1])
        happening()
        others, answers = super().gather(keys[1:], questions)
        return first | others, answers


def two_calls() -> Office:
    """Two calls on terms, of 25 dollars each, on the day of closing."""
    office = Office().opens()
    office.approves("call_1", NET, WEEKLY)
    office.later(hours=1).approves("call_2", NET, WEEKLY)
    office.now = CLOSING
    return office


def billed() -> Office:
    office = two_calls()
    office.closes()
    return office


def paid() -> Office:
    office = billed()
    office.receives("wire-1", 5_000)
    return office


def paid_out() -> Office:
    office = paid()
    office.later(days=31).closes()
    return office


def beforehand() -> Office:
    office = Office().opens()
    office.receives("topup-1", 10_000, PREPAID)
    office.approves("call_1", PREPAID, WEEKLY)
    return office


def accounts(office: Office) -> dict[str, int]:
    """Every balance that is not zero; the books must be whole."""
    report = office.audits()
    assert report.clean, report.differences
    return {account: cents for account, cents in report.accounts.items() if cents}


def test_a_call_credited_before_it_is_billed_leaves_the_next_invoice_beside_its_charge() -> None:
    office = two_calls()
    credit = office.credits("call_1")
    assert (credit.number, credit.document_id, credit.is_note) == (None, None, False)
    assert accounts(office) == {
        "revenue:calls": -5000, "revenue:credit_notes": 2500, "cost:publishers": 1500,
        "unbilled:adv_net": 2500, "pub:pub_a:approved": -1500,
    }  # fmt: skip
    office.closes()
    (invoice,) = office.invoices
    assert [(one.unit_cents, one.quantity) for one in invoice.lines] == [(-2500, 1), (2500, 2)]
    assert (invoice.total_cents, invoice.call_count, invoice.credited_cents) == (2500, 2, 0)
    table = office.documents[str(invoice.calls_key)].decode()
    rows = [(row["call_id"], row["charge_cents"]) for row in csv.DictReader(io.StringIO(table))]
    assert rows == [("call_1", "2500"), ("call_1", "-2500"), ("call_2", "2500")]
    assert accounts(office)["ar:adv_net"] == 2500


def test_goodwill_is_an_expense() -> None:
    office = two_calls()
    office.credits("call_1", reason=CreditReason.GOODWILL)
    assert accounts(office) == {
        "revenue:calls": -5000, "expense:goodwill": 2500, "cost:publishers": 1500,
        "unbilled:adv_net": 2500, "pub:pub_a:approved": -1500,
    }  # fmt: skip


def test_a_prepaid_call_goes_back_to_the_balance() -> None:
    office = beforehand()
    before = office.funds(PREPAID)
    assert office.credits("call_1").returned_cents == 2500
    assert office.funds(PREPAID) == (before[0] + 2500, before[1]) == (10_000, 0)
    assert accounts(office)["prepaid:adv_pre"] == -10_000


def test_a_prepaid_call_on_a_statement_gets_a_credit_note() -> None:
    office = beforehand()
    office.now = CLOSING
    office.closes()
    credit = office.credits("call_1")
    assert (credit.number, credit.document_number) == ("CN-000001", "ST-000001")
    assert office.funds(PREPAID) == (10_000, 0)
    (statement,) = office.statements
    assert (statement.credited_cents, statement.returned_cents) == (2500, 2500)
    assert accounts(office)["prepaid:adv_pre"] == -10_000


def test_a_credit_note_reduces_what_is_owed_and_names_invoice_and_call() -> None:
    office = billed()
    before = office.funds()
    credit = office.credits("call_1", 1000, cause="t-1")
    assert (credit.number, credit.document_number, credit.call_id) == (
        "CN-000001", "INV-000001", "call_1",
    )  # fmt: skip
    (invoice,) = office.invoices
    assert (invoice.total_cents, invoice.credited_cents, invoice.owed_cents) == (5000, 1000, 4000)
    assert accounts(office)["ar:adv_net"] == 4000
    assert office.funds() == (before[0] + 1000, before[1])
    assert office.credits("call_2").number == "CN-000002"
    office.receives("wire-1", 1500)
    assert office.invoices[0].state is InvoiceState.PAID
    assert office.collected() == {"call_1", "call_2"}
    assert accounts(office)["pub:pub_a:payable"] == -900


def test_a_note_that_settles_an_invoice_pays_it_and_releases_what_is_kept() -> None:
    office = billed()
    office.receives("wire-1", 2500)
    office.credits("call_2", keep=True)
    assert office.invoices[0].state is InvoiceState.PAID
    assert office.earning("call_2").state is EarningState.PAYABLE
    assert accounts(office)["pub:pub_a:payable"] == -3000


def test_the_money_of_a_credited_call_collects_the_next_one() -> None:
    office = billed()
    office.receives("wire-1", 4000)
    assert office.collected() == {"call_1"}
    credit = office.credits("call_1")
    assert credit.returned_cents == 1500
    assert office.collected() == {"call_1", "call_2"}
    assert accounts(office)["unapplied:adv_net"] == -1500


def test_after_payment_the_money_waits_and_pays_the_next_invoice() -> None:
    office = paid()
    credit = office.credits("call_1")
    (waits,) = (one for one in office.payments if one.reference == credit.number)
    assert (waits.kind, waits.unapplied_cents) == ("credit", 2500)
    assert accounts(office)["unapplied:adv_net"] == -2500
    office.approves("call_3", NET, WEEKLY, charge=3000)
    office.later(days=31).closes()
    assert [one.owed_cents for one in office.invoices] == [0, 500]
    assert accounts(office)["ar:adv_net"] == 500


def test_after_payout_the_earning_is_owed_and_netted_against_later_ones() -> None:
    office = paid_out()
    assert [one.amount_cents for one in office.payouts] == [3000]
    office.settles(office.payouts[0].id)
    office.credits("call_1")
    assert accounts(office)["pub:pub_a:payable"] == 1500
    office.receives("wire-2", 3_000)
    office.approves("call_3", NET, WEEKLY, earning=1000)
    office.later(days=31).closes()
    assert len(office.payouts) == 1
    assert accounts(office)["pub:pub_a:payable"] == 500
    office.approves("call_4", NET, WEEKLY, earning=2000)
    office.later(days=31).closes()
    (second,) = (one for one in office.payouts if one.amount_cents != 3000)
    assert (second.amount_cents, second.call_count) == (1500, 3)
    owed = office.stores.books.each_of(EARNINGS, second.id)
    assert sorted(one.earning.due_cents for one in owed) == [-1500, 1000, 2000]
    assert accounts(office).get("pub:pub_a:payable") is None


def test_an_earning_that_waits_for_a_payout_is_taken_from_it() -> None:
    office = paid()
    assert accounts(office)["pub:pub_a:payable"] == -3000
    office.credits("call_1")
    office.later(days=31).closes()
    assert [one.amount_cents for one in office.payouts] == [1500]
    assert accounts(office)["pub:pub_a:in_transit"] == -1500


def test_a_kept_earning_is_paid_all_the_same() -> None:
    office = paid()
    office.credits("call_1", keep=True)
    office.later(days=31).closes()
    assert [one.amount_cents for one in office.payouts] == [3000]
    assert accounts(office)["cost:publishers"] == 3000


def test_a_whole_credit_returns_the_call_and_leaves_its_charge_and_earning_as_judged() -> None:
    office = two_calls()
    before = office.call("call_1")
    office.credits("call_1", reason=CreditReason.WRONG_NUMBER)
    after = office.call("call_1")
    assert after.status is CallStatus.RETURNED
    assert (after.charge_cents, after.earning_cents) == (2500, 1500)
    assert (after.credited_cents, after.clawed_back_cents) == (2500, 1500)
    assert (after.credit_reason, after.judged_at) == ("wrong_number", before.judged_at)


def test_parts_never_exceed_the_charge() -> None:
    office = two_calls()
    office.credits("call_1", 2000, cause="t-1")
    with pytest.raises(Conflict, match="500 cents are left"):
        office.credits("call_1", 501, cause="t-2")
    assert office.credits("call_1").amount_cents == 500
    with pytest.raises(Conflict, match="nothing is left"):
        office.credits("call_1", 1, cause="t-3")
    assert office.call("call_1").status is CallStatus.RETURNED


@pytest.mark.parametrize("prepare", [two_calls, billed, paid, paid_out, beforehand])
def test_a_credit_is_given_once_however_often_it_is_asked_for(
    prepare: Callable[[], Office],
) -> None:
    office = prepare()
    first = office.credits("call_1")
    once = office.picture()
    assert office.later(days=1).credits("call_1") == first
    assert office.picture() == once
    with pytest.raises(Conflict):
        office.credits("call_1", keep=True)


def test_a_call_that_was_never_charged_or_is_not_there_cannot_be_credited() -> None:
    office = Office().opens()
    with pytest.raises(NotFound):
        office.credits("call_1")


@pytest.mark.parametrize("prepare", [two_calls, billed, paid, paid_out, beforehand])
def test_a_credit_that_dies_anywhere_is_completed_by_its_repetition(
    prepare: Callable[[], Office],
) -> None:
    whole = prepare()
    whole.credits("call_1", 1900)
    expected = accounts(whole)
    for office in every_crash(prepare, lambda one: one.credits("call_1", 1900)):
        assert office.audits().clean
        office.credits("call_1", 1900)
        assert accounts(office) == expected


def others() -> list[tuple[str, Callable[[], Office], Callable[[Office], object]]]:
    """What else happens at the moment of a credit."""
    return [
        ("finalise", two_calls, lambda office: office.closes()),
        ("pay", billed, lambda office: office.receives("wire-9", 5_000)),
        ("underpay", billed, lambda office: office.receives("wire-9", 3_000)),
        ("pay out", paid, lambda office: office.later(days=31).closes()),
        ("credit", billed, lambda office: office.credits("call_1", 1000, cause="t-9")),
        ("credit another", billed, lambda office: office.credits("call_2")),
        ("credit unbilled", two_calls, lambda office: office.credits("call_2", keep=True)),
    ]


@pytest.mark.parametrize(("name", "prepare", "other"), others(), ids=lambda one: str(one)[:20])
def test_a_credit_beside_anything_else_comes_before_it_or_after_it(
    name: str, prepare: Callable[[], Office], other: Callable[[Office], object]
) -> None:
    for position in range(1, 4):
        office = prepare()
        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(partial(other, office), position)
        office.credits("call_1")
        assert_credited_once(office)


@pytest.mark.parametrize(("name", "prepare", "other"), others(), ids=lambda one: str(one)[:20])
def test_anything_else_beside_a_credit_comes_before_it_or_after_it(
    name: str, prepare: Callable[[], Office], other: Callable[[Office], object]
) -> None:
    for position in range(1, 9):
        office = prepare()
        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(partial(office.credits, "call_1"), position)
        try:
            other(office)
        except Conflict:
            assert name == "credit"
        office.credits("call_1")
        assert_credited_once(office)


def assert_credited_once(office: Office) -> None:
    """The books are whole, the call was credited in whole, and a run more finds nothing left."""
    accounts(office)
    assert sum(one.amount_cents for one in office.given if one.call_id == "call_1") == 2500
    assert office.call("call_1").status is CallStatus.RETURNED
    office.closes()
    pass_on(NET.id, stores=office.stores, now=office.now)
    accounts(office)
    assert all(one.owed_cents >= 0 and one.spare_cents >= 0 for one in office.invoices)


def test_an_invoice_with_a_credit_note_is_not_made_void() -> None:
    office = billed()
    office.credits("call_1", 1)
    with pytest.raises(Conflict, match="has credit notes"):
        office.voids(office.invoices[0].id)
    office.writes_off(office.invoices[0].id)
    assert accounts(office)["expense:bad_debt"] == 4999


def test_a_call_credited_before_billing_is_billed_again_with_its_credit() -> None:
    office = two_calls()
    office.credits("call_1", 1000)
    office.closes()
    office.voids(office.invoices[0].id)
    office.closes()
    standing = [one for one in office.invoices if one.state is not InvoiceState.VOID]
    assert [one.total_cents for one in standing] == [4000]
    assert accounts(office)["ar:adv_net"] == 4000


def test_a_table_of_calls_sums_to_what_is_left_of_them() -> None:
    office = billed()
    office.credits("call_1", 400)
    (invoice,) = office.invoices
    charges = [one.charge for one in office.stores.books.each_of(CHARGES, invoice.id)]
    rows = csv.DictReader(io.StringIO(call_tables.calls_csv(charges)))
    assert sum(int(row["charge_cents"]) for row in rows) == invoice.owed_cents == 4600


def test_a_held_earning_is_clawed_back_before_its_release() -> None:
    office = Office().opens()
    office.receives("topup-1", 10_000, PREPAID)
    office.approves("call_1", PREPAID, HELD)
    office.credits("call_1", 1250)
    office.later(days=8).closes()
    assert accounts(office)["pub:pub_b:payable"] == -750


@pytest.mark.parametrize("closes", [False, True])
def test_a_credit_between_the_reads_of_another_is_not_forgotten_by_the_call(closes: bool) -> None:
    rows = Torn()
    office = Office(rows=rows).opens()
    office.approves("call_1", NET, WEEKLY)
    office.now = CLOSING
    if closes:
        office.closes()
    rows.between = lambda: office.credits("call_1", 700, cause="t-1")
    office.credits("call_1", 300, cause="t-2")
    assert office.call("call_1").credited_cents == 1_000
    assert accounts(office)
