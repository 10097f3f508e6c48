"""The books on the real port: what holds in memory holds in DynamoDB's own words."""

import pytest

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
