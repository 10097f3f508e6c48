"""What is billed when unbilled calls reach the threshold, and what after a death, or at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.flows.issuer import set_issuer
from chalicelib.invoices import InvoiceState
from chalicelib.issuer import BillTo, Issuer, Mailing
from chalicelib.store.catalog import thing_puts
from chalicelib.store.cuts import find_cut
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, DECEMBER, NET, PREPAID, WEEKLY, Office, every_crash

ACME = replace(NET, bill_at_cents=5_000, net_days=0)


def reached(calls: int = 2) -> Office:
    """So many calls at 2500 each, a minute ago."""
    office = Office().opens(advertisers=(ACME, PREPAID))
    for number in range(1, calls + 1):
        office.approves(f"call_{number}", ACME, WEEKLY)
    return office.later(minutes=1)


def numbers(office: Office) -> list[str]:
    return sorted(str(one.number) for one in office.invoices)


def test_below_the_threshold_nothing_is_billed() -> None:
    office = reached(1)
    assert office.bills_early().issued == ()
    assert office.invoices == ()


def test_at_the_threshold_an_invoice_is_made_at_once_and_due_on_receipt() -> None:
    office = reached()
    (invoice,) = office.bills_early().issued
    assert (invoice.number, invoice.total_cents, invoice.call_count) == ("INV-000001", 5_000, 2)
    assert invoice.period.start == datetime(2026, 11, 1, tzinfo=UTC)
    assert invoice.period.end == office.now
    assert invoice.due_at == office.now.replace(hour=0, minute=0)
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["unbilled:adv_net"]) == (5_000, 0)
    assert invoice.place(".pdf") in office.documents
    assert office.audits().clean


def test_the_minute_after_bills_nothing_more() -> None:
    office = reached()
    office.bills_early()
    once = office.picture()
    assert office.bills_early().issued == ()
    assert office.later(minutes=1).bills_early().issued == ()
    assert office.picture() == once


def test_a_call_of_the_running_minute_waits_for_the_next() -> None:
    office = reached(1)
    office.approves("call_2", ACME, WEEKLY)
    assert office.bills_early().issued == ()
    (invoice,) = office.later(minutes=1).bills_early().issued
    assert invoice.call_count == 2


def test_the_rest_of_the_month_is_billed_on_the_first_as_ever() -> None:
    office = reached()
    (early,) = office.bills_early().issued
    office.later(hours=1).approves("call_3", ACME, WEEKLY)
    office.now = CLOSING
    (rest,) = office.closes().issued
    assert (rest.number, rest.total_cents) == ("INV-000002", 2_500)
    assert (rest.period.start, rest.period.end) == (early.period.end, DECEMBER)
    office.closes()
    assert numbers(office) == ["INV-000001", "INV-000002"]
    assert office.audits().clean


def test_a_month_of_which_all_was_billed_early_has_no_other_invoice() -> None:
    office = reached()
    office.bills_early()
    office.now = CLOSING
    assert office.closes().issued == ()


def test_a_threshold_that_is_reached_again_makes_the_next_invoice() -> None:
    office = reached()
    office.bills_early()
    office.approves("call_3", ACME, WEEKLY)
    office.approves("call_4", ACME, WEEKLY)
    office.later(minutes=5).bills_early()
    first, second = sorted(office.invoices, key=lambda one: str(one.number))
    assert second.period.start == first.period.end
    assert numbers(office) == ["INV-000001", "INV-000002"]


def test_what_has_ended_is_billed_before_the_threshold_is_looked_at() -> None:
    office = reached(1)
    office.now = DECEMBER.replace(hour=2)
    office.approves("call_2", ACME, WEEKLY)
    office.later(minutes=1)
    (november,) = office.bills_early().issued
    assert (november.period.end, november.total_cents) == (DECEMBER, 2_500)
    office.now = CLOSING
    assert office.closes().issued == ()
    office.approves("call_3", ACME, WEEKLY)
    (december,) = office.later(minutes=1).bills_early().issued
    assert (december.period.start, december.total_cents) == (DECEMBER, 5_000)


def test_credits_count_before_the_threshold_and_invoices_and_waiting_money_do_not() -> None:
    office = reached()
    office.credits("call_1", 1)
    assert office.bills_early().issued == ()
    office.receives("wire-1", 9_000, ACME)
    assert office.bills_early().issued == ()
    office.approves("call_3", ACME, WEEKLY)
    (invoice,) = office.later(minutes=1).bills_early().issued
    assert invoice.total_cents == 7_499
    paid = office.invoices[0]
    assert (paid.state, office.collected()) == (
        InvoiceState.PAID, {"call_1", "call_2", "call_3"},
    )  # fmt: skip
    assert office.audits().clean


def test_an_invoice_that_was_made_void_leaves_its_calls_to_the_next() -> None:
    office = reached()
    (invoice,) = office.bills_early().issued
    office.voids(invoice.id)
    (again,) = office.later(minutes=1).bills_early().issued
    assert (again.number, again.total_cents) == ("INV-000002", 5_000)
    assert office.audits().clean


def test_without_a_threshold_or_beforehand_paid_nobody_is_billed_early() -> None:
    office = Office().opens()
    office.receives("topup-1", 50_000, PREPAID)
    for number in range(3):
        office.approves(f"call_n{number}", NET, WEEKLY, charge=50_000)
        office.approves(f"call_p{number}", PREPAID, WEEKLY)
    assert office.later(minutes=1).bills_early().issued == ()


def test_the_invoice_is_mailed() -> None:
    billed = replace(ACME, bill_to=BillTo(legal_name="Acme Inc.", email="ap@acme.example"))
    office = Office().opens(advertisers=(billed, PREPAID))
    mail = Mailing(sender="billing@ring.example", api_url="https://api.ring.example")
    set_issuer(Issuer(mail=mail), stores=office.stores, version=None)
    office.approves("call_1", billed, WEEKLY, charge=5_000)
    office.later(minutes=1).bills_early()
    office.bills_early()
    assert [letter.to for letter in office.mailer.sent] == ["ap@acme.example"]


def test_a_run_that_died_anywhere_is_completed_by_the_next() -> None:
    whole = reached(3)
    whole.bills_early()
    offices = every_crash(lambda: reached(3), Office.bills_early)
    assert len(offices) == 8
    for office in offices:
        assert office.audits().clean
        office.bills_early()
        assert office.audits().clean
        assert [one.id for one in office.invoices] == [one.id for one in whole.invoices]
        assert office.invoices == whole.invoices


def test_a_run_that_died_is_completed_minutes_later_with_the_same_period() -> None:
    for office in every_crash(lambda: reached(3), Office.bills_early):
        cut = find_cut(office.rows, ACME.id)
        office.later(minutes=7).approves("call_9", ACME, WEEKLY, charge=100)
        office.later(minutes=1).bills_early()
        (invoice,) = office.invoices
        assert invoice.number == "INV-000001"
        if cut:
            assert (invoice.period, invoice.call_count) == (cut.period, 3)
        assert office.audits().clean


def test_a_run_that_died_leaves_nothing_out_of_the_close() -> None:
    for office in every_crash(lambda: reached(3), Office.bills_early):
        office.now = CLOSING
        office.closes()
        assert sum(one.total_cents for one in office.invoices) == 7_500
        assert numbers(office) == [f"INV-{n:06d}" for n in range(1, len(office.invoices) + 1)]
        assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 5))
@pytest.mark.parametrize("minutes", [0, 1])
def test_two_runs_at_once_make_one_invoice(moment: int, minutes: int) -> None:
    office = reached(3)
    assert isinstance(office.rows, FakeRows)
    other = Office(rows=office.rows, now=office.now, documents=office.documents)
    other.later(minutes=minutes)
    office.rows.before_write(other.bills_early, moment)
    office.bills_early()
    assert numbers(office) == ["INV-000001"]
    assert office.invoices[0].call_count == 3
    assert office.later(minutes=2).audits().clean


@pytest.mark.parametrize("moment", range(1, 5))
def test_a_call_that_is_judged_meanwhile_is_on_one_document(moment: int) -> None:
    office = reached(2)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: office.approves("call_9", ACME, WEEKLY), moment)
    office.bills_early()
    office.now = CLOSING
    office.closes()
    assert sum(one.total_cents for one in office.invoices) == 7_500
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(1, 8))
def test_a_close_at_the_same_time_bills_nothing_twice(moment: int) -> None:
    office = reached(2)
    office.now = DECEMBER.replace(hour=1)
    office.approves("call_8", ACME, WEEKLY, charge=9_000)
    office.later(minutes=1)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(office.closes, moment)
    office.bills_early()
    office.bills_early()
    assert sorted(one.total_cents for one in office.invoices) == [5_000, 9_000]
    assert numbers(office) == ["INV-000001", "INV-000002"]
    assert office.audits().clean


def test_one_that_cannot_be_billed_does_not_keep_back_the_others() -> None:
    office = reached()
    office.rows.write(thing_puts(replace(ACME, id="adv_a", name="No funds")))
    report = office.bills_early()
    assert [one.advertiser_id for one in report.issued] == [ACME.id]
    assert report.failed == ("adv_a",)
