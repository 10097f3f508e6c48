"""Asking the carrier over real HTTP: what its record tells, and what happens when it cannot say."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import permutations
from threading import Thread
from urllib.parse import urlencode

import pytest

from chalicelib.calls import LegStatus
from chalicelib.endings import Evidence, read_signals
from chalicelib.providers.twilio import Twilio
from chalicelib.providers.twilio_rest import Account
from simulator import Behaviour, Caller, CallScript, Network, Outcome
from tests.builders import (
    CALLER,
    NOW,
    TRACKING_NUMBER,
    a_call,
    a_market,
    an_attempt,
    target_facts,
)
from tests.core.ringing import grouped

SID, TOKEN = "AC" + "1" * 32, "token"
TARGET = "+12125550100"
ALL = ("+12125550101", "+12125550102", "+12125550103")
TO_ALL = "+18005550199"


class Answers(BaseHTTPRequestHandler):
    """A voice application that dials the target, or all at once for who calls that number, and
    takes every report."""

    def do_POST(self) -> None:
        path, length = self.path, int(self.headers["Content-Length"])
        to_all = urlencode({"To": TO_ALL}) in self.rfile.read(length).decode()
        nouns = "".join(f"<Number>{one}</Number>" for one in (ALL if to_all else (TARGET,)))
        dial = f"<Dial answerOnBridge='true'>{nouns}</Dial>"
        body = f"<Response>{dial if path == '/inbound' else ''}</Response>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def network() -> Iterator[Network]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        made = Network(
            account_sid=SID, auth_token=TOKEN, voice_inbound=f"{base}/inbound",
            voice_status=f"{base}/status",
        )  # fmt: skip
        yield made
        made.close()
        server.shutdown()


def a_script() -> CallScript:
    target = Behaviour(after=5, talk=77)
    return CallScript(to=TRACKING_NUMBER, caller=Caller(number=CALLER), target=target)


def account(url: str, token: str = TOKEN) -> Account:
    return Account(api_url=url, sid=SID, token=token)


def test_the_record_tells_the_talk_time_of_the_present_attempt(network: Network) -> None:
    placed = network.place(a_script())
    call = a_call(carrier_call_id=placed.sid, attempt=an_attempt(destination=TARGET))
    with network.rest_server() as rest:
        signals = Twilio(account(rest.url)).record_of(call, NOW)
    ending = read_signals(call, signals)
    assert (ending.talk_seconds, ending.evidence) == (77, Evidence.RECORD)
    assert ending.certain


def test_a_leg_to_another_place_is_not_the_present_attempt(network: Network) -> None:
    placed = network.place(a_script())
    call = a_call(carrier_call_id=placed.sid, attempt=an_attempt(destination="+13105550100"))
    with network.rest_server() as rest:
        (own,) = Twilio(account(rest.url)).record_of(call, NOW)
    assert (own.attempt, own.status) == (0, LegStatus.COMPLETED)


def test_the_record_tells_of_every_leg_of_a_group_the_talk_first(network: Network) -> None:
    targets = [
        target_facts(id=f"tgt_{n}", priority=n, ring_group="front", destination=destination)
        for n, destination in enumerate(ALL, 1)
    ]
    script = replace(
        a_script(), to=TO_ALL, target=Behaviour(outcome=Outcome.NO_ANSWER),
        targets={ALL[1]: Behaviour(after=4, talk=77)},
    )  # fmt: skip
    placed = network.place(script)
    call = a_call(carrier_call_id=placed.sid, attempt=grouped(a_market(*targets)))
    with network.rest_server() as rest:
        own, *legs = Twilio(account(rest.url)).record_of(call, NOW)
    assert own.attempt == 0
    assert legs[0].target_id == "tgt_2"
    assert {one.target_id: one.status for one in legs} == {
        "tgt_1": LegStatus.CANCELED, "tgt_2": LegStatus.COMPLETED, "tgt_3": LegStatus.CANCELED,
    }  # fmt: skip
    for told in permutations((own, *legs)):
        ending = read_signals(call, told)
        assert (ending.talk_seconds, ending.certain) == (77, True)


@pytest.mark.parametrize("token", ["wrong", TOKEN])
def test_a_carrier_that_does_not_know_call_or_asker_tells_nothing(
    network: Network, token: str
) -> None:
    with network.rest_server() as rest:
        unknown = a_call(carrier_call_id="CA" + "0" * 32)
        assert Twilio(account(rest.url, token)).record_of(unknown, NOW) == ()


def test_a_carrier_that_is_away_tells_nothing() -> None:
    assert Twilio(account("http://127.0.0.1:9")).record_of(a_call(), NOW) == ()


class HalfEnded(BaseHTTPRequestHandler):
    """A carrier that has written down the end of the call, and not yet that of its leg."""

    def do_GET(self) -> None:
        ended = {"sid": "CA1", "status": "completed", "duration": "80", "to": TRACKING_NUMBER}
        leg = {"sid": "CA2", "status": "in-progress", "to": TARGET,
               "date_created": "Mon, 23 Nov 2026 15:00:00 +0000"}  # fmt: skip
        listing = "ParentCallSid" in self.path
        body = json.dumps({"calls": [leg]} if listing else ended).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_leg_whose_end_is_not_recorded_yet_is_waited_for() -> None:
    with HTTPServer(("127.0.0.1", 0), HalfEnded) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        told = Twilio(account(url)).record_of(a_call(), NOW)
        server.shutdown()
    assert told == ()
