"""The command line: what it prints, and with which exit code it ends."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import Network
from simulator.cli import main
from simulator.flags import parser
from tests.simulator.standin import ACCOUNT, DIALLED, TARGET, TOKEN, Platform, dialling, twiml

CALL = ("call", "--to", DIALLED, "--from", "+14155550111", "--seed", "1")
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def local(platform: Platform, tmp_path: Path) -> list[str]:
    """Flags that point a command at the stand-in."""
    row = {
        "api": platform.url + "/v1",
        "voice_inbound": platform.url + "/inbound",
        "voice_status": platform.url + "/status",
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "operator_key": "op",
    }
    endpoints = tmp_path / "endpoints.json"
    endpoints.write_text(json.dumps(row))
    return ["--endpoints", str(endpoints), "--journal", str(tmp_path / "carrier.jsonl")]


def test_a_good_call_prints_its_time_line_and_ends_well(
    local: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CALL, "--answer-after", "6", "--talk", "130", *local]) == 0
    shown = capsys.readouterr().out
    for words in (
        "+14155550111 -> +18005550100", "6.0 s    leg-answered", "DialCallDuration=130",
        "<Dial action=", "The call ended completed, by the caller, after 130 s (130 s of talk).",
        "Every answer was one the carrier takes.", "/v1/calls?carrier_call_id=CA",
    ):  # fmt: skip
        assert words in shown


def test_a_violation_is_named_and_the_exit_code_says_so(
    platform: Platform, local: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    platform.says("/inbound", twiml("<Dial timeout='3'>+13125550123</Dial>"))
    assert main([*CALL, *local]) == 1
    shown = capsys.readouterr().out
    assert "<Dial timeout='3'> is not a whole number from 5 to 600 (carrier error 13212)" in shown


def test_every_choice_of_a_call_is_a_flag(platform: Platform, local: list[str]) -> None:
    platform.says("/dial", dialling("+13125550124"), twiml("<Hangup/>"))
    choices = [
        "--attempt", "busy", "--target", "+13125550124=answer,after=4,talk=20,by=target",
        "--from-city", "RENO", "--from-state", "NV", "--from-zip", "89501", "--verstat", "none",
        "--repeat", "status", "--drop", "leg-initiated", "--delay", "leg-ringing=3",
        "--reorder", "leg-completed", "--at", "2026-11-22T15:04:06+00:00",
    ]  # fmt: skip
    assert main([*CALL, *choices, *local]) == 0
    inbound = platform.heard("/inbound")[0].fields
    assert (inbound["FromCity"], inbound["FromState"], inbound["FromZip"]) == (
        "RENO", "NV", "89501",
    )  # fmt: skip
    assert "StirVerstat" not in inbound
    assert len(platform.heard("/status")) == 2
    assert platform.heard("/dial")[-1].fields["DialCallDuration"] == "20"


def test_the_callers_place_follows_from_the_area_code(platform: Platform, local: list[str]) -> None:
    main([*CALL, *local])
    assert platform.heard("/inbound")[0].fields["FromState"] == "CA"
    main(["call", "--to", DIALLED, "--anonymous", *local])
    assert platform.heard("/inbound")[1].fields["From"] == "anonymous"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--drop", "everything"], "no callback kind 'everything'"),
        (["--delay", "status=soon"], "number of seconds, not 'soon'"),
        (["--attempt", "sleeps"], "OUTCOME one of answer, busy"),
        (["--attempt", "answer,loud=1"], "does not read"),
        (["--attempt", "answer,by=nobody"], "nobody"),
        (["--talk", "-1"], "at least 0 seconds"),
        (["--speed", "0"], "above 0"),
        (["--at", "2026-11-22T15:04:06"], "time zone"),
        (["--repeat-share", "2"], "repeat_share"),
    ],
)
def test_what_cannot_be_understood_is_said_plainly(
    local: list[str], capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    assert main([*CALL, *flags, *local]) == 2
    assert words in capsys.readouterr().err


def test_without_a_platform_the_way_out_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.json"
    assert main([*CALL, "--endpoints", str(path)]) == 2
    assert "make up" in capsys.readouterr().err
    path.write_text('{"voice_inbound": "http://127.0.0.1:1/in"}')
    assert main([*CALL, "--endpoints", str(path)]) == 2
    assert "--status, --account-sid, --auth-token" in capsys.readouterr().err


def test_flags_alone_are_enough(platform: Platform, tmp_path: Path) -> None:
    flags = [
        "--inbound", platform.url + "/inbound", "--status", platform.url + "/status",
        "--account-sid", ACCOUNT, "--auth-token", TOKEN, "--endpoints", str(tmp_path / "none"),
        "--journal", str(tmp_path / "journal"),
    ]  # fmt: skip
    assert main([*CALL, *flags]) == 0


def test_traffic_dials_the_demo_market_and_sums_up(
    platform: Platform, local: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = tmp_path / "demo.json"
    demo.write_text(json.dumps({"numbers": [{"e164": "+18005550107", "target": TARGET}]}))
    flags = ["--seed", "7", "--calls", "10", "--rate", "200", "--demo", str(demo)]
    assert main(["traffic", *flags, "--repeat-share", "0.1", "--drop-share", "0.05", *local]) == 0
    assert {request.fields["To"] for request in platform.heard("/inbound")} == {"+18005550107"}
    shown = capsys.readouterr().out
    for words in ("seed 7: 10 calls", "10 calls, ", "median ms", "0 answers the carrier"):
        assert words in shown


def test_traffic_dials_who_is_named(
    platform: Platform, local: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    platform.says("/inbound", twiml("<Shout/>"))
    to = ["--to", f"{DIALLED}=3", "--to", "+18005550101"]
    assert main(["traffic", "--calls", "8", "--rate", "500", "--seed", "1", *to, *local]) == 1
    assert {r.fields["To"] for r in platform.heard("/inbound")} == {DIALLED, "+18005550101"}
    assert "8 answers the carrier would not take" in capsys.readouterr().out


def test_traffic_that_dials_nobody_is_refused(
    local: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["traffic", "--demo", str(tmp_path / "none"), *local]) == 2
    assert "nobody is dialled" in capsys.readouterr().err


def test_a_call_goes_on_when_the_rest_side_is_served_already(
    local: list[str], network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    with network.rest_server() as server:
        assert main([*CALL, "--rest", server.url, *local]) == 0
    assert "is served already" in capsys.readouterr().err


def test_serve_answers_for_calls_that_other_commands_placed(
    local: list[str], tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    main([*CALL, *local])
    command = [sys.executable, "-m", "simulator", "serve", "--rest", f"http://127.0.0.1:{port}"]
    serving = subprocess.Popen(
        [*command, *local], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert serving.stdout is not None
        assert "Ctrl-C ends it" in serving.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
        assert connection.getresponse().status == 401
        connection.close()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(5) == 0
    finally:
        serving.kill()
        serving.communicate()


def test_serve_needs_an_address(local: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *local]) == 2
    assert main(["serve", "--rest", "nowhere", *local]) == 2
    assert "http://HOST:PORT" in capsys.readouterr().err


def test_every_flag_is_in_the_guide() -> None:
    guide = (REPOSITORY / "docs/how-to/simulate-calls.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(--[a-z-]+)", guide, re.MULTILINE))
    known = {
        option
        for command in ("call", "traffic", "serve")
        for option in re.findall(r"(?<!\S)\[?(--[a-z-]+)", _usage(command))
    }
    assert documented == known - {"--help"}


def _usage(command: str) -> str:
    actions = next(a for a in parser()._actions if a.choices is not None)
    choices = actions.choices
    assert isinstance(choices, dict)
    text = choices[command].format_help()
    assert isinstance(text, str)
    return text


def test_the_network_shares_no_code_with_the_platform() -> None:
    for path in (REPOSITORY / "simulator").glob("*.py"):
        imports = re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        assert set(imports) <= {*sys.stdlib_module_names, "simulator"}, path.name
