"""How does an invoice read to another company's books?

Owns the invoice in UBL 2.1 (OASIS), document type 380. The same invoice gives the same bytes.
What it says belongs to `invoices` and `issuer`.
"""

from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from chalicelib.invoices import Invoice, Line
from chalicelib.issuer import Address, BillTo, Issuer

CONTENT_TYPE = "application/xml"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
_ROOT = f"{_UBL}:Invoice-2"
_CAC = f"{_UBL}:CommonAggregateComponents-2"
_CBC = f"{_UBL}:CommonBasicComponents-2"
_COMMERCIAL_INVOICE = "380"
_ONE_CALL = "C62"
"""Piece, in the code list of UN/ECE recommendation 20."""
_SALES_TAX = "STT"
_STANDARD, _OUTSIDE = "S", "O"
"""Tax categories of UN/CEFACT 5305: taxed, and outside the scope of the tax."""
_CREDIT_TRANSFER = "30"


def ubl(invoice: Invoice) -> bytes:
    """The issued invoice; its sums are those of the invoice to the cent."""
    ElementTree.register_namespace("", _ROOT)
    ElementTree.register_namespace("cac", _CAC)
    ElementTree.register_namespace("cbc", _CBC)
    issuer = invoice.issuer or Issuer()
    root = Element(f"{{{_ROOT}}}Invoice")
    _said(root, "UBLVersionID", "2.1")
    _said(root, "ID", str(invoice.number))
    _said(root, "IssueDate", _date(invoice.issued_at))
    _said(root, "DueDate", _date(invoice.due_at))
    _said(root, "InvoiceTypeCode", _COMMERCIAL_INVOICE)
    _said(root, "DocumentCurrencyCode", invoice.currency)
    period = _part(root, "InvoicePeriod")
    _said(period, "StartDate", _date(invoice.period.start))
    _said(period, "EndDate", _date(invoice.period.end - timedelta(days=1)))
    _references(root, invoice)
    _seller(_part(_part(root, "AccountingSupplierParty"), "Party"), issuer)
    _buyer(_part(_part(root, "AccountingCustomerParty"), "Party"), invoice)
    _payment(root, invoice, issuer)
    _tax(root, invoice)
    _totals(root, invoice)
    for number, line in enumerate(invoice.lines, start=1):
        _line(_part(root, "InvoiceLine"), number, line, invoice)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _references(root: Element, invoice: Invoice) -> None:
    if invoice.bill_to and invoice.bill_to.purchase_order:
        _said(_part(root, "OrderReference"), "ID", invoice.bill_to.purchase_order)
    calls = _part(root, "AdditionalDocumentReference")
    _said(calls, "ID", f"{invoice.number}-calls.csv")
    _said(calls, "DocumentDescription", "The calls behind this invoice")


def _seller(party: Element, issuer: Issuer) -> None:
    if issuer.legal_name:
        _said(_part(party, "PartyName"), "Name", issuer.legal_name)
    _address(party, issuer.address)
    if issuer.legal_name:
        entity = _part(party, "PartyLegalEntity")
        _said(entity, "RegistrationName", issuer.legal_name)
        _said(entity, "CompanyID", issuer.tax_id)
    if issuer.dispute_contact:
        _said(_part(party, "Contact"), "Name", issuer.dispute_contact)


def _buyer(party: Element, invoice: Invoice) -> None:
    buyer = invoice.bill_to or BillTo(legal_name=invoice.advertiser_id)
    _said(_part(party, "PartyIdentification"), "ID", invoice.advertiser_id)
    _said(_part(party, "PartyName"), "Name", buyer.legal_name)
    _address(party, buyer.address)
    _said(_part(party, "PartyLegalEntity"), "RegistrationName", buyer.legal_name)
    if buyer.email:
        _said(_part(party, "Contact"), "ElectronicMail", buyer.email)


def _address(party: Element, address: Address | None) -> None:
    if address is None:
        return
    place = _part(party, "PostalAddress")
    street, *more = address.street
    _said(place, "StreetName", street)
    _said(place, "AdditionalStreetName", ", ".join(more) or None)
    _said(place, "CityName", address.city)
    _said(place, "PostalZone", address.postal_code)
    _said(place, "CountrySubentity", address.region)
    _said(_part(place, "Country"), "IdentificationCode", address.country)


def _payment(root: Element, invoice: Invoice, issuer: Issuer) -> None:
    if issuer.remit_to:
        means = _part(root, "PaymentMeans")
        _said(means, "PaymentMeansCode", _CREDIT_TRANSFER)
        _said(means, "PaymentDueDate", _date(invoice.due_at))
        for line in issuer.remit_to:
            _said(means, "InstructionNote", line)
    if invoice.net_days is not None:
        _said(_part(root, "PaymentTerms"), "Note", f"Net {invoice.net_days} days")


def _tax(root: Element, invoice: Invoice) -> None:
    total = _part(root, "TaxTotal")
    _amount(total, "TaxAmount", invoice.tax_cents, invoice)
    subtotal = _part(total, "TaxSubtotal")
    _amount(subtotal, "TaxableAmount", invoice.subtotal_cents, invoice)
    _amount(subtotal, "TaxAmount", invoice.tax_cents, invoice)
    _category(_part(subtotal, "TaxCategory"), invoice, reason=True)


def _category(category: Element, invoice: Invoice, *, reason: bool) -> None:
    points = invoice.issuer.tax_basis_points if invoice.issuer else 0
    _said(category, "ID", _STANDARD if points else _OUTSIDE)
    if points:
        _said(category, "Percent", f"{points // 100}.{points % 100:02d}")
    elif reason:
        _said(category, "TaxExemptionReason", "Not subject to sales tax")
    _said(_part(category, "TaxScheme"), "ID", _SALES_TAX)


def _totals(root: Element, invoice: Invoice) -> None:
    total = _part(root, "LegalMonetaryTotal")
    _amount(total, "LineExtensionAmount", invoice.subtotal_cents, invoice)
    _amount(total, "TaxExclusiveAmount", invoice.subtotal_cents, invoice)
    _amount(total, "TaxInclusiveAmount", invoice.total_cents, invoice)
    _amount(total, "PayableAmount", invoice.total_cents, invoice)


def _line(part: Element, number: int, line: Line, invoice: Invoice) -> None:
    _said(part, "ID", str(number))
    # No price may be below zero (EN 16931, BR-27); what is given back is a quantity below it.
    quantity = -line.quantity if line.gives_back else line.quantity
    _said(part, "InvoicedQuantity", str(quantity), unitCode=_ONE_CALL)
    _amount(part, "LineExtensionAmount", line.amount_cents, invoice)
    item = _part(part, "Item")
    of = "Credits for calls" if line.gives_back else "Qualified calls"
    _said(item, "Name", f"{of} of {line.printed_name}")
    _said(_part(item, "SellersItemIdentification"), "ID", line.campaign_id)
    _category(_part(item, "ClassifiedTaxCategory"), invoice, reason=False)
    _amount(_part(part, "Price"), "PriceAmount", abs(line.unit_cents), invoice)


def _part(parent: Element, name: str) -> Element:
    return SubElement(parent, f"{{{_CAC}}}{name}")


def _said(parent: Element, name: str, text: str | None, **attributes: str) -> None:
    """A basic component; none where there is nothing to say."""
    if text is not None:
        SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = text


def _amount(parent: Element, name: str, cents: int, invoice: Invoice) -> None:
    sign, cents = "-" if cents < 0 else "", abs(cents)
    _said(parent, name, f"{sign}{cents // 100}.{cents % 100:02d}", currencyID=invoice.currency)


def _date(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None
