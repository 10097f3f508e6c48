"""Calls of Amazon Connect from the command line, over HTTP to a stand-in for a local AWS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cli import main
from simulator.connect_wire import LocalAws
from simulator.wire import Answer, Request
from tests.simulator.connecting import CONTACTS, END, FUNCTION, Functions, dials, local_aws
from tests.simulator.standin import DIALLED

FLOW = str(Path(__file__).parents[2] / "infra" / "connect_flow.json")
CALL = ("call", "--carrier", "connect", "--to", DIALLED, "--from", "+14155550111", "--seed", "1")


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def local(functions: Functions, tmp_path: Path) -> Iterator[list[str]]:
    """Flags that point a command at the stand-in."""
    with local_aws(functions) as url:
        row = {
            "api": url + "/v1",
            "aws": url,
            "region": "us-east-1",
            "connect_api": "http://127.0.0.1:0",
            "connect_instance_id": "11111111-2222-4333-8444-555555555555",
            "connect_function": FUNCTION,
            "contacts_function": CONTACTS,
        }
        endpoints = tmp_path / "endpoints.json"
        endpoints.write_text(json.dumps(row))
        journal = str(tmp_path / "carrier.jsonl")
        yield ["--endpoints", str(endpoints), "--journal", journal, "--flow", FLOW]


def test_a_call_is_walked_and_its_time_line_shown(
    functions: Functions, local: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CALL, "--talk", "95", "--hangup-by", "target", *local]) == 0
    shown = capsys.readouterr().out
    for words in (
        "+14155550111 -> +18005550100", "leg-answered", "action=dial destination=+13125550123",
        "reason=THIRD_PARTY_DISCONNECT", "(95 s of talk)", "Every answer was one",
    ):  # fmt: skip
        assert words in shown
    assert [one["operation"] for one in functions.parameters] == ["arrived", "ended"]
    assert (len(functions.events), len(functions.records)) == (9, 2)


def test_every_choice_is_a_flag(functions: Functions, local: list[str]) -> None:
    choices = ["--untold", "legs", "--untold", "records", "--hangup-at", "What to do"]
    assert main([*CALL, *choices, *local]) == 0
    assert (functions.records, len(functions.parameters)) == ([], 1)


def test_an_answer_that_cannot_be_taken_gives_exit_code_1(
    local: list[str], functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions._answers["arrived"] = [dials("nobody")]
    assert main([*CALL, *local]) == 1
    assert "'nobody' is no telephone number" in capsys.readouterr().out


def test_a_stream_of_calls_is_counted(local: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    traffic = ["traffic", "--carrier", "connect", "--calls", "5", "--rate", "50", "--seed", "2"]
    assert main([*traffic, "--to", DIALLED, *local]) == 0
    assert "5 calls in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--flow", "nowhere.json"], "the flow nowhere.json cannot be played"),
        (["--endpoints", "nowhere.json"], "start the platform"),
    ],
)
def test_what_is_not_there_is_named(
    local: list[str], capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    assert main([*CALL, *local, *flags]) == 2
    assert words in capsys.readouterr().err


def test_endpoints_without_connect_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoints = tmp_path / "old.json"
    endpoints.write_text('{"aws": "http://127.0.0.1:1"}')
    assert main([*CALL, "--endpoints", str(endpoints)]) == 2
    assert "does not say region, connect_instance_id" in capsys.readouterr().err


def test_a_function_that_fails_or_is_not_there_is_told(functions: Functions) -> None:
    request = Request(kind="arrived", url=FUNCTION, fields=(), document={
        "Details": {"Parameters": {"operation": "arrived"}},
    })  # fmt: skip
    failing = Answer(status=200, body=b'{"errorMessage": "no"}', fault="Unhandled")
    functions._answers["arrived"] = [
        failing, Answer(status=404, body=b'{"Message": "none"}'), END,
    ]  # fmt: skip
    with local_aws(functions) as url:
        wire = LocalAws(url, region="us-east-1", contacts=CONTACTS)
        failed, missing, right = (wire.send(request) for _ in range(3))
    assert failed.fault.startswith("the function failed")
    assert (missing.status, right.status, json.loads(right.body)) == (404, 200, END)
    assert wire.send(request).fault.startswith("nobody answered")
