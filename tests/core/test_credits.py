"""What a credit is made of: how much, from whom, to where."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import credit_entries, credits
from chalicelib.calls import CallStatus
from chalicelib.credits import Credit, CreditReason, EarningChoice, Standing, Wish
from chalicelib.errors import Conflict, Invalid
from chalicelib.invoices import BookedCharge, Charge, Invoice, InvoiceKind, InvoiceState
from chalicelib.payouts import BookedEarning, Earning, EarningState
from chalicelib.times import Period
from tests.builders import a_call

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BOOKED = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def a_charge(**overrides: Any) -> Charge:
    values: dict[str, Any] = {
        "call_id": "call_1", "advertiser_id": "adv_1", "campaign_id": "cmp_1",
        "publisher_id": "pub_1", "talk_seconds": 90, "amount_cents": 2500, "currency": "USD",
        "arrived_at": BOOKED, "booked_at": BOOKED, "collected": False,
    }  # fmt: skip
    return Charge(**(values | overrides))


def an_earning(cents: int = 1500) -> Earning:
    return Earning(
        call_id="call_1", publisher_id="pub_1", offer_id="off_1", campaign_id="cmp_1",
        amount_cents=cents, currency="USD", booked_at=BOOKED, release_after=BOOKED,
    )  # fmt: skip


def an_invoice(**overrides: Any) -> Invoice:
    values: dict[str, Any] = {
        "id": "inv_1", "kind": InvoiceKind.INVOICE, "advertiser_id": "adv_1", "currency": "USD",
        "period": Period(start=BOOKED, end=NOW), "state": InvoiceState.OPEN,
        "number": "INV-000001", "issued_at": NOW, "total_cents": 5000,
    }  # fmt: skip
    return Invoice(**(values | overrides))


def standing(
    charge: Charge | None = None,
    document: Invoice | None = None,
    earning: Earning | None = None,
    state: EarningState = EarningState.APPROVED,
    payout: str | None = None,
) -> Standing:
    return Standing(
        call=a_call(id="call_1", status=CallStatus.APPROVED),
        charge=BookedCharge(
            charge=charge or a_charge(), document_id=document.id if document else None
        ),
        earning=BookedEarning(earning=earning or an_earning(), state=state, document_id=payout),
        document=document,
    )


def a_wish(cents: int | None = None, **overrides: Any) -> Wish:
    values: dict[str, Any] = {
        "call_id": "call_1", "reason": CreditReason.SPAM, "amount_cents": cents, "cause": "t-1",
    }  # fmt: skip
    return Wish(**(values | overrides))


def decided(
    wish: Wish | None = None,
    charge: Charge | None = None,
    document: Invoice | None = None,
) -> Credit:
    return credits.decide(wish or a_wish(), standing(charge, document), NOW)


def legs(credit: Credit) -> dict[str, int]:
    return {leg.account: leg.amount_cents for leg in credit_entries.entry(credit).legs}


@pytest.mark.parametrize(
    ("charge", "document", "expected"),
    [
        ({}, None, {"unbilled:adv_1": -2500}),
        ({}, {"state": InvoiceState.DRAFT, "number": None}, {"unbilled:adv_1": -2500}),
        ({"collected": True}, None, {"prepaid:adv_1": -2500}),
        ({}, {}, {"ar:adv_1": -2500}),
        ({}, {"paid_cents": 4000}, {"ar:adv_1": -1000, "unapplied:adv_1": -1500}),
        ({}, {"paid_cents": 5000, "state": InvoiceState.PAID}, {"unapplied:adv_1": -2500}),
        (
            {"collected": True},
            {"paid_cents": 5000, "state": InvoiceState.PAID, "kind": InvoiceKind.STATEMENT},
            {"prepaid:adv_1": -2500},
        ),
    ],
)
def test_the_money_goes_where_the_charge_is(
    charge: dict[str, Any], document: dict[str, Any] | None, expected: dict[str, int]
) -> None:
    on = an_invoice(**document) if document is not None else None
    moved = legs(decided(charge=a_charge(**charge), document=on))
    assert moved == expected | {
        "revenue:credit_notes": 2500, "pub:pub_1:approved": 1500, "cost:publishers": -1500,
    }  # fmt: skip


def test_what_is_given_out_of_goodwill_is_an_expense_and_takes_nothing_from_the_revenue() -> None:
    moved = legs(decided(a_wish(reason=CreditReason.GOODWILL, earning=EarningChoice.KEEP)))
    assert moved == {"expense:goodwill": 2500, "unbilled:adv_1": -2500}


def test_an_earning_that_is_kept_moves_nothing_of_the_publishers() -> None:
    moved = legs(decided(a_wish(earning=EarningChoice.KEEP)))
    assert moved == {"revenue:credit_notes": 2500, "unbilled:adv_1": -2500}


@pytest.mark.parametrize(
    ("state", "payout", "account", "after_payout"),
    [
        (EarningState.APPROVED, None, "pub:pub_1:approved", False),
        (EarningState.PAYABLE, None, "pub:pub_1:payable", False),
        (EarningState.PAYABLE, "po_1", "pub:pub_1:payable", True),
    ],
)
def test_an_earning_is_clawed_back_from_where_it_is(
    state: EarningState, payout: str | None, account: str, after_payout: bool
) -> None:
    credit = credits.decide(a_wish(), standing(state=state, payout=payout), NOW)
    assert legs(credit)[account] == 1500
    assert credit.after_payout is after_payout


@given(
    charge=st.integers(1, 10_000),
    earning=st.integers(0, 20_000),
    cuts=st.lists(st.integers(1, 9_999), max_size=6),
)
def test_the_shares_of_all_parts_come_to_the_earning(
    charge: int, earning: int, cuts: list[int]
) -> None:
    ends = sorted({cut for cut in cuts if cut < charge} | {charge})
    before, clawed = 0, []
    for end in ends:
        as_it_is = a_charge(amount_cents=charge, credited_cents=before)
        clawed.append(credits.share(an_earning(earning), as_it_is, end - before))
        before = end
    assert sum(clawed) == earning
    assert all(one >= 0 for one in clawed)


@pytest.mark.parametrize(
    ("cents", "charge", "code"),
    [
        (2501, {}, "credit_beyond_charge"),
        (501, {"reduced_cents": 1000, "credited_cents": 1000}, "credit_beyond_charge"),
        (None, {"reduced_cents": 2500}, "nothing_to_credit"),
        (1, {"credited_cents": 2500}, "nothing_to_credit"),
        (None, {"amount_cents": 0}, "nothing_to_credit"),
    ],
)
def test_no_more_is_credited_than_is_left(
    cents: int | None, charge: dict[str, Any], code: str
) -> None:
    with pytest.raises(Conflict) as refused:
        decided(a_wish(cents), a_charge(**charge))
    assert refused.value.code == code


def test_a_part_below_a_cent_or_without_a_cause_is_refused() -> None:
    with pytest.raises(Invalid):
        decided(a_wish(0))
    with pytest.raises(Invalid):
        decided(a_wish(100, cause=None))


def test_one_cause_makes_one_part_and_a_whole_credit_needs_none() -> None:
    assert a_wish(100).id == a_wish(200).id != a_wish(100, cause="t-2").id
    assert a_wish(cause="t-1").id == a_wish(cause=None).id
    assert a_wish().id != a_wish(call_id="call_2").id


@pytest.mark.parametrize(
    ("again", "same"),
    [
        (a_wish(1000), True),
        (a_wish(1001), False),
        (a_wish(1000, reason=CreditReason.GOODWILL), False),
        (a_wish(1000, earning=EarningChoice.KEEP), False),
        (a_wish(1000, note="other"), False),
    ],
)
def test_a_repetition_says_the_same(again: Wish, same: bool) -> None:
    stored = decided(a_wish(1000))
    if same:
        credits.confirm_same(stored, again)
        return
    with pytest.raises(Conflict):
        credits.confirm_same(stored, again)


def test_a_call_is_returned_once_nothing_is_left_of_its_charge() -> None:
    call = a_call(id="call_1", status=CallStatus.APPROVED)
    part = decided(a_wish(1000))
    after = credits.call_after(call, a_charge(), part)
    assert (after.status, after.credited_cents) == (CallStatus.APPROVED, 1000)
    left = a_charge(reduced_cents=1000)
    rest = credits.call_after(after, left, decided(charge=left))
    assert (rest.status, rest.credited_cents) == (CallStatus.RETURNED, 2500)
    assert (rest.clawed_back_cents, rest.credit_reason) == (1500, "spam")


@pytest.mark.parametrize(
    ("paid", "spare", "collected", "expected"),
    [
        (0, 0, False, (2500, 0, 0, InvoiceState.OPEN)),
        (4000, 1500, True, (0, 1500, 2500, InvoiceState.PAID)),
        (4000, 1500, False, (0, 1500, 0, InvoiceState.PAID)),
        (2500, 0, True, (0, 0, 2500, InvoiceState.PAID)),
        (5000, 0, True, (0, 2500, 0, InvoiceState.PAID)),
    ],
)
def test_a_document_asks_for_less_and_its_money_is_free_for_other_calls(
    paid: int, spare: int, collected: bool, expected: tuple[int, int, int, InvoiceState]
) -> None:
    document = an_invoice(
        paid_cents=paid, spare_cents=spare,
        state=InvoiceState.PAID if paid == 5000 else InvoiceState.OPEN,
    )  # fmt: skip
    charge = a_charge(collected=collected)
    credit = decided(charge=charge, document=document)
    after = credits.document_after(document, charge, credit)
    assert (after.owed_cents, after.returned_cents, after.spare_cents, after.state) == expected


def test_money_that_a_note_hands_back_waits_under_its_number() -> None:
    paid = an_invoice(paid_cents=5000, state=InvoiceState.PAID)
    note = replace(decided(document=paid), number=credits.number(7))
    money = credits.handed_back(note)
    assert money is not None
    assert (money.reference, money.unapplied_cents) == ("CN-000007", 2500)
    assert credits.handed_back(decided(document=an_invoice())) is None


def test_a_claw_back_is_past_the_terms_with_the_earning_it_takes_back() -> None:
    credit = decided()
    owed = credits.clawback(credit, an_earning())
    assert (owed.due_cents, owed.booked_at, owed.id) == (-1500, BOOKED, credit.id)


@given(
    tax=st.integers(0, 2000),
    charges=st.lists(st.integers(1, 4000), min_size=1, max_size=5),
)
def test_the_notes_of_all_calls_give_back_the_tax_of_the_invoice(
    tax: int, charges: list[int]
) -> None:
    document = an_invoice(total_cents=sum(charges) + tax, tax_cents=tax)
    for cents in charges:
        charge = a_charge(amount_cents=cents)
        note = decided(charge=charge, document=document)
        assert sum(legs(note).values()) == 0
        document = credits.document_after(document, charge, note)
    assert document.credited_tax_cents == tax
    assert (document.owed_cents, document.state) == (0, InvoiceState.PAID)


@pytest.mark.parametrize("state", [InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE])
def test_a_call_on_an_invoice_that_has_ended_is_not_credited(state: InvoiceState) -> None:
    with pytest.raises(Conflict) as refused:
        decided(document=an_invoice(state=state, ended_at=NOW))
    assert refused.value.code == "invoice_ended"
