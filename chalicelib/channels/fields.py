"""Which form has a single field of the API?

Owns the types that the schemas are made of: bounds, patterns, telephone numbers, time zones. What a
thing consists of belongs to `schemas`.
"""

import re
from datetime import time
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import idna
import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from chalicelib import answering, offers, places, times

_SIP = re.compile(
    r"sip:[A-Za-z0-9._~!*'()&=+$,;?/%-]{1,100}@[A-Za-z0-9.-]{1,200}(?::\d{1,5})?"
    r"(?:[;?][A-Za-z0-9._~=&;%+-]{1,150})?"
)
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_URL = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]{1,500}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_LOOPBACK = "localhost"
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Document(BaseModel):
    """A JSON object with exactly these members, each of exactly its type."""

    model_config = ConfigDict(strict=True, extra="forbid")


def e164(text: str) -> str:
    """The number in E.164: written with its country code, in whatever punctuation.

    Possible by its length is enough, because no table of ranges in use is ever complete.
    """
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as wrong:
        reason = "must be a telephone number with its country code, such as +18005550100"
        raise PydanticCustomError("e164", reason) from wrong
    if number.extension or not phonenumbers.is_possible_number(number):
        raise PydanticCustomError("e164", "must be a number that can exist, without extension")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def destination(text: str) -> str:
    """What a call can be sent to: a number in E.164, or a SIP address."""
    if not text.lower().startswith("sip:"):
        return e164(text)
    address = "sip:" + text[4:]
    if not _SIP.fullmatch(address):
        raise PydanticCustomError("sip", "must be a SIP address such as sip:desk@pbx.example.com")
    return address


def zone(name: str) -> str:
    """An IANA time zone that this platform knows."""
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        pass
    raise PydanticCustomError("zone", "must be an IANA time zone such as America/New_York")


def plain_text(text: str) -> str:
    """Text without control characters, and without space around it."""
    if _CONTROL.search(text):
        raise PydanticCustomError("format", "must not hold control characters")
    if not text.strip():
        raise PydanticCustomError("length", "must not be empty")
    return text.strip()


def spoken(text: str) -> str:
    """Plain text that a document of XML can hold."""
    if _UNWRITABLE.search(text):
        raise PydanticCustomError("format", "must not hold characters that cannot be written")
    return plain_text(text)


def audio_url(text: str) -> str:
    """The https address of a recording that anybody may fetch."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    sound = _URL.fullmatch(text) and _HOST.fullmatch(host) and port in (None, 443)
    if not sound or parts.scheme != "https" or "@" in parts.netloc or parts.fragment:
        reason = "must be an https address without credentials, such as https://example.com/a.mp3"
        raise PydanticCustomError("url", reason)
    return text


def domain(text: str) -> str:
    """The host name as browsers say it: lower case, with international letters in ASCII."""
    name = text.strip().removesuffix(".")
    try:
        ascii_name = idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        ascii_name = ""
    if ascii_name != _LOOPBACK and not _HOST.fullmatch(ascii_name):
        reason = "must be a host name such as example.com: no scheme, port, path or wildcard"
        raise PydanticCustomError("domain", reason)
    return ascii_name


def caller_id(text: str) -> str:
    """Whose number targets are shown: a word, or a number in E.164."""
    return text if text in (answering.CALLER, answering.TRACKING_NUMBER) else e164(text)


def _clock(value: Any) -> Any:
    """Only `HH:MM` reads as a time of day; anything else is left for the type to refuse."""
    if isinstance(value, str) and re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        return time.fromisoformat(value)
    raise PydanticCustomError("format", "must be a time of day such as 09:30")


def _id(prefix: str) -> Any:
    return Field(pattern=rf"^{prefix}_[0-9A-HJKMNP-TV-Z]{{26}}$")


def _moment(text: str) -> str:
    """An instant of this century, written in UTC; one without an offset names none."""
    try:
        moment = times.read(text)
    except (ValueError, OverflowError) as wrong:
        reason = "must be a time with its offset (RFC 3339), such as 2026-12-01T00:00:00Z"
        raise PydanticCustomError("format", reason) from wrong
    if not 2000 <= moment.year <= 2099:
        raise PydanticCustomError("range", "must be in this century")
    return times.written(moment)


def _state(code: str) -> str:
    """A state that callers can be in."""
    if code not in places.STATES:
        reason = "must be a state, territory or province of US or Canada, such as CA"
        raise PydanticCustomError("choice", reason)
    return code


def _without_nulls(tags: Any) -> Any:
    """The tags without those that are null: a tag without a value is no tag."""
    if not isinstance(tags, dict):
        return tags
    return {name: value for name, value in tags.items() if value is not None}


AdvertiserId = Annotated[str, _id("adv")]
CampaignId = Annotated[str, _id("cmp")]
OfferId = Annotated[str, _id("off")]
PublisherId = Annotated[str, _id("pub")]
PlacementId = Annotated[str, _id("plc")]
PoolId = Annotated[str, _id("pool")]

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain_text)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217")]
Cents = Annotated[int, Field(ge=0, le=10**11, description="whole cents")]
PositiveCents = Annotated[int, Field(ge=1, le=10**11, description="whole cents")]
MicroDollars = Annotated[int, Field(ge=0, description="millionths of a US dollar, a month")]
Moment = Annotated[str, Field(max_length=40, description="RFC 3339"), AfterValidator(_moment)]
Seconds = Annotated[int, Field(ge=0, le=14_400, description="whole seconds")]
Days = Annotated[int, Field(ge=0, le=365, description="whole days")]
Cap = Annotated[int, Field(ge=1, le=1_000_000)]
Carrier = Annotated[Literal["twilio", "connect"], Field(description="who lends the number")]
E164 = Annotated[str, Field(max_length=64, description="E.164"), AfterValidator(e164)]
Destination = Annotated[
    str,
    Field(max_length=255, description="E.164, or a sip: address"),
    AfterValidator(destination),
]
Zone = Annotated[str, Field(max_length=64, description="IANA time zone"), AfterValidator(zone)]
Clock = Annotated[
    time,
    BeforeValidator(_clock, json_schema_input_type=str),
    Field(description="HH:MM on the zone's clock"),
]
SendDigits = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-D#*wW]{1,32}$",
        description="keys of a telephone; w waits half a second, W a whole one",
    ),
]
RingGroup = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9_-]{1,40}$",
        description="the targets of a campaign with this name ring at once, ten at most",
    ),
]
Spoken = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(spoken)]
AudioUrl = Annotated[str, Field(max_length=500), AfterValidator(audio_url)]
Domain = Annotated[
    str,
    Field(max_length=253, description="a host name, which stands for all under it too"),
    AfterValidator(domain),
]
CallerId = Annotated[str, Field(max_length=40), AfterValidator(caller_id)]
KnownState = Annotated[str, Field(max_length=2), AfterValidator(_state)]
TagName = Annotated[str, Field(pattern=f"^{offers.TAG_NAME.pattern}$")]
Tags = Annotated[
    dict[TagName, Name],
    Field(max_length=20, description="at most 20 facts by name, each of at most 200 characters"),
    BeforeValidator(_without_nulls),
]
UsState = Annotated[str, Field(pattern="^[A-Z]{2}$")]
AreaCode = Annotated[str, Field(pattern="^[2-9][0-9]{2}$")]
Zip = Annotated[str, Field(pattern="^[0-9]{5}$")]
