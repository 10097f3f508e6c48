"""Forms as a table, whatever people call themselves; and when they may be asked for."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import tax_exports
from chalicelib.errors import Conflict
from chalicelib.issuer import Address, Issuer
from chalicelib.tax_exports import ExportFile, ExportState, Payer, TaxExport
from chalicelib.tax_files import (
    FORM_COLUMNS,
    LEFT_OUT_COLUMNS,
    Form,
    LeftOut,
    forms_csv,
    left_out_csv,
    written_tin,
)
from chalicelib.tax_forms import BNotice, TinType, Withholding
from chalicelib.tax_years import Sums, TaxYear, YearTotals, period
from tests.payees import a_payee

NOW = datetime(2027, 1, 11, 12, 0, tzinfo=UTC)
PAYER = Payer(
    legal_name="Ring Operations, Inc.",
    address=Address(
        street=("9 Oak St", "Suite 2"), city="Denver", region="CO", postal_code="80202"
    ),
    tax_id="84-1234567",
)
ISSUER = Issuer(legal_name=PAYER.legal_name, address=PAYER.address, tax_id=PAYER.tax_id)
YEAR = YearTotals(
    publisher_id="pub_1",
    year=2026,
    own=Sums(
        payout_count=3, paid_cents=300_005, returned_cents=50_000, returned_later_cents=10_000,
        withheld_cents=57_601,
    ),
)  # fmt: skip


def a_form(**changes: Any) -> Form:
    payee = a_payee("pub_1", withholding=Withholding(on=True, b_notice=BNotice.SECOND))
    assert payee.tax_form is not None
    tax_form = replace(payee.tax_form, **changes)
    return Form(payee=payee, tax_form=tax_form, tin="471186295", totals=YEAR)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_form_says_who_paid_whom_how_much() -> None:
    (row,) = read(forms_csv([a_form()], PAYER))
    assert row == {
        "tax_year": "2026", "payer_name": "Ring Operations, Inc.", "payer_tin": "84-1234567",
        "payer_street": "9 Oak St, Suite 2", "payer_city": "Denver", "payer_region": "CO",
        "payer_postal_code": "80202", "payer_country": "US", "recipient_account": "pub_1",
        "recipient_tin_type": "ein", "recipient_tin": "47-1186295",
        "recipient_name": "Bright Media LLC", "recipient_street": "1 Elm St",
        "recipient_city": "Boulder", "recipient_region": "CO", "recipient_postal_code": "80301",
        "recipient_country": "US", "box_1_nonemployee_compensation": "2400.05",
        "box_4_federal_income_tax_withheld": "576.01", "second_tin_notice": "X",
        "b_notice": "second", "backup_withholding": "on", "w9_received_on": "2026-11-02",
        "at_end_of_year": "2500.05", "returned_after_year": "100.00",
    }  # fmt: skip
    assert tuple(row) == FORM_COLUMNS


def test_a_table_of_nobody_has_its_header() -> None:
    assert forms_csv([], PAYER) == ",".join(FORM_COLUMNS) + "\r\n"
    assert left_out_csv([]) == ",".join(LEFT_OUT_COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Łódź, \"Leads\" & Sons", "Łódź, \"Leads\" & Sons"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@media", "'@media"),
        ("-1+1", "'-1+1"),
    ],
)  # fmt: skip
def test_a_name_is_text_to_every_spreadsheet(name: str, shown: str) -> None:
    address = Address(street=(name,), city=name)
    (row,) = read(forms_csv([a_form(legal_name=name, address=address)], PAYER))
    assert {row["recipient_name"], row["recipient_street"], row["recipient_city"]} == {shown}
    (left,) = read(left_out_csv([LeftOut(name=name, why="w8", totals=YEAR)]))
    assert (left["name"], left["why"], left["paid"]) == (shown, "w8", "2400.05")


@pytest.mark.parametrize(
    ("tin", "kind", "written"),
    [
        ("012345678", TinType.EIN, "01-2345678"),
        ("012345678", TinType.SSN, "012-34-5678"),
        ("912708123", TinType.ITIN, "912-70-8123"),
    ],
)
def test_a_number_is_written_as_its_type_is(tin: str, kind: TinType, written: str) -> None:
    assert written_tin(tin, kind) == written


def test_a_form_does_not_show_its_number_to_who_prints_it() -> None:
    assert "471186295" not in repr(a_form())


def asked(issuer: Issuer = ISSUER, year: int = 2026, now: datetime = NOW) -> TaxExport:
    return tax_exports.asked(
        "txe_1", TaxYear(year=year), period(year, "UTC"), issuer, by="operator", now=now
    )


def test_an_export_keeps_payer_and_threshold_as_they_stood() -> None:
    export = asked()
    assert (export.payer, export.threshold_cents, export.state) == (
        PAYER, 200_000, ExportState.ASKED,
    )  # fmt: skip
    assert asked(now=period(2026, "UTC").end).year == 2026


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"now": datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)}, "year_not_over", "2026"),
        ({"year": 2027, "now": NOW + timedelta(days=400)}, "threshold_unknown", "tax-years/2027"),
        ({"issuer": Issuer()}, "payer_incomplete", "legal_name, address, tax_id"),
        ({"issuer": replace(ISSUER, tax_id=None)}, "payer_incomplete", "with tax_id"),
    ],
)
def test_what_cannot_be_exported_says_what_to_do(said: Any, code: str, words: str) -> None:
    with pytest.raises(Conflict, match=words) as refused:
        asked(**said)
    assert refused.value.code == code


def test_files_are_there_from_when_they_are_written_and_for_a_day() -> None:
    export = asked()
    with pytest.raises(Conflict) as early:
        tax_exports.confirm_there(export, NOW)
    done = replace(export, state=ExportState.DONE, done_at=NOW)
    tax_exports.confirm_there(done, NOW + timedelta(hours=23, minutes=59))
    with pytest.raises(Conflict) as late:
        tax_exports.confirm_there(done, NOW + timedelta(days=1))
    assert (early.value.code, late.value.code) == ("export_not_done", "export_gone")
    assert done.place_of(ExportFile.FORMS) == "tax-exports/txe_1/1099-nec-2026.csv"
    assert done.place_of(ExportFile.LEFT_OUT) == "tax-exports/txe_1/left-out-2026.csv"
