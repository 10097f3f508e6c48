"""Years, exports and deposits for the tax office, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import payout_steps, tax_deposits, tax_exports
from chalicelib.issuer import Address, Issuer
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout, PayoutState
from chalicelib.store import codec
from chalicelib.store import tax_deposits as deposits
from chalicelib.store import tax_exports as exports
from chalicelib.store.books import TAX_DEPOSITS, TAX_EXPORTS, Books
from chalicelib.store.payouts import payout_key, take
from chalicelib.store.rows import BOOKS, NotWritten, Put, Rows
from chalicelib.store.tax_years import find_year, settled_payouts, year_write
from chalicelib.tax_exports import ExportFile, ExportState, Fetch, TaxExport
from chalicelib.tax_years import TaxYear, period

YEAR = period(2026, "UTC")
IN_JANUARY = datetime(2027, 1, 11, tzinfo=UTC)


def settles(rows: Rows, number: int, publisher_id: str, at: datetime) -> str:
    """A payout of a dollar and some cents is kept as created, and then settled."""
    created = Payout(
        id=f"po_{number:03d}", publisher_id=publisher_id, currency="USD", cutoff=at,
        state=PayoutState.CREATED, amount_cents=100 + number, call_count=1,
        method=PayoutMethod.MANUAL, created_at=at,
    )  # fmt: skip
    key = payout_key(created.id)
    item = {
        "pk": key.pk, "sk": key.sk, "state": "created", "count": 1,
        "amount_cents": created.amount_cents, "doc": codec.to_json(created),
    }  # fmt: skip
    rows.write([Put(BOOKS, item)])
    step = payout_steps.settled(created, reference=None, fee_cents=0, now=at)
    assert step is not None and take(rows, created, step) is not None
    return created.id


def test_the_payouts_of_a_year_are_found_by_the_day_on_which_they_were_settled(rows: Rows) -> None:
    first, last = YEAR.start, YEAR.end - timedelta(milliseconds=1)
    wanted = {
        settles(rows, number, "pub_1", at)
        for number, at in enumerate((first, datetime(2026, 7, 4, tzinfo=UTC), last))
    }
    settles(rows, 10, "pub_1", first - timedelta(milliseconds=1))
    settles(rows, 11, "pub_1", YEAR.end)
    other = settles(rows, 12, "pub_2", last)
    found = settled_payouts(rows, ["pub_1", "pub_2", "pub_3"], YEAR)
    assert {one.id for one in found["pub_1"]} == wanted
    assert [one.id for one in found["pub_2"]] == [other]
    assert found["pub_3"] == []
    assert settled_payouts(rows, [], YEAR) == {}


def test_more_publishers_and_payouts_than_one_read_takes_are_all_found(exact_rows: Rows) -> None:
    at = datetime(2026, 7, 4, tzinfo=UTC)
    ids = [f"pub_{number}" for number in range(60)]
    for number in range(120):
        settles(exact_rows, number, ids[number % 60], at + timedelta(minutes=number))
    found = settled_payouts(exact_rows, ids, YEAR)
    assert [len(found[one]) for one in ids] == [2] * 60


def test_a_year_is_said_in_versions(rows: Rows) -> None:
    assert find_year(rows, 2027) == TaxYear(year=2027)
    said = TaxYear(year=2027, threshold_cents=210_000, version=1)
    rows.write([year_write(TaxYear(year=2027), said)])
    assert find_year(rows, 2027) == said
    rows.write([year_write(said, replace(said, threshold_cents=None, version=2))])
    assert find_year(rows, 2027).in_force is None
    with pytest.raises(NotWritten):
        rows.write([year_write(said, replace(said, version=2))])
    assert find_year(rows, 2026) == TaxYear(year=2026)


def an_export(id: str = "txe_1") -> TaxExport:
    address = Address(street=("9 Oak St",), city="Denver")
    issuer = Issuer(legal_name="Ring Operations", address=address, tax_id="84-1234567")
    return tax_exports.asked(
        id, TaxYear(year=2026), YEAR, issuer, by="operator", now=IN_JANUARY
    )  # fmt: skip


def test_an_export_waits_until_it_is_finished_once(rows: Rows) -> None:
    export = an_export()
    exports.ask(rows, export)
    assert exports.waiting_exports(rows) == (export,)
    done = exports.finish(rows, export, forms=3, left_out=1, now=IN_JANUARY)
    assert done is not None
    assert (done.state, done.form_count, done.left_out_count) == (ExportState.DONE, 3, 1)
    assert exports.finish(rows, export, forms=3, left_out=1, now=IN_JANUARY) is None
    assert exports.waiting_exports(rows) == ()
    assert Books(rows).list(TAX_EXPORTS).items == (done,)


def test_a_link_is_kept_beside_those_before_it(rows: Rows) -> None:
    export = an_export()
    exports.ask(rows, export)
    fetch = Fetch(file=ExportFile.FORMS, by="key_ada", at=IN_JANUARY)
    assert exports.add_fetch(rows, export, fetch) is None
    done = exports.finish(rows, export, forms=0, left_out=0, now=IN_JANUARY)
    assert done is not None
    first = exports.add_fetch(rows, done, fetch)
    assert first is not None
    assert exports.add_fetch(rows, done, replace(fetch, by="key_bob")) is None
    second = exports.add_fetch(rows, first, replace(fetch, by="key_bob"))
    assert second is not None
    assert [one.by for one in Books(rows).get(TAX_EXPORTS, export.id).fetches] == [
        "key_ada", "key_bob",
    ]  # fmt: skip


def test_a_deposit_is_kept_once(rows: Rows) -> None:
    made = tax_deposits.deposit(
        year=2026, amount_cents=720, currency="USD", reference="eftps-1", now=IN_JANUARY
    )
    assert deposits.record(rows, made)
    assert not deposits.record(rows, replace(made, amount_cents=720, booked_at=YEAR.end))
    assert deposits.find_deposit(rows, made.id) == made
    assert deposits.find_deposit(rows, "txd_none") is None
    assert Books(rows).list(TAX_DEPOSITS).items == (made,)
