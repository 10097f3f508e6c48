"""Callers on hold: somebody becomes free, nobody does, or they hang up first."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.answering import Answering, Line, Question, Voicemail, Wait
from chalicelib.calls import CallStatus, SignalKind
from chalicelib.campaigns import Campaign
from chalicelib.store.rows import CATALOG, Change, Key
from simulator import Faults
from simulator.wire import Answer, Request
from tests import builders
from tests.builders import NOW
from tests.channels.calling import BASE, TALK, Telephone, said, violations
from tests.channels.test_answering import FAR, HELLO, NEAR, ZIP, dialled
from tests.flows.replaying import again, is_itself
from tests.world import head

STAY = Line(text="All lines are busy. Please stay with us.", version="stay-1")
MUSIC = "https://audio.example.com/hold.mp3"


class Busy(Telephone):
    """One target with one line, which another caller has until `free_after` seconds."""

    def __init__(
        self,
        *,
        free_after: float | None,
        questions: tuple[Question, ...] = (),
        greeting: Line | None = None,
        campaign: Campaign | None = None,
        **wait: Any,
    ) -> None:
        super().__init__()
        self.free_at = None if free_after is None else NOW + timedelta(seconds=free_after)
        self.world.opens(builders.a_target(destination=NEAR, concurrency_cap=1), campaign=campaign)
        assert self.world.arrives("CA0", caller="+14155550199").attempt is not None
        answering = Answering(greeting=greeting, questions=questions, wait=Wait(line=STAY, **wait))
        offer = head("offer", builders.an_offer(answering=answering)).item
        self.rows.write([Change(key=Key(CATALOG, offer["pk"]), set={("doc",): offer["doc"]})])

    def asks(self, path: str, fields: tuple[tuple[str, str], ...]) -> str:
        """One question more; the document that answers it."""
        request = Request(kind="gather", url=BASE + path, fields=fields)
        return super()._deliver(request).body.decode()

    def _deliver(self, request: Request) -> Answer:
        if self.free_at is not None and self.world.now >= self.free_at:
            self.free_at = None
            self.world.reports("CA0", builders.a_signal(kind=SignalKind.CALL, attempt=0, seconds=0))
            self.world.reports("CA0", builders.a_signal(status="no-answer", seconds=0))
            self.world.settles("CA0")
        return super()._deliver(request)


def test_a_caller_waits_until_the_busy_target_is_free() -> None:
    telephone = Busy(free_after=25, greeting=HELLO, seconds=120)
    live = telephone.rings()
    assert "Welcome" in said(live, "inbound")[0]
    assert "stay with us" in said(live, "inbound")[0]
    assert dialled(live) == [NEAR]
    call = telephone.settled(live)
    assert (call.status, call.talk_seconds) == (CallStatus.APPROVED, TALK)
    assert [(one.part, one.version) for one in call.heard] == [
        ("greeting", "hello-2"), ("wait", "stay-1"),
    ]  # fmt: skip
    assert violations(live) == []
    assert is_itself(again(telephone.world, live.sid))


def test_the_line_is_said_once_and_the_music_until_somebody_is_free() -> None:
    telephone = Busy(free_after=25, music_url=MUSIC)
    live = telephone.rings()
    pages = [*said(live, "inbound"), *said(live, "gather")]
    assert ["stay with us" in page for page in pages].count(True) == 1
    assert all(MUSIC in page for page in pages[:-1])
    assert pages[-1].count("<Dial") == 1


def test_whoever_has_waited_all_the_time_hears_what_others_do() -> None:
    mail = Voicemail(line=Line(text="Leave a message."))
    for voicemail, ending in ((None, "nobody can take your call"), (mail, "Leave a message.")):
        campaign = builders.a_campaign(voicemail=voicemail)
        telephone = Busy(free_after=None, seconds=30, campaign=campaign)
        live = telephone.rings()
        assert dialled(live) == []
        assert ending in said(live, "gather")[-1]
        call = telephone.settled(live)
        assert (call.status, call.refusal) == (CallStatus.DENIED, "at_concurrency")
        assert is_itself(again(telephone.world, live.sid))


def test_who_hangs_up_on_hold_has_cost_nobody_anything() -> None:
    telephone = Busy(free_after=None, seconds=300)
    before = telephone.world.funds()
    live = telephone.rings(hangup_in_ivr=40)
    call = telephone.settled(live)
    assert (call.status, call.reasons) == (CallStatus.DENIED, ("abandoned",))
    assert telephone.world.funds() == before


def test_answers_are_not_lost_on_hold() -> None:
    telephone = Busy(free_after=30, questions=(ZIP,))
    live = telephone.rings(digits=("94105",))
    assert dialled(live) == [NEAR]
    call = telephone.settled(live)
    assert (call.tags["zip"], call.area.zip) == ("94105", "94105")
    assert [one.part for one in call.heard] == ["question.zip", "wait"]


def test_webhooks_that_come_twice_reserve_once() -> None:
    twice = Faults(repeat=("inbound", "gather"))
    telephone = Busy(free_after=25, questions=(ZIP,))
    live = telephone.rings(digits=("94105",), faults=twice)
    assert dialled(live) == [NEAR]
    assert telephone.settled(live).status is CallStatus.APPROVED
    assert telephone.world.target()["leases"] == {}


def test_a_wait_asks_the_database_once_each_time() -> None:
    telephone = Busy(free_after=None, seconds=300)
    telephone.settles_at_once = False
    live = telephone.rings(hangup_in_ivr=30)
    page = f"/twilio/wait?call={telephone.call(live).id}&look=2&since={int(NOW.timestamp())}"
    telephone.live, trips = None, telephone.rows.trips
    fields = [one for one in live.fields(("Digits", "")) if one[0] != "CallStatus"]
    telephone.asks(page, (*fields, ("CallStatus", "in-progress")))
    assert telephone.rows.trips - trips == 1


@pytest.mark.parametrize("query", ["", "&look=0&since=1", "&look=x&since=1", "&look=1&since=0"])
def test_a_look_that_we_never_named_ends_the_call(query: str) -> None:
    telephone = Busy(free_after=None)
    live = telephone.rings(hangup_in_ivr=15)
    page = telephone.posts(f"/twilio/wait?call={telephone.call(live).id}{query}", live)
    assert "<Hangup/>" in page


def test_another_target_may_become_the_one() -> None:
    telephone = Busy(free_after=None)
    second = builders.a_target(id="tgt_2", destination=FAR, concurrency_cap=1)
    telephone.world.rewrites(builders.a_target(destination=NEAR, concurrency_cap=1))
    assert dialled(telephone.rings(hangup_in_ivr=12)) == []
    telephone.world.rows.write([telephone.world._target(second, builders.a_campaign())])
    telephone.live = None
    assert dialled(telephone.rings(seed="2")) == [FAR]
