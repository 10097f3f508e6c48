"""What the platform does wrong is found, named, and does not stop the call from ending."""

import threading
from dataclasses import replace

import pytest

from simulator import Behaviour, CallResult, CallScript, Faults, Network, Side, judging
from simulator.courier import Courier
from simulator.judging import judge
from simulator.wire import Answer, Request, Wire
from tests.simulator.conftest import CALLER, Place
from tests.simulator.standin import (
    ACCOUNT,
    DIALLED,
    TOKEN,
    Platform,
    Received,
    Reply,
    dialling,
    twiml,
)


def rules(result: CallResult) -> list[str]:
    return [violation.rule for violation in result.violations]


@pytest.mark.parametrize(
    ("reply", "rule", "code"),
    [
        (Reply(status=500, body="oops"), "not_2xx", 11200),
        (Reply(status=403), "not_2xx", 11200),
        (Reply(status=302), "not_2xx", 11200),
        (twiml("<Dial>3125550123</Dial>"), "twiml_refused", 13223),
        (Reply(body="{}", content_type="application/json"), "twiml_refused", 12300),
        (Reply(body=""), "twiml_refused", 12100),
        (Reply(status=204), "twiml_refused", 12300),
    ],
)
def test_an_unusable_answer_is_named_and_the_caller_hears_an_apology(
    platform: Platform, place: Place, reply: Reply, rule: str, code: int
) -> None:
    platform.says("/inbound", reply)
    result = place()
    (violation,) = result.violations
    assert (violation.rule, violation.code, violation.kind) == (rule, code, "inbound")
    assert (result.status, result.duration, result.ended_by) == ("completed", 4, Side.CARRIER)
    assert platform.heard("/status")


@pytest.mark.parametrize(
    ("reply", "fine"),
    [
        (Reply(status=204), True),
        (Reply(status=200, body=""), True),
        (Reply(status=200, body="<Response/>"), True),
        (Reply(status=200, body="<Response></Response>"), True),
        (Reply(status=200, body="ok", content_type="text/plain"), False),
        (Reply(status=200, body="<Response><Hangup/></Response>"), False),
        (Reply(status=201), False),
        (Reply(status=404), False),
    ],
)
def test_a_status_callback_is_answered_with_nothing(
    platform: Platform, place: Place, reply: Reply, fine: bool
) -> None:
    platform.says("/status", reply)
    platform.says("/leg", reply)
    result = place()
    assert (result.violations == ()) == fine
    assert len(result.sent("leg-completed")) == 1


def test_an_answer_after_fifteen_seconds_comes_too_late() -> None:
    request = Request(kind="inbound", url="http://127.0.0.1/", fields=())
    answer = Answer(status=200, content_type="text/xml", body=b"<Response/>", seconds=15.1)
    document, (violation,) = judge(request, answer)
    assert document is None
    assert (violation.rule, violation.code) == ("too_slow", 11200)
    assert judge(request, replace(answer, seconds=14.9)) == ((), ())


def test_an_answer_that_never_comes_is_not_waited_for(platform: Platform) -> None:
    release = threading.Event()

    def stuck(_: Received) -> Reply:
        release.wait(5)
        return twiml("")

    platform.says("/inbound", stuck)
    wire = Wire(TOKEN, timeout=0.05)
    answer = wire.send(Request(kind="inbound", url=platform.url + "/inbound", fields=()))
    release.set()
    wire.close()
    assert "no answer within" in answer.fault


def test_a_connection_closed_while_idle_is_opened_again(platform: Platform, place: Place) -> None:
    platform.closes_idle = True
    result = place()
    assert result.violations == ()
    assert len(platform.received) == 7


def test_a_repeated_request_must_get_the_same_answer(platform: Platform, place: Place) -> None:
    platform.says("/inbound", dialling("+13125550123"), dialling("+13125550124"))
    result = place(faults=Faults(repeat=("inbound",)))
    assert rules(result) == ["different_answer"]


def test_the_same_answer_laid_out_otherwise_is_the_same(platform: Platform, place: Place) -> None:
    platform.says("/inbound", twiml("<Reject reason='busy'/>"),
                  twiml("\n  <Reject reason=\"busy\"></Reject>\n"))  # fmt: skip
    assert place(faults=Faults(repeat=("inbound",))).violations == ()


def test_endless_redirection_ends_the_call(platform: Platform, place: Place) -> None:
    platform.says("/inbound", twiml("<Redirect>/inbound</Redirect>"))
    result = place()
    assert rules(result) == ["endless"]
    assert len(result.sent("redirect")) == 11


def test_an_endless_ring_tree_ends_the_call(platform: Platform, place: Place) -> None:
    platform.says("/dial", dialling())
    result = place(target=Behaviour(talk=1, hangup_by=Side.TARGET))
    assert rules(result) == ["endless"]


def test_a_platform_that_is_not_there_is_a_violation() -> None:
    with Platform() as gone:
        url = gone.url
    network = Network(account_sid=ACCOUNT, auth_token=TOKEN, voice_inbound=url + "/inbound")
    result = network.place(CallScript(to=DIALLED, caller=CALLER))
    network.close()
    assert [(v.rule, v.code) for v in result.violations] == [("no_answer", 11205)]


def test_a_whisper_that_is_refused_ends_the_leg_alone(platform: Platform, place: Place) -> None:
    noun = "<Number url='/whisper'>+13125550123</Number>"
    platform.says("/inbound", twiml(f"<Dial action='/dial'>{noun}</Dial>"))
    platform.says("/whisper", twiml("<Dial>+13125550124</Dial>"))
    result = place()
    assert [v.code for v in result.violations] == [13201]
    (dial,) = result.sent("dial")
    assert (dial.fields["DialBridged"], dial.fields["CallStatus"]) == ("false", "in-progress")


class BusyLine(Wire):
    """Reaches nobody the first time."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.tokens: list[str] = []

    def send(self, request: Request) -> Answer:
        self.tokens.append(request.token)
        if len(self.tokens) == 1:
            return Answer(fault="refused", unreachable=True)
        return Answer(status=200, content_type="text/xml", body=b"<Response/>")


def test_a_platform_that_is_not_reached_is_tried_once_more_with_the_same_token() -> None:
    wire = BusyLine()
    courier = Courier(wire, Faults(), "seed", judging=judging, on_exchange=lambda _: None)
    request, fate = courier.fate(Request(kind="inbound", url="http://127.0.0.1/", fields=()))
    assert courier.ask(request, fate, 0.0) == ()
    assert wire.tokens == [request.token] * 2
    assert courier.timeline[0].violations == ()
