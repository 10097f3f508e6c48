"""What does the carrier's REST API show of numbers, and how does it rent them out?

AvailablePhoneNumbers, IncomingPhoneNumbers and Lookup, strict where the real API is lenient: an
unknown parameter is refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from simulator.carrier import Carrier
from simulator.fields import API_VERSION, derived_id, rfc2822
from simulator.rest_calls import formatted
from simulator.rest_words import (
    PAGING,
    Form,
    Json,
    RestFault,
    RestRequest,
    known_only,
    listed,
    not_allowed,
    not_found,
    whole,
)
from simulator.stock import (
    NumberRecord,
    StockNumber,
    contains,
    in_stock,
    local_stock,
    toll_free_stock,
)

_SEARCHED: Mapping[str, Callable[[StockNumber, str], bool]] = {
    "AreaCode": lambda one, said: one.area_code == said,
    "Contains": lambda one, said: contains(one.e164, said),
    "InPostalCode": lambda one, said: one.zip_code == said,
    "InRegion": lambda one, said: one.state == said,
    "InLocality": lambda one, said: one.city == said.upper(),
    # Distances are not measured: near is what has the same area code.
    "NearNumber": lambda one, said: one.area_code == said.lstrip("+")[1:4],
    "VoiceEnabled": lambda _one, _said: True,
}
_PLACE_ONLY = ("InPostalCode", "InRegion", "InLocality", "NearNumber")
_SETTINGS: Mapping[str, str] = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "TrunkSid": "trunk_sid",
    "VoiceCallerIdLookup": "voice_caller_id_lookup",
}
_URLS = ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback")
_METHODS = ("VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod")
_LINE_TYPES = ("landline", "mobile", "nonFixedVoip")


def answer_available(carrier: Carrier, request: RestRequest, family: str | None) -> Json:
    """Numbers that nobody rents and that the query fits."""
    if request.method != "GET":
        raise not_allowed(request)
    stocks = {"US/Local": local_stock, "US/TollFree": toll_free_stock}
    if family not in stocks:
        raise not_found(request.path)
    local = family == "US/Local"
    searched = [name for name in _SEARCHED if local or name not in _PLACE_ONLY]
    known_only(request.query, (*searched, *PAGING))
    if len(request.query.get("Contains", "**")) < 2:
        raise RestFault(400, 21451, "Contains takes at least two characters")
    wanted = {name: said for name, said in request.query.items() if name in _SEARCHED}
    size = whole(request.query, "PageSize", 50, low=1)
    rented = {number.e164 for number in carrier.numbers()}
    fitting = (
        one
        for one in stocks[family](rented)
        if all(_SEARCHED[name](one, said) for name, said in wanted.items())
    )
    shown = [_available(one) for one, _ in zip(fitting, range(size), strict=False)]
    return {"available_phone_numbers": shown, "uri": request.path}


def answer_owned(carrier: Carrier, request: RestRequest, sid: str | None) -> Json:
    """The account's numbers: listed, rented, read, changed, given back."""
    if sid is None:
        if request.method == "POST":
            return _rent(carrier, request)
        if request.method == "GET":
            return _list(carrier, request)
        raise not_allowed(request)
    record = carrier.number(sid)
    if record is None:
        raise not_found(request.path)
    if request.method == "DELETE":
        carrier.take_back(sid)
        return {}
    if request.method == "POST":
        known_only(request.form, _SETTINGS)
        record = replace(_set(record, request.form), updated=datetime.now(UTC))
        carrier.rent(record)
    return number_resource(record)


def answer_verified(carrier: Carrier, request: RestRequest, sid: str | None) -> Json:
    """The numbers that the account may show without renting them: listed."""
    if request.method != "GET" or sid is not None:
        raise not_allowed(request)
    known_only(request.query, ("PhoneNumber", "FriendlyName", *PAGING))
    account = request.path.split("/")[3]

    def shown(e164: str) -> Json:
        return {
            "sid": derived_id("PN", account, "verified", e164),
            "account_sid": account,
            "friendly_name": formatted(e164),
            "phone_number": e164,
        }

    return listed(request, "outgoing_caller_ids", carrier.verified(), shown)


