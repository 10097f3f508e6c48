"""A service that lends numbers over HTTP, with the semantics of the real one and moods to set.

It answers `POST /visits` for one registered site: a known token keeps its visit and its numbers, an
unknown one is refused, and a lost lease gets another number. It hands out the script as the
platform does.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib import snippet

SITE = "site_01TEST"
MAIN = "+18005550100"
OTHER = "+18005550111"


class Mood(StrEnum):
    """How the service answers a visit."""

    WELL = "well"
    SLOW = "slow"
    FAILING = "failing"
    WRONG_JSON = "wrong_json"
    WRONG_NUMBERS = "wrong_numbers"


@dataclass
class Service:
    """The state of the service, for tests to set and to look at. `released` ends a slow answer."""

    url: str = ""
    mood: Mood = Mood.WELL
    finds: tuple[str, ...] = (MAIN,)
    lasts: timedelta = timedelta(minutes=5)
    heartbeat_seconds: float = 60
    requests: list[dict[str, Any]] = field(default_factory=list)
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    lent: int = 0
    # What the lent numbers begin with; three more digits follow.
    begins: str = "+12125550"

    def tag(self, options: snippet.TagOptions | None = None) -> str:
        """The tag of the registered site."""
        return snippet.tag(self.url, SITE, options)

    def lose_leases(self) -> None:
        """Every visit gets other numbers at its next heartbeat."""
        with self.lock:
            for visit in self.visits.values():
                visit["numbers"] = self._fresh_numbers()

    def forget(self) -> None:
        """Tokens handed out earlier are worth nothing any more."""
        self.visits.clear()

    def answered(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer to one request for a visit."""
        asked = json.loads(body)
        with self.lock:
            self.requests.append(asked)
            token = asked.get("token")
            if asked["site"] != SITE:
                return 404, {"status": 404, "code": "unknown_site"}
            if token and token not in self.visits:
                return 400, {"status": 400, "code": "invalid_token"}
            if not token:
                token = f"token-{len(self.visits) + 1}"
                visit_id = f"visit_{len(self.visits) + 1}"
                self.visits[token] = {"visit_id": visit_id, "numbers": self._fresh_numbers()}
            expires = datetime.now(UTC) + self.lasts
            return 200, {
                **self.visits[token],
                "token": token,
                "expires_at": expires.isoformat().replace("+00:00", "Z"),
                "heartbeat_seconds": self.heartbeat_seconds,
            }

    def _fresh_numbers(self) -> list[dict[str, str]]:
        self.lent += len(self.finds)
        first = 200 + self.lent - len(self.finds)
        return [
            {"find": find, "number": f"{self.begins}{first + place:03d}"}
            for place, find in enumerate(self.finds)
        ]


class Handler(BaseHTTPRequestHandler):
    """Keeps connections, and says nothing in the log."""

    protocol_version = "HTTP/1.1"

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send the whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Handler(Handler):
    service: Service

    def do_GET(self) -> None:
        """The script."""
        reply = snippet.answer(self.path, self.headers.get("Accept-Encoding", ""))
        if reply is None:
            return self.reply(404, {}, b"{}")
        return self.reply(reply.status, reply.headers, reply.body)

    def do_POST(self) -> None:
        """A visit, or its heartbeat."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.service.answered(body)
        mood = self.service.mood
        if mood is Mood.SLOW:
            self.service.released.wait(20)
        if mood is Mood.FAILING:
            status, answer = 500, {"status": 500, "code": "failed"}
        if mood is Mood.WRONG_NUMBERS:
            answer["heartbeat_seconds"] = "soon"
            answer["numbers"] = [{"find": MAIN, "number": "<img src=x onerror=alert(1)>"}, 7]
        sent = b"<html>" if mood is Mood.WRONG_JSON else json.dumps(answer).encode()
        self.reply(status, {"Access-Control-Allow-Origin": "*"}, sent)

    def do_OPTIONS(self) -> None:
        """No preflight is expected: a test sees it as a request without a site."""
        self.service.requests.append({"preflight": True})
        self.reply(405, {}, b"")


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The origin on which the handler answers, on a free port of the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running() -> Iterator[Service]:
    """A service of its own."""
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    with served(handler) as service.url:
        try:
            yield service
        finally:
            service.released.set()
