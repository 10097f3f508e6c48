"""How does the carrier sign a request, so that the platform can tell it from a forgery?

Written from the carrier's published rule and from nothing of the platform's, so that the two
sides can only agree by both being right. Which URL is signed is `wire`'s business.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-Twilio-Signature"


def sign(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """The signature of a form request: HMAC-SHA1 of the URL followed by every key and value.

    Keys are sorted by code point, blank values count, and equal values of a repeated key count
    once. `url` is taken as it is. A JSON or GET request has no form fields: pass none.
    """
    values: dict[str, set[str]] = {}
    for key, value in fields:
        values.setdefault(key, set()).add(value)
    text = url + "".join(key + value for key in sorted(values) for value in sorted(values[key]))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
