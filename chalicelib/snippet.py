"""Which script do pages load, and how do they ask for it?

Owns the tag that a site's pages carry and the HTTP answer with the script. The script itself is
made by `infra.snippet` and is a constant of the package, read once; whose site it is, and whom a
visit is lent to, is decided elsewhere.
"""

import gzip
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path

ASSET = Path(__file__).with_name("assets") / "dni.js"
# A version never changes; a redirection to the newest one does.
_FOREVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=300"
_PATH = re.compile(r"/dni-[0-9a-f]{12}\.js", re.ASCII)
_REFUSES_GZIP = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The current build: its bytes, as they are and with gzip, the first 12 hex digits of its
    SHA-256, and what `integrity` says of it."""

    content: bytes
    compressed: bytes
    version: str
    integrity: str

    @property
    def path(self) -> str:
        """Where the service hands it out."""
        return f"/dni-{self.version}.js"


class Touch(StrEnum):
    """Which arrival a visit is attributed to: the first one within 30 days, or the latest that
    says where it comes from."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagOptions:
    """How the snippet behaves on a site.

    `consent_required` keeps it silent until the page says otherwise; `honour_gpc` and `honour_dnt`
    name the browser signals that silence it for good. `tags` are names of query parameters that
    are kept. `frames` lets it into frames of the page's own origin.
    """

    consent_required: bool = False
    honour_gpc: bool = False
    honour_dnt: bool = False
    touch: Touch = Touch.LAST
    tags: tuple[str, ...] = ()
    frames: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, ready to be sent."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


@cache
def script() -> Script:
    """The script that this package hands out."""
    content = ASSET.read_bytes()
    return Script(
        content=content,
        compressed=gzip.compress(content, 9, mtime=0),
        version=hashlib.sha256(content).hexdigest()[:12],
        integrity=f"sha384-{b64encode(hashlib.sha384(content).digest()).decode()}",
    )


def tag(service_url: str, site_id: str, options: TagOptions | None = None) -> str:
    """The element that a site's pages carry. `service_url` has the scheme and host of the service,
    and no path."""
    current = script()
    options = options or TagOptions()
    attributes = {
        "src": service_url.rstrip("/") + current.path,
        "integrity": current.integrity,
        "crossorigin": "anonymous",
        "data-site": site_id,
        **_said(options),
    }
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<script async {written}{' data-frames' if options.frames else ''}></script>"


def _said(options: TagOptions) -> dict[str, str]:
    """The attributes of what differs from the snippet's own defaults."""
    signals = {"gpc": options.honour_gpc, "dnt": options.honour_dnt}
    said = {
        "data-consent": "required" if options.consent_required else "",
        "data-privacy": " ".join(name for name, honoured in signals.items() if honoured),
        "data-touch": options.touch.value if options.touch is Touch.FIRST else "",
        "data-tags": " ".join(options.tags),
    }
    return {name: value for name, value in said.items() if value}


def answer(path: str, accept_encoding: str = "") -> Reply | None:
    """The answer to a GET of `path`: the current version for a year, another version with the way
    to the current one, nothing where `path` is no script's.

    A page that pins an older version by `integrity` does not run what it is led to, and stays as it
    was; one that pins none goes on with the current version.
    """
    current = script()
    if path == current.path:
        return _current(current, accept_encoding)
    if not _PATH.fullmatch(path):
        return None
    headers = {"Location": current.path, "Content-Type": "application/problem+json"}
    body = _moved(current)
    return Reply(status=HTTPStatus.FOUND, headers=_shared(headers, _SHORTLY), body=body)


def _current(current: Script, accept_encoding: str) -> Reply:
    accepted = accept_encoding.lower()
    compressed = "gzip" in accepted and not _REFUSES_GZIP.search(accepted)
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "ETag": f'"{current.version}{"-gzip" if compressed else ""}"',
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if compressed:
        headers["Content-Encoding"] = "gzip"
    body = current.compressed if compressed else current.content
    return Reply(status=HTTPStatus.OK, headers=_shared(headers, _FOREVER), body=body)


def _shared(headers: Mapping[str, str], lasts: str) -> dict[str, str]:
    """With what lets pages of every origin load it, and for how long it may be kept."""
    return {
        **headers,
        "Cache-Control": lasts,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _moved(current: Script) -> bytes:
    problem = {
        "type": "urn:ringledger:problem:not_found",
        "title": HTTPStatus.FOUND.phrase,
        "status": HTTPStatus.FOUND.value,
        "detail": f"this version is no longer handed out; the current one is {current.path}",
        "code": "not_found",
    }
    return json.dumps(problem).encode()
