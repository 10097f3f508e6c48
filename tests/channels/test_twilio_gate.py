"""Twilio's callers at the gate: what its forms say of them, and what those kept out hear."""

import pytest

from chalicelib.calls import Attestation
from chalicelib.channels import callers
from chalicelib.channels.twilio_forms import arrival, attestation
from chalicelib.gate import BlockKind, GateSettings, Velocity
from chalicelib.store.gate import settings_write
from tests import builders
from tests.builders import CALLER
from tests.channels.test_twilio import Phone, path_of
from tests.flows.door import Gated


def seen(caller: str) -> tuple[str | None, str | None]:
    form = {"CallSid": "CA1", "From": caller, "To": "+18005550100"}
    arrived = arrival(form, "key")
    return arrived.caller_hash, arrived.prefix_hash


@pytest.mark.parametrize(
    ("verstat", "level"),
    [
        ("TN-Validation-Passed-A", Attestation.A),
        ("TN-Validation-Passed-B", Attestation.B),
        ("TN-Validation-Passed-C", Attestation.C),
        ("TN-Validation-Passed-A-Diverted", Attestation.A),
        ("TN-Validation-Passed-B-Passthrough", Attestation.B),
        ("TN-Validation-Failed-A", Attestation.NONE),
        ("TN-Validation-Failed-A-Diverted", Attestation.NONE),
        ("TN-Validation-Failed", Attestation.NONE),
        ("No-TN-Validation", Attestation.NONE),
        ("NULL", Attestation.NONE),
        ("", Attestation.NONE),
        ("TN-Validation-Passed-D", Attestation.NONE),
        ("TN-Validation-Passed-A-Forged", Attestation.NONE),
        ("tn-validation-passed-a", Attestation.NONE),
    ],
)
def test_only_what_passed_is_attested(verstat: str, level: Attestation) -> None:
    assert attestation(verstat) is level


def test_numbers_with_the_same_eight_digits_share_one_stand_in() -> None:
    (one, prefix), (other, same), (_, far) = map(
        seen, ("+14155550100", "+14155550199", "+14155560100")
    )
    assert prefix == same != far
    assert len({one, other, prefix}) == 3


def test_an_anonymous_caller_has_no_stand_in() -> None:
    assert seen("+266696687") == (None, None)


def phone_that_asks(settings: GateSettings) -> Phone:
    phone = Phone()
    phone.world.opens()
    phone.rows.write([settings_write(GateSettings(offer_id="off_1"), settings)])
    return phone


def test_a_caller_who_is_kept_out_hears_a_decent_line_and_no_reason() -> None:
    phone = phone_that_asks(
        GateSettings(offer_id="off_1", minimum_attestation=Attestation.A, version=1)
    )
    kept_out = phone.rings(StirVerstat="TN-Validation-Failed-A")
    assert [part.tag for part in kept_out] == ["Say", "Hangup"]
    assert kept_out.findtext("Say") == callers.SORRY
    let_in = phone.rings(CallSid="CA" + "2" * 32, StirVerstat="TN-Validation-Passed-A")
    assert let_in.find("Dial") is not None
    kept = [phone.world.call(sid).attestation for sid in ("CA" + "1" * 32, "CA" + "2" * 32)]
    assert kept == [Attestation.NONE, Attestation.A]


@pytest.mark.parametrize("caller", [CALLER, "+266696687"])
def test_a_failed_dial_does_not_lead_to_an_advertiser_who_blocks_the_caller(caller: str) -> None:
    phone = Phone()
    phone.world = world = Gated(phone.rows)
    world.opens()
    world.joins(
        builders.a_campaign(id="cmp_2", advertiser_id="adv_2"),
        builders.a_target(id="tgt_2", campaign_id="cmp_2", priority=2),
        builders.an_advertiser(id="adv_2"),
    )
    for kind, number in ((BlockKind.EXACT, CALLER), (BlockKind.ANONYMOUS, None)):
        world.blocks(kind, number, advertiser_id="adv_2")
    dial = phone.rings(From=caller).find("Dial")
    assert dial is not None
    path = path_of(dial.get("action"))
    before = phone.rows.trips
    answer = phone.posts(path, From=caller, DialCallStatus="busy", CallStatus="in-progress")
    assert "<Dial" not in answer["body"]
    assert phone.rows.trips == before + 2


def test_rotated_numbers_are_told_by_what_twilio_says_of_them() -> None:
    limit = Velocity(calls=1, minutes=10)
    phone = phone_that_asks(GateSettings(offer_id="off_1", prefix_velocity=limit, version=1))
    assert phone.rings(CallSid="CA1", From=CALLER).find("Dial") is not None
    assert phone.rings(CallSid="CA2", From=CALLER[:-1] + "9").find("Dial") is None
    assert phone.rings(CallSid="CA3", From="+12125550100").find("Dial") is not None
