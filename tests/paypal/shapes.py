"""What PayPal's documents must look like, checked by hand on both sides of the wire."""

import re
from collections.abc import Callable, Container, Mapping
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any], bool]

BATCH_WORDS = {"DENIED", "PENDING", "PROCESSING", "SUCCESS", "CANCELED"}
ITEM_WORDS = {
    "SUCCESS", "FAILED", "PENDING", "UNCLAIMED", "RETURNED", "ONHOLD", "BLOCKED", "REFUNDED",
    "REVERSED",
}  # fmt: skip
_AMOUNT = re.compile(r"\d{1,7}\.\d{2}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def request_faults(said: Any, refused: Container[str] = ()) -> list[Json]:
    """Why PayPal would not read a request for a batch, each fault with the field that it names.
    `refused` are receivers whose addresses look right and are not."""
    if not isinstance(said, dict):
        return [{"field": "/", "location": "body", "issue": "MALFORMED_REQUEST_JSON"}]
    found: list[Json] = []
    header = said.get("sender_batch_header")
    wanted: Mapping[str, Check] = {
        "sender_batch_id": _text(1, 256),
        "email_subject": _text(0, 255),
        "recipient_type": lambda value: value == "EMAIL",
    }
    found += _faults("sender_batch_header", header, wanted)
    items = said.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= 15_000:
        return [*found, _fault("items", "Number of items is out of range")]
    for at, one in enumerate(items):
        found += _item_faults(f"items[{at}]", one)
        if isinstance(one, dict) and one.get("receiver") in refused:
            found.append(_fault(f"items[{at}].receiver", "Receiver is invalid"))
    return found


def _item_faults(name: str, item: Any) -> list[Json]:
    wanted: Mapping[str, Check] = {
        "recipient_type": lambda value: value == "EMAIL",
        "receiver": lambda value: _text(1, 127)(value) and bool(_MAIL.fullmatch(value)),
        "sender_item_id": _text(1, 63),
        "amount": lambda value: isinstance(value, dict),
    }
    found = _faults(name, item, wanted)
    amount = item.get("amount") if isinstance(item, dict) else None
    if isinstance(amount, dict):
        found += _faults(
            f"{name}.amount",
            amount,
            {
                "currency": lambda value: value in ("USD", "EUR", "GBP", "CAD"),
                "value": lambda value: (
                    isinstance(value, str) and bool(_AMOUNT.fullmatch(value)) and float(value) > 0
                ),
            },
        )
    return found


def check_batch(said: Json) -> Json:
    """The document of a batch, if it looks as PayPal's do."""
    header = said["batch_header"]
    assert _text(1, 30)(header["payout_batch_id"])
    assert header["batch_status"] in BATCH_WORDS
    assert _text(0, 256)(header["sender_batch_header"]["sender_batch_id"])
    for item in said.get("items", ()):
        check_item(item)
    return said


def check_item(said: Json) -> Json:
    """The document of an item, if it looks as PayPal's do."""
    assert _text(1, 30)(said["payout_item_id"])
    assert _text(1, 30)(said["payout_batch_id"])
    assert said["transaction_status"] in ITEM_WORDS
    assert _AMOUNT.fullmatch(said["payout_item_fee"]["value"])
    asked = said["payout_item"]
    assert _text(1, 127)(asked["receiver"])
    assert _AMOUNT.fullmatch(asked["amount"]["value"])
    return said


def check_error(said: Json) -> Json:
    """The document of a refusal, if it looks as PayPal's do."""
    assert all(isinstance(said[name], str) for name in ("name", "message", "debug_id"))
    assert all("issue" in detail for detail in said.get("details", ()))
    return said


def _faults(name: str, said: Any, wanted: Mapping[str, Check]) -> list[Json]:
    if not isinstance(said, dict):
        return [_fault(name, "Required field is missing")]
    return [
        _fault(f"{name}.{field}", f"{field} is invalid")
        for field, fits in wanted.items()
        if not fits(said.get(field))
    ]


def _fault(field: str, issue: str) -> Json:
    return {"field": field, "location": "body", "issue": issue}


def _text(least: int, most: int) -> Check:
    return lambda value: isinstance(value, str) and least <= len(value) <= most
