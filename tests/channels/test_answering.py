"""What callers and targets hear and press, call by call, from the first ring to the verdict."""

import zlib
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.answering import (
    Acceptance,
    Answering,
    Consent,
    ConsentWhen,
    Heard,
    IfUnanswered,
    Line,
    Message,
    Question,
    QuestionKind,
    Voicemail,
)
from chalicelib.calls import CallStatus
from chalicelib.campaigns import State
from chalicelib.criteria import Filter, FilterTest, Geography, RouteByArea
from chalicelib.flows.settlement import sweep
from chalicelib.store.rows import CALLS
from chalicelib.store.stores import Stores
from simulator import Behaviour, Caller, Faults, Outcome
from simulator.scripts import Side
from tests import builders
from tests.channels.calling import TALK, Telephone, kinds, said, violations
from tests.flows.replaying import again, is_itself

HELLO = Line(text="Welcome to <Roofs & Co>.", version="hello-2")
ZIP = Question(
    name="zip",
    prompt=Line(text="Please enter your ZIP code."),
    kind=QuestionKind.DIGITS,
    min_digits=5,
    max_digits=5,
    no_input=Line(text="We heard nothing."),
    wrong_input=Line(text="That is no ZIP code."),
)
MENU = Question(
    name="service",
    prompt=Line(text="For repairs press 1, for a new roof press 2."),
    kind=QuestionKind.CHOICE,
    choices={"1": "repair", "2": "new_roof"},
)
NEAR, FAR = "+12125550101", "+12125550102"


def two_targets(**more: Any) -> tuple[Any, ...]:
    return (
        builders.a_target(id="tgt_1", priority=1, destination=NEAR, **more),
        builders.a_target(id="tgt_2", priority=2, destination=FAR),
    )


def opened(
    *targets: Any,
    questions: tuple[Question, ...] = (),
    greeting: Line | None = None,
    **campaign: Any,
) -> Telephone:
    telephone = Telephone()
    answering = Answering(greeting=greeting, questions=questions)
    telephone.world.opens(
        *(targets or (builders.a_target(destination=NEAR),)),
        campaign=builders.a_campaign(**campaign),
        offer=builders.an_offer(answering=answering if questions or greeting else None),
    )
    return telephone


def dialled(live: Any) -> list[str]:
    return [leg.to for leg in live.legs]


