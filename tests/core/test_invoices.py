"""What an advertiser owes for a period, as its document says it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import call_tables, invoices, issuing
from chalicelib.campaigns import Billing
from chalicelib.errors import Broken
from chalicelib.invoices import Charge, Invoice, InvoiceKind, InvoiceState, Line
from chalicelib.times import Period
from tests.builders import NOW, an_advertiser, invoice_terms, reckoned

NOVEMBER = Period(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
ON_TERMS = an_advertiser(billing=Billing.NET)


def a_charge(**overrides: object) -> Charge:
    """25 dollars for a call of campaign 1."""
    charge = Charge(
        call_id="call_1", advertiser_id="adv_1", campaign_id="cmp_1", publisher_id="pub_1",
        talk_seconds=130, amount_cents=2500, currency="USD", arrived_at=NOW, booked_at=NOW,
        collected=False,
    )  # fmt: skip
    return replace(charge, **overrides)  # type: ignore[arg-type]


def issued(*charges: Charge, draft: Invoice | None = None) -> Invoice:
    """The document of these charges, 30 days net."""
    document = draft or invoices.draft(ON_TERMS, NOVEMBER)
    return issuing.issue(
        document, reckoned(charges), terms=invoice_terms(), calls_key="key", now=NOW
    )


def charges_of_any_rate() -> st.SearchStrategy[list[Charge]]:
    rates = st.sampled_from([0, 1, 1999, 2500, 10_000])
    campaigns = st.sampled_from(["cmp_1", "cmp_2", "cmp_3"])
    return st.lists(st.tuples(campaigns, rates), max_size=40).map(
        lambda calls: [
            a_charge(call_id=f"call_{n}", campaign_id=campaign, amount_cents=rate)
            for n, (campaign, rate) in enumerate(calls)
        ]
    )


def test_the_same_period_of_an_advertiser_has_the_same_document() -> None:
    assert invoices.draft(ON_TERMS, NOVEMBER).id == invoices.draft(ON_TERMS, NOVEMBER).id


def test_other_periods_and_other_advertisers_have_other_documents() -> None:
    december = Period(start=NOVEMBER.end, end=datetime(2027, 1, 1, tzinfo=UTC))
    documents = [
        invoices.draft(ON_TERMS, NOVEMBER),
        invoices.draft(ON_TERMS, december),
        invoices.draft(replace(ON_TERMS, id="adv_2"), NOVEMBER),
    ]
    assert len({document.id for document in documents}) == 3


@pytest.mark.parametrize(
    ("billing", "kind"),
    [(Billing.NET, InvoiceKind.INVOICE), (Billing.PREPAID, InvoiceKind.STATEMENT)],
)
def test_terms_make_an_invoice_and_a_balance_makes_a_statement(
    billing: Billing, kind: InvoiceKind
) -> None:
    assert invoices.draft(an_advertiser(billing=billing), NOVEMBER).kind is kind


def test_calls_of_one_campaign_and_rate_share_a_line() -> None:
    charges = [
        a_charge(campaign_id="cmp_2"),
        a_charge(amount_cents=3000),
        a_charge(),
        a_charge(),
    ]
    assert reckoned(charges).lines() == (
        Line(campaign_id="cmp_1", unit_cents=2500, quantity=2, amount_cents=5000),
        Line(campaign_id="cmp_1", unit_cents=3000, quantity=1, amount_cents=3000),
        Line(campaign_id="cmp_2", unit_cents=2500, quantity=1, amount_cents=2500),
    )


@given(charges_of_any_rate())
def test_total_lines_and_charges_are_one_sum(charges: Sequence[Charge]) -> None:
    document = issued(*charges)
    total = sum(charge.amount_cents for charge in charges)
    assert document.total_cents == total == sum(line.amount_cents for line in document.lines)
    assert document.call_count == len(charges) == sum(line.quantity for line in document.lines)
    assert all(line.quantity * line.unit_cents == line.amount_cents for line in document.lines)


@given(charges_of_any_rate(), st.randoms())
def test_the_order_of_charges_changes_nothing(charges: list[Charge], chance: object) -> None:
    shuffled = list(charges)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert call_tables.calls_csv(shuffled) == call_tables.calls_csv(charges)
    assert issued(*shuffled) == issued(*charges)


def test_an_issued_invoice_waits_for_its_money() -> None:
    document = issued(a_charge())
    assert (document.state, document.owed_cents, document.paid_cents) == (
        InvoiceState.OPEN,
        2500,
        0,
    )


def test_a_statement_is_paid_and_never_due() -> None:
    draft = invoices.draft(an_advertiser(billing=Billing.PREPAID), NOVEMBER)
    document = issued(a_charge(), draft=draft)
    assert (document.state, document.owed_cents, document.due_at) == (InvoiceState.PAID, 0, None)


def test_an_invoice_of_nothing_asks_for_nothing() -> None:
    assert issued(a_charge(amount_cents=0)).state is InvoiceState.PAID


@pytest.mark.parametrize(
    ("issued_at", "net_days", "due"),
    [
        (datetime(2026, 12, 1, 6, 10, tzinfo=UTC), 30, datetime(2026, 12, 31, tzinfo=UTC)),
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), 0, datetime(2026, 12, 1, tzinfo=UTC)),
        (datetime(2028, 2, 1, tzinfo=UTC), 30, datetime(2028, 3, 2, tzinfo=UTC)),
    ],
    ids=["net 30", "at once", "leap year"],
)
def test_due_days_are_calendar_days(issued_at: datetime, net_days: int, due: datetime) -> None:
    assert issuing.due_at(issued_at, net_days) == due


@pytest.mark.parametrize(
    ("kind", "position", "number"),
    [
        (InvoiceKind.INVOICE, 1, "INV-000001"),
        (InvoiceKind.STATEMENT, 42, "ST-000042"),
        (InvoiceKind.INVOICE, 1_234_567, "INV-1234567"),
    ],
)
def test_each_series_counts_by_itself(kind: InvoiceKind, position: int, number: str) -> None:
    assert invoices.number(kind, position) == number


def test_a_document_has_one_currency() -> None:
    with pytest.raises(Broken, match="another currency"):
        issued(a_charge(), a_charge(currency="EUR"))


def test_the_table_of_calls_is_in_the_order_of_booking() -> None:
    later = a_charge(call_id="call_0", booked_at=NOW + timedelta(seconds=1))
    told = a_charge(caller="+1415555****", rule="minimum_talk: at least 60 s")
    table = list(csv.DictReader(io.StringIO(call_tables.calls_csv([later, told]))))
    assert [row["call_id"] for row in table] == ["call_1", "call_0"]
    assert table[0] == {
        "call_id": "call_1",
        "start_utc": "2026-11-23T15:00:00.000Z",
        "campaign_id": "cmp_1",
        "caller": "+1415555****",
        "billable_seconds": "130",
        "rule": "minimum_talk: at least 60 s",
        "charge_cents": "2500",
        "currency": "USD",
    }
    assert (table[1]["caller"], table[1]["rule"]) == ("", ""), "of before they were kept"


def test_the_table_of_calls_names_no_publisher() -> None:
    assert "pub_1" not in call_tables.calls_csv([a_charge()])


def test_another_table_of_calls_has_another_place() -> None:
    draft = invoices.draft(ON_TERMS, NOVEMBER)
    assert call_tables.calls_place(draft, "a") != call_tables.calls_place(draft, "b")
    assert call_tables.calls_place(draft, "a").startswith(f"invoices/adv_1/{draft.id}/calls-")
