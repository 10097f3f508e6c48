"""What does Amazon Connect tell of a contact, and how is it written?

The event of a contact as EventBridge brings it, the contact record as a Kinesis stream brings it,
and what DescribeContact shows. The service writes names and words in more than one way, and leaves
a moment that has not come out, or puts it at the beginning of 1970; so does this.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from simulator.connect_instance import ConnectInstance
from simulator.fields import derived_id

Json = dict[str, Any]

DETAIL_TYPE = "Amazon Connect Contact Event"
INBOUND, THIRD_PARTY = "INBOUND", "EXTERNAL_OUTBOUND"
_UNSET = "1970-01-01T00:00:00.001Z"
_MOMENTS = ("initiationTimestamp", "connectedToSystemTimestamp", "disconnectTimestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact as the service knows it at a moment. `parent` is the caller's contact where this is
    the transfer; `system` is the number of the instance, `customer` who is on the other end."""

    id: str
    parent: str
    system: str
    customer: str | None
    initiated: datetime
    updated: datetime
    connected: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    talk_seconds: int = 0

    @property
    def method(self) -> str:
        """How it came about."""
        return THIRD_PARTY if self.parent else INBOUND


def event_of(instance: ConnectInstance, contact: Contact, kind: str, dice: Random) -> Json:
    """An event of the contact, in the envelope of EventBridge."""
    moments = (contact.initiated, contact.connected, contact.ended)
    detail: Json = {
        "eventType": kind,
        "contactId": contact.id,
        "initialContactId": contact.parent or contact.id,
        **({"previousContactId": contact.parent} if contact.parent else {}),
        "channel": "VOICE",
        "instanceArn": instance.arn,
        "initiationMethod": contact.method,
        **dict(zip(_MOMENTS, (_written(one, dice) for one in moments), strict=True)),
        **({"disconnectReason": contact.reason} if contact.reason else {}),
        "customerVoiceActivity": {},
        "tags": _tags(instance, contact),
    }
    detail = {name: value for name, value in detail.items() if value is not None}
    resources = [instance.arn, f"{instance.arn}/contact/{contact.id}"]
    return {
        "version": "0",
        "id": derived_id("", contact.id, kind, contact.updated),
        "detail-type": DETAIL_TYPE,
        "source": "aws.connect",
        "account": instance.account,
        "time": _iso(contact.updated)[:19] + "Z",
        "region": instance.region,
        "resources": resources,
        "detail": _otherwise(detail) if dice.random() < 0.5 else detail,
    }


def record_of(instance: ConnectInstance, contact: Contact, dice: Random) -> Json:
    """The contact record of an ended contact, alone in a batch of a Kinesis stream."""
    moments = (contact.initiated, contact.connected, contact.ended)
    record: Json = {
        "AWSAccountId": instance.account,
        "Channel": "VOICE",
        "ContactId": contact.id,
        "InitialContactId": contact.parent or None,
        "PreviousContactId": contact.parent or None,
        "NextContactId": None,
        "InstanceARN": instance.arn,
        "InitiationMethod": contact.method,
        **{
            name[:1].upper() + name[1:]: _written(one, dice)
            for name, one in zip(_MOMENTS, moments, strict=True)
        },
        "LastUpdateTimestamp": _iso(contact.updated),
        "DisconnectReason": contact.reason or None,
        "CustomerEndpoint": _endpoint(contact.customer),
        "SystemEndpoint": _endpoint(contact.system),
        "ExternalThirdParty": _third_party(contact),
        "Tags": _tags(instance, contact),
    }
    if dice.random() < 0.5:
        record = {name[:1].lower() + name[1:]: value for name, value in record.items()}
    data = base64.b64encode(json.dumps(record).encode()).decode()
    kinesis = {"partitionKey": contact.id, "data": data}
    return {"Records": [{"eventSource": "aws:kinesis", "kinesis": kinesis}]}


def described(instance: ConnectInstance, contact: Contact) -> Json:
    """What DescribeContact shows; moments are epoch seconds, as its protocol writes them."""
    shown: Json = {
        "Id": contact.id,
        "Arn": f"{instance.arn}/contact/{contact.id}",
        "Channel": "VOICE",
        "InitiationMethod": contact.method,
        "InitiationTimestamp": contact.initiated.timestamp(),
        "LastUpdateTimestamp": contact.updated.timestamp(),
        "CustomerEndpoint": _endpoint(contact.customer),
        "SystemEndpoint": _endpoint(contact.system),
    }
    if contact.parent:
        shown |= {"InitialContactId": contact.parent, "PreviousContactId": contact.parent}
    if contact.connected:
        shown["ConnectedToSystemTimestamp"] = contact.connected.timestamp()
    if contact.ended:
        shown |= {
            "DisconnectTimestamp": contact.ended.timestamp(),
            "DisconnectReason": contact.reason,
        }
    return {name: value for name, value in shown.items() if value is not None}


def _tags(instance: ConnectInstance, contact: Contact) -> Json:
    of_leg = {"aws:connect:transferredFromEndpoint": contact.system} if contact.parent else {}
    return {
        "aws:connect:instanceId": instance.id,
        "aws:connect:systemEndpoint": contact.system,
        **of_leg,
    }


def _third_party(contact: Contact) -> Json | None:
    if not contact.talk_seconds:
        return None
    return {"ExternalThirdPartyInteractionDuration": contact.talk_seconds}


def _endpoint(address: str | None) -> Json | None:
    return {"Address": address, "Type": "TELEPHONE_NUMBER"} if address else None


def _otherwise(detail: Json) -> Json:
    """The same in the other way that Amazon's own samples have: `EventType`, and `Voice`."""
    other = {name[:1].upper() + name[1:]: value for name, value in detail.items()}
    return {**other, "Channel": "Voice"}


def _written(moment: datetime | None, dice: Random) -> str | None:
    if moment is None:
        return _UNSET if dice.random() < 0.5 else None
    return _iso(moment)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
