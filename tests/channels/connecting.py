"""An Amazon Connect instance's side of calls: its flow asks, and its contact events tell."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.calls import Call, call_id
from chalicelib.channels import callers, connect, contacts
from chalicelib.flows.settlement import Progress, settle, settle_finally
from chalicelib.runtime import Secrets
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Key
from chalicelib.store.stores import Stores
from tests import builders
from tests.builders import CALLER, FROM_THE_DIAL, TRACKING_NUMBER
from tests.fakes import FakeRows
from tests.world import World

Json = dict[str, Any]
INSTANCE = "11111111-2222-4333-8444-555555555555"
ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE}"
CONTACT = "0c1f2a3b-0000-4000-8000-000000000001"
LEG = "0c1f2a3b-0000-4000-8000-0000000000f1"


def invoked(operation: str, contact: str = CONTACT, **more: Any) -> Json:
    """The event of a flow's block; `parameters` are the block's, other words stand for parts of
    the contact."""
    parameters = more.pop("parameters", {})
    data = {
        "Attributes": {},
        "Channel": "VOICE",
        "ContactId": contact,
        "CustomerEndpoint": {"Address": CALLER, "Type": "TELEPHONE_NUMBER"},
        "CustomerId": None,
        "InitialContactId": contact,
        "InitiationMethod": "INBOUND",
        "InstanceARN": ARN,
        "MediaStreams": {"Customer": {"Audio": None}},
        "Queue": None,
        "SystemEndpoint": {"Address": TRACKING_NUMBER, "Type": "TELEPHONE_NUMBER"},
        **more,
    }
    said = {"operation": operation, **parameters}
    return {"Name": "ContactFlowEvent", "Details": {"ContactData": data, "Parameters": said}}


def told(kind: str, contact: str = CONTACT, **more: Any) -> Json:
    """A contact event; moments are written as Connect writes them."""
    detail = {
        "eventType": kind,
        "contactId": contact,
        "initialContactId": CONTACT,
        "channel": "VOICE",
        "instanceArn": ARN,
        "initiationMethod": "INBOUND",
        "tags": {"aws:connect:systemEndpoint": TRACKING_NUMBER},
        **{name: moment(one) if isinstance(one, datetime) else one for name, one in more.items()},
    }
    return {
        "version": "0",
        "detail-type": "Amazon Connect Contact Event",
        "source": "aws.connect",
        "detail": detail,
    }


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


@dataclass
class Instance:
    """A market in memory whose tracking number is Connect's, charged from the dial on."""

    rows: FakeRows = field(default_factory=FakeRows)
    patience_seconds: float = 3.0
    stores_now: Any = None

    def __post_init__(self) -> None:
        self.world = World(self.rows)
        self.secrets = Secrets(
            twilio_account_sid="",
            twilio_tokens=(),
            caller_hash_key="hash-key",
            operator_key_sha256="",
            voice_url="",
            connect_instance_id=INSTANCE,
        )

    def opens(self, *targets: Any, terms: Any = FROM_THE_DIAL, **more: Any) -> None:
        campaign = more.pop("campaign", None) or builders.a_campaign(terms=terms)
        self.world.opens(*targets, campaign=campaign, **more)

    def lends(self) -> None:
        """The tracking number is Connect's, by its own row too."""
        number = codec.to_json(builders.a_number(carrier="connect"))
        key = Key(CATALOG, f"NUMBER#{TRACKING_NUMBER}")
        self.rows.write([Change(key=key, set={("doc",): number})])

    def stores(self) -> Stores:
        return self.world.stores

    def asks(self, operation: str, **more: Any) -> dict[str, str]:
        """What the flow is answered."""
        return self.answers(invoked(operation, **more))

    def answers(self, event: object) -> dict[str, str]:
        context = callers.Context(
            secrets=lambda: self.secrets,
            stores=self.stores_now or self.stores,
            clock=self.world.clock,
            patience_seconds=self.patience_seconds,
        )
        return connect.handle(event, context)

    def hears(self, *events: object) -> list[dict[str, int]]:
        context = contacts.Context(
            secrets=lambda: self.secrets, stores=self.stores, clock=self.world.clock
        )
        return [contacts.handle(event, context) for event in events]

    def leg(self, kind: str, **more: Any) -> Json:
        """An event of the transfer to a target."""
        return told(
            kind,
            LEG,
            previousContactId=CONTACT,
            initiationMethod="EXTERNAL_OUTBOUND",
            **{"initiationTimestamp": self.world.now, **more},
        )

    def later(self, **span: float) -> datetime:
        self.world.later(**span)
        return self.world.now

    def settles(self, contact: str = CONTACT) -> Progress:
        """The stream's look."""
        return settle(call_id("connect", contact), stores=self.stores(), now=self.world.now)

    def settled(self, *records: Any) -> Call:
        """The call once the carrier has been asked, 15 seconds later."""
        self.world.now += timedelta(seconds=15)
        settle_finally(
            call_id("connect", CONTACT),
            stores=self.stores(),
            now=self.world.now,
            ask_carrier=lambda call, now: records,
        )
        return self.call()

    def call(self, contact: str = CONTACT) -> Call:
        return self.stores().calls.get(call_id("connect", contact))
