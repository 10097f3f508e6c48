"""The REST side knows the truth, shows it as the carrier does, and can end a call."""

import http.client
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator import Behaviour, CallScript, Carrier, Faults, Network, Side
from simulator.rest import RestServer
from simulator.rest_calls import formatted
from tests.simulator.conftest import CALLER, Place
from tests.simulator.standin import ACCOUNT, DIALLED, TARGET, TOKEN, Platform

FIELDS = json.loads((Path(__file__).parent / "call_resource.json").read_text())
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"


class Client:
    """Asks one server, as the account."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def ask(
        self, target: str, form: str | None = None, user: str = f"{ACCOUNT}:{TOKEN}"
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self._host, timeout=5)
        headers = {"Authorization": "Basic " + b64encode(user.encode()).decode()}
        connection.request("GET" if form is None else "POST", target, form, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer


@pytest.fixture
def client(network: Network) -> Iterator[Client]:
    with network.rest_server() as server:
        yield Client(server.url)


def test_a_call_has_the_carriers_fields_and_formats(client: Client, place: Place) -> None:
    result = place()
    status, call = client.ask(f"{ROOT}/{result.sid}.json")
    assert status == 200
    assert sorted(call) == FIELDS["call"]
    assert call["status"] in FIELDS["statuses"]
    assert (call["duration"], call["price"], call["price_unit"]) == ("127", "-0.06600", "USD")
    assert call["start_time"] == "Sun, 22 Nov 2026 15:04:06 +0000"
    assert call["end_time"] == "Sun, 22 Nov 2026 15:06:19 +0000"
    assert (call["from"], call["from_formatted"]) == ("+14155550111", "(415) 555-0111")
    assert (call["parent_call_sid"], call["direction"]) == (None, "inbound")


def test_the_truth_is_known_though_nothing_was_told(client: Client, place: Place) -> None:
    result = place(faults=Faults(drop=("leg", "status", "dial")))
    _, call = client.ask(f"{ROOT}/{result.sid}.json")
    assert (call["status"], call["duration"]) == ("completed", "127")
    _, listed = client.ask(f"{ROOT}.json?ParentCallSid={result.sid}&PageSize=20")
    assert sorted(listed) == FIELDS["list"]
    assert listed["next_page_uri"] is None
    (leg,) = listed["calls"]
    assert (leg["sid"], leg["duration"], leg["to"]) == (result.legs[0].sid, "127", TARGET)
    assert (leg["parent_call_sid"], leg["direction"]) == (result.sid, "outbound-dial")


def test_an_unanswered_call_has_no_duration_and_no_price(client: Client, place: Place) -> None:
    result = place(hangup_while_ringing=3.0)
    _, call = client.ask(f"{ROOT}/{result.sid}.json")
    assert (call["status"], call["duration"], call["price"]) == ("no-answer", None, None)


def test_lists_are_filtered_and_paged(client: Client, place: Place) -> None:
    sids = [place().sid for _ in range(3)]
    _, first = client.ask(f"{ROOT}.json?To=%2B18005550100&PageSize=2")
    assert len(first["calls"]) == 2
    _, second = client.ask(first["next_page_uri"])
    assert second["next_page_uri"] is None
    assert sorted(c["sid"] for c in first["calls"] + second["calls"]) == sorted(sids)
    _, none = client.ask(f"{ROOT}.json?Status=busy")
    assert none["calls"] == []


@pytest.mark.parametrize(
    ("target", "form", "user", "status", "code"),
    [
        (f"{ROOT}/CA{'0' * 32}.json", None, None, 404, 20404),
        ("/2010-04-01/Accounts/AC99999999999999999999999999999999/Calls.json", None, None, 404,
         20404),
        (f"{ROOT}.json", None, f"{ACCOUNT}:wrong", 401, 20003),
        (f"{ROOT}.json", None, "", 401, 20003),
        (f"{ROOT}.json?PageSize=many", None, None, 400, 20001),
        (f"{ROOT}/CA{'0' * 32}.json", "Url=https%3A%2F%2Fexample.com", None, 400, 20001),
    ],
)  # fmt: skip
def test_a_refusal_has_the_carriers_body(
    client: Client, target: str, form: str | None, user: str | None, status: int, code: int
) -> None:
    answered, body = client.ask(target, form, *([] if user is None else [user]))
    assert (answered, body["status"], body["code"]) == (status, status, code)
    assert sorted(body) == ["code", "message", "more_info", "status"]


def test_a_call_that_is_over_cannot_be_ended_again(client: Client, place: Place) -> None:
    status, body = client.ask(f"{ROOT}/{place().sid}.json", "Status=completed")
    assert (status, body["code"]) == (400, 21220)


def test_the_platform_can_end_a_live_call(platform: Platform) -> None:
    answered = threading.Event()
    network = Network(
        account_sid=ACCOUNT, auth_token=TOKEN, voice_inbound=platform.url + "/inbound",
        voice_status=platform.url + "/status", speed=60.0,
        on_exchange=lambda e: answered.set() if e.kind == "leg-answered" else None,
    )  # fmt: skip
    results = []
    script = CallScript(to=DIALLED, caller=CALLER, target=Behaviour(after=6, talk=3600), seed="x")
    playing = threading.Thread(target=lambda: results.append(network.place(script)))
    with network.rest_server() as server:
        playing.start()
        assert answered.wait(5)
        client = Client(server.url)
        _, listed = client.ask(f"{ROOT}.json?Status=in-progress")
        (parent,) = [call for call in listed["calls"] if call["direction"] == "inbound"]
        status, _ = client.ask(f"{ROOT}/{parent['sid']}.json", "Status=completed")
        playing.join(5)
    network.close()
    (result,) = results
    assert (status, result.status, result.ended_by) == (200, "completed", Side.API)
    assert 0 < result.talk_seconds < 600
    assert platform.heard("/status")[0].fields["CallStatus"] == "completed"


def test_another_process_answers_from_the_same_journal(tmp_path: Path, platform: Platform) -> None:
    journal = tmp_path / "carrier.jsonl"
    network = Network(
        account_sid=ACCOUNT, auth_token=TOKEN, voice_inbound=platform.url + "/inbound",
        carrier=Carrier(journal),
    )  # fmt: skip
    other = Carrier(journal)
    with RestServer(other, ACCOUNT, TOKEN, ("127.0.0.1", 0)) as server:
        result = network.place(CallScript(to=DIALLED, caller=CALLER))
        _, call = Client(server.url).ask(f"{ROOT}/{result.sid}.json")
    network.close()
    assert (call["status"], call["duration"]) == ("completed", "60")
    assert other.calls() == network.carrier.calls() == Carrier(journal).calls()


def test_a_hangup_asked_of_one_process_reaches_the_other(tmp_path: Path) -> None:
    playing, serving = (Carrier(tmp_path / "carrier.jsonl") for _ in range(2))
    serving.ask_hangup("CA1")
    assert playing.hangup_asked("CA1")
    assert not playing.hangup_asked("CA2")


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+14155550111", "(415) 555-0111"), ("+442071838750", "+442071838750"),
     ("anonymous", "anonymous")],
)  # fmt: skip
def test_numbers_are_formatted_as_the_carrier_formats_them(number: str, shown: str) -> None:
    assert formatted(number) == shown
