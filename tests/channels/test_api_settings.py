"""Settings over HTTP: said on four levels, shown with their origin, refused with every fault."""

from typing import Any

import pytest

from chalicelib.channels import schemas_settings
from chalicelib.settings import NAMES
from tests.builders import CALLER
from tests.channels.api import Api, Market
from tests.world import World

Json = dict[str, Any]
SAID: Json = {
    "ring_seconds": 40, "max_attempts": 5, "max_call_seconds": 600, "spacing_seconds": 30,
    "cap_use": "attempt", "repeat_callers": "reject", "repeat_days": 7,
    "route_by_area": "inside_only", "recover_seconds": 20,
    "machine_detection": "refuse", "machine_detection_seconds": 5,
}  # fmt: skip
WRONG: Json = {
    "ring_seconds": 4, "max_attempts": 11, "max_call_seconds": 0, "spacing_seconds": -1,
    "cap_use": "dial", "repeat_callers": "sometimes", "repeat_days": 366,
    "route_by_area": "nearby", "recover_seconds": 121, "colour": "red",
    "machine_detection": "perhaps", "machine_detection_seconds": 2,
}  # fmt: skip
FAULTS = {
    ("ring_seconds", "range"), ("max_attempts", "range"), ("max_call_seconds", "range"),
    ("spacing_seconds", "range"), ("cap_use", "choice"), ("repeat_callers", "choice"),
    ("repeat_days", "range"), ("route_by_area", "choice"), ("recover_seconds", "range"),
    ("machine_detection", "choice"), ("machine_detection_seconds", "range"),
    ("colour", "unknown_field"),
}  # fmt: skip
LEVELS = ("advertiser", "campaign", "target")


def path_of(market: Market, level: str) -> str:
    return f"/{level}s/{getattr(market, level)['id']}"


