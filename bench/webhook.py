"""How much processor time does a webhook cost beyond what any answer must?

Plays one inbound call through the Lambda handler with DynamoDB's answers given from memory, as they
were recorded once against moto. Beside it, in the same run: the floor (the same DynamoDB requests
made bare by botocore, with the same answers), the fixed costs that every voice application has
(signature, form, TwiML), each by itself, and what the vendor's own package takes for signature and
TwiML. Run it as `python -m bench.webhook`.
"""

import base64
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from botocore.awsrequest import AWSResponse
from moto import mock_aws
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from chalicelib import runtime
from chalicelib.calls import Attestation
from chalicelib.channels import twiml
from chalicelib.channels.callers import Context
from chalicelib.channels.twilio import handle
from chalicelib.channels.twilio_signature import signature, signed
from chalicelib.flows.deciding import meet
from chalicelib.flows.inbound import led_by
from chalicelib.gate import caller_of
from chalicelib.reserving import reservation
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.expressions import parameters
from chalicelib.store.facts import Facts, facts_puts
from chalicelib.store.markets import situation_in
from chalicelib.store.reservations import Reservations
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores
from tests.aws import create_tables
from tests.builders import a_call, an_attempt
from tests.world import World

ROUNDS = 200
BASE = "https://voice.example.com"
TOKEN, ACCOUNT = "bench-token", "AC" + "1" * 32
FORM = {
    "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": "CA" + "1" * 32,
    "CallStatus": "ringing", "Called": "+18005550100", "Caller": "+14155550111",
    "CallerCity": "SAN FRANCISCO", "CallerState": "CA", "CallerZip": "94105",
    "Direction": "inbound", "From": "+14155550111", "FromCity": "SAN FRANCISCO",
    "FromCountry": "US", "FromState": "CA", "FromZip": "94105",
    "StirVerstat": "TN-Validation-Passed-A", "To": "+18005550100", "ToState": "",
}  # fmt: skip
URL = BASE + "/twilio/inbound"
PAIRS = list(FORM.items())
Work = Callable[[], Any]


class Wire:
    """DynamoDB's side of the wire: its answers are recorded once and given from memory after."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[str, bytes] = {}
        self._events = runtime.client("dynamodb").meta.events

    def record(self, work: Work) -> None:
        """Keep what `work` asks and is answered."""
        hooks: dict[str, Callable[..., None]] = {
            "provide-client-params": self._asked,
            "response-received": self._answered,
        }
        for name, hook in hooks.items():
            self._events.register(f"{name}.dynamodb", hook)
        work()
        for name, hook in hooks.items():
            self._events.unregister(f"{name}.dynamodb", hook)

    def play(self) -> None:
        """Answer every request from now on without anything on the wire."""
        self._events.register_first("before-send.dynamodb", self._given)

    def _asked(self, params: dict[str, Any], event_name: str, **_: Any) -> None:
        self.requests.append((event_name.rpartition(".")[2], params))

    def _answered(self, response_dict: dict[str, Any], event_name: str, **_: Any) -> None:
        self._answers[event_name.rpartition(".")[2]] = response_dict["body"]

    def _given(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        return AWSResponse(request.url, 200, {}, _Body(self._answers[operation]))


class Written(DynamoRows):
    """Rows that put every write into DynamoDB's words, and send nothing."""

    def write(self, actions: Sequence[Action]) -> None:
        """The expressions of the actions."""
        for action in actions:
            parameters(action)


class _Body:
    """A body that is read as urllib3's is."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        """The whole answer at once."""
        return [self._content]


def an_event(form: dict[str, str]) -> dict[str, Any]:
    """A signed webhook as a Function URL hands it over."""
    pairs = list(form.items())
    return {
        "rawPath": "/twilio/inbound",
        "rawQueryString": "",
        "headers": {"x-twilio-signature": signature(TOKEN, URL, pairs)},
        "requestContext": {"domainName": "x", "http": {"method": "POST"}},
        "body": base64.b64encode(urlencode(pairs).encode()).decode(),
        "isBase64Encoded": True,
    }


def bare(requests: list[tuple[str, dict[str, Any]]]) -> Work:
    """The same requests by botocore alone: the reads side by side, then the write."""
    client, threads = runtime.client("dynamodb"), ThreadPoolExecutor(max_workers=4)
    calls = {
        "BatchGetItem": client.batch_get_item,
        "Query": client.query,
        "TransactWriteItems": client.transact_write_items,
    }
    reads = [partial(calls[name], **asked) for name, asked in requests if "Write" not in name]
    (write,) = (partial(calls[name], **asked) for name, asked in requests if "Write" in name)

    def ask() -> None:
        list(threads.map(lambda one: one(), reads))
        write()

    return ask


def a_dial() -> VoiceResponse:
    """What the vendor's package builds for the same answer."""
    response = VoiceResponse()
    dial = response.dial(
        action=BASE + "/twilio/dial?attempt=1&call=call_1", answer_on_bridge=True, timeout=25,
        time_limit=3600,
    )  # fmt: skip
    dial.number(
        "+12125550100", status_callback=BASE + "/twilio/leg?attempt=1&call=call_1",
        status_callback_event="answered completed",
    )  # fmt: skip
    return response


