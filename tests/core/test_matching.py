"""Which call feedback means: by our id, by the advertiser's own, or by the caller's number."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.feedback import Feedback, Named
from chalicelib.matching import (
    Candidate,
    Found,
    Match,
    MatchedBy,
    UnmatchedReason,
    asks_by_caller,
    match,
)
from tests.builders import CALLER, NOW
from tests.core.test_feedback import feedback

SECOND = timedelta(seconds=1)


def a_candidate(call_id: str = "call_1", **overrides: Any) -> Candidate:
    """The caller's call of a quarter past two, dialled at once."""
    values: dict[str, Any] = {"caller": CALLER, "arrived_at": NOW, "dialled_at": NOW}
    return Candidate(call_id=call_id, **(values | overrides))


def by_caller(time: datetime = NOW, **overrides: Any) -> Feedback:
    return feedback(named=Named(caller=CALLER, time=time), **overrides)


@pytest.mark.parametrize(
    ("seconds", "matches"),
    [(-61, False), (-60, True), (-59, True), (0, True), (59, True), (60, True), (61, False)],
)
def test_a_call_is_known_by_its_caller_within_60_seconds(seconds: int, matches: bool) -> None:
    told = by_caller(NOW + seconds * SECOND, received_at=NOW + timedelta(hours=1))
    found = match(told, Found(around=(a_candidate(),)))
    expected = Match(call_id="call_1", by=MatchedBy.CALLER)
    assert found == (expected if matches else Match(reason=UnmatchedReason.NO_CALL_OF_CALLER))


@pytest.mark.parametrize(
    ("seconds", "matches"), [(239, False), (240, True), (300, True), (360, True), (361, False)]
)
def test_a_call_is_known_by_when_the_advertiser_was_dialled_too(
    seconds: int, matches: bool
) -> None:
    waited = a_candidate(dialled_at=NOW + 300 * SECOND)
    told = by_caller(NOW + seconds * SECOND, received_at=NOW + timedelta(hours=1))
    assert (match(told, Found(around=(waited,))).call_id == "call_1") is matches


@pytest.mark.parametrize(
    ("after", "old"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)]
)
def test_a_call_is_known_by_its_caller_for_24_hours(after: timedelta, old: bool) -> None:
    told = by_caller(received_at=NOW + timedelta(hours=24) + after)
    found = match(told, Found(around=(a_candidate(),)))
    assert found.reason == (UnmatchedReason.TOO_OLD if old else None)
    assert asks_by_caller(told) is not old


def test_another_callers_call_or_an_anonymous_one_is_not_meant() -> None:
    others = (a_candidate(caller="+14155550101"), a_candidate("call_2", caller=None))
    assert match(by_caller(), Found(around=others)).reason == UnmatchedReason.NO_CALL_OF_CALLER


def test_two_calls_that_fit_are_both_named_and_neither_is_guessed() -> None:
    around = (a_candidate("call_2", arrived_at=NOW + 5 * SECOND), a_candidate("call_1"))
    assert match(by_caller(), Found(around=around)) == Match(
        reason=UnmatchedReason.AMBIGUOUS, candidates=("call_1", "call_2")
    )


def test_our_own_id_goes_before_all_others() -> None:
    named = Named(call_id="call_1", external_id="crm-2", caller=CALLER, time=NOW)
    found = Found(
        by_call_id=a_candidate("call_1"),
        by_external_id=a_candidate("call_2"),
        around=(a_candidate("call_3"),),
    )
    assert match(feedback(named=named), found) == Match(call_id="call_1", by=MatchedBy.CALL_ID)


def test_our_own_id_that_is_not_known_is_not_made_up_for() -> None:
    named = Named(call_id="call_9", external_id="crm-2", caller=CALLER, time=NOW)
    found = Found(by_external_id=a_candidate("call_2"), around=(a_candidate("call_3"),))
    assert match(feedback(named=named), found) == Match(reason=UnmatchedReason.UNKNOWN_CALL)


def test_the_advertisers_own_id_goes_before_the_caller() -> None:
    named = Named(external_id="crm-2", caller=CALLER, time=NOW)
    found = Found(by_external_id=a_candidate("call_2"), around=(a_candidate("call_3"),))
    expected = Match(call_id="call_2", by=MatchedBy.EXTERNAL_ID)
    assert match(feedback(named=named), found) == expected


def test_an_own_id_that_no_call_has_yet_leaves_it_to_the_caller() -> None:
    named = Named(external_id="crm-2", caller=CALLER, time=NOW)
    found = match(feedback(named=named), Found(around=(a_candidate("call_3"),)))
    assert found == Match(call_id="call_3", by=MatchedBy.CALLER)


def test_an_own_id_alone_that_no_call_has_is_unknown() -> None:
    told = feedback(named=Named(external_id="crm-2"))
    assert match(told, Found()) == Match(reason=UnmatchedReason.UNKNOWN_EXTERNAL_ID)
    assert not asks_by_caller(told)


CANDIDATES = st.lists(
    st.builds(
        lambda n, seconds: a_candidate(
            f"call_{n}", arrived_at=NOW + seconds * SECOND, dialled_at=NOW + seconds * SECOND
        ),
        st.integers(0, 9), st.integers(-90, 90),
    ),
    unique_by=lambda one: one.call_id,
)  # fmt: skip


@given(CANDIDATES, st.randoms())
def test_a_call_is_matched_only_when_it_alone_fits_in_whatever_order(
    around: list[Candidate], chance: Any
) -> None:
    fit = sorted(one.call_id for one in around if abs(one.arrived_at - NOW) <= 60 * SECOND)
    shuffled = list(around)
    chance.shuffle(shuffled)
    found = match(by_caller(), Found(around=tuple(shuffled)))
    assert found == match(by_caller(), Found(around=tuple(around)))
    assert found.call_id == (fit[0] if len(fit) == 1 else None)
    assert list(found.candidates) == (fit if len(fit) > 1 else [])
