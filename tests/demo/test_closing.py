"""The month's end of the demo: closed once, paid, and the books at zero."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.api import Json
from demo.closing import Closing, books, month_after, next_closing, payment_of
from demo.screen import Screen
from demo.seed import seed
from demo.watch import Names
from tests.demo.platform import DirectApi, a_call, a_platform


@pytest.fixture
def api() -> DirectApi:
    return a_platform()


def called(api: DirectApi, directory: Path, run: str) -> int:
    """One paid call to each number; what they have come to in cents."""
    numbers = seed(api, directory)
    calls = [
        a_call(api, number, f"{run}{at}", number["minimum_talk_seconds"])
        for at, number in enumerate(numbers)
    ]
    return sum(call.charge_cents for call in calls)


def played(api: DirectApi) -> str:
    screen = io.StringIO()
    assert Closing(api, Screen(screen), Names(api)).play(api.deployment.now) == []
    return screen.getvalue()


def listed(api: DirectApi, path: str, **query: str) -> list[Json]:
    return list(api.every(path, **query))


def test_the_month_is_billed_paid_and_passed_on(api: DirectApi, tmp_path: Path) -> None:
    charged = called(api, tmp_path, "CA")
    shown = played(api)
    (invoice,) = listed(api, "/invoices", kind="invoice")
    (statement,) = listed(api, "/invoices", kind="statement")
    assert invoice["amount_cents"] + statement["amount_cents"] == charged
    assert invoice["owed_cents"] == 0
    assert {payout["state"] for payout in listed(api, "/payouts")} == {"settled"}
    names = {payout["id"]: Names(api)(payout["publisher_id"]) for payout in listed(api, "/payouts")}
    assert set(names.values()) == {"Ridgeline Media", "Clearwater Search"}
    assert all(payout_id in shown for payout_id in names)
    for word in (invoice["number"], statement["number"], "Beacon Lead Partners pays"):
        assert word in shown
    assert shown.splitlines()[-1].split() == ["sum", "of", "all", "accounts", "$0.00"]


def test_another_run_closes_another_month(api: DirectApi, tmp_path: Path) -> None:
    called(api, tmp_path, "CA")
    played(api)
    api.deployment.later(minutes=5)
    called(api, tmp_path, "CB")
    shown = played(api)
    assert "2026-12-01" not in shown
    assert shown.strip().startswith("2027-01-01: the month is over")
    ends = [invoice["period"]["end"] for invoice in listed(api, "/invoices")]
    assert ends == ["2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"]


def test_a_month_without_calls_is_shown_too(api: DirectApi, tmp_path: Path) -> None:
    seed(api, tmp_path)
    shown = played(api)
    assert "the month is over" in shown
    assert listed(api, "/invoices") == []


def test_what_an_interrupted_run_left_open_is_paid_by_the_next(
    api: DirectApi, tmp_path: Path
) -> None:
    called(api, tmp_path, "CA")
    api.post("/closings", {"as_of": "2026-12-01T00:00:00Z"})
    assert [invoice["state"] for invoice in listed(api, "/invoices")] == ["open"]
    called(api, tmp_path, "CB")
    played(api)
    assert [invoice["state"] for invoice in listed(api, "/invoices")] == ["paid", "paid"]
    assert {payout["state"] for payout in listed(api, "/payouts")} == {"settled"}


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        ("2026-11-23T15:00:00+00:00", "2026-12-01"),
        ("2026-12-01T00:00:00+00:00", "2027-01-01"),
        ("2026-12-31T23:59:59+00:00", "2027-01-01"),
        ("2028-01-31T00:00:00+00:00", "2028-02-01"),
        ("2026-11-30T20:00:00-05:00", "2027-01-01"),
    ],
)
def test_the_month_after_begins_on_its_first_day_in_utc(moment: str, after: str) -> None:
    assert month_after(datetime.fromisoformat(moment)) == datetime.fromisoformat(after + "T00Z")


def test_a_month_that_was_closed_is_not_closed_again() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    closed = [{"period": {"end": f"{day}T00:00:00.000Z"}} for day in ("2026-12-01", "2027-02-01")]
    assert next_closing(now, closed) == datetime(2027, 3, 1, tzinfo=UTC)
    assert next_closing(now, []) == datetime(2026, 12, 1, tzinfo=UTC)


def test_an_invoice_is_paid_under_its_own_number() -> None:
    invoice = {
        "number": "INV-000007",
        "advertiser_id": "adv_1",
        "owed_cents": 500,
        "currency": "USD",
    }
    assert payment_of(invoice) == {
        "advertiser_id": "adv_1",
        "reference": "demo-payment-INV-000007",
        "amount_cents": 500,
        "currency": "USD",
    }


def test_the_books_name_the_parties_and_leave_out_what_is_empty() -> None:
    party = "adv_01M82WB98T0TC6WQAPRNXCPCNZ"
    balance = {
        "accounts": [
            {"account": "cash:bank", "balance_cents": 500},
            {"account": f"prepaid:{party}", "balance_cents": -500},
            {"account": f"ar:{party}", "balance_cents": 0},
        ],
        "total_cents": 0,
    }
    assert books(balance, lambda _: "Northgate") == [
        "account              balance",
        "───────────────────  ───────",
        "cash:bank              $5.00",
        "prepaid:Northgate     -$5.00",
        "───────────────────  ───────",
        "sum of all accounts    $0.00",
    ]
