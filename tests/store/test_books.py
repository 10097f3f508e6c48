"""What the books refuse: whoever comes second, or knows less, changes nothing."""

from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib import invoices, issuing, ledger, payout_steps, payouts
from chalicelib.errors import Broken, NotFound
from chalicelib.invoices import Invoice
from chalicelib.ledger import Entry
from chalicelib.payments import Match
from chalicelib.payout_steps import Step
from chalicelib.payouts import Clearance, Payout, PayoutState
from chalicelib.store import claims, collecting
from chalicelib.store import invoices as invoice_rows
from chalicelib.store import payments as payment_rows
from chalicelib.store import payouts as payout_rows
from chalicelib.store.books import CHARGES, INVOICES, PAYMENTS, STATEMENTS
from chalicelib.store.charges import charge_key, charges_waiting
from chalicelib.store.claims import Draft, Waiting
from chalicelib.store.rows import Rows
from chalicelib.times import Cycle, closed_period
from tests.builders import invoice_terms, reckoned
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, IN_NOVEMBER, NET, PREPAID, WEEKLY, Office


@pytest.fixture
def rows(exact_rows: Rows) -> Rows:
    """In memory, and on a running DynamoDB where there is one; moto would only be slower."""
    return exact_rows


def charged(rows: Rows, calls: int = 3) -> Office:
    """Calls that wait for their invoice."""
    office = Office(rows=rows).opens()
    for number in range(1, calls + 1):
        office.later(minutes=1).approves(f"call_{number}")
    office.now = CLOSING
    return office


def draft_for(office: Office) -> Invoice:
    return invoices.draft(NET, closed_period(Cycle.MONTHLY, office.now))


def issued(office: Office, draft: Invoice) -> Invoice:
    """The draft as it would go out with what it holds."""
    claims_all(office.rows, draft)
    charges = invoice_rows.each_charge(office.rows, draft.id)
    return issuing.issue(
        draft, reckoned(charges), terms=invoice_terms(), calls_key="k", now=office.now
    )


def claims_all(rows: Rows, draft: Invoice) -> None:
    invoice_rows.claim_charges(rows, draft, invoice_rows.charges_to_bill(rows, draft))


def entry_of(invoice: Invoice) -> Entry:
    return ledger.invoice_issued(
        invoice_id=invoice.id, number=str(invoice.number), advertiser_id=invoice.advertiser_id,
        total_cents=invoice.total_cents, currency=invoice.currency, now=CLOSING,
    )  # fmt: skip


def waiting(call_id: str, cents: int = 2500) -> Waiting:
    return Waiting(key=charge_key(call_id), open=charges_waiting("adv_net"), amount_cents=cents)


def plain_draft(name: str) -> Draft:
    return Draft(
        key=invoice_rows.invoice_key(name), id=name, owner_id="adv_net", order="2026", doc="{}"
    )


def test_a_row_is_claimed_by_one_document_only(rows: Rows) -> None:
    charged(rows)
    first, second = plain_draft("inv_1"), plain_draft("inv_2")
    assert claims.claim(rows, first, [waiting("call_1")]).keys() == {charge_key("call_1")}
    both = [waiting("call_1"), waiting("call_2")]
    assert claims.claim(rows, second, both).keys() == {charge_key("call_2")}
    assert claims.claim(rows, first, both) == {}
    held = [item["id"] for item in claims.document_items(rows, "inv_1")]
    assert held == ["call_1"]


def test_a_document_counts_each_claim_once(rows: Rows) -> None:
    office = charged(rows)
    draft = draft_for(office)
    for _ in range(2):
        claims_all(rows, draft)
        stands = invoice_rows.find_draft(rows, draft)
        assert stands is not None
        assert reckoned(invoice_rows.each_charge(rows, draft.id)).is_all_of(stands)
        assert (stands.call_count, stands.total_cents) == (3, 7500)


