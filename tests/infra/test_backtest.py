"""The command that drives a back-test: slices, the table, the file of changes, and its refusals."""

import csv
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.backtest import main, period, posting, run, slices
from infra.backtest_table import Total, table
from infra.stage import Stopped
from tests.channels.test_api_backtest import PERIOD, Tries

Json = dict[str, Any]


@pytest.fixture
def tries() -> Tries:
    return Tries()


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    """A file that raises the minimum talk."""
    file = tmp_path / "terms.json"
    file.write_text(json.dumps({"terms": {"minimum_talk_seconds": 100}}))
    return file


def door(tries: Tries, by: Any = None) -> Any:
    """The API without a network between."""

    def post(path: str, body: Json) -> Json:
        reply = (by or tries.api).send("POST", path, body)
        assert reply.status == 200, reply.body
        answer: Json = reply.body
        return answer

    return post


def words(tries: Tries, terms: Path, **more: str) -> dict[str, str]:
    """What is said on the command line."""
    said = {"CAMPAIGN": tries.campaign, "TERMS": str(terms), "FROM": "2026-11-01"}
    return {**said, "TO": "2026-12-01", **more}


def test_the_table_tells_before_after_and_the_change(
    tries: Tries, terms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words(tries, terms), door(tries), clock=lambda: 0.0) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["charges", "approved", "2", "1", "-1"] in lines
    assert ["charges", "50.00", "25.00", "-25.00"] in lines
    assert ["earnings", "30.00", "15.00", "-15.00"] in lines
    assert ["charges", "denied", "by", "minimum_talk", "1", "2", "+1"] in lines
    assert ["1", "of", "3", "calls", "come", "to", "something", "else."] in lines


def test_an_advertisers_table_has_no_earnings(
    tries: Tries, terms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = tries.sides.party("advertiser")
    assert run(words(tries, terms), door(tries, buyer), clock=lambda: 0.0) == 0
    shown = capsys.readouterr().out
    assert "earning" not in shown
    assert "charges, ali_" in shown


def test_slices_add_up_to_the_same_table(tries: Tries) -> None:
    asked = {"period": PERIOD, "terms": {"minimum_talk_seconds": 100}}
    tables = []
    for limit in (1, 2, 500):
        total = Total()
        for told in slices(door(tries), tries.campaign, {**asked, "limit": limit}):
            total.add(told)
        tables.append(table(total))
    assert tables[0] == tables[1] == tables[2]


def test_every_call_that_changes_is_in_the_file(tries: Tries, terms: Path, tmp_path: Path) -> None:
    file = tmp_path / "changes.csv"
    run(words(tries, terms, CSV=str(file)), door(tries), clock=lambda: 0.0)
    with file.open(newline="") as text:
        (line,) = csv.DictReader(text)
    assert (line["charge_before"], line["charge_after"]) == ("approved", "denied")
    assert (line["charge_cents_before"], line["charge_by_after"]) == ("2500", "too_short")


def test_nothing_that_changes_leaves_an_empty_file(tries: Tries, tmp_path: Path) -> None:
    terms, file = tmp_path / "terms.json", tmp_path / "changes.csv"
    terms.write_text("{}")
    run(words(tries, terms, CSV=str(file)), door(tries), clock=lambda: 0.0)
    assert file.read_text().strip() == "call_id"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T06:00:00-06:00", "2026-11-01T06:00:00-06:00"),
        ("2026-11-01T06:00:00Z", "2026-11-01T06:00:00+00:00"),
    ],
)
def test_a_day_begins_in_utc_unless_an_offset_is_said(said: str, words: str) -> None:
    assert period(said, said) == {"start": words, "end": words}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Say: make backtest"),
        (["CAMPAIGN=cmp_1", "TERMS=none.json", "FROM=2026-11-01", "TO=2026-12-01"], "none.json"),
        (["CAMPAIGN=cmp_1", "TERMS={file}", "FROM=November", "TO=2026-12-01"], "November"),
        (["COLOUR=red"], "COLOUR"),
    ],
)
def test_what_is_said_wrong_is_told_plainly(
    arguments: list[str],
    told: str,
    terms: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RINGLEDGER_API", "http://127.0.0.1:1")
    monkeypatch.setenv("RINGLEDGER_KEY", "key")
    assert main([argument.format(file=terms) for argument in arguments]) == 1
    assert told in capsys.readouterr().err


def test_an_api_without_a_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RINGLEDGER_API", "http://127.0.0.1:1")
    monkeypatch.delenv("RINGLEDGER_KEY", raising=False)
    assert main([]) == 1
    assert "both" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[]", '{"minimum": 5}', "{"])
def test_a_file_that_says_no_terms_is_refused(text: str, tries: Tries, tmp_path: Path) -> None:
    file = tmp_path / "terms.json"
    file.write_text(text)
    with pytest.raises(Stopped, match=r"terms\.json"):
        run(words(tries, file), door(tries))


@contextmanager
def answering(*answers: tuple[int, Json]) -> Iterator[str]:
    """A server on this machine that gives these answers, one after the other."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = left.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_stumble_of_the_api_is_tried_again() -> None:
    with answering((503, {}), (429, {}), (200, {"calls": 1})) as base:
        assert posting(base, "key", pause=lambda seconds: None)("/x", {}) == {"calls": 1}
    with answering(*[(503, {})] * 4) as base, pytest.raises(Stopped, match="503"):
        posting(base, "key", pause=lambda seconds: None)("/x", {})


def test_a_refusal_names_every_fault() -> None:
    fault = {"field": "terms.charge_cents", "rule": "range", "reason": "must be at least 9000"}
    problem = {"detail": "1 fault(s) in the request", "invalid_parameters": [fault]}
    with answering((400, problem)) as base, pytest.raises(Stopped) as stopped:
        posting(base, "key")("/x", {})
    assert "terms.charge_cents: must be at least 9000" in str(stopped.value)


def test_an_api_that_does_not_answer_is_told() -> None:
    with pytest.raises(Stopped, match="gives no answer"):
        posting("http://127.0.0.1:1", "key", pause=lambda seconds: None)("/x", {})
