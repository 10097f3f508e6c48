"""The books: every event moves named accounts, and what moves always sums to zero."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ledger, payout_entries
from chalicelib.campaigns import Billing
from chalicelib.errors import Broken
from chalicelib.ledger import Entry, House, Leg
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout
from tests.builders import NOW

COMMON: dict[str, Any] = {"currency": "USD", "now": NOW}


def approval(charge: int = 2500, earning: int = 1500, **overrides: Any) -> Entry:
    values: dict[str, Any] = COMMON | {
        "call_id": "call_1",
        "advertiser_id": "adv_1",
        "billing": Billing.PREPAID,
        "publisher_id": "pub_1",
        "charge_cents": charge,
        "earning_cents": earning,
    }
    return ledger.approval(**(values | overrides))


def issued(total: int = 5000) -> Entry:
    return ledger.invoice_issued(
        invoice_id="inv_1", number="INV-000001", advertiser_id="adv_1", total_cents=total, **COMMON
    )


def paid(applied: int = 4000, unapplied: int = 1000) -> Entry:
    return ledger.payment(
        payment_id="pay_1",
        advertiser_id="adv_1",
        applied_cents=applied,
        unapplied_cents=unapplied,
        **COMMON,
    )


def applied(amount: int = 1000) -> Entry:
    return ledger.applied(
        invoice_id="inv_1", payment_id="pay_1", advertiser_id="adv_1", amount_cents=amount, **COMMON
    )


def top_up(amount: int = 10_000) -> Entry:
    return ledger.top_up(payment_id="pay_1", advertiser_id="adv_1", amount_cents=amount, **COMMON)


def released(earning: int = 1500) -> Entry:
    return ledger.release(call_id="call_1", publisher_id="pub_1", earning_cents=earning, **COMMON)


def a_payout(
    method: PayoutMethod = PayoutMethod.MANUAL, withheld: int = 0, amount: int = 1500
) -> Payout:
    return Payout(
        id="po_1", publisher_id="pub_1", currency="USD", cutoff=NOW, amount_cents=amount,
        method=method, withheld_cents=withheld, reason="R03",
    )  # fmt: skip


def payout(amount: int = 1500) -> Entry:
    return payout_entries.created(a_payout(amount=amount), NOW)


def payout_settled(amount: int = 1500) -> Entry:
    return payout_entries.settled(a_payout(amount=amount), NOW)


def sides(entry: Entry) -> dict[str, int]:
    return {leg.account: leg.amount_cents for leg in entry.legs}


class TestTemplates:
    @pytest.mark.parametrize(
        ("billing", "account"),
        [(Billing.PREPAID, "prepaid:adv_1"), (Billing.NET, "unbilled:adv_1")],
    )
    def test_an_approval_charges_the_advertiser_and_credits_the_publisher(
        self, billing: Billing, account: str
    ) -> None:
        assert sides(approval(billing=billing)) == {
            account: 2500,
            "revenue:calls": -2500,
            "cost:publishers": 1500,
            "pub:pub_1:approved": -1500,
        }

    def test_an_invoice_turns_what_was_unbilled_into_a_receivable(self) -> None:
        assert sides(issued(5000)) == {"ar:adv_1": 5000, "unbilled:adv_1": -5000}

    def test_a_payment_pays_invoices_and_leaves_the_rest_unapplied(self) -> None:
        assert sides(paid(4000, 1000)) == {
            "cash:bank": 5000,
            "ar:adv_1": -4000,
            "unapplied:adv_1": -1000,
        }

    def test_unapplied_money_pays_an_invoice_later(self) -> None:
        assert sides(applied(1000)) == {"unapplied:adv_1": 1000, "ar:adv_1": -1000}

    def test_a_top_up_is_money_before_its_calls(self) -> None:
        assert sides(top_up(10_000)) == {"cash:bank": 10_000, "prepaid:adv_1": -10_000}

    def test_a_release_makes_an_earning_payable(self) -> None:
        assert sides(released(1500)) == {"pub:pub_1:approved": 1500, "pub:pub_1:payable": -1500}

    def test_a_payout_leaves_the_payable_and_then_the_bank(self) -> None:
        assert sides(payout()) == {"pub:pub_1:payable": 1500, "pub:pub_1:in_transit": -1500}
        assert sides(payout_settled()) == {"pub:pub_1:in_transit": 1500, "cash:bank": -1500}

    def test_paypal_pays_from_an_account_of_its_own(self) -> None:
        paid = payout_entries.settled(a_payout(PayoutMethod.PAYPAL), NOW)
        assert sides(paid) == {"pub:pub_1:in_transit": 1500, "cash:paypal": -1500}

    def test_what_is_withheld_of_a_payout_goes_to_the_tax_office(self) -> None:
        withheld = a_payout(withheld=360)
        assert sides(payout_entries.created(withheld, NOW)) == {
            "pub:pub_1:payable": 1500,
            "pub:pub_1:in_transit": -1140,
            "tax:backup_withholding": -360,
        }
        paid = sides(payout_entries.settled(withheld, NOW))
        assert paid == {"pub:pub_1:in_transit": 1140, "cash:bank": -1140}

    def test_a_payout_of_which_all_is_withheld_moves_no_cash(self) -> None:
        withheld = a_payout(withheld=1500)
        assert sides(payout_entries.settled(withheld, NOW)) == {}

    def test_a_payout_that_failed_is_undone_leg_by_leg(self) -> None:
        withheld = a_payout(withheld=360)
        undone = sides(payout_entries.failed(withheld, NOW))
        assert undone == {
            account: -cents
            for account, cents in sides(payout_entries.created(withheld, NOW)).items()
        }

    @pytest.mark.parametrize(
        ("settled_at", "account"), [(NOW, "cash:bank"), (None, "pub:pub_1:in_transit")]
    )
    def test_a_payout_that_came_back_waits_with_what_was_withheld_of_it(
        self, settled_at: datetime | None, account: str
    ) -> None:
        back = replace(a_payout(withheld=360), settled_at=settled_at)
        entry = payout_entries.returned(back, NOW)
        assert entry.key == "po:po_1:return:R03"
        assert sides(entry) == {
            account: 1140,
            "tax:backup_withholding": 360,
            "pub:pub_1:held": -1500,
        }
        released = sides(payout_entries.released(back, NOW))
        assert released == {"pub:pub_1:held": 1500, "pub:pub_1:payable": -1500}

    def test_a_fee_is_paid_from_where_the_payout_was(self) -> None:
        fee = payout_entries.fee(a_payout(PayoutMethod.PAYPAL), "settled", 25, NOW)
        assert sides(fee) == {"expense:payout_fees": 25, "cash:paypal": -25}

    def test_a_side_of_nothing_is_left_out(self) -> None:
        assert set(sides(approval(2500, 0))) == {"prepaid:adv_1", "revenue:calls"}
        assert set(sides(paid(0, 1000))) == {"cash:bank", "unapplied:adv_1"}

    def test_an_entry_leads_back_to_its_cause(self) -> None:
        assert approval().refs == {"call_id": "call_1"}
        assert applied().refs == {"invoice_id": "inv_1", "payment_id": "pay_1"}

    def test_a_call_from_ring_to_bank_leaves_profit_and_cash_alone(self) -> None:
        entries = [
            approval(billing=Billing.NET),
            issued(2500),
            paid(2500, 0),
            released(),
            payout(),
            payout_settled(),
        ]
        balances = ledger.balances(leg for entry in entries for leg in entry.legs)
        assert {account: cents for account, cents in balances.items() if cents} == {
            "revenue:calls": -2500,
            "cost:publishers": 1500,
            "cash:bank": 1000,
        }


class TestEntries:
    def test_legs_that_do_not_sum_to_zero_are_broken(self) -> None:
        with pytest.raises(Broken, match="sum to zero"):
            replace(approval(), legs=(Leg(account="cash:bank", amount_cents=1),))

    def test_a_leg_of_zero_is_broken(self) -> None:
        with pytest.raises(Broken, match="zero"):
            replace(approval(), legs=(Leg(account="cash:bank", amount_cents=0),))

    def test_the_same_cause_has_the_same_id_whatever_it_says(self) -> None:
        assert approval(2500).id == approval(9900, billing=Billing.NET).id

    def test_each_event_of_each_thing_has_an_id_of_its_own(self) -> None:
        entries = [
            approval(),
            approval(call_id="call_2"),
            issued(),
            paid(),
            applied(),
            top_up(),
            released(),
            payout(),
            payout_settled(),
        ]
        assert len({entry.id for entry in entries}) == len(entries)
        assert all(entry.id.startswith("ent_") for entry in entries)

    def test_the_same_said_later_says_the_same(self) -> None:
        later = approval(now=NOW + timedelta(days=1))
        assert later.payload_hash == approval().payload_hash

    def test_the_order_of_legs_says_nothing(self) -> None:
        entry = approval()
        assert replace(entry, legs=entry.legs[::-1]).payload_hash == entry.payload_hash

    @pytest.mark.parametrize(
        "other",
        [
            approval(2501),
            approval(advertiser_id="adv_2"),
            approval(currency="EUR"),
            replace(approval(), refs={"call_id": "call_2"}),
            replace(approval(), key="call:x:approve"),
            replace(approval(), template="release"),
        ],
        ids=["amount", "account", "currency", "refs", "key", "template"],
    )
    def test_whatever_else_differs_is_noticed(self, other: Entry) -> None:
        assert other.payload_hash != approval().payload_hash


class TestChart:
    def test_every_account_of_every_party_is_in_the_chart(self) -> None:
        chart = ledger.chart(["adv_1", "adv_2"], ["pub_1"])
        assert len(chart) == len(set(chart)) == len(House) + 2 * 4 + 4
        touched = {
            account
            for entry in (approval(), issued(), paid(), top_up(), released(), payout())
            for account in sides(entry)
        }
        assert touched <= set(chart)

    def test_balances_sum_each_account(self) -> None:
        legs = [*top_up(100).legs, *top_up(50).legs]
        assert ledger.balances(legs) == {"cash:bank": 150, "prepaid:adv_1": -150}
        assert ledger.balances([]) == {}


CENTS = st.integers(0, 10**9)
TEMPLATES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(approval, CENTS, CENTS, billing=st.sampled_from(Billing)),
    st.builds(paid, CENTS, CENTS),
    *(st.builds(one, CENTS) for one in (issued, applied, top_up, released, payout, payout_settled)),
)


@given(st.lists(TEMPLATES, max_size=6))
def test_whatever_happens_the_books_sum_to_zero(entries: list[Entry]) -> None:
    assert all(sum(leg.amount_cents for leg in entry.legs) == 0 for entry in entries)
    balances = ledger.balances(leg for entry in entries for leg in entry.legs)
    assert sum(balances.values()) == 0


@given(st.sampled_from([issued, applied, top_up, released, payout, payout_settled]), CENTS)
def test_a_movement_has_two_equal_sides_or_none(event: Callable[[int], Entry], cents: int) -> None:
    amounts = sorted(leg.amount_cents for leg in event(cents).legs)
    assert amounts == ([-cents, cents] if cents else [])