def put(api: Api, body: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.send("PUT", "/settings", body, headers=named)


def test_settings_that_were_never_said_say_nothing() -> None:
    shown = Api().get("/settings").body
    assert shown == dict.fromkeys(NAMES) | {
        "number_rest_days": 60, "payee_cooldown_days": 7, "tax_form_required": True,
        "tax_zone": "UTC", "paypal_reports": True,
        "version": 0, "verticals": {},
    }  # fmt: skip
    schemas_settings.OperatorSettingsView.model_validate(shown)


def test_the_operators_settings_are_replaced_whole() -> None:
    api = Api()
    said = SAID | {
        "number_rest_days": 90,
        "payee_cooldown_days": 3,
        "tax_form_required": False,
        "tax_zone": "America/Denver",
        "paypal_reports": False,
        "verticals": {},
    }
    assert put(api, said).body == said | {"version": 1}
    assert put(api, {"max_attempts": 2}).body == dict.fromkeys(NAMES) | {
        "max_attempts": 2, "number_rest_days": 60, "payee_cooldown_days": 7,
        "tax_form_required": True, "tax_zone": "UTC", "paypal_reports": True, "version": 2,
        "verticals": {},
    }  # fmt: skip
    assert put(api, {"number_rest_days": 366}).faults == {("number_rest_days", "range")}
    assert api.get("/settings").body["version"] == 2
    assert put(api, {"max_attempts": 2}).body["version"] == 2


def test_a_version_that_has_passed_is_refused() -> None:
    api = Api()
    put(api, SAID)
    refused = put(api, {}, If_Match='"0"')
    assert (refused.status, refused.body["code"]) == (409, "version_mismatch")
    assert put(api, {}, If_Match='"1"').body["version"] == 2


def test_every_fault_of_the_settings_is_named_on_every_level() -> None:
    market = Market(Api())
    assert put(market.api, WRONG).faults == FAULTS
    for level in LEVELS:
        assert market.api.patch(path_of(market, level), WRONG).faults == FAULTS


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_may_say_every_setting_and_take_it_back(level: str) -> None:
    market = Market(Api())
    changed = market.api.patch(path_of(market, level), SAID).body
    assert {name: changed[name] for name in NAMES} == SAID
    back = market.api.patch(path_of(market, level), dict.fromkeys(NAMES)).body
    assert {back[name] for name in NAMES} == {None}


def test_what_holds_for_a_target_is_shown_with_who_says_it() -> None:
    market = Market(Api())
    put(market.api, {"ring_seconds": 10, "repeat_days": 5})
    market.api.patch(path_of(market, "advertiser"), {"ring_seconds": 20, "max_attempts": 4})
    market.api.patch(path_of(market, "campaign"), {"ring_seconds": 30, "cap_use": "connect"})
    market.api.patch(path_of(market, "target"), {"ring_seconds": 40})
    shown = market.api.get(path_of(market, "target") + "/settings").body
    schemas_settings.TargetSettingsView.model_validate(shown)
    holds, said = shown["in_force"], shown["said_by"]
    assert {name: (holds[name], said[name]) for name in NAMES} == {
        "ring_seconds": (40, "target"),
        "max_attempts": (4, "advertiser"),
        "max_call_seconds": (3600, "default"),
        "spacing_seconds": (0, "default"),
        "cap_use": ("connect", "campaign"),
        "repeat_callers": ("any_target", "default"),
        "repeat_days": (5, "operator"),
        "route_by_area": ("anywhere", "default"),
        "recover_seconds": (0, "default"),
        "machine_detection": ("never", "default"),
        "machine_detection_seconds": (4, "default"),
    }


def test_the_settings_of_a_target_that_is_not_there_are_not_found() -> None:
    assert Api().get("/targets/tgt_" + "0" * 26 + "/settings").status == 404


def test_a_call_is_routed_by_the_operators_settings_where_nobody_else_says_any() -> None:
    market = Market(Api(), billing="net", credit_limit_cents=100_000)
    put(market.api, {"ring_seconds": 11, "repeat_callers": "reject"})
    world = World(market.api.rows)
    first = world.talks("CA1")
    assert first.attempt is not None
    assert first.attempt.ring_seconds == 11
    assert world.arrives("CA2", caller=CALLER).attempt is None


MATRIX = [[None] * 24 for _ in range(7)]


@pytest.mark.parametrize("field", ["hourly_cap_matrix", "concurrency_matrix"])
@pytest.mark.parametrize(
    ("value", "faults"),
    [
        (MATRIX[:6], {("", "length")}),
        ([*MATRIX[:6], [None] * 23], {(".6", "length")}),
        ([*MATRIX[:6], [-1, "x", *[None] * 22]], {(".6.0", "range"), (".6.1", "type")}),
        ("always", {("", "type")}),
    ],
)
def test_a_matrix_has_seven_days_of_24_hours_and_nothing_below_zero(
    field: str, value: Any, faults: set[tuple[str, str]]
) -> None:
    market = Market(Api())
    reply = market.api.patch(path_of(market, "target"), {field: value})
    assert reply.faults == {(field + place, rule) for place, rule in faults}


def test_a_matrix_is_shown_as_it_was_said() -> None:
    market = Market(Api())
    said = [[0] * 24, *MATRIX[1:6], [5, *[None] * 23]]
    body = {"hourly_cap_matrix": said, "concurrency_matrix": said}
    shown = market.api.patch(path_of(market, "target"), body).body
    assert {name: shown[name] for name in body} == body


@pytest.mark.parametrize("digits", ["1", "ww12#*W", "ABCD"])
def test_a_number_may_be_sent_digits(digits: str) -> None:
    market = Market(Api())
    path = path_of(market, "target")
    assert market.api.patch(path, {"send_digits": digits}).body["send_digits"] == digits


def test_digits_that_no_telephone_has_and_digits_for_sip_are_refused() -> None:
    market = Market(Api())
    path = path_of(market, "target")
    for digits in ("", "1 2", "e", "1" * 33):
        assert market.api.patch(path, {"send_digits": digits}).status == 400
    sip = {"send_digits": "1", "destination": "sip:desk@pbx.example.com"}
    assert market.api.patch(path, sip).faults == {("send_digits", "exclusive")}


def test_a_price_above_the_campaigns_maximum_is_refused_when_it_is_saved() -> None:
    market = Market(Api())
    campaign, target = path_of(market, "campaign"), path_of(market, "target")
    low = {"maximum_charge_cents": 2499}
    assert market.api.patch(campaign, low).faults == {("terms.charge_cents", "range")}
    market.api.patch(campaign, {"maximum_charge_cents": 3000})
    assert market.api.patch(target, {"charge_cents": 3001}).faults == {("charge_cents", "range")}
    assert market.api.patch(target, {"charge_cents": 3000}).body["charge_cents"] == 3000


def test_a_partnership_has_caps_of_its_own() -> None:
    market = Market(Api())
    path = path_of(market, "partnership")
    assert market.partnership["cap_effect"] == "block_calls"
    body: Json = {
        "hourly_cap": 1, "daily_cap": 2, "monthly_cap": 3, "total_cap": 4,
        "hourly_cap_cents": 5, "daily_cap_cents": 6, "monthly_cap_cents": 7,
        "total_cap_cents": 8, "zone": "America/Denver", "cap_effect": "stop_earning",
    }  # fmt: skip
    shown = market.api.patch(path, body).body
    assert {name: shown[name] for name in body} == body
    wrong = {"daily_cap": 0, "total_cap_cents": -1, "zone": "Mars", "cap_effect": "shout"}
    assert market.api.patch(path, wrong).faults == {
        ("daily_cap", "range"), ("total_cap_cents", "range"), ("zone", "zone"),
        ("cap_effect", "choice"),
    }  # fmt: skip
