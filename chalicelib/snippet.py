"""Which script do pages load, and how do they ask for it?

Owns the tag that a site's pages carry and the HTTP answer with the script. The scripts themselves,
the current one and the former ones, are made by `infra.snippet` and are constants of the package,
each read once; whose site it is, and whom a visit is lent to, is decided elsewhere.
"""

import gzip
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from http import HTTPStatus
from pathlib import Path

from chalicelib.pools import Site, Touch

ASSET = Path(__file__).with_name("assets") / "dni.js"
FORMER = ASSET.with_name("dni")
"""The builds of before, each under its version: pages pin them by `integrity`."""
# A version never changes; a redirection to the newest one does.
_FOREVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=300"
_PATH = re.compile(r"/dni-([0-9a-f]{12})\.js", re.ASCII)
_REFUSES_GZIP = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A build: its bytes, as they are and with gzip, the first 12 hex digits of its
    SHA-256, and what `integrity` says of it."""

    content: bytes
    compressed: bytes
    version: str
    integrity: str

    @property
    def path(self) -> str:
        """Where the service hands it out."""
        return f"/dni-{self.version}.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagOptions:
    """How the snippet behaves on a site.

    `consent_required` keeps it silent until the page says otherwise; `honour_gpc` and `honour_dnt`
    name the browser signals that silence it for good. `tag_names` are those of query parameters
    that are kept. `frames` lets it into frames of the page's own origin.
    """

    consent_required: bool = False
    honour_gpc: bool = False
    honour_dnt: bool = False
    touch: Touch = Touch.LAST
    tag_names: tuple[str, ...] = ()
    frames: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, ready to be sent."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


@cache
def script() -> Script:
    """The current script."""
    return read(ASSET)


@lru_cache(maxsize=8)
def former(version: str) -> Script | None:
    """The script of before that has this version, 12 hex digits; None where there was none."""
    kept = FORMER / f"{version}.js"
    return read(kept) if kept.is_file() else None


def read(file: Path) -> Script:
    """The build that a file holds."""
    content = file.read_bytes()
    return Script(
        content=content,
        compressed=gzip.compress(content, 9, mtime=0),
        version=hashlib.sha256(content).hexdigest()[:12],
        integrity=f"sha384-{b64encode(hashlib.sha384(content).digest()).decode()}",
    )


def tag(service_url: str, site_id: str, options: TagOptions | None = None) -> str:
    """The element that a site's pages carry. The snippet asks the host that it came from; where
    `service_url` has a path as well, the element says so."""
    current = script()
    service, options = service_url.rstrip("/"), options or TagOptions()
    elsewhere = {"data-service": service} if "/" in service.partition("://")[2] else {}
    attributes = {
        "src": service + current.path,
        "integrity": current.integrity,
        "crossorigin": "anonymous",
        "data-site": site_id,
        **elsewhere,
        **_said(options),
    }
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<script async {written}{' data-frames' if options.frames else ''}></script>"


def options_of(site: Site) -> TagOptions:
    """How the snippet behaves on this site; its privacy signals are all that there are."""
    return TagOptions(
        consent_required=site.consent_required,
        honour_gpc=site.privacy_signals,
        honour_dnt=site.privacy_signals,
        touch=site.touch,
        tag_names=site.tag_names,
        frames=site.frames,
    )


def _said(options: TagOptions) -> dict[str, str]:
    """The attributes of what differs from the snippet's own defaults."""
    signals = {"gpc": options.honour_gpc, "dnt": options.honour_dnt}
    said = {
        "data-consent": "required" if options.consent_required else "",
        "data-privacy": " ".join(name for name, honoured in signals.items() if honoured),
        "data-touch": options.touch.value if options.touch is Touch.FIRST else "",
        "data-tags": " ".join(options.tag_names),
    }
    return {name: value for name, value in said.items() if value}


def answer(path: str, accept_encoding: str = "") -> Reply | None:
    """The answer to a GET of `path`: the current version and those of before for a year, a version
    that never was with the way to the current one, nothing where `path` is no script's.

    The way is told from where the page asked, so that it holds below any path of the service. A
    page that pins what never was by `integrity` does not run what it is led to, and stays as it
    was.
    """
    asked = _PATH.fullmatch(path)
    if asked is None:
        return None
    current = script()
    found = current if asked[1] == current.version else former(asked[1])
    if found is not None:
        return _handed_out(found, accept_encoding)
    headers = {"Location": current.path[1:], "Content-Type": "application/problem+json"}
    body = _moved(current)
    return Reply(status=HTTPStatus.FOUND, headers=_shared(headers, _SHORTLY), body=body)


def _handed_out(build: Script, accept_encoding: str) -> Reply:
    accepted = accept_encoding.lower()
    compressed = "gzip" in accepted and not _REFUSES_GZIP.search(accepted)
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "ETag": f'"{build.version}{"-gzip" if compressed else ""}"',
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if compressed:
        headers["Content-Encoding"] = "gzip"
    body = build.compressed if compressed else build.content
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
        "detail": f"there never was this version; the current one is {current.path}",
        "code": "not_found",
    }
    return json.dumps(problem).encode()
