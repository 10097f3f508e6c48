"""The API as its users have it: requests through Chalice, over rows in memory."""

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

from app import app
from chalicelib import ids
from chalicelib.channels import http
from chalicelib.closings import Duty
from chalicelib.errors import Conflict
from chalicelib.flows.recordings import Places
from chalicelib.flows.taking_up import Yard
from chalicelib.providers.carriers import CarrierNotSetUp
from chalicelib.providers.paypal import PayPal, paypal
from chalicelib.providers.stripe import Checkout, Order, PaymentLink
from chalicelib.runtime import Secrets
from chalicelib.store.stores import Stores
from tests.builders import NOW
from tests.carriers import FakeCarrier
from tests.ciphers import FakeCipher
from tests.documents import FakeDocuments
from tests.fakes import FakeRows
from tests.mail import FakeMailer
from tests.parking import Desk
from tests.payees import A_W9
from tests.recordings import FakeBucket

KEY = "an-operator-key"
SECRETS = Secrets(
    twilio_account_sid="AC1",
    twilio_tokens=("token",),
    caller_hash_key="a-hash-key",
    visit_key="a-visit-key",
    stripe_webhook_secrets=("whsec_new", "whsec_old"),
    operator_key_sha256=hashlib.sha256(KEY.encode()).hexdigest(),
    voice_url="https://voice.example.com",
    dni_url="https://dni.example.com",
)
Json = dict[str, Any]
UNRULED: Json = {
    "geography": {
        "states": [], "area_codes": [], "zips": [],
        "exclude": {"states": [], "area_codes": [], "zips": []},
    },
    "steps": [],
    "disqualifiers": {
        "blocked_caller": False, "anonymous_caller": False, "repeat_callers": [],
        "outside_hours": None, "disposition_missing": None, "disposition_rejected": None,
        "consent_withheld": None, "review": None,
    },
}  # fmt: skip
"""What terms say that say only a price and a minimum."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def faults(self) -> set[tuple[str, str]]:
        """Each fault as its field and rule."""
        return {(one["field"], one["rule"]) for one in self.body["invalid_parameters"]}


def nowhere(order: Order) -> PaymentLink:
    """A deployment without an account at Stripe."""
    raise Conflict(f"no page for {order.title}", code="stripe_not_configured")


def a_studio() -> Places:
    """A carrier without recordings, and an empty bucket."""
    return Places(carrier={"twilio": FakeCarrier()}.__getitem__, bucket=FakeBucket())


@dataclass
class Api:
    """A deployment in memory behind its HTTP door, with the operator's key in hand."""

    rows: FakeRows = field(default_factory=FakeRows)
    now: datetime = NOW
    look_lasts: timedelta = timedelta(0)
    documents: dict[str, bytes] = field(default_factory=dict)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    carrier: FakeCarrier = field(default_factory=FakeCarrier)
    others: dict[str, FakeCarrier] = field(default_factory=dict)
    checkout: Checkout = nowhere
    cipher: FakeCipher = field(default_factory=FakeCipher)
    recordings: Places = field(default_factory=a_studio)
    yard: Yard = field(default_factory=lambda: Desk().yard)
    asked: list[tuple[Duty, int]] = field(default_factory=list)
    secrets: Secrets = SECRETS
    paypal: Callable[[], PayPal] = paypal
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def stores(self) -> Stores:
        """What the deployment remembers, read afresh."""
        return Stores(self.rows)

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def get(self, path: str, **query: str) -> Reply:
        """Read, with the query escaped."""
        return self.send("GET", path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Create; headers are named with underscores."""
        return self.send("POST", path, body or {}, headers=_named(headers))

    def patch(self, path: str, body: Any, **headers: str) -> Reply:
        """Change."""
        return self.send("PATCH", path, body, headers=_named(headers))

    def delete(self, path: str) -> Reply:
        """Archive."""
        return self.send("DELETE", path)

    def send(
        self, method: str, path: str, body: Any = None, *, headers: Json | None = None
    ) -> Reply:
        """One request with the operator's key; `body` is sent as JSON, bytes as they are."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        raw = b"" if body is None else raw
        sent = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        with self._serving(), Client(app) as client:
            answer = client.http.request(
                method, f"/v1{path}", headers=sent | (headers or {}), body=raw
            )
        said = answer.body.decode()
        is_json = "json" in str(answer.headers.get("Content-Type"))
        return Reply(answer.status_code, json.loads(said) if is_json else said, answer.headers)

    def created(self, path: str, **body: Any) -> Json:
        """What a creation made; it must succeed."""
        reply = self.post(path, body)
        assert reply.status == 201, reply.body
        made: Json = reply.body
        return made

    @contextmanager
    def _serving(self) -> Iterator[None]:
        context = http.Context(
            stores=lambda: self.stores,
            secrets=lambda: self.secrets,
            clock=self._clock,
            new_id=self._new_id,
            new_secret=self._new_secret,
            carrier=self._carrier,
            carriers=lambda: (self.carrier.name, *self.others),
            cipher=lambda: self.cipher,
            documents=lambda: FakeDocuments(self.documents),
            send_mail=self.mailer,
            checkout=self.checkout,
            recordings=lambda: self.recordings,
            yard=lambda: self.yard,
            close_party=lambda duty, delay: self.asked.append((duty, delay)),
            paypal=self.paypal,
        )
        with http.answering_with(context):
            yield

    def _carrier(self, name: str) -> FakeCarrier:
        """The carrier of this name; those beside the usual one are among the `others`."""
        if name == self.carrier.name:
            return self.carrier
        if name not in self.others:
            raise CarrierNotSetUp(f"{name} is not set up")
        return self.others[name]

    def _clock(self) -> datetime:
        """The present, which moves on with every look at the clock where looking lasts."""
        self.now += self.look_lasts
        return self.now

    def _new_id(self, prefix: str) -> str:
        entropy = next(self._counter).to_bytes(10, "big")
        return ids.new(prefix, now=self.now, entropy=entropy)

    def _new_secret(self) -> str:
        return secret_text(next(self._counter))


def secret_text(n: int) -> str:
    """43 characters that stand for fresh random bits."""
    return base64.urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=")


@dataclass
class Party:
    """A publisher or an advertiser before the same door, with a key of its own in hand."""

    api: Api
    account: Json
    kind: str
    secret: str = ""

    def __post_init__(self) -> None:
        if not self.secret:
            made = self.api.created(f"/{self.kind}s/{self.account['id']}/keys", name="Reports")
            self.secret = made["secret"]

    @property
    def id(self) -> str:
        """The account's id."""
        id: str = self.account["id"]
        return id

    def get(self, path: str, **query: str) -> Reply:
        """Read with this key, with the query escaped."""
        return self.send("GET", path + (f"?{urlencode(query)}" if query else ""))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request with this key; headers are named with underscores."""
        known = {"Authorization": f"Bearer {self.secret}"}
        return self.api.send(method, path, body, headers=known | _named(headers))


def _named(headers: Mapping[str, str]) -> Json:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Market:
    """One campaign with its target, on an offer, with a publisher and a number."""

    api: Api
    billing: str = "prepaid"
    credit_limit_cents: int = 0
    e164: str = "+18005550100"
    minimum_talk_seconds: int = 60
    advertiser: Json = field(init=False)
    publisher: Json = field(init=False)
    campaign: Json = field(init=False)
    target: Json = field(init=False)
    offer: Json = field(init=False)
    partnership: Json = field(init=False)
    placement: Json = field(init=False)
    number: Json = field(init=False)

    def __post_init__(self) -> None:
        api = self.api
        self.advertiser = api.created(
            "/advertisers", name="Acme Roofing", billing=self.billing,
            credit_limit_cents=self.credit_limit_cents,
        )  # fmt: skip
        self.publisher = api.created("/publishers", name="Bright Media")
        form = f"/publishers/{self.publisher['id']}/payee/tax-form"
        assert api.send("PUT", form, A_W9 | {"received_on": None}).status == 200
        self.campaign = self.campaign_more()
        self.target = api.created(
            f"/campaigns/{self.campaign['id']}/targets", name="Desk", destination="+12125550100"
        )
        self.offer = api.created(
            "/offers", name="Roofing calls", vertical="roofing",
            campaign_ids=[self.campaign["id"]], earning={"earning_cents": 1500},
        )  # fmt: skip
        self.partnership = api.created("/partnerships", **self.led)
        self.placement = api.created("/placements", **self.led, name="Search ad")
        self.number = self.number_more(self.e164)

    @property
    def led(self) -> Json:
        """The offer and the publisher."""
        return {"offer_id": self.offer["id"], "publisher_id": self.publisher["id"]}

    def campaign_more(self, **overrides: Any) -> Json:
        """Another campaign of the advertiser."""
        values = {
            "advertiser_id": self.advertiser["id"], "name": "Roof repair", "vertical": "roofing",
            "terms": {
                "charge_cents": 2500, "minimum_talk_seconds": self.minimum_talk_seconds,
            },
        }  # fmt: skip
        return self.api.created("/campaigns", **values | overrides)

    def number_more(self, e164: str) -> Json:
        """Another number of the same placement."""
        return self.api.created(
            "/numbers", **self.led, placement_id=self.placement["id"], e164=e164
        )
