"""A decision made again: which races are lost again, and what differs."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.gate import GateReason, GateRefusal
from chalicelib.groups import settled_on
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.replaying import chosen_candidates, differences, raced, races_lost, same
from chalicelib.routing import Decision
from tests.builders import a_market, target_facts
from tests.core.deciding import decide

REFUSED = GateRefusal(reason=GateReason.CALLER_TOO_OFTEN, saw="1 before this one", asked="fewer")


def among(*targets: str, **changed: dict[str, Any]) -> Decision:
    """A decision, not yet raced, among targets tried in this order."""
    return decide(
        a_market(
            *(
                target_facts(id=id, priority=priority, **changed.get(id, {}))
                for priority, id in enumerate(targets, 1)
            )
        )
    )


def again(decision: Decision, met: Decision, original: Decision) -> Decision:
    """How a decision goes with the races between another, as it was met, and how that one went."""
    return raced(decision, races_lost(met, original), CapEffect.BLOCK_CALLS)


def outcome(decision: Decision) -> dict[str, Reason]:
    return {seen.target_id: seen.reason for seen in decision.considered}


@pytest.mark.parametrize(
    ("chosen", "lost"),
    [
        ("tgt_a", ()),
        ("tgt_b", ("tgt_a",)),
        ("tgt_c", ("tgt_a", "tgt_b")),
        (None, ()),
        (None, ("tgt_a",)),
        (None, ("tgt_a", "tgt_b", "tgt_c")),
    ],
)
def test_every_course_of_the_races_is_taken_again(
    chosen: str | None, lost: tuple[str, ...]
) -> None:
    met = among("tgt_a", "tgt_b", "tgt_c")
    original = settled_on(met, chosen, lost)
    replayed = again(met, met, original)
    assert same(original, replayed)
    assert differences(original, replayed) == ()


def test_a_target_that_was_never_tried_is_had() -> None:
    met = among("tgt_b", "tgt_c")
    original = settled_on(met, "tgt_c", ("tgt_b",))
    replayed = again(among("tgt_a", "tgt_b", "tgt_c"), met, original)
    assert outcome(replayed) == {
        "tgt_a": Reason.CHOSEN, "tgt_b": Reason.OUTRANKED, "tgt_c": Reason.OUTRANKED,
    }  # fmt: skip


def test_a_lost_target_that_comes_first_now_is_lost_again() -> None:
    met = among("tgt_a", "tgt_b")
    original = settled_on(met, "tgt_b", ("tgt_a",))
    replayed = again(among("tgt_a", "tgt_c", "tgt_b"), met, original)
    assert outcome(replayed) == {
        "tgt_a": Reason.LOST_RACE, "tgt_c": Reason.CHOSEN, "tgt_b": Reason.OUTRANKED,
    }  # fmt: skip


def test_a_target_that_was_not_reached_in_time_is_not_reached_again() -> None:
    met = among("tgt_a", "tgt_b")
    replayed = again(among("tgt_b", "tgt_a"), met, settled_on(met, None, ("tgt_a",)))
    assert outcome(replayed) == {"tgt_b": Reason.OUTRANKED, "tgt_a": Reason.OUTRANKED}
    assert replayed.refusal is Reason.NO_TARGET


def test_a_last_call_lost_at_the_gate_is_lost_again() -> None:
    original = Decision(refusal=REFUSED.reason, gate=REFUSED)
    met = among("tgt_a")
    assert same(again(met, met, original), original)


def test_a_last_call_is_not_fought_for_where_nobody_could_take_it() -> None:
    original = Decision(refusal=REFUSED.reason, gate=REFUSED)
    nobody = among("tgt_a", tgt_a={"daily_cap": 0})
    assert again(nobody, among("tgt_a"), original).refusal is Reason.CAPPED_DAY


@pytest.mark.parametrize(
    ("effect", "refusal", "stopped"),
    [
        (CapEffect.BLOCK_CALLS, Reason.PARTNERSHIP_CAPPED_DAY, None),
        (CapEffect.STOP_EARNING, None, Reason.PARTNERSHIP_CAPPED_DAY),
    ],
)
@pytest.mark.parametrize("blocked", [True, False])
def test_a_last_place_lost_by_the_partnership_is_lost_again_with_the_effect_of_its_caps(
    effect: CapEffect, refusal: Reason | None, stopped: Reason | None, blocked: bool
) -> None:
    met, cap = among("tgt_a"), Reason.PARTNERSHIP_CAPPED_DAY
    taken = replace(settled_on(met, "tgt_a", ()), earning_stopped=cap)
    races = races_lost(met, Decision(refusal=cap) if blocked else taken)
    replayed = raced(met, races, effect)
    assert (replayed.refusal, replayed.earning_stopped) == (refusal, stopped)


def test_a_cap_that_the_facts_show_reached_is_no_race() -> None:
    capped = Decision(refusal=Reason.PARTNERSHIP_CAPPED_DAY)
    assert outcome(again(among("tgt_a"), capped, capped)) == {"tgt_a": Reason.CHOSEN}


def test_the_difference_tells_place_and_outcome_before_and_after() -> None:
    met = among("tgt_a", "tgt_b", "tgt_c")
    original = settled_on(met, "tgt_a", ())
    capped = among("tgt_a", "tgt_b", "tgt_c", tgt_a={"daily_cap": 0})
    replayed = again(capped, met, original)
    found = {one.target_id: one for one in differences(original, replayed)}
    assert found.keys() == {"tgt_a", "tgt_b"}
    was, becomes = found["tgt_a"].was, found["tgt_a"].becomes
    assert was and becomes
    assert (was.position, was.seen.reason) == (1, Reason.CHOSEN)
    assert (becomes.position, becomes.seen.reason) == (1, Reason.CAPPED_DAY)


def test_a_target_that_is_no_longer_considered_has_nothing_to_become() -> None:
    original = settled_on(among("tgt_a"), "tgt_a", ())
    (gone,) = differences(original, Decision(refusal=Reason.OFFER_PAUSED))
    (come,) = differences(Decision(refusal=Reason.OFFER_PAUSED), original)
    assert (gone.becomes, come.was) == (None, None)
    assert gone.was == come.becomes is not None


def test_the_candidate_that_took_the_call_is_found() -> None:
    met = among("tgt_a", "tgt_b")
    (taken,) = chosen_candidates(settled_on(met, "tgt_b", ("tgt_a",)))
    assert taken.facts.target.id == "tgt_b"
    assert chosen_candidates(settled_on(met, None, ())) == ()


def test_decisions_that_show_another_charge_are_not_the_same() -> None:
    one = settled_on(among("tgt_a"), "tgt_a", ())
    dearer = replace(one.considered[0], charge_cents=one.considered[0].charge_cents + 1)
    assert not same(one, replace(one, considered=(dearer,)))
