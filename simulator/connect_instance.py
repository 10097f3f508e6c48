"""What does an Amazon Connect instance hold, and what does its API do with it?

Numbers with the flows that they lead to, flows, functions, places of storage, contacts. A claim
takes a while to stand, a token claims once, and a quota bounds what is claimed. The wire belongs to
`connect_api`.
"""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from simulator.stock import local_stock, toll_free_stock

Json = dict[str, Any]


class ConnectFault(Exception):
    """A refusal, by the name that the API gives it, with the HTTP status."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


def no_such(what: str) -> ConnectFault:
    """The instance has none of it."""
    return ConnectFault(404, "ResourceNotFoundException", f"{what} does not exist")


def unfit(why: str) -> ConnectFault:
    """A parameter is none that the operation takes."""
    return ConnectFault(400, "InvalidParameterException", why)


@dataclass(kw_only=True)
class ClaimedNumber:
    """A number of the instance; its claim stands once it was looked at `looks_left` times more."""

    id: str
    e164: str
    kind: str
    looks_left: int = 0
    failure: str | None = None
    flow_id: str | None = None

    @property
    def status(self) -> str:
        """How its claim stands."""
        if self.looks_left:
            return "IN_PROGRESS"
        return "FAILED" if self.failure else "CLAIMED"


@dataclass(kw_only=True)
class Flow:
    """A flow of the instance, published."""

    id: str
    name: str
    kind: str
    content: str


LOCAL_INSTANCE_ID = "11111111-2222-4333-8444-555555555555"
LOCAL_FLOW_ID = "33333333-2222-4333-8444-555555555555"


@dataclass
class ConnectInstance:
    """One instance. `looks_until_claimed` is how often a fresh claim is said to be going on;
    `contacts` are what DescribeContact shows, by id, and `recorded` says of each contact that is
    being recorded whether that pauses."""

    id: str = LOCAL_INSTANCE_ID
    alias: str = "ringledger-test"
    account: str = "123456789012"
    region: str = "us-east-1"
    number_quota: int = 100
    looks_until_claimed: int = 0
    numbers: dict[str, ClaimedNumber] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    storage: dict[str, list[Json]] = field(default_factory=dict)
    contacts: dict[str, Json] = field(default_factory=dict)
    recorded: dict[str, bool] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    _made: int = 0

    @property
    def arn(self) -> str:
        """The instance's own."""
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{self.id}"

    def number_arn(self, id: str) -> str:
        """A number's; numbers belong to the account."""
        return f"arn:aws:connect:{self.region}:{self.account}:phone-number/{id}"

    def flow_arn(self, id: str) -> str:
        """A flow's."""
        return f"{self.arn}/contact-flow/{id}"

    def stock(self, kind: str) -> Iterator[str]:
        """The numbers of this kind that nobody has claimed."""
        rented = {one.e164 for one in self.numbers.values()}
        stocks = {"DID": local_stock, "TOLL_FREE": toll_free_stock}
        if kind not in stocks:
            raise unfit(f"no numbers of the type {kind} are offered")
        return (one.e164 for one in stocks[kind](rented))

    def number_at(self, e164: str) -> ClaimedNumber | None:
        """The number, claimed or on its way."""
        return next((one for one in self.numbers.values() if one.e164 == e164), None)

    def number(self, id: str) -> ClaimedNumber:
        """The number with this id, or ARN."""
        found = self.numbers.get(id.rpartition("/")[2])
        if found is None:
            raise no_such(f"the phone number {id}")
        return found

    def claim(self, e164: str, token: str, said: str) -> str:
        """The id of the claim: under a known token that of before, if it was for the same."""
        if token in self._tokens:
            before, id = self._tokens[token]
            if before != said:
                raise ConnectFault(409, "IdempotencyException", "the token is another claim's")
            return id
        kind = next((kind for kind in ("DID", "TOLL_FREE") if e164 in set(self.stock(kind))), None)
        if kind is None:
            raise no_such(f"an available number {e164}")
        standing = [one for one in self.numbers.values() if one.failure is None]
        full = len(standing) >= self.number_quota
        claimed = ClaimedNumber(
            id=self.new_id("number"), e164=e164, kind=kind, looks_left=self.looks_until_claimed,
            failure="the quota of phone numbers is exceeded" if full else None,
        )  # fmt: skip
        self.numbers[claimed.id] = claimed
        self._tokens[token] = (said, claimed.id)
        return claimed.id

    def release(self, id: str) -> None:
        """The number is the instance's no more."""
        number = self.number(id)
        if number.looks_left:
            raise ConnectFault(409, "ResourceInUseException", "the claim is still going on")
        del self.numbers[number.id]

    def associate(self, number_id: str, flow_id: str) -> None:
        """The number leads to the flow."""
        number = self.number(number_id)
        if number.status != "CLAIMED":
            raise no_such(f"the claimed phone number {number_id}")
        number.flow_id = self.flow(flow_id).id

    def flow(self, id: str) -> Flow:
        """The flow with this id, or ARN."""
        found = self.flows.get(id.rpartition("/")[2])
        if found is None:
            raise no_such(f"the flow {id}")
        return found

    def put_flow(self, name: str, content: str = "{}", kind: str = "CONTACT_FLOW") -> Flow:
        """A new flow; two have never one name."""
        if any(one.name == name for one in self.flows.values()):
            raise ConnectFault(409, "DuplicateResourceException", f"there is a flow called {name}")
        made = Flow(id=self.new_id("flow"), name=name, kind=kind, content=content)
        self.flows[made.id] = made
        return made

    def new_id(self, kind: str) -> str:
        """Ids are made in order, and the same in every run."""
        self._made += 1
        digest = hashlib.sha256(f"{self.id} {kind} {self._made}".encode()).digest()
        return str(UUID(bytes=digest[:16], version=4))


def local_instance() -> ConnectInstance:
    """The instance that a local deployment expects, with the flow that its numbers lead to."""
    flow = Flow(id=LOCAL_FLOW_ID, name="RingLedger local", kind="CONTACT_FLOW", content="{}")
    return ConnectInstance(
        alias="ringledger-local", account="000000000000", flows={LOCAL_FLOW_ID: flow}
    )