class TestQuestions:
    def test_a_keyed_zip_decides_which_target_is_dialled(self) -> None:
        near = two_targets(
            geography=Geography(zips=("10001",)), route_by_area=RouteByArea.INSIDE_ONLY
        )
        for pressed, expected in (("10001", NEAR), ("94105", FAR)):
            telephone = opened(*near, questions=(ZIP,))
            live = telephone.rings(digits=(pressed,))
            assert dialled(live) == [expected]
            call = telephone.settled(live)
            assert (call.area.zip, call.tags["zip"]) == (pressed, pressed)
            assert (call.area.evidence[0].source, call.area.state) == ("keyed", "CA")
            assert violations(live) == []

    def test_a_menu_becomes_an_attribute_that_targets_filter_on(self) -> None:
        wanted = Filter(attribute="tag.service", test=FilterTest.EQUALS, values=("new_roof",))
        for pressed, expected in (("1", FAR), ("2", NEAR)):
            telephone = opened(*two_targets(filters=(wanted,)), questions=(MENU,))
            assert dialled(telephone.rings(digits=(pressed,))) == [expected]

    def test_questions_are_asked_one_after_the_other_and_nothing_is_held_meanwhile(self) -> None:
        telephone = opened(greeting=HELLO, questions=(ZIP, MENU))
        live = telephone.rings(digits=("94105", "2"), hangup_in_ivr=None)
        assert kinds(live)[:4] == ["inbound", "gather", "gather", "leg-answered"]
        assert "Welcome to &lt;Roofs &amp; Co&gt;." in said(live, "inbound")[0]
        call = telephone.settled(live)
        assert dict(call.tags) == {"zip": "94105", "service": "new_roof"}
        assert (call.status, call.talk_seconds) == (CallStatus.APPROVED, TALK)

    def test_two_wrong_answers_are_asked_again_and_the_call_goes_on(self) -> None:
        telephone = opened(questions=(ZIP,))
        live = telephone.rings(digits=("12", "123", "1234"))
        pages = [*said(live, "inbound"), *said(live, "gather")]
        assert ["no ZIP code" in page for page in pages] == [False, True, True, False]
        call = telephone.settled(live)
        assert "zip" not in call.tags
        assert call.status is CallStatus.APPROVED

    def test_silence_is_told_apart_from_a_wrong_answer(self) -> None:
        live = opened(questions=(ZIP,)).rings(digits=("", "94105"))
        assert "We heard nothing." in said(live, "gather")[0]
        assert dialled(live) == [NEAR]

    def test_whoever_must_answer_and_does_not_is_hung_up_on(self) -> None:
        must = replace(ZIP, if_unanswered=IfUnanswered.HANG_UP, retries=1)
        telephone = opened(questions=(must,))
        live = telephone.rings()
        assert dialled(live) == []
        assert "without your answer" in said(live, "gather")[-1]
        call = telephone.settled(live)
        assert (call.status, call.refusal) == (CallStatus.DENIED, "question_unanswered")
        assert telephone.world.funds() == (100_000, 0)
        assert is_itself(again(telephone.world, live.sid))

    def test_a_default_stands_in_for_an_answer_and_tells_no_place(self) -> None:
        usual = replace(ZIP, if_unanswered=IfUnanswered.TAKE_DEFAULT, default="10001", retries=0)
        telephone = opened(questions=(usual,))
        call = telephone.settled(telephone.rings())
        assert call.tags["zip"] == "10001"
        assert call.area.zip == "94105"

    def test_a_caller_who_leaves_among_the_questions_has_abandoned_the_call(self) -> None:
        telephone = opened(greeting=HELLO, questions=(ZIP, MENU))
        live = telephone.rings(digits=("94105",), hangup_in_ivr=9)
        call = telephone.call(live)
        assert (call.status, call.reasons) == (CallStatus.DENIED, ("abandoned",))
        assert (call.talk_seconds, call.attempt) == (0, None)
        assert telephone.world.funds() == (100_000, 0)

    def test_a_sweep_leaves_a_caller_alone_who_is_still_being_asked(self) -> None:
        telephone = opened(questions=(ZIP,))
        telephone.settles_at_once = False
        live = telephone.rings(hangup_in_ivr=1, faults=Faults(drop=("status",)))
        world = telephone.world
        for minutes, settled in ((2, ()), (40, (telephone.call(live).id,))):
            world.later(minutes=minutes)
            swept = sweep(stores=world.stores, now=world.now, ask_carrier=lambda *_: ())
            assert swept.settled == settled
        assert telephone.call(live).reasons == ("abandoned",)

    def test_nobody_is_asked_when_the_offer_takes_no_calls(self) -> None:
        telephone = Telephone()
        offer = builders.an_offer(answering=Answering(questions=(ZIP,)), state=State.PAUSED)
        telephone.world.opens(offer=offer)
        live = telephone.rings()
        assert "<Gather" not in said(live, "inbound")[0]
        assert telephone.call(live).refusal == "offer_paused"

    def test_a_decision_after_questions_is_made_again_the_same(self) -> None:
        near = two_targets(
            geography=Geography(zips=("10001",)), route_by_area=RouteByArea.INSIDE_ONLY
        )
        telephone = opened(*near, questions=(ZIP, MENU), whisper=Line(text="{zip}, {state}"))
        busy = Behaviour(outcome=Outcome.BUSY, after=1)
        live = telephone.rings(digits=("10001", "1"), attempts=(busy, Behaviour(talk=5)))
        assert dialled(live) == [NEAR, FAR]
        for attempt in (1, 2):
            assert is_itself(again(telephone.world, live.sid, attempt))

    def test_the_lines_that_were_heard_are_kept_with_their_versions(self) -> None:
        telephone = opened(greeting=HELLO, questions=(ZIP,), consent=Consent(line=Line(text="Hm")))
        call = telephone.settled(telephone.rings(digits=("94105",)))
        assert call.heard == (
            Heard(part="greeting", of="off_1", version="hello-2"),
            Heard(part="question.zip", of="off_1", version="1"),
            Heard(part="consent", of="cmp_1", version="1"),
        )


