"""The platform as a user has it: local AWS, the package, real HTTP, a telephone network."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from infra import connect_flow
from infra.local import LocalStack
from simulator import Behaviour, Caller, CallResult, CallScript, ConnectNetwork, Network
from simulator.connect_api import ConnectServer
from simulator.connect_instance import local_instance
from simulator.connect_wire import LocalAws
from simulator.rest import RestServer
from tests.payees import A_W9

T = TypeVar("T")
Json = dict[str, Any]
_names = count(1)


def eventually(ask: Callable[[], T], *, within: float = 60) -> T:
    """The first answer that counts as true, asked for again and again until the time is up."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def free_ports() -> int:
    """A port that is free together with the one after it."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")


class ApiFault(Exception):
    """The API refused; `problem` is what it said."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem


@dataclass
class Deployment:
    """A running stack with its endpoints."""

    stack: LocalStack
    endpoints: dict[str, str]

    def api(self, method: str, path: str, body: Json | None = None, *, key: str = "") -> Json:
        """One request, with the operator's key unless with another."""
        request = urllib.request.Request(
            self.endpoints["api"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {key or self.endpoints['operator_key']}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer: Json = json.load(response)
                return answer
        except urllib.error.HTTPError as fault:
            raise ApiFault(fault.code, json.loads(fault.read() or b"{}")) from fault

    def everything(self, path: str) -> Iterator[Json]:
        """Every row of a list, page after page."""
        cursor = ""
        while True:
            page = self.api("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            yield from page["data"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    @contextmanager
    def network(self, seed: str = "e2e") -> Iterator[Network]:
        """A telephone network with this stack behind its number, its REST API where it is asked."""
        with self.network_and_rest(seed) as (network, _):
            yield network

    @contextmanager
    def network_and_rest(self, seed: str = "e2e") -> Iterator[tuple[Network, RestServer]]:
        """The same, with its REST API at hand."""
        network = Network(
            account_sid=self.endpoints["twilio_account_sid"],
            auth_token=self.endpoints["twilio_auth_token"],
            voice_inbound=self.endpoints["voice_inbound"],
            voice_status=self.endpoints["voice_status"],
            seed=f"{seed}:{next(_names)}",
        )
        try:
            with network.rest_server("127.0.0.1", self.stack.port + 1) as rest:
                yield network, rest
        finally:
            network.close()

    @contextmanager
    def connect(self) -> Iterator[ConnectNetwork]:
        """The stack's instance of Amazon Connect, with its API where it is asked."""
        instance = local_instance()
        wire = LocalAws(
            self.endpoints["aws"],
            region=self.endpoints["region"],
            contacts=self.endpoints["contacts_function"],
        )
        network = ConnectNetwork(
            flow=connect_flow.content(self.endpoints["connect_function"]),
            wire=wire,
            instance=instance,
            seed=f"e2e:{next(_names)}",
        )
        with ConnectServer(instance, ("127.0.0.1", self.stack.port + 1)):
            yield network

    def call(self, sid: str) -> Json:
        """The call that the carrier knows under this id; empty while it is not known."""
        found = self.api("GET", f"/calls?carrier_call_id={sid}")["data"]
        return found[0] if found else {}

    def judged(self, sid: str, *, within: float = 60) -> Json:
        """The call once it is approved or denied."""
        return eventually(
            lambda: (
                call if (call := self.call(sid)).get("status") in ("approved", "denied") else {}
            ),
            within=within,
        )

    def trial_balance(self) -> Json:
        """Every account's balance, recomputed from the entries."""
        return self.api("GET", "/ledger/trial-balance")

    def invoke(self, function: str, event: Json) -> Any:
        """What a schedule would do, now."""
        answer = self.stack.cloud.client("lambda").invoke(
            FunctionName=f"ringledger-{self.stage}-{function}", Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    @cached_property
    def stage(self) -> str:
        """The stage that the stack is deployed as."""
        return "local"


@dataclass
class Market:
    """One campaign with its target, offer, publisher and number, made over the API."""

    deployment: Deployment
    billing: str = "prepaid"
    top_up_cents: int = 1_000_000
    charge_cents: int = 2_500
    earning_cents: int = 1_500
    minimum_talk_seconds: int = 60
    campaign: Json = field(default_factory=dict)
    target: Json = field(default_factory=dict)
    targets: int = 1
    advertiser_id: str = field(init=False)
    campaign_id: str = field(init=False)
    publisher_id: str = field(init=False)
    offer_id: str = field(init=False)
    target_ids: list[str] = field(init=False)
    e164: str = field(init=False)
    placement_id: str = field(init=False)

    def __post_init__(self) -> None:
        api, number = self.deployment.api, next(_names)
        self.advertiser_id = api("POST", "/advertisers", {
            "name": f"Advertiser {number}", "billing": self.billing,
            **({"credit_limit_cents": self.top_up_cents} if self.billing == "net" else {}),
        })["id"]  # fmt: skip
        if self.billing == "prepaid" and self.top_up_cents:
            self.pay(self.top_up_cents, f"topup-{number}")
        self.publisher_id = api("POST", "/publishers", {
            "name": f"Publisher {number}",
            "payout_terms": {"cycle": "monthly", "net_days": 15},
        })["id"]  # fmt: skip
        form = A_W9 | {"received_on": None}
        api("PUT", f"/publishers/{self.publisher_id}/payee/tax-form", form)
        self.campaign_id = api("POST", "/campaigns", {
            "advertiser_id": self.advertiser_id, "name": f"Campaign {number}",
            "vertical": "roofing",
            "terms": {"charge_cents": self.charge_cents,
                      "minimum_talk_seconds": self.minimum_talk_seconds},
        } | self.campaign)["id"]  # fmt: skip
        self.target_ids = [
            api("POST", f"/campaigns/{self.campaign_id}/targets", {
                "name": f"Target {n}", "destination": f"+1212555{1000 + n:04d}", "priority": n + 1,
            } | self.target)["id"]
            for n in range(self.targets)
        ]  # fmt: skip
        self.offer_id = api("POST", "/offers", {
            "name": f"Offer {number}", "vertical": "roofing", "campaign_ids": [self.campaign_id],
            "earning": {"earning_cents": self.earning_cents},
        })["id"]  # fmt: skip
        api("POST", "/partnerships", self.led | {"state": "approved"})
        self.placement_id = api("POST", "/placements", self.led | {"name": "Search ad"})["id"]
        self.e164 = f"+1800555{number:04d}"
        self.is_lent(self.e164)

    @property
    def led(self) -> Json:
        """Where calls are led, and for whom."""
        return {"offer_id": self.offer_id, "publisher_id": self.publisher_id}

    def is_lent(self, e164: str, carrier: str = "twilio") -> None:
        """The carrier lends a number for the placement."""
        number = {"placement_id": self.placement_id, "e164": e164, "carrier": carrier}
        self.deployment.api("POST", "/numbers", self.led | number)

    def pay(self, cents: int, reference: str) -> Json:
        """Record money from the advertiser."""
        return self.deployment.api("POST", "/payments", {
            "advertiser_id": self.advertiser_id, "reference": reference, "amount_cents": cents,
            "currency": "USD",
        })  # fmt: skip

    def funds(self) -> Json:
        """What the advertiser may still spend, and what is held."""
        return self.deployment.api("GET", f"/advertisers/{self.advertiser_id}/funds")

    def rings(
        self,
        network: Network | ConnectNetwork,
        talk: float = 90,
        *,
        caller: str = "",
        **more: Any,
    ) -> CallResult:
        """A caller dials the number; somebody answers and talks."""
        number = caller or f"+1415555{next(_names):04d}"
        usual: dict[str, Any] = {
            "to": self.e164,
            "caller": Caller(number=number, state="CA", zip_code="94105"),
            "target": Behaviour(talk=talk),
        }
        return network.place(CallScript(**(usual | more)))


def deployment_in(directory: Path) -> Deployment:
    """A fresh stack in a directory of its own."""
    stack = LocalStack(directory=directory, port=free_ports())
    try:
        return Deployment(stack=stack, endpoints=stack.up())
    except BaseException:
        stack.stop()
        raise
