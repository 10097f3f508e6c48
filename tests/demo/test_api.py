"""The demo's way to the API: a real server, real refusals, a stumble overcome."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from demo.api import Api, Declined, api_of, declined_by


@dataclass
class Server:
    """Answers with what it was given, the last answer for good, and keeps what it was asked."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            told.asked.append((self.command, self.path, dict(self.headers), body))
            status, answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    told.url = f"http://127.0.0.1:{listening.server_port}/v1"
    yield told
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_a_request_carries_the_operators_key_and_what_makes_it_once(server: Server) -> None:
    server.answers = [(201, {"id": "adv_1"})]
    assert (
        Api(server.url, "key").post("/advertisers", {"name": "N"}, once="demo/n")["id"] == "adv_1"
    )
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("POST", "/v1/advertisers", {"name": "N"})
    assert headers["Authorization"] == "Bearer key"
    assert headers["Idempotency-Key"] == "demo/n"


def test_a_list_is_read_over_all_its_pages(server: Server) -> None:
    server.answers = [
        (200, {"data": [{"id": 1}, {"id": 2}], "next_cursor": "abc"}),
        (200, {"data": [{"id": 3}], "next_cursor": None}),
    ]
    found = Api(server.url, "key").every("/calls", month="2026-11")
    assert [one["id"] for one in found] == [1, 2, 3]
    assert [asked[1] for asked in server.asked] == [
        "/v1/calls?month=2026-11",
        "/v1/calls?month=2026-11&cursor=abc",
    ]


def test_a_refusal_names_every_fault(server: Server) -> None:
    faults = [
        {"field": "name", "rule": "required", "reason": "Field required"},
        {"field": "terms.charge_cents", "rule": "type", "reason": "must be a whole number"},
    ]
    problem = {"code": "invalid", "detail": "2 fault(s)", "invalid_parameters": faults}
    server.answers = [(400, problem)]
    with pytest.raises(Declined) as refused:
        Api(server.url, "key").post("/campaigns", {})
    assert str(refused.value).splitlines() == [
        "POST /campaigns was answered 400, invalid: 2 fault(s)",
        "  name: Field required (required)",
        "  terms.charge_cents: must be a whole number (type)",
    ]
    assert (refused.value.status, refused.value.code) == (400, "invalid")
    assert len(server.asked) == 1


def test_a_stumble_is_tried_again(server: Server) -> None:
    server.answers = [(503, {"code": "busy"}), (200, {"id": "call_1"})]
    assert Api(server.url, "key").get("/calls/call_1") == {"id": "call_1"}
    assert len(server.asked) == 2


def test_an_answer_that_is_no_problem_document_is_quoted() -> None:
    refused = declined_by("GET /calls was answered 502", 502, b"<html>Bad gateway")
    assert str(refused) == "GET /calls was answered 502: <html>Bad gateway"


def test_nobody_there_is_said_with_the_address(server: Server) -> None:
    gone = Api("http://127.0.0.1:9/v1", "key")
    with pytest.raises(Declined, match=r"GET http://127\.0\.0\.1:9/v1/health got no answer"):
        gone.get("/health")


def test_without_a_stack_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(Declined, match="make up"):
        api_of(tmp_path)


def test_the_api_is_where_the_stack_says(tmp_path: Path) -> None:
    told = {"api": "http://127.0.0.1:8400/v1", "operator_key": "rlo_1"}
    (tmp_path / "endpoints.json").write_text(json.dumps(told))
    assert api_of(tmp_path) == Api("http://127.0.0.1:8400/v1", "rlo_1")
