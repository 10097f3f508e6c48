"""What may stand in the query of a list, and where does its next page begin?

Owns the form of every query parameter, and the signed cursor: it says where a page ended, only for
the list and the filters it was made for. Which parameters a list takes belongs to its route.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Fault, Invalid

DEFAULT_LIMIT = 50
MOST = 200
_VERSION = 1
_MAC_BYTES = 16
_ID = r"[a-z]{3,5}_[0-9A-HJKMNP-TV-Z]{26}"

FORMS: Mapping[str, tuple[str, str]] = {
    "limit": (r"0*(?:[1-9]\d?|1\d\d|200)", f"a whole number from 1 to {MOST}"),
    "cursor": (r"[A-Za-z0-9_-]{1,2000}", "the next_cursor of the page before"),
    "month": (r"\d{4}-(?:0[1-9]|1[0-2])", "a month such as 2026-11"),
    "e164": (r"\+\d{2,15}", "a number in E.164 such as +18005550100"),
    "carrier_call_id": (r"[A-Za-z0-9-]{1,100}", "the carrier's id of a call"),
    "account": (r"[a-z_]+:[A-Za-z0-9_:]{1,80}", "an account such as cash:bank"),
    "state": (r"[a-z]{1,20}", "a state"),
    "status": (
        "live|pending|approved|denied|disputed|returned",
        "live, pending, approved, denied, disputed or returned",
    ),
    "kind": ("invoice|statement", "invoice or statement"),
    "format": ("json|csv", "json or csv"),
}
_NONE: Mapping[str, tuple[str, str]] = {}
_REFERENCE = (_ID, "an id such as adv_01J0000000000000000000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which part of a list is wanted: at most `limit` after the place that `after` marks."""

    filters: Mapping[str, str]
    limit: int
    after: dict[str, str] | None


def form(name: str, own: Mapping[str, tuple[str, str]] = _NONE) -> tuple[str, str]:
    """The pattern of a query parameter, and what it is in words; the route's `own` go first."""
    if name in own:
        return own[name]
    return _REFERENCE if name.endswith("_id") and name not in FORMS else FORMS[name]


def is_id(text: str) -> bool:
    """Whether the text has the form of an id."""
    return re.fullmatch(_ID, text, re.ASCII) is not None


def read_query(
    given: Mapping[str, Sequence[str]],
    allowed: Collection[str],
    own: Mapping[str, tuple[str, str]] = _NONE,
) -> dict[str, str]:
    """The parameters by name; Invalid names every one that is unknown, repeated or malformed."""
    forms = {name: form(name, own) for name in allowed}
    faults = [fault for name in given if (fault := _fault(name, given[name], forms))]
    if faults:
        raise Invalid(tuple(faults))
    return {name: values[0] for name, values in given.items()}


def read_listing(query: Mapping[str, str], route: str, key: str) -> Listing:
    """The part of the list of `route` that a checked query asks for; `key` signed its cursor."""
    filters = {name: query[name] for name in query if name not in ("limit", "cursor")}
    after = None
    if "cursor" in query:
        after = _opened(query["cursor"], _list_hash(route, filters), key)
    return Listing(filters=filters, limit=int(query.get("limit", DEFAULT_LIMIT)), after=after)


def cursor(mark: Mapping[str, str] | None, listing: Listing, route: str, key: str) -> str | None:
    """The text that leads to the page after `mark`; None when there is none."""
    if mark is None:
        return None
    said = [_VERSION, _list_hash(route, listing.filters), dict(mark)]
    payload = json.dumps(said, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(payload, key) + payload).decode().rstrip("=")


def _fault(name: str, values: Sequence[str], forms: Mapping[str, tuple[str, str]]) -> Fault | None:
    if name not in forms:
        known = ", ".join(sorted(forms)) or "none"
        return Fault(
            field=name, rule="unknown_parameter", reason=f"the parameters here are: {known}"
        )
    if len(values) != 1:
        return Fault(field=name, rule="repeated", reason="may be said once")
    pattern, words = forms[name]
    if not re.fullmatch(pattern, values[0], re.ASCII):
        return Fault(field=name, rule="format", reason=f"must be {words}")
    return None


def _opened(text: str, list_hash: str, key: str) -> dict[str, str]:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        sealed = b""
    mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(payload, key)):
        raise _bad_cursor("is not a cursor of this deployment")
    version, made_for, mark = json.loads(payload)
    if version != _VERSION or made_for != list_hash:
        raise _bad_cursor("was made for another list or other filters")
    found: dict[str, str] = mark
    return found


def _bad_cursor(reason: str) -> Invalid:
    return Invalid((Fault(field="cursor", rule="cursor", reason=reason),))


def _mac(payload: bytes, key: str) -> bytes:
    """Apart from whatever else the key signs."""
    return hmac.new(key.encode(), b"cursor\0" + payload, hashlib.sha256).digest()[:_MAC_BYTES]


def _list_hash(route: str, filters: Mapping[str, Any]) -> str:
    said = json.dumps([route, sorted(filters.items())])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
