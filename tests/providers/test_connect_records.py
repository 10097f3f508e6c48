"""What an Amazon Connect instance is asked about a call, and what is made of its answers."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.calls import Call, HungUpBy, LegStatus, SignalKind
from chalicelib.endings import Evidence, read_signals
from simulator.rest_trouble import Trouble
from tests.builders import NOW, a_call, an_attempt
from tests.providers.connecting import Site, site

__all__ = ["site"]

CONTACT = "0c1f2a3b-0000-4000-8000-000000000001"
LATER = NOW + timedelta(minutes=10)


def call(**more: Any) -> Call:
    return a_call(carrier="connect", carrier_call_id=CONTACT, attempt=an_attempt(**more))


def lay(site: Site, id: str = CONTACT, **moments: Any) -> dict[str, Any]:
    """A contact of the instance; moments are seconds after the dial."""
    own = {"InitiationMethod": "INBOUND", "InitiationTimestamp": 0}
    leg = {
        "InitiationMethod": "EXTERNAL_OUTBOUND", "InitialContactId": CONTACT,
        "InitiationTimestamp": 1,
    }  # fmt: skip
    said = {**(own if id == CONTACT else leg), **moments}
    contact = {"Id": id, "Arn": f"{site.instance.arn}/contact/{id}", "Channel": "VOICE"}
    contact |= {name: written(name, value) for name, value in said.items()}
    site.instance.contacts[id] = contact
    return contact


def written(name: str, value: Any) -> Any:
    return (NOW + timedelta(seconds=value)).timestamp() if name.endswith("Timestamp") else value


def record(site: Site, of: Call, now: datetime = LATER) -> Any:
    return site.carrier(s3=None).record_of(of, now)


def test_a_call_that_goes_on_has_no_record(site: Site) -> None:
    lay(site)
    assert record(site, call()) == ()


def test_a_leg_that_goes_on_keeps_the_record_open(site: Site) -> None:
    lay(site, DisconnectTimestamp=90)
    lay(site, "leg", ConnectedToSystemTimestamp=8)
    assert record(site, call()) == ()


def test_the_leg_of_the_present_attempt_is_found_among_others(site: Site) -> None:
    lay(site, DisconnectTimestamp=200, DisconnectReason="CUSTOMER_DISCONNECT")
    lay(site, "leg-1", DisconnectTimestamp=20, DisconnectReason="TELECOM_BUSY")
    second = {"InitiationTimestamp": 31, "ConnectedToSystemTimestamp": 40}
    lay(site, "leg-2", **second, DisconnectTimestamp=200)
    lay(site, "agent", InitiationMethod="TRANSFER", DisconnectTimestamp=200)
    of = call(number=2, reserved_at=NOW + timedelta(seconds=30))
    own, leg = record(site, of)
    assert (own.kind, own.attempt, own.ended_by) == (SignalKind.RECORD, 0, HungUpBy.CALLER)
    assert (leg.kind, leg.attempt, leg.seconds, leg.leg_id) == (SignalKind.RECORD, 2, 160, "leg-2")
    ending = read_signals(of, (own, leg))
    assert (ending.talk_seconds, ending.evidence, ending.certain) == (160, Evidence.RECORD, True)


def test_a_leg_that_nobody_answered_is_recorded_as_such(site: Site) -> None:
    lay(site, DisconnectTimestamp=90)
    lay(site, "leg", DisconnectTimestamp=26, DisconnectReason="TELECOM_UNANSWERED")
    _, leg = record(site, call())
    assert leg.status is LegStatus.NO_ANSWER
    assert read_signals(call(), record(site, call())).talk_seconds == 0


def test_without_its_leg_the_callers_contact_tells_what_it_can(site: Site) -> None:
    lay(site, DisconnectTimestamp=90)
    (own,) = record(site, call())
    assert (own.attempt, own.seconds) == (0, 90)
    ending = read_signals(call(), (own,))
    assert (ending.ended, ending.talk_seconds, ending.evidence) == (True, 90, Evidence.COMPUTED)


def test_a_call_without_an_attempt_has_no_leg(site: Site) -> None:
    lay(site, DisconnectTimestamp=5)
    (own,) = record(site, replace(call(), attempt=None))
    assert own.seconds == 5


def test_legs_that_cannot_be_listed_leave_the_callers_contact(site: Site) -> None:
    lay(site, DisconnectTimestamp=90)
    lay(site, "leg", ConnectedToSystemTimestamp=8, DisconnectTimestamp=90)
    site.server.troubles.add(Trouble.BROKEN, times=1000, about="/contact/associated")
    (own,) = record(site, call())
    assert own.attempt == 0


def test_a_throttled_request_is_made_again(site: Site) -> None:
    lay(site, DisconnectTimestamp=90)
    site.server.troubles.add(Trouble.TOO_MANY, times=1)
    assert len(record(site, call())) == 1


def test_a_call_that_outlasts_its_lease_is_told_of(site: Site) -> None:
    lay(site)
    of = call()
    assert of.attempt is not None
    (told,) = record(site, of, of.attempt.hold.lease_until)
    assert (told.status, told.attempt) == (LegStatus.IN_PROGRESS, 0)


@pytest.mark.parametrize("moments", [{}, {"InitiationMethod": "INBOUND", "Arn": 5}])
def test_odd_answers_are_taken_for_what_they_are(site: Site, moments: dict[str, Any]) -> None:
    site.instance.contacts[CONTACT] = {"Id": CONTACT, **moments}
    assert record(site, call()) == ()
