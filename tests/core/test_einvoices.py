"""E-invoice and credit note are what the standard says, and sum up to invoice and credit.

`ubl-2.1.zip` holds the schemas of OASIS UBL 2.1 (2013) that both need, unchanged.
"""

import io
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from chalicelib.einvoices import credit_note, ubl
from chalicelib.issuer import Issuer, tax_cents
from tests.builders import AN_ISSUER, a_note, an_invoice

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
NAMES = {
    "cac": f"{_UBL}:CommonAggregateComponents-2",
    "cbc": f"{_UBL}:CommonBasicComponents-2",
}


class Schemas(etree.Resolver):  # type: ignore[misc]
    """Finds the schemas that a schema speaks of in the archive, and nowhere else."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def resolve(self, url: str, _id: str, context: Any) -> Any:
        body = self._archive.read(f"common/{url.rpartition('/')[2]}")
        return self.resolve_string(body, context, base_url=url)


@cache
def schema(name: str) -> Any:
    archive = zipfile.ZipFile(Path(__file__).with_name("ubl-2.1.zip"))
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Schemas(archive))
    place = f"maindoc/UBL-{name}-2.1.xsd"
    root = io.BytesIO(archive.read(place))
    return etree.XMLSchema(etree.parse(root, parser, base_url=place))


def read(body: bytes) -> Any:
    """The document, which must be as the schema says."""
    document = etree.fromstring(body)
    schema(etree.QName(document).localname).assertValid(document)
    return document


def amount(document: Any, path: str) -> Decimal:
    (found,) = document.xpath(f"{path}/text()", namespaces=NAMES)
    return Decimal(found)


def amounts(document: Any, path: str) -> list[Decimal]:
    return [Decimal(one) for one in document.xpath(f"{path}/text()", namespaces=NAMES)]


def text(document: Any, path: str) -> list[str]:
    found: list[str] = document.xpath(f"{path}/text()", namespaces=NAMES)
    return found


def test_an_invoice_with_everything_is_as_the_standard_says() -> None:
    document = read(ubl(an_invoice([(2500, 3), (1999, 1)])))
    assert text(document, "cbc:InvoiceTypeCode") == ["380"]
    assert text(document, "cbc:ID") == ["INV-000042"]
    assert text(document, "cbc:DueDate") == ["2026-12-31"]
    assert text(document, "cac:InvoicePeriod/*") == ["2026-11-01", "2026-11-30"]
    assert text(document, "cac:OrderReference/cbc:ID") == ["PO-2026-11"]
    buyer = "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
    assert text(document, buyer) == ["Łódź Şirketi & Кровля <b>GmbH</b>"]
    seller = "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID"
    assert text(document, seller) == ["84-1234567"]


@pytest.mark.parametrize("issuer", [None, Issuer()])
def test_an_invoice_of_whom_nothing_is_said_is_as_the_standard_says(issuer: Issuer | None) -> None:
    read(ubl(an_invoice(issuer=issuer, bill_to=None, net_days=None)))


def test_tax_is_of_the_standard_category_with_its_percentage() -> None:
    taxed = Issuer(tax_basis_points=825, version=1)
    document = read(ubl(an_invoice([(10_000, 1)], issuer=taxed, tax_cents=825)))
    category = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory"
    assert text(document, f"{category}/cbc:ID") == ["S"]
    assert text(document, f"{category}/cbc:Percent") == ["8.25"]
    assert amount(document, "cac:LegalMonetaryTotal/cbc:PayableAmount") == Decimal("108.25")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-(10**5), 10**7), st.integers(1, 10**4)), min_size=1, max_size=30
    ).filter(lambda rates: sum(unit * quantity for unit, quantity in rates) >= 0),
    st.integers(0, 5_000),
)
def test_the_sums_of_the_e_invoice_are_the_invoices(
    rates: list[tuple[int, int]], points: int
) -> None:
    subtotal = sum(unit * quantity for unit, quantity in rates)
    tax = tax_cents(subtotal, points)
    issuer = Issuer(legal_name=AN_ISSUER.legal_name, tax_basis_points=points)
    invoice = an_invoice(rates, issuer=issuer, tax_cents=tax)
    document = read(ubl(invoice))
    total = "cac:LegalMonetaryTotal/cbc"
    lines = amounts(document, "cac:InvoiceLine/cbc:LineExtensionAmount")
    prices = amounts(document, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")
    counts = amounts(document, "cac:InvoiceLine/cbc:InvoicedQuantity")
    assert lines == [price * count for price, count in zip(prices, counts, strict=True)]
    assert sum(lines) == amount(document, f"{total}:LineExtensionAmount")
    assert amount(document, f"{total}:PayableAmount") * 100 == invoice.total_cents
    taxed = amount(document, "cac:TaxTotal/cbc:TaxAmount")
    assert sum(lines) + taxed == amount(document, f"{total}:TaxInclusiveAmount")
    assert taxed * 100 == tax


def test_credits_from_before_are_a_quantity_below_zero_at_their_rate() -> None:
    document = read(ubl(an_invoice([(-2550, 1), (5100, 2)])))
    line = "cac:InvoiceLine"
    assert text(document, f"{line}/cac:Item/cbc:Name")[0].startswith("Credits for calls of ")
    assert amounts(document, f"{line}/cbc:InvoicedQuantity") == [-1, 2]
    assert text(document, f"{line}/cac:Price/cbc:PriceAmount") == ["25.50", "51.00"]
    assert text(document, f"{line}/cbc:LineExtensionAmount") == ["-25.50", "102.00"]
    assert amount(document, "cac:LegalMonetaryTotal/cbc:PayableAmount") == Decimal("76.50")


def test_the_same_invoice_has_the_same_bytes() -> None:
    assert ubl(an_invoice()) == ubl(an_invoice())


def test_a_name_without_letters_is_replaced_by_the_campaigns_id() -> None:
    (line,) = an_invoice().lines
    odd = an_invoice(lines=(type(line)(
        campaign_id="cmp_1", campaign="\ufffe屋根", unit_cents=2500, quantity=3, amount_cents=7500,
    ),))  # fmt: skip
    document = read(ubl(odd))
    assert text(document, "cac:InvoiceLine/cac:Item/cbc:Name") == ["Qualified calls of cmp_1"]


def test_a_credit_note_with_everything_is_as_the_standard_says() -> None:
    document = read(credit_note(a_note()))
    assert text(document, "cbc:CreditNoteTypeCode") == ["381"]
    assert text(document, "cbc:ID") == ["CN-000007"]
    assert text(document, "cbc:IssueDate") == ["2026-12-09"]
    billed = "cac:BillingReference/cac:InvoiceDocumentReference"
    assert text(document, f"{billed}/cbc:ID") == ["INV-000042"]
    assert text(document, f"{billed}/cbc:IssueDate") == ["2026-12-01"]
    assert text(document, "cac:OrderReference/cbc:ID") == ["PO-2026-11"]
    buyer = "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
    assert text(document, buyer) == ["Łódź Şirketi & Кровля <b>GmbH</b>"]
    assert text(document, "cac:PaymentTerms/cbc:Note") == [
        "Taken off what INV-000042 asks for: USD 6.00. Waits for your next invoice: USD 4.00"
    ]
    line = "cac:CreditNoteLine"
    assert text(document, f"{line}/cac:DocumentReference/*") == ["call_1", "130"]
    assert text(document, f"{line}/cbc:Note") == ["Poor connection"]
    assert text(document, f"{line}/cac:Item/cbc:Name") == ["Credit for a call of Roof repair 1"]


@pytest.mark.parametrize("issuer", [None, Issuer()])
def test_a_credit_note_of_whom_nothing_is_said_is_as_the_standard_says(
    issuer: Issuer | None,
) -> None:
    read(credit_note(a_note(an_invoice(issuer=issuer, bill_to=None))))


def test_a_credit_note_never_says_what_the_publisher_loses_nor_the_operators_note() -> None:
    body = credit_note(a_note()).decode()
    for never in ("pub_secret", "6.17", "617", "only ours to see", "claw"):
        assert never not in body


@settings(max_examples=40, deadline=None)
@given(
    cents=st.integers(1, 10**9),
    tax=st.integers(0, 10**8),
    points=st.integers(0, 5_000),
    returned=st.integers(0, 10**9),
)
def test_the_sums_of_the_credit_note_are_the_credits(
    cents: int, tax: int, points: int, returned: int
) -> None:
    invoice = an_invoice(issuer=Issuer(tax_basis_points=points))
    note = a_note(
        invoice, amount_cents=cents, tax_cents=tax, returned_cents=min(returned, cents + tax)
    )
    document = read(credit_note(note))
    total = "cac:LegalMonetaryTotal/cbc"
    lines = amounts(document, "cac:CreditNoteLine/cbc:LineExtensionAmount")
    prices = amounts(document, "cac:CreditNoteLine/cac:Price/cbc:PriceAmount")
    counts = amounts(document, "cac:CreditNoteLine/cbc:CreditedQuantity")
    assert lines == [price * count for price, count in zip(prices, counts, strict=True)]
    assert sum(lines) * 100 == cents
    assert sum(lines) == amount(document, f"{total}:LineExtensionAmount")
    taxed = amount(document, "cac:TaxTotal/cbc:TaxAmount")
    assert taxed * 100 == tax
    assert sum(lines) + taxed == amount(document, f"{total}:TaxInclusiveAmount")
    assert amount(document, f"{total}:PayableAmount") * 100 == note.credit.total_cents
    category = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID"
    assert text(document, category) == ["S" if points else "O"]


def test_the_same_credit_note_has_the_same_bytes_whatever_was_made_before() -> None:
    first = credit_note(a_note())
    ubl(an_invoice())
    assert credit_note(a_note()) == first
