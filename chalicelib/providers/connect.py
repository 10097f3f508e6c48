"""What does an Amazon Connect instance record of calls?

Owns asking the instance about a contact and about its transfer to a target (DescribeContact,
ListAssociatedContacts), and joins it with what is asked of numbers and of recordings. What a
contact tells belongs to `contacts`, HTTP to `connect_api`.
"""

from datetime import datetime
from typing import Any

from chalicelib import runtime
from chalicelib.calls import ENDED, Attempt, Call, Signal, SignalKind
from chalicelib.contacts import (
    Contact,
    callers_reports,
    legs_reports,
    outlasting,
    rang_for,
    read_contact,
)
from chalicelib.providers.carriers import CarrierAway, CarrierRefused
from chalicelib.providers.connect_api import ConnectApi
from chalicelib.providers.connect_numbers import ConnectNumbers
from chalicelib.providers.connect_recordings import ConnectRecordings

RECORD_SECONDS = 3.0


class Connect(ConnectNumbers, ConnectRecordings):
    """One instance, a `Carrier`; calls belong into its flow `flow_id`, recordings lie where `s3`
    reaches."""

    def __init__(self, api: ConnectApi, *, instance_id: str, flow_id: str, s3: Any) -> None:
        self._api = api
        self._instance_id = instance_id
        self._flow_id = flow_id
        self._s3 = s3

    def record_of(self, call: Call, now: datetime) -> tuple[Signal, ...]:
        """What the contact records of a call that has ended, and of its present attempt.

        The transfer has a contact of its own; while that one's end is not recorded yet nothing is
        told, and where it cannot be found, the caller's own alone.
        """
        try:
            contact = self._contact(call.carrier_call_id)
        except (CarrierAway, CarrierRefused) as fault:
            _warn(call, fault)
            return ()
        own = callers_reports(contact, call.attempt, SignalKind.RECORD, now) if contact else ()
        if contact is not None and not own:
            return outlasting(contact, call.attempt, now)
        if not own or call.attempt is None:
            return own
        try:
            of_leg = self._leg(call, call.attempt, now)
        except (CarrierAway, CarrierRefused) as fault:
            _warn(call, fault)
            return own
        if of_leg is None:
            return ()
        return (*own, *of_leg)

    def _leg(self, call: Call, attempt: Attempt, now: datetime) -> tuple[Signal, ...] | None:
        """How the transfer to the attempt's target ended; None while it goes on."""
        pages = self._api.pages(
            "list_associated_contacts",
            InstanceId=self._instance_id,
            ContactId=call.carrier_call_id,
        )
        found = (read_contact(one) for page in pages for one in page.get("ContactSummaryList", ()))
        legs = [one for one in found if one and one.is_leg and rang_for(one, attempt)]
        if not legs:
            return ()
        # Of two within a second, told by whole seconds, the attempt's own is the later.
        last = max(legs, key=lambda one: one.initiated_at or now)
        described = self._contact(last.id)
        if described is None or not described.is_over:
            return None
        told = legs_reports(described, attempt, SignalKind.RECORD, now)
        return tuple(one for one in told if one.status in ENDED)

    def _contact(self, id: str) -> Contact | None:
        answer = self._api.ask(
            "describe_contact", seconds=RECORD_SECONDS, InstanceId=self._instance_id, ContactId=id
        )
        return read_contact(answer.get("Contact", {}))


def _warn(call: Call, fault: Exception) -> None:
    runtime.logger().warning(
        "the carrier could not be asked about a call",
        extra={"call_id": call.id, "fault": repr(fault)},
    )
