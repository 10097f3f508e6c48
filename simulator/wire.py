"""How does a webhook travel to the platform, and what came back?

One signed form request at a time over connections that are kept open, one per thread and host.
What is sent when is `courier`'s business.
"""

import contextlib
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from simulator.signature import HEADER, sign

ANSWER_SECONDS = 15.0
"""The carrier's hard cap on the answer to a voice webhook."""

_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
_MOST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One webhook: what it tells, where to, and the token that all its tries carry.

    `document` is what is told where that is no form; `fields` then show the gist of it.
    """

    kind: str
    url: str
    fields: tuple[tuple[str, str], ...]
    method: str = "POST"
    token: str = ""
    whisper: bool = False
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `status` 0 with a `fault` when nothing did."""

    status: int = 0
    content_type: str = ""
    body: bytes = b""
    seconds: float = 0.0
    fault: str = ""
    unreachable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    method: str
    parts: SplitResult
    body: bytes | None
    headers: dict[str, str]


class Wire:
    """The carrier's way to the platform, signing with the account's token."""

    def __init__(self, auth_token: str, *, timeout: float = ANSWER_SECONDS) -> None:
        self._token = auth_token
        self._timeout = timeout
        self._local = threading.local()
        self._open: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """Send once and wait for the answer, up to the cap; never raises for the other side."""
        url, body = _address(request)
        parts = urlsplit(url)
        headers = self._headers(request, url, parts, body)
        message = _Message(method=request.method, parts=parts, body=body, headers=headers)
        begun = time.monotonic()
        try:
            status, content_type, answer = self._exchange(message)
        except TimeoutError:
            fault = f"no answer within {self._timeout:g} s"
            return Answer(fault=fault, seconds=time.monotonic() - begun)
        except (OSError, HTTPException) as fault_met:
            return Answer(
                fault=f"no connection or a broken one: {fault_met or type(fault_met).__name__}",
                seconds=time.monotonic() - begun,
                unreachable=isinstance(fault_met, ConnectionRefusedError),
            )
        seconds = time.monotonic() - begun
        return Answer(status=status, content_type=content_type, body=answer, seconds=seconds)

    def close(self) -> None:
        """Close every connection; the next request opens its own again."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _headers(
        self, request: Request, url: str, parts: SplitResult, body: bytes | None
    ) -> dict[str, str]:
        fields = () if body is None else request.fields
        headers = {
            "Accept": "*/*",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": request.token,
            HEADER: sign(self._token, signed_url(url), fields),
        }
        if body is not None:
            headers["Content-Type"] = _FORM
        if parts.username is not None:
            pair = f"{parts.username}:{parts.password or ''}".encode()
            headers["Authorization"] = "Basic " + b64encode(pair).decode()
        return headers

    def _exchange(self, message: _Message) -> tuple[int, str, bytes]:
        connection = self._connection(message.parts)
        reused = connection.sock is not None
        try:
            return _round_trip(connection, message)
        except TimeoutError:
            connection.close()
            raise
        except (ConnectionError, HTTPException):
            # An idle connection that the other side closed says nothing about the platform.
            connection.close()
            if not reused:
                raise
        try:
            return _round_trip(connection, message)
        except (OSError, HTTPException):
            connection.close()
            raise

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        held: dict[str, HTTPConnection] = self._local.__dict__.setdefault("held", {})
        key = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        if key not in held:
            host = parts.hostname or ""
            if parts.scheme == "https":
                context = ssl.create_default_context()
                held[key] = HTTPSConnection(
                    host, parts.port, timeout=self._timeout, context=context
                )
            else:
                held[key] = HTTPConnection(host, parts.port, timeout=self._timeout)
            with self._lock:
                self._open.append(held[key])
        return held[key]


def signed_url(url: str) -> str:
    """The URL that the signature covers: no fragment, no user, no port where it is https."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "https" and parts.port is not None:
        host = host.rpartition(":")[0]
    bare = url.partition("#")[0]
    return bare.replace(parts.netloc, host, 1)


def sent_target(method: str, parts: SplitResult) -> str:
    """The path and query on the wire; of a POST the carrier sorts the query, signed unsorted."""
    pairs = parts.query.split("&")
    if method == "POST":
        pairs.sort(key=lambda pair: pair.partition("=")[0])
    query = "&".join(pairs)
    return (parts.path or "/") + (f"?{query}" if query else "")


def _address(request: Request) -> tuple[str, bytes | None]:
    url = request.url.partition("#")[0]
    form = urlencode(request.fields)
    if request.method == "POST":
        return url, form.encode()
    return url + ("&" if urlsplit(url).query else "?") + form, None


def _round_trip(connection: HTTPConnection, message: _Message) -> tuple[int, str, bytes]:
    target = sent_target(message.method, message.parts)
    connection.request(message.method, target, body=message.body, headers=message.headers)
    with contextlib.closing(connection.getresponse()) as response:
        answer = response.read(_MOST_BODY)
        if response.read(1):
            connection.close()
        return response.status, response.headers.get("Content-Type", ""), answer