def answer_lookup(request: RestRequest, word: str) -> Json:
    """What is known of anybody's number; the same number always has the same line."""
    if request.method != "GET":
        raise not_allowed(request)
    known_only(request.query, ("Fields", "CountryCode"))
    e164 = unquote(word)
    valid = re.fullmatch(r"\+1[2-9]\d{2}[2-9]\d{6}|\+[2-9]\d{6,14}", e164) is not None
    asked = request.query.get("Fields", "").split(",")
    unknown = set(asked) - {"", "line_type_intelligence", "caller_name"}
    if unknown:
        raise RestFault(400, 60600, f"Invalid Fields: {', '.join(sorted(unknown))}")
    line = {"type": _LINE_TYPES[int(e164[-1]) % 3], "carrier_name": "Example Wireless"}
    name = {"caller_name": "DOE JANE", "caller_type": "CONSUMER", "error_code": None}
    return {
        "phone_number": e164,
        "national_format": formatted(e164),
        "country_code": "US" if e164.startswith("+1") else None,
        "valid": valid,
        "validation_errors": [] if valid else ["INVALID_LENGTH"],
        "line_type_intelligence": (
            {**line, "error_code": None} if valid and "line_type_intelligence" in asked else None
        ),
        "caller_name": name if valid and "caller_name" in asked else None,
    }


def number_resource(record: NumberRecord) -> Json:
    """A rented number as the API shows it."""
    path = f"/2010-04-01/Accounts/{record.account_sid}/IncomingPhoneNumbers/{record.sid}.json"
    return {
        "sid": record.sid,
        "account_sid": record.account_sid,
        "friendly_name": record.friendly_name or formatted(record.e164),
        "phone_number": record.e164,
        "voice_url": record.voice_url,
        "voice_method": record.voice_method,
        "voice_fallback_url": record.voice_fallback_url,
        "voice_fallback_method": record.voice_fallback_method,
        "voice_caller_id_lookup": record.voice_caller_id_lookup == "true",
        "voice_application_sid": record.voice_application_sid or None,
        "status_callback": record.status_callback,
        "status_callback_method": record.status_callback_method,
        "trunk_sid": record.trunk_sid or None,
        "capabilities": _CAPABILITIES,
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "api_version": API_VERSION,
        "date_created": rfc2822(record.created),
        "date_updated": rfc2822(record.updated),
        "uri": path,
    }


_CAPABILITIES = {"voice": True, "SMS": True, "MMS": True, "fax": False}


def _available(one: StockNumber) -> Json:
    return {
        "friendly_name": formatted(one.e164),
        "phone_number": one.e164,
        "lata": None,
        "locality": one.city.title() or None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": one.state or None,
        "postal_code": one.zip_code or None,
        "iso_country": "US",
        "address_requirements": "none",
        "beta": False,
        "capabilities": _CAPABILITIES,
    }


def _list(carrier: Carrier, request: RestRequest) -> Json:
    known_only(request.query, ("PhoneNumber", "FriendlyName", *PAGING))
    wanted = request.query.get("PhoneNumber", "").lstrip("+")
    name = request.query.get("FriendlyName")
    matching = [
        record
        for record in carrier.numbers()
        if wanted in record.e164 and name in (None, record.friendly_name)
    ]
    return listed(request, "incoming_phone_numbers", matching, number_resource)


def _rent(carrier: Carrier, request: RestRequest) -> Json:
    form = dict(request.form)
    e164, area_code = form.pop("PhoneNumber", None), form.pop("AreaCode", None)
    known_only(form, _SETTINGS)
    if (e164 is None) == (area_code is None):
        raise RestFault(400, 21452, "say a PhoneNumber or an AreaCode")
    rented = {number.e164 for number in carrier.numbers()}
    if e164 is None:
        found = (one.e164 for one in local_stock(rented) if one.area_code == area_code)
        e164 = next(found, None)
    elif not re.fullmatch(r"\+[1-9]\d{6,14}", e164):
        raise RestFault(400, 21421, f"{e164} is not a valid phone number")
    if e164 is None or not in_stock(e164, rented):
        raise RestFault(400, 21422, f"{e164 or area_code} is not available")
    now = datetime.now(UTC)
    account = request.path.split("/")[3]
    sid = derived_id("PN", account, e164, now.isoformat())
    record = NumberRecord(sid=sid, account_sid=account, e164=e164, created=now, updated=now)
    record = _set(record, form)
    if not carrier.rent(record):
        raise RestFault(400, 21422, f"{e164} is not available")
    return {**number_resource(record), "_made": True}


def _set(record: NumberRecord, form: Form) -> NumberRecord:
    """The number with what the form says; refused as the carrier refuses it."""
    for name in _URLS:
        parts = urlsplit(form.get(name, ""))
        if form.get(name) and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise RestFault(400, 21402, f"{name} is not a valid URL: {form[name]}")
    for name in _METHODS:
        if form.get(name, "POST") not in ("GET", "POST"):
            raise RestFault(400, 21403, f"{name} is GET or POST")
    if len(form.get("FriendlyName", "")) > 64:
        raise RestFault(400, 20001, "FriendlyName has at most 64 characters")
    said: dict[str, Any] = {_SETTINGS[name]: value for name, value in form.items()}
    after = replace(record, **said)
    if after.voice_fallback_url and not after.voice_url:
        raise RestFault(400, 21405, "a fallback URL needs a voice URL")
    return after
