"""What does a page say when it asks for its numbers?

Owns reading the body and headers of a request to the DNI endpoint: bounds, names, with every fault
at once. What is answered belongs to `dni`. It is written by hand, because a visitor waits for every
import.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.channels import bodies
from chalicelib.errors import Fault, Invalid
from chalicelib.offers import TAG_NAME
from chalicelib.places import STATES
from chalicelib.showing import Told

MOST_BYTES = 8 * 1024
MOST_ATTRIBUTES = 40
MOST_OF_A_VALUE = 256
MOST_OF_A_URL = 1_000
_MOST_OF_A_TOKEN = 6_000
_URLS = ("page", "landing_page", "referrer")
_MEMBERS = frozenset({"site", "token", "attributes", *_URLS})
_SITE = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
# Halves of characters come of texts that were cut in the middle of one.
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")
_MEDIA = ("text/plain", "application/json", "")
_PREFIX_OF_A_NETWORK = 64


class TooLarge(bodies.TooLarge):
    """The body is larger than anything that a page has to tell."""

    code = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a page says, within its bounds."""

    site_id: str
    token: str | None
    told: Told


def document(event: Mapping[str, Any], headers: Mapping[str, str]) -> bodies.Document:
    """The JSON object of the body; TooLarge before anything of it is read."""
    body, packed = event.get("body") or "", bool(event.get("isBase64Encoded"))
    if len(body) > (MOST_BYTES * 4 // 3 + 4 if packed else MOST_BYTES):
        raise _too_large()
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise _invalid("Content-Type", "choice", "must be text/plain or application/json")
    try:
        raw = base64.b64decode(body, validate=True) if packed else body.encode()
        if len(raw) > MOST_BYTES:
            raise _too_large()
        return bodies.read_object(raw, "application/json")
    except (binascii.Error, bodies.Malformed) as wrong:
        raise _invalid("body", "json", str(wrong)) from wrong


def read(found: bodies.Document) -> Said:
    """What the document says; Invalid names every fault."""
    faults = tuple(_faults(found))
    if faults:
        raise Invalid(faults)
    attributes = {
        name: _plain(value) for name, value in (found.get("attributes") or {}).items() if value
    }
    return Said(
        site_id=found["site"],
        token=found.get("token"),
        told=Told(
            **{name: _plain(found[name]) for name in _URLS if found.get(name)},
            attributes={name: value for name, value in attributes.items() if value},
        ),
    )


def host_of(origin: str) -> str:
    """The host that an Origin header names, in lower case; empty when it names none."""
    match = _ORIGIN.fullmatch(origin)
    return match[1].lower().rstrip(".") if match else ""


def address_of(event: Mapping[str, Any]) -> str:
    """The visitor's address; of IPv6 its network, which is one household's or one machine's."""
    said = event.get("requestContext", {}).get("http", {}).get("sourceIp", "")
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return str(said)[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _PREFIX_OF_A_NETWORK), strict=False))


def home_of(told: Told, headers: Mapping[str, str]) -> str | None:
    """The visitor's state: what the page says, else what a CloudFront in front of it measured."""
    region = headers.get("cloudfront-viewer-country-region", "")
    measured = region if headers.get("cloudfront-viewer-country") in ("US", "CA") else ""
    said = told.attributes.get("state", "").upper() or measured
    return said if said in STATES else None


def _faults(found: bodies.Document) -> Iterator[Fault]:
    for name in sorted(found.keys() - _MEMBERS):
        yield _fault(name[:64], "unknown_field", "is no member of this document")
    if not isinstance(found.get("site"), str) or not _SITE.fullmatch(found["site"]):
        yield _fault("site", "format", "must be the id of a site")
    token = found.get("token")
    if token is not None and not (isinstance(token, str) and len(token) <= _MOST_OF_A_TOKEN):
        yield _fault("token", "format", "must be the token of the answer before")
    if not found.get("page"):
        yield _fault("page", "required", "must be the address of the page")
    for name in _URLS:
        yield from _text_faults(name, found.get(name), MOST_OF_A_URL)
    yield from _attribute_faults(found.get("attributes"))


def _attribute_faults(attributes: Any) -> Iterator[Fault]:
    if attributes is None:
        return
    if not isinstance(attributes, dict):
        yield _fault("attributes", "type", "must be an object")
        return
    if len(attributes) > MOST_ATTRIBUTES:
        yield _fault("attributes", "length", f"may be {MOST_ATTRIBUTES} at most")
    for name, value in attributes.items():
        if not TAG_NAME.fullmatch(name):
            reason = "must be 1 to 32 of a-z, 0-9 and _, a letter first"
            yield _fault(f"attributes.{name[:64]}", "format", reason)
        yield from _text_faults(f"attributes.{name[:64]}", value, MOST_OF_A_VALUE)


def _text_faults(name: str, value: Any, most: int) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, str):
        yield _fault(name, "type", "must be a text")
    elif len(value) > most:
        yield _fault(name, "length", f"may have {most} characters at most")


def _plain(text: str) -> str:
    """The text without control characters, which addresses of pages may smuggle in, and without
    halves of characters."""
    return _UNREADABLE.sub(" ", text).strip()


def _fault(field: str, rule: str, reason: str) -> Fault:
    return Fault(field=field, rule=rule, reason=reason)


def _invalid(field: str, rule: str, reason: str) -> Invalid:
    return Invalid((_fault(field, rule, reason),))


def _too_large() -> TooLarge:
    return TooLarge(f"a body holds at most {MOST_BYTES} bytes")
