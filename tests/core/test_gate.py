"""Who is let in: the block list, the floor of attestation, and how often a caller may call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import Attestation
from chalicelib.campaigns import State
from chalicelib.gate import (
    MEANING,
    PREFIX_DIGITS,
    Block,
    BlockFacts,
    BlockKind,
    BlockScope,
    Caller,
    Callers,
    GateFacts,
    GateReason,
    GateSettings,
    Tally,
    Velocity,
    block_id,
    callers_like,
    judge,
    too_often,
    window_end,
)
from tests.builders import CALLER, NOW, a_block_fact

EXACT, PREFIX, ANONYMOUS = BlockKind
NONE, C, B, A = Attestation
TICK = timedelta(microseconds=1)
LIMIT = Velocity(calls=3, minutes=10)
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def a_block(**overrides: Any) -> Block:
    values: dict[str, Any] = {
        "id": "blk_1", "kind": EXACT, "number": CALLER, "reason": "Robocalls", "expires_at": None,
        "created_at": NOW,
    }  # fmt: skip
    return Block(**values | overrides)


def seen(kind: BlockKind = EXACT, **overrides: Any) -> BlockFacts:
    return a_block_fact(**{"kind": kind, "scope": BlockScope.DEPLOYMENT} | overrides)


def a_caller(**overrides: Any) -> Caller:
    values: dict[str, Any] = {
        "number": CALLER, "number_hash": "caller", "prefix_hash": "prefix", "attestation": NONE,
    }  # fmt: skip
    return Caller(**values | overrides)


def a_tally(called: int, reason: GateReason = GateReason.CALLER_TOO_OFTEN) -> Tally:
    return Tally(reason=reason, hash="caller", limit=LIMIT, calls={LIMIT.window(NOW): called})


def facts(*blocks: BlockFacts, minimum: Attestation = NONE, tallies: tuple[Tally, ...] = ()) -> Any:
    settings = GateSettings(offer_id="off_1", minimum_attestation=minimum)
    return GateFacts(settings=settings, blocks=blocks, tallies=tallies)


def reason(found: GateFacts, caller: Caller | None = None) -> GateReason | None:
    refusal = judge(found, caller or a_caller(), NOW)
    return refusal.reason if refusal else None


def test_a_caller_about_whom_nothing_is_known_is_let_in() -> None:
    assert judge(facts(), a_caller(), NOW) is None


@pytest.mark.parametrize(
    ("block", "refusal"),
    [
        (seen(), GateReason.BLOCKED_NUMBER),
        (seen(PREFIX), GateReason.BLOCKED_PREFIX),
        (seen(ANONYMOUS), GateReason.ANONYMOUS),
        (seen(expires_at=NOW + TICK), GateReason.BLOCKED_NUMBER),
        (seen(expires_at=NOW), None),
    ],
)
def test_an_entry_keeps_callers_out_while_it_is_in_force(
    block: BlockFacts, refusal: GateReason | None
) -> None:
    assert reason(facts(block)) is refusal


@pytest.mark.parametrize(
    ("overrides", "in_force"),
    [
        ({}, True),
        ({"expires_at": NOW + TICK}, True),
        ({"expires_at": NOW}, False),
        ({"state": State.ARCHIVED}, False),
    ],
)
def test_an_entry_is_in_force_until_it_expires_or_is_archived(
    overrides: dict[str, Any], in_force: bool
) -> None:
    assert a_block(**overrides).in_force(NOW) is in_force


@pytest.mark.parametrize(
    ("scope", "saw"),
    [
        (BlockScope.OFFER, "an entry of the offer"),
        (BlockScope.PUBLISHER, "an entry of the publisher"),
        (BlockScope.DEPLOYMENT, "an entry of the whole deployment"),
    ],
)
def test_the_refusal_names_the_entry_and_whose_it_is(scope: BlockScope, saw: str) -> None:
    refusal = judge(facts(seen(scope=scope)), a_caller(), NOW)
    assert refusal is not None
    assert (refusal.block_id, refusal.saw) == ("blk_1", saw)


def test_an_entry_that_has_expired_hides_none_behind_it() -> None:
    stale, wider = seen(expires_at=NOW), seen(PREFIX, id="blk_2")
    refusal = judge(facts(stale, wider), a_caller(), NOW)
    assert refusal is not None
    assert refusal.block_id == wider.id


def test_a_number_is_among_its_own_callers_first_and_then_among_those_of_its_prefixes() -> None:
    assert callers_like("+1234567") == (
        Callers(EXACT, "+1234567"),
        Callers(PREFIX, "+1234567"),
        Callers(PREFIX, "+123456"),
        Callers(PREFIX, "+12345"),
        Callers(PREFIX, "+1234"),
        Callers(PREFIX, "+123"),
        Callers(PREFIX, "+12"),
    )


def test_an_anonymous_caller_is_among_the_anonymous_alone() -> None:
    assert callers_like(None) == (Callers(ANONYMOUS, None),)


@given(NUMBERS, NUMBERS, st.sampled_from(PREFIX_DIGITS))
def test_a_number_is_among_the_callers_of_a_prefix_when_it_begins_with_it(
    number: str, other: str, digits: int
) -> None:
    for prefix in {number[: digits + 1], other[: digits + 1]}:
        among = Callers(PREFIX, prefix) in callers_like(number)
        in_reach = len(prefix) - 1 in PREFIX_DIGITS
        assert among == (number.startswith(prefix) and in_reach)


@given(st.one_of(st.none(), NUMBERS))
def test_a_caller_is_looked_up_14_times_at_most_and_never_twice(number: str | None) -> None:
    looked_up = callers_like(number)
    assert len(set(looked_up)) == len(looked_up) <= 14


def test_an_entry_is_told_by_its_callers_and_by_whose_it_is() -> None:
    entries = [
        a_block(**whose)
        for whose in ({}, {"offer_id": "off_1"}, {"publisher_id": "pub_1"},
                      {"advertiser_id": "adv_1"}, {"advertiser_id": "adv_2"},
                      {"kind": PREFIX}, {"number": "+14155550199"})
    ]  # fmt: skip
    ids = {block_id(entry.callers, entry.owner) for entry in entries}
    assert len(ids) == len(entries)


@pytest.mark.parametrize(
    ("minimum", "let_in"),
    [(NONE, {NONE, C, B, A}), (C, {C, B, A}), (B, {B, A}), (A, {A})],
)
def test_an_attestation_is_enough_from_the_minimum_on(
    minimum: Attestation, let_in: set[Attestation]
) -> None:
    refusals = {
        given: reason(facts(minimum=minimum), a_caller(attestation=given)) for given in Attestation
    }
    assert {given for given, refusal in refusals.items() if refusal is None} == let_in
    assert set(refusals.values()) <= {None, GateReason.ATTESTATION_TOO_LOW}


@pytest.mark.parametrize(("called", "let_in"), [(0, True), (2, True), (3, False), (9, False)])
def test_a_caller_may_call_as_often_as_the_limit_says(called: int, let_in: bool) -> None:
    assert (too_often(a_tally(called), NOW) is None) == let_in


def test_calls_of_other_stretches_do_not_count() -> None:
    earlier = {
        LIMIT.window(NOW - timedelta(minutes=10)): 9,
        Velocity(calls=1, minutes=5).window(NOW): 9,
    }
    assert too_often(replace(a_tally(0), calls=earlier), NOW) is None


@given(INSTANTS, st.integers(1, 1440))
def test_every_instant_lies_in_one_stretch(moment: datetime, minutes: int) -> None:
    limit = Velocity(calls=1, minutes=minutes)
    end = window_end(limit.window(moment))
    assert end - timedelta(minutes=minutes) <= moment < end
    assert limit.window(end - TICK) == limit.window(moment) != limit.window(end)


def test_stretches_of_an_hour_begin_with_it() -> None:
    assert window_end(Velocity(calls=1, minutes=60).window(NOW)) == NOW + timedelta(hours=1)
    assert window_end(Velocity(calls=1, minutes=60).window(NOW - TICK)) == NOW


def test_the_block_list_speaks_before_attestation_and_that_before_velocity() -> None:
    tallies = (a_tally(3), a_tally(3, GateReason.PREFIX_TOO_OFTEN))
    known = (
        facts(seen(), minimum=A, tallies=tallies),
        facts(minimum=A, tallies=tallies),
        facts(tallies=tallies),
        facts(tallies=tallies[1:]),
    )
    assert [reason(found) for found in known] == [
        GateReason.BLOCKED_NUMBER,
        GateReason.ATTESTATION_TOO_LOW,
        GateReason.CALLER_TOO_OFTEN,
        GateReason.PREFIX_TOO_OFTEN,
    ]


def test_every_reason_has_its_meaning() -> None:
    assert set(MEANING) == set(GateReason)