def fixed_costs() -> dict[str, Work]:
    """What every application that answers the carrier does, one by one, as the platform does it."""
    body, given = urlencode(PAIRS), signature(TOKEN, URL, PAIRS)
    attempt = an_attempt()
    noun = twiml.Noun(attempt=attempt, leg=URL, whisper=URL, machine=URL)
    return {
        "the form, read": lambda: parse_qsl(body, keep_blank_values=True),
        "the signature, checked": lambda: signed(given, tokens=(TOKEN,), url=URL, pairs=PAIRS),
        "the TwiML, built": lambda: twiml.dial(attempt, [noun], action=URL, recording=URL),
    }


def own_costs(stores: Stores) -> dict[str, Work]:
    """What the platform does between reading and writing, one by one: the price of a decision that
    explains itself and can be made again."""
    world = World(DynamoRows())
    number = stores.markets.number(FORM["To"], world.now)
    if number is None:
        raise LookupError(FORM["To"])
    caller = caller_of(FORM["From"], Attestation.A, hash_key="k")
    call = led_by(a_call(id="call_bench", attempt=None), number)
    then = stores.markets.situation(number, call_id="call_other", decision=1, caller=caller)
    facts = Facts(material=then.material, call=call, caller=caller, now=world.now)
    decision, market = meet(facts, then), then.market
    if market is None:
        raise LookupError("the market")
    first = decision.candidates[0]
    take = reservation(market, first.campaign, first.facts, call=call, number=1, now=world.now)
    kept, written = facts_puts(facts, decision, 1), Reservations(Written())
    return {
        "own: the rows, read into a market": lambda: situation_in(then.material, caller),
        "own: the gate and the decision": lambda: meet(facts, then),
        "own: what it looked at, packed": lambda: facts_puts(facts, decision, 1),
        "own: the transaction, put into words": lambda: written.begin(
            call, take, decision, gate=then.gate, facts=kept
        ),
    }


def vendors() -> dict[str, Work]:
    """The same two by the vendor's own package."""
    given, validator = signature(TOKEN, URL, PAIRS), RequestValidator(TOKEN)
    return {
        "vendor: the signature, checked": lambda: validator.validate(URL, FORM, given),
        "vendor: the TwiML, built": lambda: str(a_dial()),
    }


def measure(works: dict[str, Work]) -> dict[str, float]:
    """The median of processor milliseconds that one run of each takes, all threads together.

    They take turns, so that whatever else the machine does meets all alike.
    """
    times: dict[str, list[int]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            begun = time.process_time_ns()
            work()
            times[name].append(time.process_time_ns() - begun)
    return {name: statistics.median(runs) / 1e6 for name, runs in times.items()}


def webhook() -> tuple[Work, Wire, Stores]:
    """One inbound call, answered from memory, and the wire that answers."""
    world, wire = World(DynamoRows()), Wire()
    world.opens()
    secrets = runtime.Secrets(
        twilio_account_sid=ACCOUNT, twilio_tokens=(TOKEN,), caller_hash_key="k",
        operator_key_sha256="", voice_url=BASE,
    )  # fmt: skip
    stores = Stores(DynamoRows())
    context = Context(secrets=lambda: secrets, stores=lambda: stores, clock=world.clock)
    handle(an_event(FORM | {"CallSid": "CA" + "0" * 32}), context)
    event = an_event(FORM)
    wire.record(lambda: handle(event, context))

    def answered() -> None:
        answer = handle(event, context)
        if "<Dial" not in answer["body"]:
            raise AssertionError(answer["body"])

    return answered, wire, stores


def main() -> None:
    """Print each cost, and what the handler takes beyond the floor and the costs named."""
    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }  # fmt: skip
    with mock_aws():
        create_tables()
        answered, wire, stores = webhook()
    wire.play()
    floor = "floor: " + " + ".join(name for name, _ in wire.requests)
    whole = "inbound webhook through the handler"
    costs = fixed_costs() | own_costs(stores)
    found = measure({floor: bare(wire.requests), **costs, whole: answered, **vendors()})
    least = found[floor] + sum(found[name] for name in costs)
    print(f"{'median of ' + str(ROUNDS) + ', processor time':<62} {'ms':>7} {'x floor':>8}")
    for name, milliseconds in found.items():
        print(f"{name:<62} {milliseconds:>7.3f} {milliseconds / found[floor]:>8.2f}")
    print(f"the handler takes {found[whole] / found[floor]:.2f} times the floor, and")
    print(f"{found[whole] / least:.2f} times the floor and the costs named above together")


if __name__ == "__main__":
    main()
