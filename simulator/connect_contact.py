"""Where does a contact of Amazon Connect stand, and what passes between it and the platform?

`LiveContact` holds one call being played: its time, its attributes, what is asked of the function
and what is told of it. What each block does with it is `connect_blocks`' business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from simulator import connect_judging
from simulator.clock import Clock
from simulator.connect_events import INBOUND, Contact, described, event_of, record_of
from simulator.connect_flow import Flow, FlowRefused
from simulator.connect_instance import ConnectInstance
from simulator.connect_judging import LIMIT_SECONDS, Attributes
from simulator.courier import Courier, Exchange, Sender
from simulator.faults import FLOW_KINDS
from simulator.fields import derived_id
from simulator.judging import Violation
from simulator.line import Leg, OnTheLine
from simulator.scripts import CallScript
from simulator.wire import Request

BUS, STREAM = "bus", "stream"
"""Where what is told of contacts goes to: in a request's `url`."""

_EVENTS = {
    "initiated": "INITIATED",
    "updated": "CONTACT_DATA_UPDATED",
    "answered": "CONNECTED_TO_SYSTEM",
    "disconnected": "DISCONNECTED",
    "completed": "COMPLETED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tells:
    """What the service tells of transfers: Amazon does not say which of it an account can rely on.

    Their contacts at all, when the third party answered, contact records, and in the caller's own
    record how long a third party was on the line.
    """

    legs: bool = True
    answers: bool = True
    records: bool = True
    durations: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectSetting:
    """What a contact is played in: the instance, its flow, the way to the platform, the pace."""

    instance: ConnectInstance
    flow: Flow
    wire: Sender
    tells: Tells
    speed: float | None
    on_exchange: Callable[[Exchange], None]


class LiveContact(OnTheLine[Attributes]):
    """One contact being played, in the thread of whoever plays it. `present` says that it begins
    now, so that its time never falls behind the wall's."""

    def __init__(
        self,
        script: CallScript,
        setting: ConnectSetting,
        *,
        seed: str,
        begun: datetime,
        present: bool = False,
    ) -> None:
        courier = Courier(
            setting.wire,
            script.faults,
            seed,
            judging=connect_judging,
            on_exchange=setting.on_exchange,
        )
        clock = Clock(begun, setting.speed, present=present)
        super().__init__(contact_id(seed), script, courier, clock)
        self.instance = setting.instance
        self.flow = setting.flow
        self.status = "in-progress"
        self.answered_at = 0.0
        self.reason = ""
        self.reasons: dict[str, str] = {}
        self.attributes: Attributes = {}
        self.external: Attributes = {}
        self.stored_input = ""
        self.blocks_walked: list[str] = []
        self._tells = setting.tells
        self._dice = Random(f"{seed}|written")

    def value(self, text: str) -> str:
        """A parameter's value: itself, or what its path leads to; "" where nothing is there."""
        if not text.startswith("$."):
            return text
        place, _, name = text.removeprefix("$.").partition(".")
        if place in ("External", "Attributes"):
            held = self.external if place == "External" else self.attributes
            if name not in held:
                self.accuse("unset", f"the flow looks at {text}, which nothing has set")
            return held.get(name, "")
        known = {
            "StoredCustomerInput": self.stored_input,
            "ContactId": self.sid,
            "SystemEndpoint.Address": self.script.to,
        }
        path = text.removeprefix("$.")
        if path not in known:
            raise FlowRefused(f"this network knows no {text}")
        return known[path]

    def accuse(self, rule: str, sentence: str) -> None:
        """Note that the platform answered what the flow cannot go on with."""
        kind = self.courier.timeline[-1].kind
        self.courier.accuse(Violation(rule=rule, kind=kind, sentence=sentence))

    def ask(self, function: str, parameters: Mapping[str, str]) -> Attributes | None:
        """Ask the function; `None` for the block's error branch, where no answer that can be taken
        came in time. The caller hears silence meanwhile."""
        kind = parameters.get("operation", "")
        if kind not in FLOW_KINDS:
            raise FlowRefused(f"this network knows no operation {kind!r}")
        request, fate = self.courier.fate(
            Request(
                kind=kind,
                url=function,
                fields=tuple(parameters.items()),
                document=self._invocation(parameters),
            )
        )
        answer = self.courier.ask(request, fate, self.clock.second)
        took = fate.delay + self.courier.timeline[-1].answer.seconds
        with self.spoken_to():
            self.wait(min(took, LIMIT_SECONDS))
        return answer if took < LIMIT_SECONDS else None

    def tell_of(self, what: str, leg: Leg | None = None) -> None:
        """Tell of the contact, or of the transfer to a leg, as it stands now."""
        if leg is not None and not self._tells.legs:
            return
        contact = self._contact(leg)
        with self.instance.lock:
            self.instance.contacts[contact.id] = described(self.instance, contact)
        if what == "record":
            if self._tells.records:
                self._send("record", STREAM, record_of(self.instance, contact, self._dice), leg)
            return
        told = event_of(self.instance, contact, _EVENTS[what], self._dice)
        self._send(what, BUS, told, leg)

    def hang_up(self, reason: str) -> None:
        """End the contact now, for this reason, and tell of it."""
        self.ended_at = self.clock.second
        self.status = "completed"
        self.reason = reason
        with self.instance.lock:
            self.instance.recorded.pop(self.sid, None)
        self.tell_of("disconnected")
        self.tell_of("completed")

    def end_leg(self, leg: Leg, status: str, reason: str) -> None:
        """End a transfer's leg now, for this reason, and tell of it."""
        leg.ended_at = self.clock.second
        leg.status = status
        self.reasons[leg.sid] = reason
        self.tell_of("disconnected", leg)
        self.tell_of("completed", leg)

    def _send(self, what: str, url: str, document: Mapping[str, Any], leg: Leg | None) -> None:
        kind = f"{'contact' if leg is None else 'leg'}-{what}"
        detail = document.get("detail", {})
        shown = (
            ("contactId", (leg.sid if leg else self.sid)[-12:]),
            ("reason", detail.get("disconnectReason") or detail.get("DisconnectReason", "")),
        )
        fields = tuple((name, value) for name, value in shown if value)
        self.tell(Request(kind=kind, url=url, fields=fields, document=document))
        self._advance(self.clock.second, over=self.ended_at is not None)

    def _contact(self, leg: Leg | None) -> Contact:
        def at(second: float | None) -> datetime | None:
            return None if second is None else self.clock.at(second)

        number = self.script.caller.number
        anonymous = not number.startswith("+")
        now = self.clock.at(self.clock.second)
        if leg is None:
            talk = sum(one.talk_seconds for one in self.legs)
            return Contact(
                id=self.sid, parent="", system=self.script.to,
                customer=None if anonymous else number,
                initiated=self.clock.start, connected=self.clock.start, updated=now,
                ended=at(self.ended_at), reason=self.reason,
                talk_seconds=talk if self._tells.durations else 0,
            )  # fmt: skip
        return Contact(
            id=leg.sid, parent=self.sid, system=self.script.to, customer=leg.to,
            initiated=self.clock.at(leg.begun_at or 0.0), updated=now,
            connected=at(leg.answered_at) if self._tells.answers else None,
            ended=at(leg.ended_at), reason=self.reasons.get(leg.sid, ""),
        )  # fmt: skip

    def _invocation(self, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The event of an invocation, as the administrator's guide documents it."""
        number = self.script.caller.number
        caller = {"Address": number, "Type": "TELEPHONE_NUMBER"}
        withheld = not number.startswith("+") and self._dice.random() < 0.5
        contact = {
            "Attributes": dict(self.attributes),
            "Channel": "VOICE",
            "ContactId": self.sid,
            "CustomerEndpoint": None if withheld else caller,
            "CustomerId": None,
            "Description": None,
            "InitialContactId": self.sid,
            "InitiationMethod": INBOUND,
            "InstanceARN": self.instance.arn,
            "LanguageCode": "en-US",
            "MediaStreams": {"Customer": {"Audio": None}},
            "Name": None,
            "PreviousContactId": self.sid,
            "Queue": None,
            "References": {},
            "SystemEndpoint": {"Address": self.script.to, "Type": "TELEPHONE_NUMBER"},
        }
        details = {"ContactData": contact, "Parameters": dict(parameters)}
        return {"Name": "ContactFlowEvent", "Details": details}


def contact_id(*facts: object) -> str:
    """The id of a contact: a UUID, the same for the same facts."""
    return str(UUID(hex=derived_id("", *facts), version=4))
