"""Whose money a line of a bank's statement is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib import invoices
from chalicelib.bank_files import BankLine
from chalicelib.bank_matching import Cause, LineMatch, MatchedBy, match_line, numbers_in, remembered
from chalicelib.campaigns import Billing
from chalicelib.times import Period
from tests.builders import an_advertiser

PERIOD = Period(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
ACME = an_advertiser(id="adv_a", billing=Billing.NET, bank_references=("ACME ROOFING LLC",))
BEST = an_advertiser(id="adv_b", billing=Billing.NET, bank_references=("Best Inc", "shared"))
CALM = an_advertiser(id="adv_c", billing=Billing.NET, bank_references=("Shared",))
INVOICES = {
    "INV-000001": invoices.draft(ACME, PERIOD),
    "INV-000002": invoices.draft(BEST, PERIOD),
    "INV-000003": replace(invoices.draft(ACME, PERIOD), id="inv_3"),
}


def matched(
    reference: str = "", payer: str = "", cents: int = 500, currency: str = "USD"
) -> LineMatch:
    line = BankLine(
        row=2, received_at=PERIOD.end, amount_cents=cents, currency=currency,
        reference=reference, payer=payer,
    )  # fmt: skip
    advertisers = (ACME, BEST, CALM)
    return match_line(
        line,
        invoices=INVOICES,
        whose=remembered(advertisers),
        currencies={one.id: one.currency for one in advertisers},
    )


@pytest.mark.parametrize(
    ("reference", "numbers"),
    [
        ("INV-000001", ("INV-000001",)),
        ("thanks inv 000001/INV000002, inv-000001", ("INV-000001", "INV-000002")),
        ("INV-12", ()),
        ("000001", ()),
        ("XINV-000001", ()),
        ("INV-0000011234567", ()),
        ("INV-1000000", ("INV-1000000",)),
    ],
)
def test_invoice_numbers_are_found_however_a_payer_writes_them(
    reference: str, numbers: tuple[str, ...]
) -> None:
    assert numbers_in(reference) == numbers


def test_an_invoice_number_tells_whose_money_it_is() -> None:
    match = matched("INV-000001 and INV-000003", payer="Best Inc")
    assert (match.advertiser_id, match.by) == ("adv_a", MatchedBy.INVOICE)
    assert match.invoice_ids == (INVOICES["INV-000001"].id, "inv_3")


@pytest.mark.parametrize(
    ("reference", "payer"),
    [("acme  roofing llc", ""), ("", "Acme Roofing LLC"), ("INV-999999", "ACME ROOFING LLC")],
)
def test_else_a_remembered_reference_tells(reference: str, payer: str) -> None:
    match = matched(reference, payer)
    assert (match.advertiser_id, match.by) == ("adv_a", MatchedBy.REFERENCE)
    assert match.invoice_ids == ()


@pytest.mark.parametrize(
    ("match", "cause"),
    [
        (matched("acme roofing", "acme"), Cause.NOTHING_KNOWN),
        (matched("INV-999999"), Cause.UNKNOWN_INVOICE),
        (matched("INV-000001 INV-000002"), Cause.SEVERAL_ADVERTISERS),
        (matched("shared"), Cause.SEVERAL_ADVERTISERS),
        (matched("Best Inc", "ACME ROOFING LLC"), Cause.SEVERAL_ADVERTISERS),
        (matched("INV-000001", currency="EUR"), Cause.OTHER_CURRENCY),
        (matched("INV-000001", cents=-500), Cause.OUTGOING),
        (matched("INV-000001", cents=0), Cause.NO_MONEY),
    ],
)
def test_what_is_not_plain_is_nobodys_with_its_cause(match: LineMatch, cause: Cause) -> None:
    assert match == LineMatch(cause=cause)
