"""A stand-in for the functions behind a flow of Amazon Connect, in this process and over HTTP."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.connect_flow import content
from simulator import Behaviour, CallResult, CallScript, ConnectNetwork, Tells
from simulator.connect_instance import ConnectInstance
from simulator.wire import Answer, Request
from tests.simulator.conftest import CALLER, NOON
from tests.simulator.standin import DIALLED, TARGET

Json = dict[str, Any]
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:ringledger-local-connect"
CONTACTS = "ringledger-local-contacts"
QUIET = {
    "say": '<speak><break time="500ms"/></speak>', "says": "no", "voice": "Joanna", "digits": "5",
    "step": "none", "destination": "none", "ring_seconds": "25", "dial": "none",
    "caller_id": "none", "send_digits": "none", "attempt": "0", "record": "off", "call": "call_1",
    "reason": "none",
}  # fmt: skip
END = QUIET | {"action": "end"}
SORRY = QUIET | {"action": "sorry", "say": "<speak>We are sorry, nobody is there.</speak>"}


def dials(to: str = TARGET, attempt: int = 1, **more: str) -> dict[str, str]:
    """The answer that transfers to a target."""
    own = {"action": "dial", "destination": to, "attempt": str(attempt), "dial": "caller"}
    return {**QUIET, **own, **more}


def asks(step: str = "1.1", digits: str = "5", say: str = "Your ZIP, please.") -> dict[str, str]:
    """The answer that asks the caller something."""
    return QUIET | {"action": "ask", "step": step, "digits": digits, "say": f"<speak>{say}</speak>"}


class Functions:
    """What the functions answer, by operation: one after another, the last for good."""

    def __init__(self, **answers: Any) -> None:
        usual: dict[str, Any] = {"arrived": dials(), "next": SORRY, "gathered": END, "ended": END}
        self._answers = {
            name: list(said) if isinstance(said, list) else [said]
            for name, said in (usual | answers).items()
        }
        self.invoked: list[Json] = []
        self.events: list[Json] = []
        self.records: list[Json] = []
        self.looks: Callable[[], object] = lambda: None

    def send(self, request: Request) -> Answer:
        """The way of a network to these functions."""
        return self.hears(json.loads(json.dumps(request.document)))

    def hears(self, document: Json) -> Answer:
        """Keep what is told, and answer what is asked."""
        if document.get("source") == "aws.connect":
            self.events.append(document)
            return Answer(status=200, body=b"{}")
        if "Records" in document:
            for one in document["Records"]:
                self.records.append(json.loads(base64.b64decode(one["kinesis"]["data"])))
            return Answer(status=200, body=b"{}")
        self.invoked.append(document["Details"])
        self.looks()
        waiting = self._answers[document["Details"]["Parameters"]["operation"]]
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(said, Answer):
            return said
        return Answer(status=200, content_type="application/json", body=json.dumps(said).encode())

    @property
    def parameters(self) -> list[dict[str, str]]:
        """The parameters of every invocation, in order."""
        return [one["Parameters"] for one in self.invoked]


def network(functions: Any, *, flow: str = "", tells: Tells | None = None) -> ConnectNetwork:
    """The shipped flow before these functions."""
    return ConnectNetwork(
        flow=flow or content(FUNCTION), wire=functions, instance=ConnectInstance(), tells=tells,
        seed="1",
    )  # fmt: skip


def calls(functions: Any, *, tells: Tells | None = None, **choices: Any) -> CallResult:
    """One call, answered after 6 s, with 127 s of talk unless said otherwise."""
    script: dict[str, Any] = {
        "to": DIALLED,
        "caller": CALLER,
        "target": Behaviour(after=6, talk=127),
        "started_at": NOON,
    }
    return network(functions, tells=tells).place(CallScript(**{**script, **choices}))


@contextmanager
def local_aws(functions: Functions) -> Iterator[str]:
    """An address where these functions are invoked, and events are put on a bus."""
    handler = type("Handler", (_Handler,), {"hears": staticmethod(functions.hears)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hears: Callable[[Json], Answer]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.hears(json.loads(body))
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.fault:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
