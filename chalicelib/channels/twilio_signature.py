"""Did Twilio send this?

Owns reading a webhook out of a Lambda event, and the check of `X-Twilio-Signature` over the exact
public URL and the form as it was posted (Twilio, Security: Validating Requests). What the form says
belongs to `twilio_forms`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from chalicelib.runtime import Secrets

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A verified request: its form, its query, and the public base address it came to."""

    form: dict[str, str]
    query: dict[str, str]
    base: str


def verified(event: dict[str, Any], secrets: Secrets) -> Webhook | None:
    """The request as Twilio signed it; None when it did not."""
    body = _body(event)
    if body is None:
        return None
    query = event.get("rawQueryString", "")
    base = secrets.voice_url or f"https://{event['requestContext']['domainName']}"
    pairs = parse_qsl(body, keep_blank_values=True)
    url = base + event["rawPath"] + (f"?{query}" if query else "")
    given = event.get("headers", {}).get("x-twilio-signature", "")
    if not signed(given, tokens=secrets.twilio_tokens, url=url, pairs=pairs):
        return None
    form = dict(pairs)
    if form.get("AccountSid") != secrets.twilio_account_sid:
        return None
    return Webhook(form=form, query=dict(parse_qsl(query)), base=base)


def _body(event: dict[str, Any]) -> str | None:
    """The form's text; Function URLs deliver it in base 64. None when it is not text."""
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def signature(token: str, url: str, pairs: Pairs) -> str:
    """The signature of a form posted to `url`: keys by code point, blanks kept, and the values of a
    repeated key once each, in order."""
    values: dict[str, set[str]] = {}
    for key, value in pairs:
        values.setdefault(key, set()).add(value)
    text = url + "".join(key + value for key in sorted(values) for value in sorted(values[key]))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed(given: str, *, tokens: Sequence[str], url: str, pairs: Pairs) -> bool:
    """Whether `given` is the signature under any of the tokens, with or without the URL's port.

    During a rotation both the old and the new token count.
    """
    expected = [signature(token, form, pairs) for token in tokens for form in _port_forms(url)]
    matches = [hmac.compare_digest(given.encode(), one.encode()) for one in expected]
    return any(matches)


def _port_forms(url: str) -> tuple[str, ...]:
    """The URL as it is, and with the default port written or left out: Twilio's clients differ."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    if parts.port is None:
        other = f"{parts.netloc}:{default}"
    elif parts.port == default:
        other = parts.netloc.rpartition(":")[0]
    else:
        return (url,)
    return url, urlunsplit(parts._replace(netloc=other))