class TestConsent:
    @pytest.mark.parametrize(
        ("when", "state", "heard"),
        [
            (ConsentWhen.ALWAYS, "TX", True),
            (ConsentWhen.TWO_PARTY_STATES, "CA", True),
            (ConsentWhen.TWO_PARTY_STATES, "TX", False),
            (ConsentWhen.TWO_PARTY_STATES, "", True),
        ],
    )
    def test_it_is_said_where_it_is_due(self, when: ConsentWhen, state: str, heard: bool) -> None:
        consent = Consent(line=Line(text="This call is recorded."), when=when)
        caller = Caller(number="+18335550111", state=state)
        live = opened(consent=consent).rings(caller=caller)
        assert ("is recorded" in said(live, "inbound")[0]) is heard

    def test_it_is_said_once_and_its_time_is_no_talk(self) -> None:
        telephone = opened(*two_targets(), consent=Consent(line=Line(text="word " * 50)))
        busy = Behaviour(outcome=Outcome.BUSY, after=1)
        live = telephone.rings(attempts=(busy, Behaviour(talk=30, hangup_by=Side.TARGET)))
        assert "<Say" in said(live, "inbound")[0]
        assert "<Say" not in said(live, "dial")[0]
        call = telephone.settled(live)
        assert (call.talk_seconds, call.answered_early) == (30, True)

    def test_a_caller_who_leaves_while_the_target_rings_has_not_talked(self) -> None:
        telephone = opened(consent=Consent(line=Line(text="word " * 50)))
        live = telephone.rings(hangup_while_ringing=2)
        call = telephone.settled(live)
        assert live.duration > 20
        assert (call.talk_seconds, call.reasons) == (0, ("not_connected",))


class TestWhisper:
    def test_the_target_hears_the_facts_and_the_talk_counts_from_after_them(self) -> None:
        whisper = Line(text="A caller from {state}, ZIP {zip}, for {offer}. " + "word " * 40)
        telephone = opened(whisper=whisper)
        live = telephone.rings()
        assert "A caller from CA, ZIP 9 4 1 0 5, for Roofing calls." in said(live, "whisper")[0]
        call = telephone.settled(live)
        assert live.legs[0].duration > TALK + 10
        assert call.talk_seconds is not None
        assert abs(call.talk_seconds - TALK) <= 1
        assert violations(live) == []

    def test_a_target_that_presses_1_gets_the_call(self) -> None:
        telephone = opened(acceptance=Acceptance())
        takes = Behaviour(talk=TALK, whisper_digits="1", hangup_by=Side.TARGET)
        live = telephone.rings(target=takes)
        call = telephone.settled(live)
        assert call.status is CallStatus.APPROVED
        assert abs((call.talk_seconds or 0) - TALK) <= 1

    @pytest.mark.parametrize("pressed", ["", "2", "11"])
    def test_a_target_that_presses_anything_else_is_followed_by_the_next(
        self, pressed: str
    ) -> None:
        telephone = opened(*two_targets(), acceptance=Acceptance(), whisper=Line(text="Hello"))
        refuses = Behaviour(after=2, whisper_digits=pressed, talk=99)
        takes = Behaviour(after=2, whisper_digits="1", talk=TALK, hangup_by=Side.TARGET)
        live = telephone.rings(targets={NEAR: refuses, FAR: takes})
        assert dialled(live) == [NEAR, FAR]
        call = telephone.settled(live)
        assert call.tried == ("tgt_1",)
        assert call.status is CallStatus.APPROVED
        assert violations(live) == []

    def test_a_refusal_by_the_last_target_leaves_nothing_held(self) -> None:
        telephone = opened(acceptance=Acceptance())
        live = telephone.rings(target=Behaviour(whisper_digits="9"))
        call = telephone.settled(live)
        assert (call.status, call.reasons) == (CallStatus.DENIED, ("not_connected",))
        assert telephone.world.funds() == (100_000, 0)
        assert telephone.world.target()["leases"] == {}

    def test_a_whisper_that_cannot_be_read_lets_the_caller_through(self) -> None:
        telephone = opened(whisper=Line(text="Hello"))
        live = telephone.rings()
        unknown = "/twilio/whisper?attempt=1&call=call_unknown"
        assert "<Response/>" in telephone.posts(unknown, live)

    def test_the_callers_number_lies_in_no_decision(self) -> None:
        telephone = opened(*two_targets(), whisper=Line(text="From {caller}."))
        busy = Behaviour(outcome=Outcome.BUSY, after=1)
        live = telephone.rings(attempts=(busy, Behaviour(talk=5)))
        assert "From 1 4 1 5 5" in said(live, "whisper")[0]
        rows = telephone.rows.rows_of(CALLS)
        kept = [zlib.decompress(row["facts"]).decode() for row in rows if "facts" in row]
        assert len(kept) == 2
        assert not [text for text in kept if "4155550111" in text or "1 4 1 5 5" in text]

    def test_a_whisper_for_an_attempt_of_before_is_refused(self) -> None:
        telephone = opened(whisper=Line(text="Hello"))
        live = telephone.rings()
        stale = f"/twilio/whisper?attempt=2&call={telephone.call(live).id}"
        assert "<Hangup/>" in telephone.posts(stale, live)


