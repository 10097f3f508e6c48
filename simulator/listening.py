"""How does a played service listen, so that another can follow at its address?"""

import contextlib
import socket
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from simulator.rest_trouble import Troubles


class Service:
    """A service that listens from its construction, and serves inside a `with` block.

    Each request is answered by a `handler` that `has` what is given, and the `troubles`, which are
    made before anything is answered as it should be.
    """

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler],
        has: Mapping[str, object],
        address: tuple[str, int],
    ) -> None:
        self.troubles = Troubles()
        own = type("Handler", (handler,), {**has, "troubles": self.troubles})
        self._server = Listener(address, own)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
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
