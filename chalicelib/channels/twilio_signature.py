"""Did Twilio send this?

Owns the check of `X-Twilio-Signature` over the exact public URL and the form as it was posted
(Twilio, Security: Validating Requests). What the form says belongs to `twilio_forms`.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

Pairs = Sequence[tuple[str, str]]


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
