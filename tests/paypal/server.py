"""PayPal's side of the wire, with the troubles that a network and a busy PayPal make."""

import base64
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.paypal.till import Json, Refusal, Till

CLIENT_ID, CLIENT_SECRET = "client", "secret"
TOKEN_SECONDS = 32400


class Trouble(Enum):
    """What happens to a request in place of a plain answer."""

    BROKEN_BEFORE = auto()  # 500, and nothing was done
    BROKEN_AFTER = auto()  # 500, and it was done all the same
    LOST_BEFORE = auto()  # the connection breaks, and nothing was done
    LOST_AFTER = auto()  # done, and the connection breaks
    TOO_MANY = auto()  # 429 with Retry-After
    STALE = auto()  # the access token holds no more
    NONSENSE = auto()  # an answer that is no JSON


class PayPalServer:
    """A till behind HTTP on 127.0.0.1; `asked` remembers every request but those for tokens."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.troubles: deque[tuple[Trouble, str]] = deque()
        self.asked: list[str] = []
        self.tokens: list[str] = []
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        till.api_url = self.url

    def trouble(self, kind: Trouble, times: int = 1, path: str = "/v1/") -> None:
        """The next requests below this path come into trouble."""
        self.troubles.extend([(kind, path)] * times)

    def meets(self, path: str) -> Trouble | None:
        """The trouble that a request for this path meets, if one is its turn."""
        if self.troubles and path.startswith(self.troubles[0][1]):
            return self.troubles.popleft()[0]
        return None

    @contextmanager
    def running(self) -> Iterator["PayPalServer"]:
        """Answer for as long as the block lasts."""
        thread = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_of: PayPalServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _serve(self, body: bytes) -> None:
        office, path = self.server_of, urlsplit(self.path).path
        if path == "/v1/oauth2/token":
            self._give_token(body)
            return
        office.asked.append(f"{self.command} {path}")
        trouble = office.meets(path)
        if trouble is Trouble.STALE:
            office.tokens.clear()
        early = _BEFORE.get(trouble) if trouble else None
        if early is not None:
            early(self)
            return
        if self.headers.get("Authorization", "")[7:] not in office.tokens:
            self._say(401, {"error": "invalid_token", "error_description": "Token not found"})
            return
        status, said = self._answered(path, body)
        late = _AFTER.get(trouble) if trouble else None
        if late is not None:
            late(self)
        else:
            self._say(status, said)

    def _answered(self, path: str, body: bytes) -> tuple[int, Json]:
        try:
            return self._act(path, body)
        except Refusal as refusal:
            return refusal.status, refusal.document

    def _act(self, path: str, body: bytes) -> tuple[int, Json]:
        till, last = self.server_of.till, path.rpartition("/")[2]
        if (self.command, path) == ("POST", "/v1/payments/payouts"):
            return 201, till.take(json.loads(body))
        if (self.command, path) == ("POST", "/v1/notifications/verify-webhook-signature"):
            raw = body.partition(b'"webhook_event": ')[2][:-1]
            known = till.knows(json.loads(body), raw)
            return 200, {"verification_status": "SUCCESS" if known else "FAILURE"}
        if self.command == "GET" and path.startswith("/v1/payments/payouts-item/"):
            return 200, till.item(last)
        if self.command == "GET" and path.startswith("/v1/payments/payouts/"):
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()
            }
            said = till.batch(last, int(query.get("page", 1)), int(query.get("page_size", 1000)))
            if query.get("total_required") != "true":
                del said["total_items"], said["total_pages"]
            return 200, said
        raise Refusal(404, "RESOURCE_NOT_FOUND")

    def _give_token(self, body: bytes) -> None:
        office = self.server_of
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {basic}":
            self._say(
                401,
                {"error": "invalid_client", "error_description": "Client Authentication failed"},
            )
            return
        if body != b"grant_type=client_credentials":
            self._say(400, {"error": "unsupported_grant_type"})
            return
        office.tokens.append(f"A21AA{len(office.asked)}-{len(office.tokens)}")
        self._say(200, {"access_token": office.tokens[-1], "token_type": "Bearer",
                        "expires_in": TOKEN_SECONDS})  # fmt: skip

    def _say(self, status: int, said: Any, *, retry_after: str = "") -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True

    def _fail(self) -> None:
        self._say(500, {"name": "INTERNAL_ERROR", "message": "wrong", "debug_id": "0"})

    def _crowd(self) -> None:
        self._say(429, {"name": "RATE_LIMIT_REACHED"}, retry_after="3")

    def _babble(self) -> None:
        self._say(200, b"<html>")


_BEFORE: dict[Trouble, Callable[[_Handler], None]] = {
    Trouble.BROKEN_BEFORE: _Handler._fail,
    Trouble.LOST_BEFORE: _Handler._break,
    Trouble.TOO_MANY: _Handler._crowd,
}
_AFTER: dict[Trouble, Callable[[_Handler], None]] = {
    Trouble.BROKEN_AFTER: _Handler._fail,
    Trouble.LOST_AFTER: _Handler._break,
    Trouble.NONSENSE: _Handler._babble,
}
