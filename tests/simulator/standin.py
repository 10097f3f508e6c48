"""A platform small enough to read at a glance: it says what a test told it to say.

Every request is checked with the carrier's own package and kept for the test to look at.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "0123456789abcdef0123456789abcdef"
DIALLED = "+18005550100"
TARGET = "+13125550123"
EVENTS = "initiated ringing answered completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the platform."""

    body: str = ""
    status: int = 200
    content_type: str = "text/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    target: str
    fields: dict[str, str]
    headers: dict[str, str]
    genuine: bool


Answer = Reply | Callable[[Received], Reply]


def twiml(response: VoiceResponse | str) -> Reply:
    """An answer of TwiML, given as a document or as what stands inside Response."""
    if isinstance(response, str):
        response = f"<Response>{response}</Response>"
    return Reply(body=str(response))


def dialling(*numbers: str, **attributes: Any) -> Reply:
    """TwiML that dials numbers, with every status callback and an action URL."""
    response = VoiceResponse()
    attributes = {"action": "/dial?attempt=1", "answer_on_bridge": True, **attributes}
    dial = response.dial(**attributes)
    for number in numbers or (TARGET,):
        dial.number(number, status_callback="/leg?attempt=1", status_callback_event=EVENTS)
    return twiml(response)


class Platform:
    """The stand-in, listening on a free port while its `with` block lasts."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.closes_idle = False
        self._answers: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"platform": self})
        self._server = _Listener(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.says("/inbound", dialling())
        self.says("/dial", twiml("<Hangup/>"))

    def says(self, path: str, *answers: Answer) -> None:
        """Answer a path with these in turn, the last one for good; 204 where nothing is said."""
        self._answers[path] = list(answers)

    def heard(self, path: str) -> list[Received]:
        """The requests to a path, in the order of their arrival."""
        return [request for request in self.received if request.path == path]

    def reply(self, request: Received) -> Reply:
        """What to answer; remembers the request."""
        with self._lock:
            self.received.append(request)
            answers = self._answers.get(request.path)
            if not answers:
                return Reply(status=204)
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(request)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    platform: Platform
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve({}, dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        self._serve(form, form)

    def _serve(self, signed: dict[str, str], fields: dict[str, str]) -> None:
        url = self.platform.url + self.path
        signature = self.headers.get("X-Twilio-Signature", "")
        reply = self.platform.reply(
            Received(
                method=self.command,
                path=urlsplit(self.path).path,
                target=self.path,
                fields=fields,
                headers=dict(self.headers),
                genuine=RequestValidator(TOKEN).validate(url, signed, signature),
            )
        )
        self.send_response(reply.status)
        body = reply.body.encode()
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.status != 204:
            self.wfile.write(body)
        self.close_connection = self.platform.closes_idle

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the test's output."""
