"""How do an invoice and a credit note read to another company's books?

Owns both in UBL 2.1 (OASIS): the invoice as document type 380, the credit note on one as 381. The
same document gives the same bytes. What it says belongs to `invoices`, `credit_notes` and `issuer`.
"""

from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from chalicelib.credit_notes import CreditNote, effects
from chalicelib.invoices import Invoice, Line
from chalicelib.issuer import Address, BillTo, Issuer

CONTENT_TYPE = "application/xml"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
_CAC = f"{_UBL}:CommonAggregateComponents-2"
_CBC = f"{_UBL}:CommonBasicComponents-2"
_COMMERCIAL_INVOICE, _CREDIT_NOTE = "380", "381"
_INVOICED_OBJECT = "130"
"""Codes of UN/CEFACT 1001 for what a document is; the last is the thing that a line is about."""
_ONE_CALL = "C62"
"""Piece, in the code list of UN/ECE recommendation 20."""
_SALES_TAX = "STT"
_STANDARD, _OUTSIDE = "S", "O"
"""Tax categories of UN/CEFACT 5305: taxed, and outside the scope of the tax."""
_CREDIT_TRANSFER = "30"


def ubl(invoice: Invoice) -> bytes:
    """The issued invoice; its sums are those of the invoice to the cent."""
    issuer, root = invoice.issuer or Issuer(), _root("Invoice")
    _said(root, "ID", str(invoice.number))
    _said(root, "IssueDate", _date(invoice.issued_at))
    _said(root, "DueDate", _date(invoice.due_at))
    _said(root, "InvoiceTypeCode", _COMMERCIAL_INVOICE)
    _said(root, "DocumentCurrencyCode", invoice.currency)
    period = _part(root, "InvoicePeriod")
    _said(period, "StartDate", _date(invoice.period.start))
    _said(period, "EndDate", _date(invoice.period.end - timedelta(microseconds=1)))
    _order(root, invoice)
    calls = _part(root, "AdditionalDocumentReference")
    _said(calls, "ID", f"{invoice.number}-calls.csv")
    _said(calls, "DocumentDescription", "The calls behind this invoice")
    _parties(root, invoice)
    _payment(root, invoice, issuer)
    _sums(root, invoice, invoice.subtotal_cents, invoice.tax_cents)
    for number, line in enumerate(invoice.lines, start=1):
        _line(_part(root, "InvoiceLine"), number, line, invoice)
    return _written(root)


def credit_note(note: CreditNote) -> bytes:
    """The credit note on an invoice; its sums are those of the credit to the cent, and above zero,
    because the document itself says that they are given back."""
    credit, invoice, root = note.credit, note.invoice, _root("CreditNote")
    _said(root, "ID", note.number)
    _said(root, "IssueDate", _date(credit.booked_at))
    _said(root, "CreditNoteTypeCode", _CREDIT_NOTE)
    _said(root, "DocumentCurrencyCode", credit.currency)
    _order(root, invoice)
    billed = _part(_part(root, "BillingReference"), "InvoiceDocumentReference")
    _said(billed, "ID", invoice.number)
    _said(billed, "IssueDate", _date(invoice.issued_at))
    _parties(root, invoice)
    said = (f"{words}: {credit.currency} {_decimal(cents)}" for words, cents in effects(note))
    _said(_part(root, "PaymentTerms"), "Note", ". ".join(said))
    _sums(root, invoice, credit.amount_cents, credit.tax_cents)
    _credit_line(_part(root, "CreditNoteLine"), note)
    return _written(root)


def _root(name: str) -> Element:
    root = f"{_UBL}:{name}-2"
    ElementTree.register_namespace("", root)
    ElementTree.register_namespace("cac", _CAC)
    ElementTree.register_namespace("cbc", _CBC)
    made = Element(f"{{{root}}}{name}")
    _said(made, "UBLVersionID", "2.1")
    return made


def _written(root: Element) -> bytes:
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _order(root: Element, invoice: Invoice) -> None:
    if invoice.bill_to and invoice.bill_to.purchase_order:
        _said(_part(root, "OrderReference"), "ID", invoice.bill_to.purchase_order)


