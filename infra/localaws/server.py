"""What answers on the local port?

The emulator's own ASGI app, behind an edge that gives the stack stable
addresses (`/v1`, `/voice`), shows the demo's page, keeps the journal, and
offers tests the few things a real cloud does to you unasked.
"""

import asyncio
import json
import logging
import shutil
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app as emulator
from ministack.core import hypercorn_compat, lambda_runtime
from ministack.services import eventbridge

from infra.cloud import LOCAL_ACCOUNT, LOCAL_REGION
from infra.localaws import DEMO_PAGE, importer, rights, streams, workers
from infra.localaws.journal import Journal

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger("ringledger.server")

_LONGEST_START = 30.0


@dataclass(slots=True)
class Edge:
    """The ASGI app in front of the emulator."""

    directory: Path
    port: int
    journal: Journal
    ready: threading.Event = field(default_factory=threading.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    # Held here, or the loop would let it be collected.
    keeping: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await emulator.app(scope, receive, self._starting(send))
        elif scope["type"] == "http" and scope["path"].startswith("/_local/"):
            await self._control(scope, await _read(receive), send)
        elif scope["type"] == "http" and scope["path"] == "/demo":
            await self._show_page(send)
        elif scope["type"] == "http":
            await self._forward(scope, receive, send)

    async def stopped(self) -> None:
        """Returns when the server should stop; the emulator leaves saving to the journal."""
        await self.stopping.wait()
        emulator.PERSIST_STATE = False

    def _starting(self, send: Send) -> Send:
        """Play the journal before the emulator says that it has started."""

        async def wrapped(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self.journal.replay(self._play)
                self.keeping = asyncio.create_task(self._housekeeping())
            await send(message)

        return wrapped

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        scope = self._route(scope)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
                self._note(scope, headers, body)
            await send(message)

        await emulator.app(scope, _once(body, receive), noting)

    def _note(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> None:
        if not scope["path"].startswith("/_aws/"):
            self.journal.note(scope["method"], headers, body)

    def _route(self, scope: Scope) -> Scope:
        """Lead a stable address to the resource that `edge.json` names for it."""
        for prefix, target in self._routes().items():
            if scope["path"] == prefix or scope["path"].startswith(prefix + "/"):
                path = target + scope["path"][len(prefix) :]
                raw = target.encode() + scope["raw_path"][len(prefix) :]
                return {**scope, "path": path, "raw_path": raw}
        return scope

    def _routes(self) -> dict[str, str]:
        file = self.directory / "edge.json"
        routes: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return routes

    async def _play(self, headers: Mapping[str, str], body: bytes) -> int:
        """Send one journalled request through the emulator; its status."""
        status = 0

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 0),
            "scheme": "http",
        }
        await emulator.app(scope, _once(body, nothing), send)
        return status

    async def _housekeeping(self) -> None:
        """Let deliveries begin once the port answers; then snapshot whenever one is due."""
        async with asyncio.timeout(_LONGEST_START):
            while not await _answers(self.port):
                await asyncio.sleep(0.02)
        self.ready.set()
        while not self.stopping.is_set():
            await asyncio.sleep(0.5)
            if self.journal.due():
                self._snapshot()

    def _snapshot(self) -> None:
        try:
            self.journal.snapshot()
        except OSError:
            # The last generation and its journal still hold everything.
            logger.exception("snapshot failed; it will be tried again")

    async def _control(self, scope: Scope, body: bytes, send: Send) -> None:
        """`/_local/health`, `/_local/save`, `/_local/kill-workers`, and `/_local/event`, which puts
        an event of one of AWS's own services on the bus."""
        answer: dict[str, Any] = {"directory": str(self.directory), "ready": self.ready.is_set()}
        if scope["path"] == "/_local/save":
            self._snapshot()
        elif scope["path"] == "/_local/kill-workers":
            answer["killed"] = workers.kill_all()
        elif scope["path"] == "/_local/event":
            _put_event(json.loads(body))
        await _say(send, 200, "application/json", json.dumps(answer).encode())

    async def _show_page(self, send: Send) -> None:
        """The page that the demo wrote, as it is now."""
        file = self.directory / DEMO_PAGE
        if file.exists():
            await _say(send, 200, "text/html; charset=utf-8", file.read_bytes())
        else:
            await _say(send, 404, "text/plain", b"There is no demo yet: make seed")


def _put_event(event: Mapping[str, Any]) -> None:
    """What PutEvents refuses to everybody: an event in the name of a service of AWS."""
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event.get("resources", []),
    }
    with streams.scope(LOCAL_ACCOUNT, LOCAL_REGION):
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


async def _say(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _once(body: bytes, after: Receive) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await after()

    return receive


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def serve(directory: Path, port: int) -> None:
    """Run until SIGTERM or SIGINT, then save and end every worker."""
    hypercorn_compat.install()
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    journal = Journal(directory / "state")
    journal.open()
    asyncio.run(_serve(Edge(directory, port, journal)))
    lambda_runtime.reset()
    shutil.rmtree(directory / "tmp", ignore_errors=True)


async def _serve(edge: Edge) -> None:
    streams.install(edge.ready)
    importer.install()
    rights.install()
    workers.install()
    _hold_schedules(edge.ready)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, edge.stopping.set)
    config = Config()
    config.bind = [f"127.0.0.1:{edge.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    await hypercorn_serve(edge, config, shutdown_trigger=edge.stopped)  # type: ignore[arg-type]
    edge.ready.clear()
    edge.journal.snapshot()


def _hold_schedules(ready: threading.Event) -> None:
    tick = eventbridge._tick_scheduled_rules
    eventbridge._tick_scheduled_rules = lambda: ready.is_set() and tick()