class TestCallerId:
    @pytest.mark.parametrize(
        ("choice", "shown"),
        [
            ("caller", "+14155550111"),
            ("tracking_number", builders.TRACKING_NUMBER),
            ("+18005550177", "+18005550177"),
        ],
    )
    def test_the_target_is_shown_whom_the_campaign_says(self, choice: str, shown: str) -> None:
        live = opened(caller_id=choice).rings()
        assert live.legs[0].from_ == shown

    def test_a_whisper_tells_the_callers_number_only_where_it_is_shown(self) -> None:
        whisper = Line(text="From {caller}.")
        assert "From 1 4 1 5" in said(opened(whisper=whisper).rings(), "whisper")[0]
        hidden = opened(whisper=whisper, caller_id="tracking_number").rings()
        assert "From unknown." in said(hidden, "whisper")[0]


class TestVoicemail:
    LEAVE = Voicemail(line=Line(text="Please leave a message."), max_seconds=60)

    def test_a_message_is_taken_when_nobody_answers(self) -> None:
        telephone = opened(voicemail=self.LEAVE)
        live = telephone.rings(target=Behaviour(outcome=Outcome.NO_ANSWER))
        assert kinds(live)[-2:] == ["record", "status"]
        call = telephone.settled(live)
        assert call.status is CallStatus.DENIED
        assert call.voicemail is not None
        assert call.voicemail.seconds == 10
        assert telephone.world.funds() == (100_000, 0)
        assert violations(live) == []

    def test_a_message_is_taken_when_everybody_is_closed(self) -> None:
        telephone = Telephone()
        campaign = builders.a_campaign(voicemail=self.LEAVE)
        telephone.world.opens(builders.a_target(state=State.PAUSED), campaign=campaign)
        live = telephone.rings()
        assert "leave a message" in said(live, "inbound")[0]
        call = telephone.call(live)
        assert (call.status, call.refusal) == (CallStatus.DENIED, "target_paused")
        assert call.voicemail is not None
        assert is_itself(again(telephone.world, live.sid))

    def test_a_paused_campaign_takes_no_messages(self) -> None:
        live = opened(voicemail=self.LEAVE, state=State.PAUSED).rings()
        assert "<Record" not in said(live, "inbound")[0]

    def test_the_recordings_status_tells_of_it_as_well(self) -> None:
        telephone = opened(voicemail=self.LEAVE)
        live = telephone.rings(target=Behaviour(outcome=Outcome.NO_ANSWER))
        call = telephone.call(live)
        told = (("RecordingUrl", "https://api.example.com/RE2"), ("RecordingDuration", "12"))
        for _ in range(2):
            telephone.posts(f"/twilio/message?call={call.id}&told=status", live, *told)
        assert telephone.call(live).voicemail == Message(
            url="https://api.example.com/RE2", seconds=12
        )

    def test_a_dead_store_neither_keeps_a_caller_waiting_nor_drops_the_target(self) -> None:
        telephone = opened(voicemail=self.LEAVE, acceptance=Acceptance())
        live = telephone.rings(target=Behaviour(whisper_digits="1"))
        call = telephone.call(live).id

        def broken() -> Stores:
            raise ConnectionError("the database is away")

        telephone.settles_at_once = False
        telephone.context = replace(telephone.context, stores=broken)
        told = ("RecordingUrl", "https://api.example.com/RE2")
        for path, fields, expected in (
            (f"/twilio/message?call={call}&told=action", (told,), "<Hangup/>"),
            (f"/twilio/whisper?attempt=1&call={call}", (), "<Response/>"),
            (f"/twilio/bridge?attempt=1&call={call}&press=1", (("Digits", "1"),), "<Response/>"),
            (f"/twilio/bridge?attempt=1&call={call}&press=1", (("Digits", "2"),), "<Hangup/>"),
            (f"/twilio/answer?call={call}&question=1&tries=1", (), "nobody can take your call"),
        ):
            assert expected in telephone.posts(path, live, *fields)

    def test_a_message_on_an_unknown_call_is_kept_nowhere(self) -> None:
        telephone = opened(voicemail=self.LEAVE)
        live = telephone.rings()
        told = ("RecordingUrl", "https://api.example.com/RE2")
        assert telephone.posts("/twilio/message?call=call_x&told=status", live, told)
        assert telephone.call(live).voicemail is None


def test_a_call_without_anything_said_is_dialled_at_once() -> None:
    live = opened().rings()
    assert "<Say" not in said(live, "inbound")[0]
    assert "url=" not in said(live, "inbound")[0]


def test_a_greeting_without_questions_is_said_before_the_dial() -> None:
    telephone = opened(greeting=HELLO)
    live = telephone.rings()
    page = said(live, "inbound")[0]
    assert page.index("<Say") < page.index("<Dial")
    call = telephone.settled(live)
    assert (call.answered_early, call.talk_seconds) == (True, TALK)
