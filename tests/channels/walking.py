"""Whole calls of Amazon Connect, walked through the shipped flow against the functions in this
process.

The platform's clock is that of the call that is being played, so what it measures can be held
against what the network knows.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.calls import Call, call_id
from chalicelib.channels import connect, contacts
from chalicelib.channels.callers import Context
from chalicelib.flows.settlement import Progress, settle, settle_finally
from chalicelib.offers import CONNECT
from chalicelib.providers.connect import Connect
from chalicelib.providers.connect_api import ConnectApi
from chalicelib.runtime import Secrets
from infra.connect_flow import content
from simulator import Behaviour, Caller, CallScript
from simulator.connect_blocks import walk
from simulator.connect_contact import ConnectSetting, LiveContact, Tells
from simulator.connect_flow import read_flow
from simulator.connect_instance import ConnectFault, ConnectInstance
from simulator.connect_operations import Asked, answered
from simulator.faults import FLOW_KINDS
from simulator.scripts import Side
from simulator.wire import Answer, Request
from tests.builders import NOW, TRACKING_NUMBER
from tests.fakes import FakeRows
from tests.world import World

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:ringledger-prod-connect"
FLOW = read_flow(content(FUNCTION))
CALIFORNIAN = Caller(number="+14155550111", city="SAN FRANCISCO", state="CA", zip_code="94105")
TALK = 127
# Connect tells of milliseconds; few calls begin with none.
BEGUN = NOW + timedelta(milliseconds=40)


class Switchboard:
    """A market in memory with the functions before it, and an instance whose flow asks them."""

    def __init__(self, tells: Tells | None = None) -> None:
        self.rows = FakeRows()
        self.world = World(self.rows)
        self.instance = ConnectInstance()
        self.live: LiveContact | None = None
        self.settles_at_once = True
        self.looks: Callable[[LiveContact], None] = lambda _: None
        secrets = Secrets(
            twilio_account_sid="",
            twilio_tokens=(),
            caller_hash_key="hash-key",
            operator_key_sha256="",
            voice_url="",
            connect_instance_id=self.instance.id,
        )
        self.context = Context(
            secrets=lambda: secrets, stores=lambda: self.world.stores, clock=self.world.clock
        )
        self.hearing = contacts.Context(
            secrets=lambda: secrets, stores=lambda: self.world.stores, clock=self.world.clock
        )
        api = ConnectApi(Asking(self.instance), sleep=lambda _: None)
        self.carrier = Connect(api, instance_id=self.instance.id, flow_id="", s3=None)
        self.setting = ConnectSetting(
            instance=self.instance,
            flow=FLOW,
            wire=self,
            tells=tells or Tells(),
            speed=None,
            on_exchange=lambda _: None,
        )

    def opens(self, *targets: Any, **more: Any) -> None:
        """Lay a market whose number an Amazon Connect instance lends."""
        self.world.opens(*targets, carrier=CONNECT, **more)

    def rings(self, **choices: Any) -> LiveContact:
        """Play one call to the last that is told of it."""
        values: dict[str, Any] = {
            "to": TRACKING_NUMBER,
            "caller": CALIFORNIAN,
            "target": Behaviour(after=6, talk=TALK, hangup_by=Side.TARGET),
        }
        script = CallScript(**{**values, **choices})
        live = LiveContact(script, self.setting, seed=script.seed or "1", begun=BEGUN)
        self.live = live
        walk(live)
        return live

    def send(self, request: Request) -> Answer:
        """The way to the platform, without a network."""
        live = self.live
        assert live is not None
        self.world.now = max(self.world.now, live.clock.at(live.clock.second))
        # What travels is JSON.
        document = json.loads(json.dumps(request.document))
        if request.kind in FLOW_KINDS:
            said: Any = connect.handle(document, self.context)
        else:
            said = contacts.handle(document, self.hearing)
        if self.settles_at_once:
            self.settles(live)
        self.looks(live)
        return Answer(status=200, content_type="application/json", body=json.dumps(said).encode())

    def settles(self, live: LiveContact) -> Progress:
        """The stream brings the call to its settlement."""
        return settle(call_id(CONNECT, live.sid), stores=self.world.stores, now=self.world.now)

    def settled(self, live: LiveContact) -> Call:
        """The call once the stream, then the instance's own record, then the sweep have spoken."""
        self.settles(live)
        self.world.later(seconds=15)
        self._finally(live)
        self.world.later(hours=3)
        assert self._finally(live) is Progress.SETTLED
        return self.call(live)

    def call(self, live: LiveContact) -> Call:
        """The call as it is remembered."""
        return self.world.stores.calls.get(call_id(CONNECT, live.sid))

    def _finally(self, live: LiveContact) -> Progress:
        return settle_finally(
            call_id(CONNECT, live.sid),
            stores=self.world.stores,
            now=self.world.now,
            ask_carrier=self.carrier.record_of,
        )


class Asking:
    """AWS's own client, as far as it asks about contacts, without a network."""

    def __init__(self, instance: ConnectInstance) -> None:
        self._instance = instance

    def describe_contact(self, *, InstanceId: str, ContactId: str) -> Any:  # noqa: N803
        return self._get(f"/contacts/{InstanceId}/{ContactId}", {})

    def list_associated_contacts(self, *, InstanceId: str, ContactId: str) -> Any:  # noqa: N803
        return self._get(f"/contact/associated/{InstanceId}", {"contactId": ContactId})

    def _get(self, path: str, query: dict[str, str]) -> Any:
        try:
            said = answered(self._instance, "GET", path, Asked(query=query, body={}))
        except ConnectFault as fault:
            error = {"Error": {"Code": fault.name, "Message": str(fault)}}
            status = {"ResponseMetadata": {"HTTPStatusCode": fault.status}}
            raise ClientError(error | status, path) from fault
        return _moments(said)


def _moments(said: Any) -> Any:
    """The document with its moments as the client gives them."""
    if isinstance(said, list):
        return [_moments(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {
        name: datetime.fromtimestamp(one, UTC) if name.endswith("Timestamp") else _moments(one)
        for name, one in said.items()
    }
