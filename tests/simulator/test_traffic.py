"""A seeded stream of calls is the same every time, looks like life, and keeps its pace."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import BUILTIN, CallResult, Dialled, Faults, Network, Profile, plan, traffic
from simulator.population import MOST_CALLERS, PLACES, population
from simulator.profiles import numbers_from, profile_from
from simulator.scripts import CallScript, Outcome
from simulator.timeline import Tally
from tests.simulator.standin import ACCOUNT, DIALLED, TARGET, TOKEN, Platform, twiml

NUMBERS = (
    Dialled(e164=DIALLED, weight=3, minimum_talk_seconds=90),
    Dialled(e164="+18005550101", weight=1, minimum_talk_seconds=30),
)
PROFILE = Profile(numbers=NUMBERS)


def scripts(seed: str = "7", calls: int = 400, profile: Profile = PROFILE) -> list[CallScript]:
    return list(plan(profile, seed=seed, calls=calls))


def network_to(platform: Platform) -> Network:
    return Network(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        voice_inbound=platform.url + "/inbound",
        voice_status=platform.url + "/status",
    )


@given(seed=st.text(max_size=6), short=st.integers(0, 20), more=st.integers(0, 20))
@settings(max_examples=20)
def test_a_longer_plan_of_a_seed_begins_with_the_shorter(seed: str, short: int, more: int) -> None:
    assert scripts(seed, short + more)[:short] == scripts(seed, short)


def test_another_seed_is_another_plan() -> None:
    assert scripts("7", 20) != scripts("8", 20)


def test_numbers_are_dialled_by_their_weight() -> None:
    dialled = Counter(script.to for script in scripts())
    assert dialled[DIALLED] / dialled["+18005550101"] == pytest.approx(3, rel=0.3)


def test_some_callers_call_again_and_nobody_calls_from_nowhere() -> None:
    numbers = Counter(script.caller.number for script in scripts())
    again = 400 - len(numbers)
    assert 0.1 < again / 400 < 0.25
    assert numbers["anonymous"] > 0
    codes = {place[0] for place in PLACES}
    for number in numbers.keys() - {"anonymous"}:
        assert number[2:5] in codes
        assert number[5:10] == "55501"


def test_talks_cluster_around_the_minimum_of_the_dialled_number() -> None:
    gaps = [script.attempts[0].talk - 90 for script in scripts() if script.to == DIALLED]
    talked = [gap for gap in gaps if gap is not None]
    assert sum(-2 <= gap <= 2 for gap in talked) / len(talked) > 0.2
    assert min(talked) < -30
    assert max(talked) > 120


def test_every_outcome_of_the_mix_occurs() -> None:
    drawn = Counter(script.attempts[0].outcome for script in scripts())
    assert set(drawn) == set(Outcome)
    assert any(script.hangup_while_ringing for script in scripts())


@given(size=st.integers(1, MOST_CALLERS))
@settings(max_examples=10)
def test_a_population_has_no_two_callers_with_one_number(size: int) -> None:
    assert len({caller.number for caller in population("x", size)}) == size


def test_states_are_real_and_zip_codes_have_five_digits() -> None:
    assert len({place[0] for place in PLACES}) == len(PLACES)
    for area, city, state, zip_code in PLACES:
        assert (len(area), len(state), len(zip_code)) == (3, 2, 5)
        assert city.isupper()
        assert zip_code.isdigit()


def test_every_call_of_a_stream_is_placed_and_told(platform: Platform) -> None:
    network = network_to(platform)
    faults = Faults(repeat_share=0.1, drop_share=0.05)
    results = list(traffic(network, PROFILE, seed="7", calls=40, rate=400, faults=faults))
    network.close()
    assert len({result.sid for result in results}) == 40
    assert [result.violations for result in results] == [()] * 40
    assert all(request.genuine for request in platform.received)
    lost = sum(exchange.dropped for result in results for exchange in result.timeline)
    repeated = sum(exchange.copy > 1 for result in results for exchange in result.timeline)
    assert lost > 0
    assert repeated > 0


def test_the_same_seed_plays_the_same_calls_whatever_the_threads_do(platform: Platform) -> None:
    def told(results: Sequence[CallResult]) -> set[tuple[object, ...]]:
        return {
            (r.sid, r.status, r.talk_seconds, *((e.kind, e.copy) for e in r.timeline))
            for r in results
        }

    faults = Faults(repeat_share=0.2, drop_share=0.1, reorder_share=0.2, delay_share=0.1)
    network = network_to(platform)
    first, second = (
        told(list(traffic(network, PROFILE, seed="7", calls=15, rate=500, faults=faults)))
        for _ in range(2)
    )
    network.close()
    assert first == second


def test_calls_begin_no_faster_than_the_rate(platform: Platform) -> None:
    platform.says("/inbound", twiml("<Reject/>"))
    network = network_to(platform)
    begun = time.monotonic()
    results = list(traffic(network, PROFILE, seed="7", calls=11, rate=40))
    network.close()
    assert len(results) == 11
    assert time.monotonic() - begun >= 10 / 40


def test_a_stream_can_be_left_early(platform: Platform) -> None:
    network = network_to(platform)
    stream = traffic(network, PROFILE, seed="7", calls=1000, rate=200, in_flight=2)
    next(stream)
    stream.close()
    network.close()
    assert len(platform.heard("/inbound")) < 100


def test_a_fault_in_one_call_is_counted_and_the_others_go_on(platform: Platform) -> None:
    platform.says("/inbound", twiml("<Shout/>"), twiml("<Reject/>"))
    network = network_to(platform)
    tally = Tally()
    for result in traffic(network, PROFILE, seed="7", calls=5, rate=500):
        tally.add(result)
    network.close()
    assert tally.calls == 5
    assert len(tally.violations) == 1
    text = "\n".join(tally.lines(1.0))
    assert "5 calls in 1.0 s (5.0 a second)" in text
    assert "no TwiML element <Shout>" in text


def test_a_profile_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text(json.dumps({
        "numbers": [{"e164": DIALLED, "weight": 2, "target": TARGET}],
        "outcomes": {"answer": 1}, "callers": 5, "answer_seconds": [1, 2], "digits": ["5"],
    }))  # fmt: skip
    profile = profile_from(path)
    assert profile.numbers == (Dialled(e164=DIALLED, weight=2),)
    assert profile.near_threshold == BUILTIN.near_threshold
    assert {s.attempts[0].outcome for s in scripts(profile=profile)} == {Outcome.ANSWER}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "no JSON object"),
        ("{", "cannot be read as JSON"),
        ('{"number": []}', "a profile has no number"),
        ('{"outcomes": {"explode": 1}}', "outcomes are weights"),
        ('{"callers": 0}', "callers is a number"),
        ('{"callers": "many"}', "wrong type"),
        ('{"near_threshold": 0.8, "short": 0.8}', "at most 1 together"),
        ('{"numbers": [{"e164": "5551234"}]}', "E.164"),
        ('{"numbers": [17]}', "e164"),
        ('{"answer_seconds": [9, 2]}', "the shorter first"),
    ],
)
def test_a_faulty_profile_is_refused_with_its_fault(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "profile.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        profile_from(path)


def test_a_demo_market_names_the_numbers_to_dial(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    row = {"e164": DIALLED, "campaign_id": "cmp_1", "minimum_talk_seconds": 45, "target": TARGET}
    path.write_text(json.dumps({"numbers": [row]}))
    assert numbers_from(path) == (Dialled(e164=DIALLED, minimum_talk_seconds=45),)
    path.write_text("{}")
    with pytest.raises(ValueError, match="lists no"):
        numbers_from(path)


def test_a_profile_that_dials_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no number to dial"):
        scripts(profile=BUILTIN)