def _parties(root: Element, invoice: Invoice) -> None:
    _seller(_part(_part(root, "AccountingSupplierParty"), "Party"), invoice.issuer or Issuer())
    _buyer(_part(_part(root, "AccountingCustomerParty"), "Party"), invoice)


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


def _sums(root: Element, invoice: Invoice, subtotal_cents: int, tax_cents: int) -> None:
    """The tax, at the invoice's rate, and what it all comes to."""
    currency, total_cents = invoice.currency, subtotal_cents + tax_cents
    taxes = _part(root, "TaxTotal")
    _amount(taxes, "TaxAmount", tax_cents, currency)
    of = _part(taxes, "TaxSubtotal")
    _amount(of, "TaxableAmount", subtotal_cents, currency)
    _amount(of, "TaxAmount", tax_cents, currency)
    _category(_part(of, "TaxCategory"), invoice, reason=True)
    total = _part(root, "LegalMonetaryTotal")
    _amount(total, "LineExtensionAmount", subtotal_cents, currency)
    _amount(total, "TaxExclusiveAmount", subtotal_cents, currency)
    _amount(total, "TaxInclusiveAmount", total_cents, currency)
    _amount(total, "PayableAmount", total_cents, currency)


def _category(category: Element, invoice: Invoice, *, reason: bool) -> None:
    points = invoice.issuer.tax_basis_points if invoice.issuer else 0
    _said(category, "ID", _STANDARD if points else _OUTSIDE)
    if points:
        _said(category, "Percent", f"{points // 100}.{points % 100:02d}")
    elif reason:
        _said(category, "TaxExemptionReason", "Not subject to sales tax")
    _said(_part(category, "TaxScheme"), "ID", _SALES_TAX)


def _line(part: Element, number: int, line: Line, invoice: Invoice) -> None:
    _said(part, "ID", str(number))
    # No price may be below zero (EN 16931, BR-27); what is given back is a quantity below it.
    quantity = -line.quantity if line.gives_back else line.quantity
    _said(part, "InvoicedQuantity", str(quantity), unitCode=_ONE_CALL)
    _amount(part, "LineExtensionAmount", line.amount_cents, invoice.currency)
    item = _part(part, "Item")
    of = "Credits for calls" if line.gives_back else "Qualified calls"
    _said(item, "Name", f"{of} of {line.printed_name}")
    _said(_part(item, "SellersItemIdentification"), "ID", line.campaign_id)
    _category(_part(item, "ClassifiedTaxCategory"), invoice, reason=False)
    _amount(_part(part, "Price"), "PriceAmount", abs(line.unit_cents), invoice.currency)


def _credit_line(part: Element, note: CreditNote) -> None:
    credit = note.credit
    _said(part, "ID", "1")
    _said(part, "Note", note.reason)
    _said(part, "CreditedQuantity", "1", unitCode=_ONE_CALL)
    _amount(part, "LineExtensionAmount", credit.amount_cents, credit.currency)
    call = _part(part, "DocumentReference")
    _said(call, "ID", credit.call_id)
    _said(call, "DocumentTypeCode", _INVOICED_OBJECT)
    item = _part(part, "Item")
    _said(item, "Name", f"Credit for a call of {note.campaign}")
    _said(_part(item, "SellersItemIdentification"), "ID", credit.campaign_id)
    _category(_part(item, "ClassifiedTaxCategory"), note.invoice, reason=False)
    _amount(_part(part, "Price"), "PriceAmount", credit.amount_cents, credit.currency)


def _part(parent: Element, name: str) -> Element:
    return SubElement(parent, f"{{{_CAC}}}{name}")


def _said(parent: Element, name: str, text: str | None, **attributes: str) -> None:
    """A basic component; none where there is nothing to say."""
    if text is not None:
        SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = text


def _amount(parent: Element, name: str, cents: int, currency: str) -> None:
    _said(parent, name, _decimal(cents), currencyID=currency)


def _decimal(cents: int) -> str:
    sign, cents = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def _date(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None
