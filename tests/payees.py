"""What publishers say of themselves to be paid, with numbers that nobody has."""

from typing import Any

Json = dict[str, Any]
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
