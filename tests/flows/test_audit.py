"""Books that are whole pass, and books that were touched do not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import ledger
from chalicelib.auditing import Law
from chalicelib.calls import CallStatus
from chalicelib.campaigns import Billing
from chalicelib.flows.audit import audit, trial_balance
from chalicelib.invoices import InvoiceState
from chalicelib.payouts import EarningState
from chalicelib.store import codec
from chalicelib.store.books import EARNINGS
from chalicelib.store.calls import call_item
from chalicelib.store.entries import entry_puts
from chalicelib.store.holds import funds_change
from chalicelib.store.rows import BOOKS, CALLS, LEDGER, Change, Item, Key, Put
from tests.builders import a_call
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, HELD, NET, PREPAID, WEEKLY, Office


def full_books() -> Office:
    """Every kind of entry and document, in different states."""
    office = Office().opens()
    office.receives("topup-1", 20_000, PREPAID)
    for number in range(1, 5):
        office.later(minutes=1).approves(f"call_{number}", NET, WEEKLY if number % 2 else HELD)
    office.approves("call_5", PREPAID, WEEKLY)
    office.approves("call_6", PREPAID, WEEKLY, earning=0)
    office.now = CLOSING
    office.receives("wire-1", 6_000)
    office.closes()
    office.settles(next(one for one in office.payouts if one.publisher_id == "pub_a").id)
    office.receives("wire-2", 20_000)
    office.approves("call_7")
    return office


def test_books_that_were_kept_are_clean() -> None:
    report = full_books().audits()
    assert report.clean
    assert report.total_cents == 0
    assert report.counted["charges"] == report.counted["earnings"] == 7
    assert report.counted["payouts"] == 2


def test_empty_books_are_clean() -> None:
    report = Office().opens().audits()
    assert report.clean
    assert set(report.accounts.values()) == {0}


def test_the_trial_balance_lists_every_account_and_sums_to_zero() -> None:
    balance = trial_balance(full_books().stores)
    assert sum(balance.values()) == 0
    assert {"cash:bank", "revenue:calls", "cost:publishers", "ar:adv_net"} <= set(balance)
    assert balance["revenue:calls"] == -7 * 2500
    assert balance["cost:publishers"] == 6 * 1500


def test_a_call_that_is_reserved_moves_no_account_and_keeps_the_books_clean() -> None:
    office = full_books()
    before = office.audits().accounts
    office.rows.write([funds_change("adv_net", taken=2500)])
    report = office.audits()
    assert report.clean
    assert report.accounts == before


def change(office: Office, start: str, **values: object) -> None:
    """Set attributes of the first row whose key begins so."""
    row = first(office, BOOKS, start)
    sets: dict[tuple[str, ...], object] = {(name,): value for name, value in values.items()}
    office.rows.write([Change(key=Key(BOOKS, row["pk"]), set=sets)])


def first(office: Office, table: str, start: str) -> Item:
    assert isinstance(office.rows, FakeRows)
    rows = [row for row in office.rows.rows_of(table) if row["pk"].startswith(start)]
    return min(rows, key=lambda row: (str(row["pk"]), str(row["sk"])))


def a_leg_too_many(office: Office) -> None:
    add_leg(office, "2026-11-20T12:00:00.000Z#ent_x#0")


def a_leg_of_the_future(office: Office) -> None:
    add_leg(office, "2031-01-01T00:00:00.000Z#ent_x#0")


def add_leg(office: Office, order: str) -> None:
    leg = {"pk": "ACCOUNT#cash:bank#0", "sk": order, "amount_cents": 1, "entry_id": "ent_x"}
    office.rows.write([Put(LEDGER, leg)])


def a_leg_changed(office: Office) -> None:
    row = first(office, LEDGER, "ACCOUNT#ar:adv_net")
    key = Key(LEDGER, row["pk"], row["sk"])
    office.rows.write([Change(key=key, add={("amount_cents",): 7})])


def an_approval_for_no_charge(office: Office) -> None:
    entry = ledger.approval(
        call_id="call_none", advertiser_id="adv_net", billing=Billing.NET, publisher_id="pub_a",
        charge_cents=5, earning_cents=5, currency="USD", now=office.now,
    )  # fmt: skip
    office.rows.write(entry_puts(entry))


def a_charge_without_approval(office: Office) -> None:
    for side in ("CHARGE", "EARNING"):
        row = first(office, BOOKS, f"{side}#call_7")
        doc = str(row["doc"]).replace("call_7", "call_8")
        other = {"pk": f"{side}#call_8", "id": "call_8", "doc": doc}
        office.rows.write([Put(BOOKS, row | other)])


def a_charge_of_another_amount(office: Office) -> None:
    row = first(office, BOOKS, "CHARGE#call_1")
    change(office, "CHARGE#call_1", doc=str(row["doc"]).replace("2500", "2400"))


def funds_from_nowhere(office: Office) -> None:
    change(office, "FUNDS#adv_pre", available_cents=999_999)


def a_total_that_no_line_explains(office: Office) -> None:
    change(office, f"INVOICE#{office.invoices[0].id}", amount_cents=9_999)


def a_payment_that_paid_nothing(office: Office) -> None:
    payment = next(one for one in office.payments if one.reference == "wire-1")
    doc = codec.to_json(replace(payment, applications=()))
    change(office, f"PAYMENT#{payment.id}", doc=doc)


def money_that_collected_nothing(office: Office) -> None:
    change(office, f"INVOICE#{office.invoices[0].id}", available_cents=1)


def an_invoice_that_is_not_paid_though_it_is(office: Office) -> None:
    change(office, f"INVOICE#{office.invoices[0].id}", state=InvoiceState.OPEN.value)


def a_release_before_the_money(office: Office) -> None:
    change(office, "EARNING#call_7", state=EarningState.PAYABLE.value)


def a_payout_of_a_call_that_nobody_paid(office: Office) -> None:
    (call_id, *_) = (
        one.earning.call_id for one in office.stores.books.each_of(EARNINGS, office.payouts[0].id)
    )
    row = first(office, BOOKS, f"CHARGE#{call_id}")
    doc = str(row["doc"]).replace('"collected":true', '"collected":false')
    change(office, f"CHARGE#{call_id}", doc=doc, state="open")


def a_payout_of_more_than_was_earned(office: Office) -> None:
    change(office, f"PAYOUT#{office.payouts[0].id}", amount_cents=9_999_999)


def an_approved_call_without_charge(office: Office) -> None:
    call = a_call(
        id="call_none", arrived_at=office.now, status=CallStatus.APPROVED, charge_cents=5,
        earning_cents=5, judged_at=office.now,
    )  # fmt: skip
    office.rows.write([Put(CALLS, call_item(call))])


def a_charge_whose_call_was_denied(office: Office) -> None:
    row = first(office, CALLS, "CALL#call_7")
    doc = str(row["doc"]).replace('"approved"', '"denied"')
    key = Key(CALLS, row["pk"], row["sk"])
    office.rows.write([Change(key=key, set={("status",): "denied", ("doc",): doc})])


def a_call_of_another_price(office: Office) -> None:
    row = first(office, CALLS, "CALL#call_7")
    doc = str(row["doc"]).replace('"charge_cents":2500', '"charge_cents":2600')
    office.rows.write([Change(key=Key(CALLS, row["pk"], row["sk"]), set={("doc",): doc})])


def an_earning_without_its_charge(office: Office) -> None:
    row = first(office, BOOKS, "EARNING#call_7")
    doc = str(row["doc"]).replace("call_7", "call_8")
    more = {"pk": "EARNING#call_8", "id": "call_8", "doc": doc}
    office.rows.write([Put(BOOKS, row | more)])


@pytest.mark.parametrize(
    ("touch", "law"),
    [
        (a_leg_too_many, Law.SUM),
        (a_leg_too_many, Law.ENTRY),
        (a_leg_of_the_future, Law.ENTRY),
        (a_leg_changed, Law.ENTRY),
        (an_approved_call_without_charge, Law.CALL),
        (a_charge_whose_call_was_denied, Law.CALL),
        (a_call_of_another_price, Law.CALL),
        (a_charge_without_approval, Law.CALL),
        (an_earning_without_its_charge, Law.APPROVAL),
        (an_approval_for_no_charge, Law.APPROVAL),
        (a_charge_without_approval, Law.APPROVAL),
        (a_charge_of_another_amount, Law.APPROVAL),
        (a_charge_of_another_amount, Law.BALANCE),
        (funds_from_nowhere, Law.FUNDS),
        (a_total_that_no_line_explains, Law.INVOICE),
        (a_payment_that_paid_nothing, Law.PAID),
        (an_invoice_that_is_not_paid_though_it_is, Law.PAID),
        (money_that_collected_nothing, Law.COLLECTED),
        (a_release_before_the_money, Law.RELEASED),
        (a_payout_of_a_call_that_nobody_paid, Law.RELEASED),
        (a_payout_of_more_than_was_earned, Law.PAYOUT),
    ],
)
def test_what_was_touched_is_found(touch: Callable[[Office], None], law: Law) -> None:
    office = full_books()
    touch(office)
    report = office.audits()
    assert not report.clean
    assert law in {difference.law for difference in report.differences}


def test_what_is_booked_while_the_audit_runs_is_left_out() -> None:
    office = full_books()
    before = office.audits()
    office.later(minutes=1).approves("call_8")
    assert audit(office.stores, office.now - timedelta(minutes=1)).counted == before.counted
    after = office.audits()
    assert after.clean
    assert after.counted["approved calls"] == before.counted["approved calls"] + 1


def test_an_audit_tells_how_far_it_has_come_and_counts_everything() -> None:
    office = Office().opens()
    for number in range(1_001):
        office.approves(f"call_{number}", charge=1, earning=1)
    heard: list[tuple[str, int]] = []
    report = audit(office.stores, office.now, progress=lambda what, n: heard.append((what, n)))
    assert {("entries", 1_000), ("charges", 1_000), ("legs", 4_000)} <= set(heard)
    assert (report.counted["entries"], report.counted["legs"]) == (1_001, 4_004)


def test_only_the_first_differences_of_each_law_are_told() -> None:
    office = full_books()
    for number in range(60):
        entry = ledger.top_up(
            payment_id=f"pay_{number}", advertiser_id="adv_pre", amount_cents=5, currency="USD",
            now=office.now,
        )  # fmt: skip
        office.rows.write(entry_puts(entry)[:2])
    found = office.audits().differences
    laws = [one.law for one in found]
    assert laws == sorted(laws, key=list(Law).index)
    assert 0 < max(laws.count(law) for law in Law) <= 20


@pytest.mark.parametrize("status", ["disputed", "returned"])
def test_a_call_that_was_approved_once_keeps_its_charge(status: str) -> None:
    office = full_books()
    row = first(office, CALLS, "CALL#call_7")
    doc = str(row["doc"]).replace('"approved"', f'"{status}"')
    office.rows.write([Change(key=Key(CALLS, row["pk"], row["sk"]), set={("doc",): doc})])
    report = office.audits()
    assert report.clean, report.differences
    assert report.counted["approved calls"] == 7


def test_books_that_begin_with_a_call_of_nothing_are_whole() -> None:
    office = Office().opens()
    office.approves("call_1", charge=0, earning=0)
    office.later(days=31).closes()
    report = office.audits()
    assert report.clean, report.differences
