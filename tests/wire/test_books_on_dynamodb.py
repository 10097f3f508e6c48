"""The books on the real port: what holds in memory holds in DynamoDB's own words."""

from dataclasses import replace

import pytest

from chalicelib.errors import Conflict
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import PayoutState
from chalicelib.store.checkpoints import balance_of
from chalicelib.store.dynamo import DynamoRows
from tests.flows.office import CLOSING, HELD, NET, PREPAID, WEEKLY, Office


@pytest.mark.usefixtures("aws")
def test_a_period_is_closed_paid_and_paid_out() -> None:
    office = Office(rows=DynamoRows()).opens()
    office.receives("topup-1", 10_000, PREPAID)
    office.receives("wire-1", 1_000)
    office.approves("call_1", NET, WEEKLY)
    office.approves("call_2", NET, HELD)
    office.approves("call_3", PREPAID, WEEKLY)
    office.now = CLOSING
    office.closes()
    assert office.receives("wire-2", 4_500) == office.receives("wire-2", 4_500)
    (invoice,) = office.invoices
    assert (invoice.number, invoice.state, invoice.paid_cents) == (
        "INV-000001",
        InvoiceState.PAID,
        5_000,
    )
    assert [one.number for one in office.statements] == ["ST-000001"]
    report = office.later(days=31).closes()
    assert report.issued == ()
    assert sum(one.amount_cents for one in office.payouts) == 4_500
    assert office.settles(office.payouts[0].id).state is PayoutState.SETTLED
    office.later(days=2).seals()
    audit = office.audits()
    assert audit.seal
    assert audit.accounts == {
        account: balance_of(office.rows, account).balance_cents for account in audit.accounts
    }
    assert audit.clean, audit.differences
    assert audit.accounts["unapplied:adv_net"] == -500


@pytest.mark.usefixtures("aws")
def test_a_statement_is_booked_refunded_and_charged_back() -> None:
    late = replace(HELD, payout_terms=replace(HELD.payout_terms, hold_days=90))
    known = replace(PREPAID, bank_references=("best plumbing",))
    office = Office(rows=DynamoRows()).opens((NET, known), (WEEKLY, late))
    office.approves("call_1", NET, WEEKLY)
    office.approves("call_2", NET, late)
    office.now = CLOSING
    office.closes()
    lines = (
        "2026-12-02,60.00,USD,INV-000001,Acme",
        "2026-12-02,20.00,USD,,Best Plumbing",
        "2026-12-02,-5.00,USD,fee,",
    )
    for id in ("bnk_1", "bnk_2"):
        made = office.applies(office.reads(*lines, id=id))
        assert (made.matched, made.unmatched) == (2, 1)
    payments = {one.advertiser_id: one.id for one in office.payments}
    office.refunds(payments[NET.id], 400)
    office.refunds(payments[PREPAID.id], 2_000)
    with pytest.raises(Conflict):
        office.refunds(payments[PREPAID.id], 1, "back-2")
    report = office.is_charged_back(payments[NET.id])
    assert report.chargeback.amount_cents == 5_600
    assert [one.earning.call_id for one in report.released] == ["call_1"]
    assert office.invoices[0].spare_cents == -2_500
    office.receives("wire-2", 5_000)
    assert office.collected() == {"call_1", "call_2"}
    audit = office.audits()
    assert audit.clean, audit.differences
    assert audit.accounts["cash:bank"] == 5_000
