"""What does the API of an Amazon Connect instance answer?

A small threaded HTTP server over `ConnectInstance`, in the REST-JSON protocol of AWS's own SDKs:
what is in the path, the query and the body, and how a refusal is written.
"""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from simulator.connect_instance import ConnectFault, ConnectInstance, Json
from simulator.connect_operations import Asked, answered
from simulator.listening import Service
from simulator.rest_trouble import Trouble, Troubles


class ConnectHandler(BaseHTTPRequestHandler):
    """One request and its answer."""

    instance: ConnectInstance
    troubles: Troubles
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        """What the operation says, unless there is trouble."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        # AWS writes the names of a query in two ways: `ResourceType` stands for `resourceType`.
        query = {**query, **{name[:1].upper() + name[1:]: value for name, value in query.items()}}
        asked = Asked(query=query, body=json.loads(body) if body else {})
        trouble = self.troubles.next(self.command, parts.path)
        if trouble is Trouble.HANG:
            self.troubles.hang()
            self.close_connection = True
            return
        try:
            if trouble is not None:
                _refuse(trouble)
            with self.instance.lock:
                said = answered(self.instance, self.command, parts.path, asked)
        except ConnectFault as fault:
            self._tell(fault.status, {"message": str(fault)}, fault.name)
            return
        if trouble is Trouble.LOST:
            self.close_connection = True
            return
        self._tell(200, said)

    def _tell(self, status: int, document: Json, fault: str | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if fault:
            self.send_header("x-amzn-ErrorType", fault)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the numbers in these paths are personal data."""


def _refuse(trouble: Trouble) -> None:
    if trouble is Trouble.TOO_MANY:
        raise ConnectFault(429, "ThrottlingException", "Rate exceeded")
    if trouble is Trouble.BROKEN:
        raise ConnectFault(500, "InternalServiceException", "Internal service error")


class ConnectServer(Service):
    """The API of one instance by itself."""

    def __init__(
        self, instance: ConnectInstance, address: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        self.instance = instance
        super().__init__(ConnectHandler, {"instance": instance}, address)
