"""How is a year told to the tax office, as a file?

Owns the columns of forms 1099-NEC, and of those who were paid and have none. What is told of whom
belongs to `tax_years`; that it was written and fetched, to `tax_exports`.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.feedback import shown
from chalicelib.issuer import Address
from chalicelib.payees import Payee
from chalicelib.tax_exports import Payer
from chalicelib.tax_forms import BNotice, TaxForm, TinType
from chalicelib.tax_years import YearTotals

TIN_UNREADABLE = "tin_unreadable"
"""Why somebody is left out whose number cannot be decrypted: it has to be said anew."""
FORM_COLUMNS = (
    "tax_year",
    "payer_name", "payer_tin", "payer_street", "payer_city", "payer_region", "payer_postal_code",
    "payer_country",
    "recipient_account", "recipient_tin_type", "recipient_tin", "recipient_name",
    "recipient_street", "recipient_city", "recipient_region", "recipient_postal_code",
    "recipient_country",
    "box_1_nonemployee_compensation", "box_4_federal_income_tax_withheld",
    "second_tin_notice", "b_notice", "backup_withholding", "w9_received_on",
    "at_end_of_year", "returned_after_year",
)  # fmt: skip
LEFT_OUT_COLUMNS = (
    "tax_year",
    "publisher_id",
    "name",
    "why",
    "currency",
    "paid",
    "at_end_of_year",
    "returned_after_year",
    "withheld",
    "paid_by_processor",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One recipient's form: its `tin` in full is never shown but in the file."""

    payee: Payee
    tax_form: TaxForm
    tin: str = field(repr=False)
    totals: YearTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A publisher that was paid and has no form, with the word of why."""

    name: str
    why: str
    totals: YearTotals


def forms_csv(forms: Iterable[Form], payer: Payer) -> str:
    """The table of forms, in dollars. What came back after the year is not in box 1."""
    return _table(FORM_COLUMNS, (_form_cells(one, payer) for one in forms))


def left_out_csv(left_out: Iterable[LeftOut]) -> str:
    """The table of those who have no form."""
    return _table(LEFT_OUT_COLUMNS, map(_left_out_cells, left_out))


def written_tin(tin: str, kind: TinType | None) -> str:
    """Nine digits with the hyphens of their type, so that no spreadsheet takes them for a
    number."""
    if kind is TinType.EIN:
        return f"{tin[:2]}-{tin[2:]}"
    return f"{tin[:3]}-{tin[3:5]}-{tin[5:]}"


def _form_cells(form: Form, payer: Payer) -> tuple[str | None, ...]:
    own, said, withholding = form.totals.own, form.tax_form, form.payee.withholding
    return (
        str(form.totals.year),
        shown(payer.legal_name), shown(payer.tax_id), *_address_cells(payer.address),
        form.payee.publisher_id, said.tin_type or "", written_tin(form.tin, said.tin_type),
        shown(said.legal_name), *_address_cells(said.address),
        _dollars(own.net_cents), _dollars(own.withheld_cents),
        "X" if withholding.b_notice is BNotice.SECOND else "",
        withholding.b_notice, "on" if withholding.on else "off", said.received_on,
        _dollars(own.year_end_cents), _dollars(own.returned_later_cents),
    )  # fmt: skip


def _left_out_cells(one: LeftOut) -> tuple[str | None, ...]:
    own = one.totals.own
    return (
        str(one.totals.year),
        one.totals.publisher_id,
        shown(one.name),
        one.why,
        one.totals.currency,
        _dollars(own.net_cents),
        _dollars(own.year_end_cents),
        _dollars(own.returned_later_cents),
        _dollars(own.withheld_cents),
        _dollars(one.totals.processor.net_cents),
    )


def _address_cells(address: Address) -> tuple[str, ...]:
    street = ", ".join(address.street)
    parts = (street, address.city, address.region, address.postal_code, address.country)
    return tuple(shown(part) or "" for part in parts)


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str | None]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()
