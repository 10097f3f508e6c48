"""Payday asks what is known of the payee: what is missing keeps the money payable."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.flows.clearing import clearance
from chalicelib.flows.screening import Lookout, put_list
from chalicelib.offers import PayoutMethod
from chalicelib.payees import Payee
from chalicelib.settings import OperatorSettings
from chalicelib.store.catalog import thing_changes
from chalicelib.store.payees import find_payee, payee_write
from chalicelib.store.settings import operator_write
from chalicelib.tax_forms import Withholding
from tests.documents import FakeDocuments
from tests.flows.office import CLOSING, PREPAID, WEEKLY, Office

CODES = {
    "no tax form": "tax_form_missing",
    "account said yesterday": "cooling_down",
    "no account": "details_missing",
    "account refused": "details_refused",
}


def an_office() -> Office:
    """A call is earned and collected, and its publisher is paid by ACH."""
    office = Office().opens()
    after = replace(WEEKLY, payout_method=PayoutMethod.ACH, version=2)
    office.rows.write(thing_changes(WEEKLY, after))
    office.receives("wire-1", 10_000, PREPAID)
    office.approves("call_1", PREPAID)
    office.now = CLOSING
    return office


def tells(office: Office, after: Payee) -> None:
    before = find_payee(office.rows, WEEKLY.id)
    office.rows.write([payee_write(before, replace(after, version=before.version + 1))])


def spoiled(payee: Payee, how: str) -> Payee:
    assert payee.bank is not None
    yesterday = CLOSING - timedelta(days=1)
    return {
        "no tax form": replace(payee, tax_form=None),
        "account said yesterday": replace(payee, bank=replace(payee.bank, since=yesterday)),
        "no account": replace(payee, bank=None),
        "account refused": replace(payee, bank=replace(payee.bank, refused="R02")),
    }[how]


def obstacles(office: Office) -> list[str]:
    publisher = office.stores.catalog.find(type(WEEKLY), WEEKLY.id)
    assert publisher is not None
    documents = FakeDocuments(office.documents)
    found = clearance(publisher, stores=office.stores, documents=documents, now=office.now)
    return [one.code for one in found.obstacles]


@pytest.mark.parametrize("how", CODES)
def test_what_is_missing_keeps_the_money_payable_until_it_is_said(how: str) -> None:
    office = an_office()
    ready = find_payee(office.rows, WEEKLY.id)
    tells(office, spoiled(ready, how))
    assert office.closes().payouts == ()
    assert obstacles(office) == [CODES[how]]
    tells(office, ready)
    (payout,) = office.closes().payouts
    assert payout.amount_cents == 1_500
    assert office.audits().clean


def test_what_ach_does_not_pay_stays_payable_until_another_way_is_chosen() -> None:
    office = an_office()
    abroad = replace(WEEKLY, currency="EUR", payout_method=PayoutMethod.ACH)
    office.agrees(abroad)
    assert office.closes().payouts == ()
    assert obstacles(office) == ["currency"]
    office.agrees(replace(abroad, payout_method=PayoutMethod.MANUAL))
    assert obstacles(office) == []


def test_a_listed_publisher_is_not_paid_whenever_the_list_came() -> None:
    office = an_office()
    documents = FakeDocuments(office.documents)
    lookout = Lookout(stores=office.stores, documents=documents, now=office.now)
    put_list(b"name\nMedia Bright LLC\n", by="operator", lookout=lookout)
    assert office.closes().payouts == ()
    assert obstacles(office) == ["screening"]
    put_list(b"name\n", by="operator", lookout=lookout)
    assert len(office.closes().payouts) == 1


def test_what_is_withheld_goes_to_the_tax_office() -> None:
    office = an_office()
    ready = find_payee(office.rows, WEEKLY.id)
    tells(office, replace(ready, withholding=Withholding(on=True)))
    (payout,) = office.closes().payouts
    assert (payout.amount_cents, payout.withheld_cents) == (1_500, 360)
    assert office.audits().clean


def test_a_deployment_that_requires_no_form_pays_without_one() -> None:
    office = an_office()
    tells(office, replace(find_payee(office.rows, WEEKLY.id), tax_form=None))
    said = OperatorSettings(tax_form_required=False, version=1)
    office.rows.write([operator_write(OperatorSettings(), said)])
    assert len(office.closes().payouts) == 1
