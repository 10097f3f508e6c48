"""What publishers say of themselves to be paid, with numbers that nobody has."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.bank_details import AccountKind, BankDetails, HolderKind
from chalicelib.hidden import Hidden
from chalicelib.issuer import Address
from chalicelib.payees import Payee, PayPalReceiver
from chalicelib.tax_forms import Classification, FormKind, TaxForm, TinType

Json = dict[str, Any]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT_NUMBER = "00123400567890"
TIN = "47-1186295"
AN_ACCOUNT: Json = {
    "routing_number": "021000021", "account_number": ACCOUNT_NUMBER, "kind": "checking",
    "holder_name": "Bright Media LLC", "holder_kind": "business",
}  # fmt: skip
A_W9: Json = {
    "kind": "w9", "legal_name": "Bright Media LLC", "signed_by": "Ada Bright", "tin": TIN,
    "tin_type": "ein", "classification": "partnership", "received_on": "2026-11-02",
    "address": {"street": ["1 Elm St"], "city": "Boulder", "region": "CO", "postal_code": "80301"},
}  # fmt: skip
A_W8: Json = {
    "kind": "w8", "legal_name": "Łódź Leads", "signed_by": "Ewa Nowak",
    "received_on": "2026-11-02",
    "address": {"street": ["ul. Piotrkowska 1"], "city": "Łódź", "country": "PL"},
}  # fmt: skip


def a_payee(publisher_id: str, **overrides: Any) -> Payee:
    """A payee with a W-9 on file and accounts that have stood for long."""
    form = TaxForm(
        kind=FormKind.W9,
        legal_name="Bright Media LLC",
        address=Address(street=("1 Elm St",), city="Boulder", region="CO", postal_code="80301"),
        signed_by="Ada Bright",
        received_on="2026-11-02",
        classification=Classification.PARTNERSHIP,
        tin=Hidden(ciphertext="hidden", last="6295"),
        tin_type=TinType.EIN,
    )
    bank = BankDetails(
        routing_number="021000021",
        account=Hidden(ciphertext="hidden", last="7890"),
        kind=AccountKind.CHECKING,
        holder_name="Bright Media LLC",
        holder_kind=HolderKind.BUSINESS,
        since=LONG_AGO,
    )
    values: Json = {
        "publisher_id": publisher_id, "tax_form": form, "bank": bank, "version": 1,
        "paypal": PayPalReceiver(email="pay@bright.example", since=LONG_AGO),
    }  # fmt: skip
    return Payee(**values | overrides)
