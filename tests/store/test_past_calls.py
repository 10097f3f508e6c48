"""Past calls as they are read for a back-test, on both kinds of rows."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.call_facts import CallFacts
from chalicelib.calls import Call, CallStatus
from chalicelib.endings import Ending, Evidence
from chalicelib.store.calls import call_item
from chalicelib.store.dispositions import disposition_put, postback_put
from chalicelib.store.past_calls import (
    PastCalls,
    page_of_past_calls,
    past_calls,
    targets_of,
    with_all_said,
)
from chalicelib.store.reviews import review_actions
from chalicelib.store.rows import CALLS, Put, Rows
from chalicelib.store.verdicts import Judgement, judgement_action
from chalicelib.times import Period
from chalicelib.validation import judge
from tests.builders import (
    NOW,
    a_call,
    a_disposition,
    a_hold,
    a_postback,
    a_review,
    a_target,
    an_attempt,
    call_facts,
)
from tests.world import World

DAY = Period(start=NOW, end=NOW + timedelta(days=1))


def lay(rows: Rows, n: int, *, minutes: float, judged: bool = True, campaign: str = "cmp_1") -> str:
    """A call of 90 seconds that came so many minutes from now."""
    at = NOW + timedelta(minutes=minutes)
    attempt = an_attempt(hold=a_hold(campaign_id=campaign))
    call = a_call(id=f"call_{n}", arrived_at=at, attempt=attempt, status=CallStatus.APPROVED)
    actions = [_verdict(call, call_facts(arrived_at=at, ended_at=at))] if judged else []
    rows.write([Put(CALLS, call_item(call)), *actions])
    return call.id


def _verdict(call: Call, facts: CallFacts) -> Put:
    attempt = call.attempt
    assert attempt is not None
    verdict = judge(facts, attempt.charge, attempt.earning, now=facts.ended_at)
    ending = Ending(
        ended=True, certain=True, talk_seconds=90, evidence=Evidence.LEG, failed_attempt=False
    )
    judgement = Judgement(
        verdict=verdict, ending=ending, facts=facts, judged_at=facts.ended_at, approved=True
    )
    action = judgement_action(call.id, judgement, None)
    assert isinstance(action, Put)
    return action


def pages(rows: Rows, limit: int) -> list[PastCalls]:
    """Every slice of the day."""
    found = [page_of_past_calls(rows, "cmp_1", DAY, limit=limit, after=None)]
    while found[-1].mark is not None:
        found.append(page_of_past_calls(rows, "cmp_1", DAY, limit=limit, after=found[-1].mark))
    return found


def test_slices_hold_every_call_of_the_period_once_in_the_order_of_arrival(rows: Rows) -> None:
    lay(rows, 9, minutes=-0.001)
    ids = [lay(rows, n, minutes=n) for n in range(5)]
    lay(rows, 7, minutes=24 * 60)
    lay(rows, 8, minutes=3, campaign="cmp_2")
    for limit in (1, 2, 3, 5, 100):
        found = pages(rows, limit)
        assert [call.id for page in found for call in page.calls] == ids
        assert all(len(page.calls) <= limit for page in found)


def test_calls_without_a_verdict_take_their_place_in_a_slice(rows: Rows) -> None:
    for n in range(4):
        lay(rows, n, minutes=n, judged=n % 2 == 0)
    found = pages(rows, 2)
    assert [len(page.calls) for page in found] == [1, 1]
    assert [page.not_judged for page in found] == [1, 1]


def test_calls_are_read_by_their_ids_whatever_their_campaign(rows: Rows) -> None:
    ids = [lay(rows, 1, minutes=1), lay(rows, 2, minutes=2, campaign="cmp_2")]
    lay(rows, 3, minutes=3, judged=False)
    found = list(past_calls(rows, [*ids, "call_3", "call_nobody"]))
    assert [(call.id, call.campaign_id) for call in found] == [
        ("call_1", "cmp_1"),
        ("call_2", "cmp_2"),
    ]


def test_all_that_was_said_of_a_call_is_read_and_nothing_of_another(rows: Rows) -> None:
    for n in (1, 2):
        lay(rows, n, minutes=n)
    said, told = a_disposition("sold", call_id="call_1", note="secret"), a_postback()
    told = replace(told, call_id="call_1")
    decided = a_review("deny", note="secret")
    rows.write([disposition_put(said), postback_put(told), *review_actions(decided)])
    (page,) = pages(rows, 10)
    first, second = with_all_said(rows, page.calls)
    assert first.dispositions == (replace(said, note=None),)
    assert first.postbacks == (told,)
    assert first.reviews == (replace(decided, note=None),)
    assert (second.dispositions, second.postbacks, second.reviews) == ((), (), ())


def test_targets_are_read_as_they_stand(rows: Rows) -> None:
    World(rows).opens(a_target(charge_cents=900))
    assert [one.charge_cents for one in targets_of(rows, "cmp_1", ["tgt_1", "tgt_9"])] == [900]
    assert targets_of(rows, "cmp_1", []) == []
