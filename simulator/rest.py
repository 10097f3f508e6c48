"""What does the carrier's REST API answer?

A small threaded HTTP server over `Carrier`: calls, recordings, numbers that can be rented, numbers
of the account, look-ups. It knows who asks, which resource is meant, and what trouble it was told
to make; the resources are in modules of their own. What the platform does not use is not there.
"""

import base64
import contextlib
import hmac
import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.carrier import Carrier
from simulator.recordings import Answered, answer, is_about_recordings
from simulator.rest_calls import answer_calls
from simulator.rest_numbers import answer_available, answer_lookup, answer_owned, answer_verified
from simulator.rest_trouble import Trouble, Troubles
from simulator.rest_words import Json, RestFault, RestRequest, not_found

Resource = Callable[[Carrier, RestRequest, str | None], Json]

_ACCOUNT = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/(.+)\.json")
_LOOKUP = re.compile(r"/v2/PhoneNumbers/([^/]+)")
_RESOURCES: tuple[tuple[re.Pattern[str], Resource], ...] = (
    (re.compile(r"Calls(?:/([^/]+))?"), answer_calls),
    (re.compile(r"AvailablePhoneNumbers/(\w+/\w+)"), answer_available),
    (re.compile(r"IncomingPhoneNumbers(?:/([^/]+))?"), answer_owned),
    (re.compile(r"OutgoingCallerIds(?:/([^/]+))?"), answer_verified),
)


class RestServer:
    """The REST side, listening from its construction, serving inside a `with` block.

    `troubles` are made before anything is answered as it should be.
    """

    def __init__(
        self, carrier: Carrier, account_sid: str, auth_token: str, address: tuple[str, int]
    ) -> None:
        self.troubles = Troubles()
        api = _Api(carrier, account_sid, auth_token)
        handler = type("Handler", (_Handler,), {"api": api, "troubles": self.troubles})
        self._server = Listener(address, handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"

    def __enter__(self) -> "RestServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.troubles.end()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Api:
    def __init__(self, carrier: Carrier, account_sid: str, auth_token: str) -> None:
        self._carrier = carrier
        self._account_sid = account_sid
        self._credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()

    def answer(self, request: RestRequest, authorization: str) -> Answered:
        self._admit(authorization)
        if is_about_recordings(request.path):
            if f"/Accounts/{self._account_sid}/" not in request.path:
                raise not_found(request.path)
            return answer(self._carrier, request)
        said = self._resource(request)
        made = said.pop("_made", False)
        if request.method == "DELETE":
            return Answered(status=204)
        return Answered(status=201 if made else 200, document=said)

    def _resource(self, request: RestRequest) -> Json:
        lookup = _LOOKUP.fullmatch(request.path)
        if lookup is not None:
            return answer_lookup(request, lookup[1])
        account = _ACCOUNT.fullmatch(request.path)
        if account is not None and account[1] == self._account_sid:
            for pattern, resource in _RESOURCES:
                match = pattern.fullmatch(account[2])
                if match is not None:
                    return resource(self._carrier, request, match[1])
        raise not_found(request.path)

    def _admit(self, authorization: str) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(
            given.strip().encode(), self._credentials.encode()
        ):
            raise RestFault(401, 20003, "Authenticate")


class Listener(ThreadingHTTPServer):
    """A server that ends also what was kept open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that were kept open; another server may come to this address."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of whoever hangs up before the end of a sound."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    api: _Api
    troubles: Troubles
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        request = self._request()
        trouble = self.troubles.next(request.method, request.path)
        if trouble is Trouble.HANG:
            self.troubles.hang()
            self.close_connection = True
            return
        try:
            if trouble is not None and trouble.refusal is not None:
                raise trouble.refusal
            said = self.api.answer(request, self.headers.get("Authorization", ""))
        except RestFault as fault:
            said = Answered(status=fault.status, document=fault.body)
        if trouble is Trouble.LOST:
            self.close_connection = True
            return
        self._send(said, cut=trouble is Trouble.CUT)

    def _request(self) -> RestRequest:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        parts = urlsplit(self.path)
        return RestRequest(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            form=dict(parse_qsl(body, keep_blank_values=True)),
        )

    def _send(self, said: Answered, *, cut: bool) -> None:
        written = b"" if said.document is None else json.dumps(said.document).encode()
        body = said.sound or written
        self.send_response(said.status)
        self.send_header(
            "Content-Type", "audio/x-wav" if said.sound else "application/json;charset=utf-8"
        )
        self.send_header("Content-Length", str(len(body)))
        if said.status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the numbers in these paths are personal data."""
