"""Secrets are made once, shown once, and rotated without a gap."""

import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import parameters
from infra.stage import Stage, Stopped

STAGE = Stage("trial")
TWILIO = {
    "RINGLEDGER_TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
    "RINGLEDGER_TWILIO_AUTH_TOKEN": "token-one",
}


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def test_the_operator_key_is_shown_once_and_only_its_hash_is_stored(ssm: Any) -> None:
    key = parameters.ensure(ssm, STAGE, TWILIO)
    assert key is not None
    known = parameters.read(ssm, STAGE)
    assert known["operator-key-sha256"] == hashlib.sha256(key.encode()).hexdigest()
    assert key not in known.values()
    assert parameters.ensure(ssm, STAGE, {}) is None


def test_secrets_that_exist_stay_as_they_are(ssm: Any) -> None:
    parameters.ensure(ssm, STAGE, TWILIO)
    before = parameters.read(ssm, STAGE)
    parameters.ensure(ssm, STAGE, TWILIO)
    assert parameters.read(ssm, STAGE) == before
    for key in ("caller-hash-key", "visit-key"):
        assert len(bytes.fromhex(before[key])) == 32


def test_secrets_are_encrypted(ssm: Any) -> None:
    parameters.ensure(ssm, STAGE, TWILIO)
    stored = ssm.get_parameters_by_path(Path=STAGE.parameter_path, Recursive=True)["Parameters"]
    encrypted = {p["Name"] for p in stored if p["Type"] == "SecureString"}
    assert encrypted == {
        "/ringledger/trial/twilio/auth-token",
        "/ringledger/trial/caller-hash-key",
        "/ringledger/trial/visit-key",
    }


def test_a_changed_token_keeps_the_old_one_beside_it(ssm: Any) -> None:
    parameters.ensure(ssm, STAGE, TWILIO)
    parameters.ensure(ssm, STAGE, {**TWILIO, "RINGLEDGER_TWILIO_AUTH_TOKEN": "token-two"})
    known = parameters.read(ssm, STAGE)
    assert known["twilio/auth-token"] == "token-two"
    assert known["twilio/previous-auth-token"] == "token-one"


@pytest.mark.parametrize("missing", TWILIO)
def test_a_missing_credential_is_named(ssm: Any, missing: str) -> None:
    given = {name: value for name, value in TWILIO.items() if name != missing}
    with pytest.raises(Stopped, match=f"export {missing}="):
        parameters.ensure(ssm, STAGE, given)
    assert parameters.read(ssm, STAGE) == {}, "nothing is made before all is known"


@pytest.mark.parametrize("name", ["", "Prod", "9lives", "a-b", "x" * 21, "prod\n"])
def test_a_stage_that_aws_would_refuse_is_refused_at_once(name: str) -> None:
    with pytest.raises(Stopped, match="make deploy STAGE="):
        Stage(name)


def test_paypals_credentials_are_taken_over_where_they_are_given(ssm: Any) -> None:
    given = {
        "RINGLEDGER_PAYPAL_CLIENT_ID": "client",
        "RINGLEDGER_PAYPAL_CLIENT_SECRET": "hush",
        "RINGLEDGER_PAYPAL_WEBHOOK_ID": "hook",
        "RINGLEDGER_PAYPAL_API_URL": "https://api-m.sandbox.paypal.com",
    }
    parameters.ensure(ssm, STAGE, {**TWILIO, **given})
    parameters.ensure(ssm, STAGE, {})
    known = parameters.read(ssm, STAGE)
    assert {name: known[f"paypal/{name}"] for name in ("client-id", "client-secret")} == {
        "client-id": "client", "client-secret": "hush",
    }  # fmt: skip
    assert (known["paypal/webhook-id"], known["paypal/api-url"]) == (
        "hook", "https://api-m.sandbox.paypal.com",
    )  # fmt: skip
    stored = ssm.get_parameters_by_path(Path=STAGE.parameter_path, Recursive=True)["Parameters"]
    plain = {p["Name"] for p in stored if p["Type"] == "String"}
    assert "/ringledger/trial/paypal/client-secret" not in plain
