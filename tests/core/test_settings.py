"""Which setting holds: the narrowest that is said."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.criteria import RouteByArea
from chalicelib.settings import (
    NAMES,
    CapUse,
    InForce,
    MachineDetection,
    OperatorSettings,
    RepeatCallers,
    Settings,
    in_force,
    narrowed,
    origins,
)
from tests.builders import a_campaign, a_target, an_advertiser

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ring_seconds": st.integers(5, 600),
    "max_attempts": st.integers(1, 10),
    "max_call_seconds": st.integers(1, 14_400),
    "spacing_seconds": st.integers(0, 86_400),
    "cap_use": st.sampled_from(CapUse),
    "repeat_callers": st.sampled_from(RepeatCallers),
    "repeat_days": st.integers(1, 365),
    "route_by_area": st.sampled_from(RouteByArea),
    "recover_seconds": st.integers(0, 120),
    "machine_detection": st.sampled_from(MachineDetection),
    "machine_detection_seconds": st.integers(3, 60),
}
LEVELS = st.lists(
    st.fixed_dictionaries({}, optional=VALUES).map(lambda said: Settings(**said)),
    min_size=4,
    max_size=4,
)


def test_where_nobody_says_anything_the_defaults_hold() -> None:
    levels = OperatorSettings(), an_advertiser(), a_campaign(), a_target()
    assert in_force(*levels) == InForce()
    words = ("operator", "advertiser", "campaign", "target")
    assert set(origins(**dict(zip(words, levels, strict=True))).values()) == {"default"}


def test_each_level_is_overruled_by_the_next_narrower_setting_by_setting() -> None:
    operator = OperatorSettings(ring_seconds=10, max_attempts=4, repeat_days=5, spacing_seconds=9)
    advertiser = an_advertiser(ring_seconds=20, max_attempts=5, spacing_seconds=0)
    campaign = a_campaign(ring_seconds=30, max_attempts=6)
    target = a_target(ring_seconds=40)
    found = in_force(operator, advertiser, campaign, target)
    assert found == InForce(ring_seconds=40, max_attempts=6, spacing_seconds=0, repeat_days=5)
    said = origins(operator=operator, advertiser=advertiser, campaign=campaign, target=target)
    assert said == dict.fromkeys(NAMES, "default") | {
        "ring_seconds": "target",
        "max_attempts": "campaign",
        "spacing_seconds": "advertiser",
        "repeat_days": "operator",
    }


def test_a_setting_of_the_operator_has_the_same_names_as_every_other() -> None:
    assert set(NAMES) == set(VALUES) == set(InForce.__dataclass_fields__)


@given(LEVELS)
def test_what_holds_is_what_the_level_named_as_its_origin_says(levels: list[Settings]) -> None:
    words = ("operator", "advertiser", "campaign", "target")
    named = dict(zip(words, levels, strict=True))
    found = in_force(*levels)
    for name, word in origins(**named).items():
        source = InForce() if word == "default" else named[word]
        assert getattr(found, name) == getattr(source, name)


@given(LEVELS)
def test_a_level_that_says_nothing_changes_nothing(levels: list[Settings]) -> None:
    whole = in_force(*levels)
    assert narrowed(whole, Settings()) == whole
    assert in_force(*levels, replace(levels[-1])) == whole
