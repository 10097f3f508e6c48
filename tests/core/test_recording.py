"""Whether a call is recorded, and how far a recording has come, whatever order reports come in."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.market import Market
from chalicelib.recording import (
    KEEP_DAYS,
    Progress,
    Recording,
    RecordingReason,
    RecordingState,
    RecordingTerms,
    Report,
    ReportStatus,
    VerticalRule,
    media_key,
    recorded,
    recording_id,
    recording_terms,
)
from chalicelib.reserving import reservation
from chalicelib.settings import OperatorSettings
from tests import builders
from tests.builders import NOW
from tests.recordings import a_kept_recording, a_report

HEALTH = {"health": VerticalRule(needs_agreement=True, keep_days=2555)}
OFF, REFUSED, ON = RecordingState.OFF, RecordingState.REFUSED, RecordingState.ON


@pytest.mark.parametrize(
    ("record", "vertical", "agreement", "state", "reason"),
    [
        (False, "roofing", None, OFF, RecordingReason.NOT_ASKED),
        (False, "health", "BAA 2026-03-01", OFF, RecordingReason.NOT_ASKED),
        (True, "roofing", None, ON, None),
        (True, "health", None, REFUSED, RecordingReason.NO_AGREEMENT),
        (True, "health", "", REFUSED, RecordingReason.NO_AGREEMENT),
        (True, "Health", None, REFUSED, RecordingReason.NO_AGREEMENT),
        (True, " HEALTH ", None, REFUSED, RecordingReason.NO_AGREEMENT),
        (True, "health", "BAA 2026-03-01", ON, None),
        (True, "healthcare", None, ON, None),
    ],
)
def test_a_call_is_recorded_when_campaign_and_vertical_allow_it(
    record: bool,
    vertical: str,
    agreement: str | None,
    state: RecordingState,
    reason: RecordingReason | None,
) -> None:
    terms = recording_terms(
        Recording(record=record), vertical=vertical, agreement_on_file=agreement, rules=HEALTH
    )
    assert (terms.state, terms.reason) == (state, reason)


def test_the_vertical_says_how_long_and_the_campaign_whether_the_carrier_keeps_its_own() -> None:
    wanted = Recording(record=True, delete_at_carrier=True)
    in_health = recording_terms(wanted, vertical="health", agreement_on_file="BAA", rules=HEALTH)
    elsewhere = recording_terms(wanted, vertical="roofing", agreement_on_file=None, rules=HEALTH)
    assert (in_health.keep_days, elsewhere.keep_days) == (2555, 365)
    assert in_health.delete_at_carrier
    assert elsewhere.delete_at_carrier


def market(**operator: VerticalRule) -> Market:
    campaign = builders.a_campaign(recording=Recording(record=True))
    facts = builders.campaign_facts(campaign=campaign)
    settings = OperatorSettings(verticals=operator)
    return builders.a_market(campaigns=(facts,), operator=settings)


@pytest.mark.parametrize(
    ("rules", "state"), [({}, ON), ({"roofing": VerticalRule(needs_agreement=True)}, REFUSED)]
)
def test_an_attempt_is_reserved_with_the_terms_of_its_recording(
    rules: dict[str, VerticalRule], state: RecordingState
) -> None:
    there = market(**rules)
    facts = there.campaigns[0]
    call = builders.a_call(attempt=None)
    taken = reservation(there, facts, facts.targets[0], call=call, number=1, now=NOW)
    assert taken.attempt.recording.state is state


def test_an_attempt_without_terms_is_not_recorded() -> None:
    assert builders.an_attempt().recording == RecordingTerms()
    assert RecordingTerms().state is OFF


IN_PROGRESS = a_report(ReportStatus.IN_PROGRESS, seconds=None)
COMPLETED = a_report(ReportStatus.COMPLETED)
ABSENT = a_report(ReportStatus.ABSENT, seconds=0)
PAUSED = a_report(ReportStatus.PAUSED, seconds=None, received_at=NOW + timedelta(seconds=5))
RESUMED = a_report(ReportStatus.RESUMED, seconds=None, received_at=NOW + timedelta(seconds=9))
PAUSED_AGAIN = replace(PAUSED, received_at=NOW + timedelta(seconds=12))


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        ((IN_PROGRESS,), Progress.RECORDING),
        ((IN_PROGRESS, PAUSED), Progress.PAUSED),
        ((PAUSED,), Progress.PAUSED),
        ((IN_PROGRESS, PAUSED, RESUMED), Progress.RECORDING),
        ((IN_PROGRESS, PAUSED, RESUMED, PAUSED_AGAIN), Progress.PAUSED),
        ((IN_PROGRESS, PAUSED, COMPLETED), Progress.AWAITED),
        ((COMPLETED,), Progress.AWAITED),
        ((IN_PROGRESS, ABSENT), Progress.ABSENT),
    ],
)
def test_reports_tell_the_same_in_any_order(reports: tuple[Report, ...], state: Progress) -> None:
    for order in permutations(reports):
        (one,) = recorded((*order, order[0]), (), NOW)
        assert one.state is state


@given(
    st.lists(
        st.sampled_from([IN_PROGRESS, COMPLETED, ABSENT, PAUSED, RESUMED, PAUSED_AGAIN]),
        min_size=1,
        max_size=12,
    )
)
def test_neither_order_nor_repetition_of_reports_matters(reports: list[Report]) -> None:
    once = list(dict.fromkeys(one.key for one in reports))
    by_key = {one.key: one for one in reports}
    assert recorded(reports, (), NOW) == recorded([by_key[key] for key in sorted(once)], (), NOW)


@pytest.mark.parametrize(
    ("days", "state"), [(364.999, Progress.KEPT), (365, Progress.EXPIRED), (400, Progress.EXPIRED)]
)
def test_what_is_kept_expires_after_its_days(days: float, state: Progress) -> None:
    kept = a_kept_recording(keep_days=365)
    (one,) = recorded((COMPLETED,), (kept,), kept.kept_at + timedelta(days=days))
    assert one.state is state


def test_what_was_erased_shows_when() -> None:
    (one,) = recorded((COMPLETED,), (a_kept_recording(deleted_at=NOW),), NOW)
    assert (one.state, one.deleted_at) == (Progress.DELETED, NOW)


def test_recordings_stand_in_the_order_of_their_attempts() -> None:
    second = a_report(ReportStatus.COMPLETED, recording_id="rec_a", attempt=2)
    assert [one.attempt for one in recorded((second, COMPLETED), (), NOW)] == [1, 2]


def test_the_same_recording_of_a_carrier_is_the_same_recording() -> None:
    assert recording_id("twilio", "RE1") == recording_id("twilio", "RE1")
    assert recording_id("twilio", "RE1") != recording_id("other", "RE1")


@pytest.mark.parametrize("days", KEEP_DAYS)
def test_media_lie_below_the_prefix_of_their_days(days: int) -> None:
    assert media_key("call_1", "rec_1", days) == f"keep-{days}/call_1/rec_1.wav"
