"""What Amazon Connect tells of a contact, and what its reports say of a call: in any order, any
number of times, and with some of them lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Introduction, Line
from chalicelib.call_facts import facts_of, seconds_on
from chalicelib.calls import Call, HungUpBy, LegStatus, Signal, SignalKind
from chalicelib.contacts import (
    Contact,
    callers_reports,
    legs_reports,
    outlasting,
    read_contact,
)
from chalicelib.endings import Evidence, read_signals, unheard
from chalicelib.hangups import who_hung_up
from chalicelib.terms import Clock
from tests.builders import NOW, a_call, a_signal, an_attempt

ARN = "arn:aws:connect:us-east-1:123456789012:instance/inst"
RING = 25
DONE, ON = LegStatus.COMPLETED, LegStatus.IN_PROGRESS


def read(**said: Any) -> Contact:
    found = read_contact({"contactId": "c1", "instanceArn": ARN, **said})
    assert found is not None
    return found


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def capital(document: dict[str, Any]) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: value for name, value in document.items()}


EVENT: dict[str, Any] = {
    "contactId": "c1", "instanceArn": ARN, "eventType": "disconnected",
    "initiationMethod": "Inbound", "initiationTimestamp": at(0),
    "connectedToSystemTimestamp": at(0), "disconnectTimestamp": at(78.9),
    "disconnectReason": "customer_disconnect", "initialContactId": "c1",
    "tags": {"aws:connect:systemEndpoint": "+18005550100"},
}  # fmt: skip


class TestReading:
    @pytest.mark.parametrize("document", [EVENT, capital(EVENT)])
    def test_keys_in_either_case_say_the_same(self, document: dict[str, Any]) -> None:
        contact = read_contact(document)
        assert contact is not None
        assert (contact.id, contact.instance_id, contact.kind) == ("c1", "inst", "DISCONNECTED")
        assert (contact.dialled, contact.callers) == ("+18005550100", ())
        assert contact.disconnected_at == NOW + timedelta(seconds=78), "cut to the second"
        assert contact.is_over and not contact.is_leg

    def test_a_contact_record_is_read_as_an_event(self) -> None:
        contact = read_contact(
            {
                "ContactId": "c1", "InstanceARN": ARN, "InitiationMethod": "INBOUND",
                "InitiationTimestamp": at(0), "DisconnectTimestamp": at(60),
                "SystemEndpoint": {"Address": "+18005550100", "Type": "TELEPHONE_NUMBER"},
                "ExternalThirdParty": {"ExternalThirdPartyInteractionDuration": 41},
                "Recordings": [{}], "NextContactId": None,
            }
        )  # fmt: skip
        assert contact is not None
        assert (contact.dialled, contact.talk_seconds, contact.kind) == ("+18005550100", 41, "")
        assert contact.is_over

    def test_a_described_contact_holds_moments_as_they_are(self) -> None:
        moment = datetime(2026, 11, 23, 16, 0, 1, 500_000, tzinfo=UTC)
        contact = read_contact(
            {"Id": "c1", "Arn": f"{ARN}/contact/c1", "DisconnectTimestamp": moment}
        )
        assert contact is not None
        assert (contact.id, contact.instance_id) == ("c1", "inst")
        assert contact.disconnected_at == moment.replace(microsecond=0)

    @pytest.mark.parametrize(
        "unset", ["1970-01-01T00:00:00.001Z", "", None, "soon", 7, [], "2026-11-23T15:00:00"]
    )
    def test_a_moment_that_is_unset_or_no_moment_is_not_there(self, unset: Any) -> None:
        contact = read(eventType="DISCONNECTED", disconnectTimestamp=unset)
        assert contact.disconnected_at is None
        assert not contact.is_over

    @pytest.mark.parametrize("document", [{}, {"contactId": None}, {"contactId": []}, {"x": 1}])
    def test_what_names_no_contact_is_none(self, document: dict[str, Any]) -> None:
        assert read_contact(document) is None

    @given(
        st.dictionaries(
            st.sampled_from([*EVENT, "externalThirdParty", "systemEndpoint", "id", "arn"]),
            st.none() | st.text(max_size=20) | st.integers() | st.lists(st.integers(), max_size=2)
            | st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=2),
        )
    )  # fmt: skip
    def test_no_document_breaks_the_reading(self, document: dict[str, Any]) -> None:
        contact = read_contact(document)
        assert contact is None or contact.id
        if contact is not None:
            attempt = an_attempt()
            callers_reports(contact, attempt, SignalKind.CALL, NOW)
            legs_reports(contact, attempt, SignalKind.LEG, NOW)


def leg(**said: Any) -> Contact:
    return read(
        contactId="l1", initialContactId="c1", initiationMethod="EXTERNAL_OUTBOUND",
        **{"initiationTimestamp": at(1), **said},
    )  # fmt: skip


class TestReports:
    @pytest.mark.parametrize(
        ("reason", "by"),
        [
            ("CUSTOMER_DISCONNECT", HungUpBy.CALLER),
            ("THIRD_PARTY_DISCONNECT", HungUpBy.TARGET),
            ("TELECOM_ORIGINATOR_CANCEL", HungUpBy.CALLER),
            ("CONTACT_FLOW_DISCONNECT", None),
            ("SOMETHING_NEW", None),
        ],
    )
    def test_the_end_of_a_callers_contact_says_who_hung_up(
        self, reason: str, by: HungUpBy | None
    ) -> None:
        contact = replace(read(**EVENT), reason=reason)
        (end,) = callers_reports(contact, an_attempt(), SignalKind.CALL, NOW)
        assert (end.attempt, end.status, end.seconds, end.ended_by) == (0, DONE, 78, by)

    @pytest.mark.parametrize("kind", ["INITIATED", "CONTACT_DATA_UPDATED", "QUEUED", "NEW_ONE"])
    def test_what_is_no_end_reports_nothing(self, kind: str) -> None:
        contact = replace(read(**EVENT), kind=kind)
        assert callers_reports(contact, an_attempt(), SignalKind.CALL, NOW) == ()

    def test_how_long_a_record_says_that_somebody_else_was_on_the_line_is_a_talk(self) -> None:
        contact = replace(read(**EVENT), kind="", talk_seconds=41)
        talk, _ = callers_reports(contact, an_attempt(), SignalKind.CALL, NOW)
        assert (talk.kind, talk.attempt, talk.seconds) == (SignalKind.RECORD, 1, 41)
        assert len(callers_reports(contact, None, SignalKind.CALL, NOW)) == 1

    @pytest.mark.parametrize(
        ("reason", "status"),
        [
            ("TELECOM_BUSY", LegStatus.BUSY),
            ("TELECOM_UNANSWERED", LegStatus.NO_ANSWER),
            ("TELECOM_TIMEOUT", LegStatus.NO_ANSWER),
            ("TELECOM_ORIGINATOR_CANCEL", LegStatus.CANCELED),
            ("TELECOM_NUMBER_INVALID", LegStatus.FAILED),
            ("TELECOM_NEW", LegStatus.FAILED),
        ],
    )
    def test_a_leg_that_nobody_answered_says_why(self, reason: str, status: LegStatus) -> None:
        told = leg(eventType="DISCONNECTED", disconnectTimestamp=at(20), disconnectReason=reason)
        (end,) = legs_reports(told, an_attempt(), SignalKind.LEG, NOW)
        assert (end.attempt, end.status, end.seconds, end.leg_id) == (1, status, None, "l1")

    @pytest.mark.parametrize(
        "reason", ["THIRD_PARTY_DISCONNECT", "CUSTOMER_DISCONNECT", "", "OTHER", "SOMETHING_NEW"]
    )
    def test_a_leg_that_somebody_may_have_answered_is_not_told_to_have_failed(
        self, reason: str
    ) -> None:
        told = leg(eventType="DISCONNECTED", disconnectTimestamp=at(200), disconnectReason=reason)
        assert legs_reports(told, an_attempt(), SignalKind.LEG, NOW) == ()

    def test_a_leg_that_was_answered_tells_its_talk_and_when_it_began(self) -> None:
        told = leg(
            eventType="COMPLETED", connectedToSystemTimestamp=at(8.7), disconnectTimestamp=at(70.2)
        )
        answer, end = legs_reports(told, an_attempt(), SignalKind.LEG, NOW)
        assert (answer.status, answer.at) == (ON, NOW + timedelta(seconds=8))
        assert (end.status, end.seconds) == (DONE, 62)

    @pytest.mark.parametrize(
        ("begun", "reserved", "own"),
        [
            (30.2, 30.9, False),
            (30.9, 30.9, True),
            (31.0, 30.9, True),
            # a contact record knows the second alone
            (30, 30.9, True),
            (29, 30.9, False),
        ],
    )
    def test_two_attempts_within_a_second_are_told_apart_where_that_is_known(
        self, begun: float, reserved: float, own: bool
    ) -> None:
        attempt = an_attempt(reserved_at=NOW + timedelta(seconds=reserved))
        told = leg(
            eventType="DISCONNECTED", initiationTimestamp=at(begun), disconnectTimestamp=at(50),
            disconnectReason="TELECOM_BUSY",
        )  # fmt: skip
        assert bool(legs_reports(told, attempt, SignalKind.LEG, NOW)) is own

    def test_a_leg_that_began_before_the_attempt_is_none_of_its(self) -> None:
        attempt = an_attempt(reserved_at=NOW + timedelta(seconds=30))
        told = leg(eventType="DISCONNECTED", disconnectTimestamp=at(31))
        assert legs_reports(told, attempt, SignalKind.LEG, NOW) == ()
        assert legs_reports(told, None, SignalKind.LEG, NOW) == ()
        unknown = leg(
            initiationTimestamp=None, eventType="DISCONNECTED", disconnectTimestamp=at(31)
        )
        assert legs_reports(unknown, an_attempt(), SignalKind.LEG, NOW) == ()


def connect_call(**more: Any) -> Call:
    return a_call(carrier="connect", attempt=an_attempt(ring_seconds=RING, **more))


def moment(kind: SignalKind, later: float, **more: Any) -> Signal:
    """A report of something that happened so many seconds after the dial."""
    values = {"attempt": 1, "status": DONE, "seconds": None, **more}
    return a_signal(kind=kind, happened_at=NOW + timedelta(seconds=later), **values)


def left(seconds: float) -> Signal:
    return moment(
        SignalKind.CALL, seconds, attempt=0, seconds=int(seconds), ended_by=HungUpBy.CALLER
    )


def hung_up(seconds: float) -> Signal:
    return moment(SignalKind.DIAL, seconds, callers_status=ON)


def answered(seconds: float) -> Signal:
    return moment(SignalKind.LEG, seconds, status=ON)


def leg_over(start: int, seconds: int) -> Signal:
    return moment(SignalKind.LEG, seconds, seconds=seconds - start)


class TestTalk:
    @pytest.mark.parametrize(
        ("signals", "talk", "evidence", "certain"),
        [
            ((), 0, Evidence.NONE, False),
            ((answered(8),), 0, Evidence.NONE, False),
            # the target's hanging up says that it was there; how long, nobody says
            ((hung_up(9),), 9, Evidence.COMPUTED, False),
            ((hung_up(70), left(71)), 70, Evidence.COMPUTED, False),
            # the caller's says so only once it cannot have rung any more
            ((left(35),), 0, Evidence.NONE, False),
            ((left(36),), 36, Evidence.COMPUTED, False),
            # an answer that was told counts exactly, and the leg's own report at once
            ((answered(8), left(20)), 12, Evidence.LEG, False),
            ((answered(8), leg_over(8, 70)), 62, Evidence.LEG, True),
            ((leg_over(8, 70), left(71), hung_up(71)), 62, Evidence.LEG, True),
            # a leg that failed says that nobody talked, however long the caller held the line
            ((moment(SignalKind.LEG, 30, status=LegStatus.BUSY), left(90)), 0, Evidence.NONE, True),
            # a record of the whole contact says nothing against a talk
            ((moment(SignalKind.RECORD, 90, attempt=0), left(90)), 90, Evidence.COMPUTED, False),
            ((moment(SignalKind.RECORD, 90, seconds=41), left(90)), 41, Evidence.RECORD, True),
        ],
    )
    def test_the_talk_is_what_the_reports_prove(
        self, signals: tuple[Signal, ...], talk: int, evidence: Evidence, certain: bool
    ) -> None:
        ending = read_signals(connect_call(), signals)
        assert (ending.talk_seconds, ending.evidence, ending.certain) == (talk, evidence, certain)

    def test_lines_before_the_dial_may_last_and_prove_no_talk(self) -> None:
        said = Introduction(greeting=Line(text="x" * 80), consent=Line(text="y" * 16))
        call = connect_call(introduction=said)
        assert read_signals(call, (left(35 + 14),)).talk_seconds == 0
        assert read_signals(call, (left(35 + 15),)).talk_seconds == 50

    def test_the_same_reports_prove_nothing_of_this_where_the_carrier_tells_of_answers(
        self,
    ) -> None:
        call = replace(connect_call(), carrier="twilio", answered_early=True)
        assert read_signals(call, (left(90),)).talk_seconds == 0

    def test_a_call_that_outlasts_its_lease_has_talked_so_long(self) -> None:
        call = connect_call()
        assert call.attempt is not None
        lease_until = call.attempt.hold.lease_until
        contact = read(**{**EVENT, "eventType": "", "disconnectTimestamp": None})
        assert outlasting(contact, call.attempt, lease_until - timedelta(seconds=1)) == ()
        told = outlasting(contact, call.attempt, lease_until)
        ending = read_signals(call, told)
        assert not ending.ended
        over = unheard(ending, lease_until)
        assert (over.talk_seconds, over.evidence) == (3600, Evidence.COMPUTED)

    @given(st.data())
    def test_from_the_dial_a_call_lasts_as_long_by_whatever_report(self, data: Any) -> None:
        """Reports lost, repeated and reordered: what rules may ask of Connect stays the same."""
        rang = data.draw(st.integers(1, RING))
        over = data.draw(st.integers(rang + RING + 11, 3000))
        possible = [answered(rang), leg_over(rang, over), left(over), hung_up(over)]
        told = data.draw(st.lists(st.sampled_from(possible), min_size=1))
        ending = read_signals(connect_call(), tuple(told))
        if not ending.ended:
            assert all(one == answered(rang) for one in told), "an answer alone ends nothing"
            return
        facts = facts_of(connect_call(), ending, told, now=NOW + timedelta(seconds=over))
        assert seconds_on(facts, Clock.DIAL) == over
        assert facts.connected

    @given(
        st.permutations([answered(8), leg_over(8, 70), left(71), hung_up(71)]), st.integers(1, 4)
    )
    def test_order_and_repetition_of_reports_do_not_matter(
        self, signals: list[Signal], count: int
    ) -> None:
        some = signals[:count]
        assert read_signals(connect_call(), tuple(some)) == read_signals(
            connect_call(), tuple(sorted([*some, *some], key=lambda one: one.key))
        )

    def test_who_hung_up_is_told_by_the_carrier(self) -> None:
        call = replace(connect_call(), status=a_call().status.PENDING)
        for signals, by in (
            ((left(71), hung_up(71)), HungUpBy.CALLER),
            ((hung_up(71), replace(left(71), ended_by=None)), HungUpBy.TARGET),
            ((replace(left(71), ended_by=None),), HungUpBy.UNKNOWN),
        ):
            found = who_hung_up(call, signals)
            assert found is not None
            assert found.by is by
