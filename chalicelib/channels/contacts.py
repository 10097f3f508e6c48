"""What does Amazon Connect tell of contacts, and is it heard?

Owns the function of contact events, which EventBridge brings as far as it can, and of contact
records, which a Kinesis stream brings at least once. One that cannot be read is logged and passed
over, because it would be no better the next time; one that cannot be kept is tried again.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalice import Blueprint

from chalicelib import runtime
from chalicelib.contacts import Contact, read_contact
from chalicelib.flows.contacts import Heard, hear
from chalicelib.store.stores import Stores, stores

blueprint = Blueprint(__name__)
_DETAIL_TYPE = "Amazon Connect Contact Event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is heard with: tests bring their own."""

    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    stores: Callable[[], Stores] = stores
    clock: Callable[[], datetime] = runtime.now


def hear_contacts(event: object, _context: Any) -> dict[str, int]:
    """The function: an event of EventBridge, a batch of a Kinesis stream, or a bare contact record;
    answers how many contacts were kept, known before and passed over."""
    return handle(event, Context())


def handle(event: object, context: Context) -> dict[str, int]:
    """Keep what is told of the instance's contacts; what fails is raised, and comes again."""
    counts = {heard.value: 0 for heard in Heard}
    for document in _documents(event):
        contact = read_contact(document) if isinstance(document, Mapping) else None
        counts[_heard(contact, context).value] += 1
    return counts


def _heard(contact: Contact | None, context: Context) -> Heard:
    if contact is None:
        runtime.logger().warning("what is told of a contact cannot be read")
        return Heard.PASSED_OVER
    if not contact.instance_id or contact.instance_id != context.secrets().connect_instance_id:
        about = {"carrier_call_id": contact.id, "instance_id": contact.instance_id}
        runtime.logger().warning("a contact is of another instance", extra=about)
        return Heard.PASSED_OVER
    return hear(contact, stores=context.stores(), now=context.clock())


def _documents(event: object) -> Iterator[object]:
    """Each thing that is told of a contact, whatever brought it."""
    if not isinstance(event, Mapping):
        yield None
    elif isinstance(event.get("Records"), list):
        yield from map(_record, event["Records"])
    else:
        yield event.get("detail", event)


def _record(record: object) -> object:
    """What a record of a Kinesis stream holds; None where that is no JSON."""
    try:
        data = record["kinesis"]["data"]  # type: ignore[index]
        return json.loads(base64.b64decode(data))
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None


# Not replaced by Chalice's wrapper, which takes whole events of EventBridge alone.
blueprint.on_cw_event({"source": ["aws.connect"], "detail-type": [_DETAIL_TYPE]}, name="contacts")(
    hear_contacts
)
