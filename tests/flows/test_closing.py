"""Which documents a closed period leaves, and what they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.call_tables import CSV_COLUMNS
from chalicelib.campaigns import Billing, State
from chalicelib.errors import Broken
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import EarningState, PayoutState
from chalicelib.store.books import CHARGES
from chalicelib.times import Cycle
from tests.flows.office import (
    CLOSING,
    DECEMBER,
    IN_NOVEMBER,
    NET,
    Office,
    busy_november,
    long_november,
)


def test_an_advertiser_on_terms_gets_one_numbered_invoice() -> None:
    office = busy_november()
    office.closes()
    (invoice,) = office.invoices
    assert invoice.number == "INV-000001"
    assert (invoice.total_cents, invoice.call_count) == (10_500, 4)
    assert invoice.period.start == datetime(2026, 11, 1, tzinfo=UTC)
    assert invoice.period.end == DECEMBER
    assert invoice.issued_at == CLOSING
    assert invoice.due_at == datetime(2026, 12, 31, tzinfo=UTC)


def test_lines_are_by_campaign_and_rate() -> None:
    office = busy_november()
    office.closes()
    told = [
        (line.campaign_id, line.unit_cents, line.quantity, line.amount_cents)
        for line in office.invoices[0].lines
    ]
    assert told == [
        ("cmp_1", 2500, 2, 5000),
        ("cmp_1", 3000, 1, 3000),
        ("cmp_2", 2500, 1, 2500),
    ]


def test_every_line_leads_to_its_calls() -> None:
    office = busy_november()
    office.closes()
    (invoice,) = office.invoices
    assert invoice.calls_key is not None
    table = office.documents[invoice.calls_key].decode().splitlines()
    assert table[0] == ",".join(CSV_COLUMNS)
    assert table[1] == "call_1,2026-11-10T14:55:00.000Z,cmp_1,,130,,2500,USD"
    assert [line.split(",")[0] for line in table[1:]] == ["call_1", "call_2", "call_3", "call_4"]
    on_it = office.stores.books.each_of(CHARGES, invoice.id)
    assert {one.charge.call_id for one in on_it} == {"call_1", "call_2", "call_3", "call_4"}


def test_a_prepaid_advertiser_gets_a_paid_statement_and_no_entry() -> None:
    office = busy_november()
    before = office.audits().accounts
    office.closes()
    (statement,) = office.statements
    assert (statement.number, statement.state) == ("ST-000001", InvoiceState.PAID)
    assert (statement.total_cents, statement.owed_cents, statement.due_at) == (4000, 0, None)
    assert office.audits().accounts["prepaid:adv_pre"] == before["prepaid:adv_pre"] == -16_000


def test_an_invoice_moves_what_was_unbilled_to_the_receivable() -> None:
    office = busy_november()
    office.closes()
    accounts = office.audits().accounts
    assert accounts["unbilled:adv_net"] == 0
    assert accounts["ar:adv_net"] == 10_500 - 6_000
    assert accounts["unapplied:adv_net"] == 0


def test_money_that_waited_collects_whole_calls_of_the_new_invoice() -> None:
    office = busy_november()
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.paid_cents, invoice.spare_cents) == (6000, 1000)
    assert office.collected() == {"call_1", "call_2", "call_5"}
    wire = next(one for one in office.payments if one.reference == "wire-1")
    assert [part.invoice_id for part in wire.applications] == [invoice.id]


def test_collected_earnings_are_released_once_their_hold_is_over() -> None:
    office = busy_november()
    office.now = IN_NOVEMBER + timedelta(days=7)
    office.closes(as_of=DECEMBER)
    assert office.earning("call_2").state is EarningState.PAYABLE
    other = busy_november()
    other.closes(as_of=IN_NOVEMBER + timedelta(days=1))
    assert other.earning("call_2").state is EarningState.APPROVED


def test_released_earnings_past_their_terms_become_one_payout_per_publisher() -> None:
    office = busy_november()
    report = office.closes()
    told = {one.publisher_id: (one.amount_cents, one.call_count) for one in report.payouts}
    assert told == {"pub_a": (3500, 2), "pub_b": (1000, 1)}
    assert {one.state for one in office.payouts} == {PayoutState.CREATED}
    accounts = office.audits().accounts
    assert accounts["pub:pub_a:in_transit"] == -3500
    assert accounts["pub:pub_a:payable"] == 0


def test_an_invoice_of_more_calls_than_a_transaction_takes_is_one_invoice() -> None:
    office = long_november(230)
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.call_count, invoice.total_cents) == (230, 230 * 2500)
    office.receives("wire-1", 230 * 2500)
    office.later(days=31).closes()
    assert office.payouts[0].amount_cents == 230 * 1500
    assert office.payouts[0].call_count == 230
    assert office.audits().clean


def test_a_charge_booked_at_the_very_end_of_the_period_belongs_to_the_next() -> None:
    office = Office().opens()
    office.now = DECEMBER - timedelta(milliseconds=1)
    office.approves("call_last")
    office.now = DECEMBER
    office.approves("call_next")
    office.now = CLOSING
    office.closes()
    (invoice,) = office.invoices
    (booked,) = office.stores.books.each_of(CHARGES, invoice.id)
    assert booked.charge.call_id == "call_last"


def test_a_charge_booked_after_its_period_was_closed_goes_into_the_next_invoice() -> None:
    office = busy_november()
    office.closes()
    office.approves("call_late")
    office.closes()
    assert len(office.invoices) == 1
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    office.closes()
    assert [one.call_count for one in office.invoices] == [4, 1]
    assert office.audits().clean


def test_a_period_can_be_closed_late() -> None:
    office = busy_november()
    office.now = datetime(2026, 12, 20, 9, 0, tzinfo=UTC)
    office.closes(as_of=DECEMBER)
    (invoice,) = office.invoices
    assert invoice.period.end == DECEMBER
    assert invoice.issued_at == office.now


def test_a_weekly_advertiser_is_billed_by_the_week() -> None:
    weekly = replace(NET, billing_cycle=Cycle.WEEKLY)
    office = Office().opens(advertisers=(weekly,))
    office.approves("call_1", weekly)
    office.now = datetime(2026, 11, 16, 6, 10, tzinfo=UTC)
    office.closes()
    assert office.invoices[0].period.start == datetime(2026, 11, 9, tzinfo=UTC)


def test_nothing_is_issued_for_a_period_without_calls() -> None:
    office = Office(now=CLOSING).opens()
    report = office.closes()
    assert report.issued == ()
    assert office.documents == {}


@pytest.mark.parametrize("billing", list(Billing))
def test_what_an_archived_advertiser_owes_is_still_billed(billing: Billing) -> None:
    gone = replace(NET, billing=billing, state=State.ARCHIVED)
    office = Office().opens(advertisers=(gone,))
    if billing is Billing.PREPAID:
        office.receives("topup", 2500, gone)
    office.approves("call_1", gone)
    office.now = CLOSING
    assert len(office.closes().issued) == 1


def test_an_invoice_of_nothing_is_paid_and_its_calls_are_collected() -> None:
    office = Office().opens()
    office.approves("call_free", charge=0, earning=700)
    office.now = CLOSING
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.total_cents, invoice.state) == (0, InvoiceState.PAID)
    assert office.earning("call_free").state is EarningState.PAYABLE
    assert office.audits().clean


def test_charges_of_another_currency_break_the_closing() -> None:
    euros = replace(NET, currency="EUR")
    office = Office().opens(advertisers=(euros,))
    office.approves("call_1", euros)
    office.now = CLOSING
    with pytest.raises(Broken, match="another currency"):
        office.closes()