def test_a_finished_document_takes_nothing_more(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    office.approves("call_late")
    (invoice,) = office.invoices
    taken = claims.claim(rows, plain_draft(invoice.id), [waiting("call_late")])
    assert taken == {}
    assert office.stores.books.get(CHARGES, "call_late").document_id is None


@pytest.mark.parametrize("cents", [0, 2500])
def test_a_draft_that_has_grown_is_not_issued_as_it_was_read(rows: Rows, cents: int) -> None:
    office = charged(rows)
    draft = draft_for(office)
    stale = issued(office, draft)
    office.approves("call_more", charge=cents)
    claims.claim(rows, plain_draft(draft.id), [waiting("call_more", cents)])
    assert invoice_rows.finalise(rows, stale, entry_of) is None
    assert office.invoices == ()


def test_a_draft_is_nobodys_invoice(rows: Rows) -> None:
    office = charged(rows)
    draft = draft_for(office)
    issued(office, draft)
    with pytest.raises(NotFound):
        office.stores.books.get(INVOICES, draft.id)


def test_an_invoice_is_no_statement(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    with pytest.raises(NotFound):
        office.stores.books.get(STATEMENTS, office.invoices[0].id)


def test_an_invoice_is_issued_once(rows: Rows) -> None:
    office = charged(rows)
    stale = issued(office, draft_for(office))
    assert invoice_rows.finalise(rows, stale, entry_of) is not None
    assert invoice_rows.finalise(rows, stale, entry_of) is None
    assert [one.number for one in office.invoices] == ["INV-000001"]


def test_money_does_not_pay_an_invoice_that_others_have_paid_meanwhile(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    (stale,) = office.invoices
    office.receives("wire-1", 500)
    wanted = replace(
        office.payments[0], id="pay_2", reference="wire-2",
        applications=(replace(office.payments[0].applications[0], amount_cents=700),),
        amount_cents=700,
    )  # fmt: skip
    assert payment_rows.record(rows, wanted, {stale.id: stale}) is False
    assert office.invoices[0].paid_cents == 500
    assert office.funds() == (993_000, 0)


def test_money_that_waits_is_spent_once(rows: Rows) -> None:
    office = charged(rows, calls=2)
    office.receives("wire-1", 1000)
    stale = office.payments[0]
    office.closes()
    (invoice,) = office.invoices
    pair = Match(payment=stale, invoice=invoice, amount_cents=1000)
    assert payment_rows.apply_match(rows, pair, office.now) is False
    assert office.invoices[0].paid_cents == 1000


def test_money_that_was_used_up_waits_no_more(rows: Rows) -> None:
    office = charged(rows)
    office.receives("wire-1", 1000)
    assert len(payment_rows.unapplied_payments(rows, "adv_net")) == 1
    office.closes()
    assert claims.waiting_items(rows, payment_rows.unapplied("adv_net")) == ()


def test_no_more_is_collected_than_was_paid(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    office.receives("wire-1", 2400)
    (invoice,) = office.invoices
    with pytest.raises(Broken, match="more than was paid"):
        collecting.collect_batch(rows, invoice, ["call_1"], last=False)
    assert office.collected() == set()


def test_a_call_is_collected_once(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    office.receives("wire-1", 7500)
    calls = ["call_1", "call_2", "call_3"]
    for last in (False, True):
        assert collecting.collect_batch(rows, office.invoices[0], calls, last=last) == ()
    assert office.invoices[0].spare_cents == 0


def test_an_invoice_that_is_paid_and_collected_waits_for_nothing(rows: Rows) -> None:
    office = charged(rows)
    office.closes()
    assert len(invoice_rows.open_invoices(rows, "adv_net")) == 1
    office.receives("wire-1", 7500)
    assert invoice_rows.open_invoices(rows, "adv_net") == ()


def test_an_earning_is_not_released_before_its_call_is_collected(rows: Rows) -> None:
    office = charged(rows)
    earning = office.earning("call_1").earning
    assert collecting.release(rows, [earning], office.now) == ()
    assert office.audits().clean


def test_an_earning_is_released_once(rows: Rows) -> None:
    office = Office(rows=rows).opens()
    office.receives("topup-1", 5000, PREPAID)
    office.approves("call_1", PREPAID, WEEKLY)
    office.approves("call_2", PREPAID, WEEKLY)
    one, two = office.earning("call_1").earning, office.earning("call_2").earning
    assert collecting.release(rows, [one], office.now) == (one,)
    assert collecting.release(rows, [one, two], office.now) == (two,)
    assert office.audits().accounts["pub:pub_a:payable"] == -3000


def created_from(draft: Payout, now: datetime) -> Step:
    return payout_steps.created(draft, WEEKLY, Clearance(), now)


def test_a_payout_that_has_grown_is_not_created_as_it_was_read(rows: Rows) -> None:
    office = Office(rows=rows).opens()
    office.receives("topup-1", 5000, PREPAID)
    earnings = []
    for call in ("call_1", "call_2"):
        office.approves(call, PREPAID, WEEKLY)
        earnings.append(office.earning(call).earning)
    collecting.release(rows, earnings, office.now)
    draft = payouts.draft(WEEKLY, CLOSING)
    stale = payout_rows.claim_earnings(rows, draft, earnings[:1])
    grown = payout_rows.claim_earnings(rows, draft, earnings)
    assert stale is not None
    assert grown is not None
    assert payout_rows.create(rows, stale, created_from(stale, office.now)) is None
    created = payout_rows.create(rows, grown, created_from(grown, office.now))
    assert created is not None
    assert (created.state, created.amount_cents) == (PayoutState.CREATED, 3000)
    assert payout_rows.create(rows, grown, created_from(grown, office.now)) is None


def test_things_are_listed_page_by_page_in_the_order_of_creation(rows: Rows) -> None:
    office = Office(rows=rows).opens()
    for number in range(5):
        office.later(minutes=1).receives(f"wire-{number}", 100)
    references: list[str] = []
    mark = None
    while True:
        page = office.stores.books.list(PAYMENTS, limit=2, after=mark)
        references += [one.reference for one in page.items]
        mark = page.mark
        if mark is None:
            break
    assert references == [f"wire-{number}" for number in range(5)]


def test_a_number_that_another_invoice_takes_meanwhile_is_passed_over() -> None:
    rows = FakeRows()
    office = charged(rows)
    first = issued(office, draft_for(office))
    other = replace(NET, id="adv_other")
    office.opens(advertisers=(other,), publishers=())
    office.now = IN_NOVEMBER
    office.approves("call_other", other)
    office.now = CLOSING
    second = issued(office, invoices.draft(other, first.period))

    def another_invoice() -> None:
        assert invoice_rows.finalise(rows, second, entry_of)

    rows.before_write(another_invoice)
    numbered = invoice_rows.finalise(rows, first, entry_of)
    assert numbered is not None
    assert numbered.number == "INV-000002"
    assert [one.number for one in office.invoices] == ["INV-000001", "INV-000002"]
    assert office.audits().clean


def test_a_document_that_is_finished_meanwhile_takes_nothing_more() -> None:
    rows = FakeRows()
    office = charged(rows)
    draft = draft_for(office)
    stale = issued(office, draft)
    office.approves("call_late")

    def it_is_issued() -> None:
        assert invoice_rows.finalise(rows, stale, entry_of)

    rows.before_write(it_is_issued)
    assert claims.claim(rows, plain_draft(draft.id), [waiting("call_late")]) == {}
    assert office.audits().clean
