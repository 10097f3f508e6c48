"""What a deployment does to an Amazon Connect instance: once, however often it runs."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import connect_setup, local_app, parameters
from infra.cloud import Cloud
from infra.connect_flow import content
from infra.connect_setup import Instance, instance_id, look, set_up
from infra.deploy import Deployed, next_steps, recipe
from infra.stage import Stage, Stopped
from infra.templates import OUTPUTS
from simulator.connect_api import ConnectServer
from simulator.connect_instance import ConnectInstance, local_instance

STAGE = Stage("trial")
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/22222222-2222-4333-8444-555555555555"
ID = "11111111-2222-4333-8444-555555555555"


@dataclass
class Ground:
    """An account with the stage's function, and an instance."""

    cloud: Cloud
    instance: ConnectInstance

    def deploys(self) -> str:
        return set_up(self.cloud, STAGE, look(self.cloud, ID))

    @property
    def function(self) -> Any:
        return self.cloud.client("lambda").get_function(FunctionName=STAGE.function("connect"))

    @property
    def permissions(self) -> list[Any]:
        policy = self.cloud.client("lambda").get_policy(FunctionName=STAGE.function("connect"))
        statements: list[Any] = json.loads(policy["Policy"])["Statement"]
        return statements


@pytest.fixture
def ground() -> Iterator[Ground]:
    with mock_aws(), ConnectServer(ConnectInstance(account=ACCOUNT)) as server:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        cloud = Cloud(session, "us-east-1", ACCOUNT, connect=server.url)
        _put_function(cloud)
        yield Ground(cloud, server.instance)


def _put_function(cloud: Cloud) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = cloud.client("iam").create_role(
        RoleName="connect", AssumeRolePolicyDocument=json.dumps(trust)
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("app.py", "")
    cloud.client("lambda").create_function(
        FunctionName=STAGE.function("connect"), Runtime="python3.11", Role=role["Role"]["Arn"],
        Handler="app.connect", Code={"ZipFile": package.getvalue()},
    )  # fmt: skip
    cloud.client("lambda").create_function(
        FunctionName=STAGE.function("contacts"), Runtime="python3.11", Role=role["Role"]["Arn"],
        Handler="app.contacts", Code={"ZipFile": package.getvalue()},
    )  # fmt: skip


def test_the_instance_may_ask_the_function_and_has_the_flow(ground: Ground) -> None:
    flow_id = ground.deploys()
    arn = ground.function["Configuration"]["FunctionArn"]
    assert ground.instance.functions == [arn]
    (flow,) = ground.instance.flows.values()
    assert (flow.id, flow.name, flow.kind) == (flow_id, "RingLedger trial", "CONTACT_FLOW")
    assert flow.content == content(arn)
    assert "${" not in flow.content
    (permission,) = ground.permissions
    assert permission["Principal"] == {"Service": "connect.amazonaws.com"}
    assert ground.instance.arn in json.dumps(permission["Condition"])
    assert ACCOUNT in json.dumps(permission["Condition"])


def test_a_second_deployment_changes_nothing(ground: Ground) -> None:
    first = ground.deploys()
    (flow,) = ground.instance.flows.values()
    moved = json.loads(flow.content)
    moved["Metadata"] = {"entryPointPosition": {"x": 1, "y": 2}}
    flow.content = json.dumps(moved)
    assert ground.deploys() == first
    assert json.loads(flow.content) == moved, "where blocks stand in the editor is the operator's"
    assert (len(ground.instance.flows), len(ground.instance.functions)) == (1, 1)
    # AWS refuses a second statement of one name; the double takes it.
    assert len({one["Sid"] for one in ground.permissions}) == 1


def test_a_flow_that_says_something_else_is_set_right(ground: Ground) -> None:
    flow_id = ground.deploys()
    flow = ground.instance.flows[flow_id]
    wanted = flow.content
    for spoilt in ("{}", "no JSON", json.dumps({**json.loads(wanted), "StartAction": "Hang up"})):
        flow.content = spoilt
        assert ground.deploys() == flow_id
        assert json.loads(flow.content) == json.loads(wanted)


def test_the_instance_is_seen_with_the_place_of_its_recordings(ground: Ground) -> None:
    bare = look(ground.cloud, ID)
    assert bare == Instance(id=ID, arn=ground.instance.arn, alias="ringledger-test")
    place = {
        "BucketName": "connect-bucket", "BucketPrefix": "connect/x/CallRecordings",
        "EncryptionConfig": {"EncryptionType": "KMS", "KeyId": KEY},
    }  # fmt: skip
    ground.instance.storage["CALL_RECORDINGS"] = [{"StorageType": "S3", "S3Config": place}]
    seen = look(ground.cloud, ID)
    assert (seen.media, seen.key) == ("arn:aws:s3:::connect-bucket", KEY)
    made = recipe(ground.cloud, STAGE, OUTPUTS, instance=seen).resources
    assert made["ConnectInstanceArn"] == ground.instance.arn
    assert made["ConnectNumbersArn"] == f"arn:aws:connect:us-east-1:{ACCOUNT}:phone-number"
    none = recipe(ground.cloud, STAGE, OUTPUTS).resources
    assert {none[name] for name in none if name.startswith("Connect")} == {""}


def test_contact_records_are_read_where_the_instance_streams_them(ground: Ground) -> None:
    stream = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/contact-records"
    config = {"StreamArn": stream}
    ground.instance.storage["CONTACT_TRACE_RECORDS"] = [
        {"StorageType": "KINESIS_STREAM", "KinesisStreamConfig": config}
    ]
    assert look(ground.cloud, ID).records == stream
    ground.cloud.client("kinesis").create_stream(StreamName="contact-records", ShardCount=1)
    for _ in range(2):
        ground.deploys()
        (mapping,) = ground.cloud.client("lambda").list_event_source_mappings(
            FunctionName=STAGE.function("contacts")
        )["EventSourceMappings"]
    assert mapping["EventSourceArn"] == stream
    assert mapping["BatchSize"] == 100


def test_an_instance_that_is_not_there_is_told_before_anything_is_made(ground: Ground) -> None:
    other = "99999999-2222-4333-8444-555555555555"
    with pytest.raises(Stopped, match=f"{other} cannot be seen in us-east-1"):
        look(ground.cloud, other)
    assert ground.instance.flows == {}


@pytest.mark.parametrize(
    "given", [ID, f" {ID}\n", f"arn:aws:connect:us-east-1:123456789012:instance/{ID}"]
)
def test_an_instance_is_named_by_its_id_or_its_arn(given: str) -> None:
    assert instance_id(given) == ID


@pytest.mark.parametrize("given", ["ringledger-test", "", ID[:-1], ID.replace("-", "")])
def test_what_names_no_instance_is_refused(given: str) -> None:
    with pytest.raises(Stopped, match="is no Amazon Connect instance"):
        instance_id(given)


def test_the_instance_is_kept_and_makes_twilio_dispensable(ground: Ground) -> None:
    ssm = ground.cloud.client("ssm")
    named = {connect_setup.INSTANCE_ID: ground.instance.arn}
    assert parameters.ensure(ssm, STAGE, named) is not None
    known = parameters.read(ssm, STAGE)
    assert known["connect/instance-id"] == ID
    assert "twilio/account-sid" not in known
    assert parameters.connect_instance_id(known, {}) == ID
    parameters.require_carrier(known, {})
    half = {"RINGLEDGER_TWILIO_ACCOUNT_SID": "AC1"}
    with pytest.raises(Stopped, match="export RINGLEDGER_TWILIO_AUTH_TOKEN="):
        parameters.require_carrier(known, half)


def test_what_comes_next_is_said_for_either(ground: Ground) -> None:
    del ground
    place = {"api": "https://api", "voice": "https://voice", "dni": "https://dni"}
    without = next_steps(STAGE, Deployed(**place, operator_key="rlo_1"))
    assert "export RINGLEDGER_CONNECT_INSTANCE_ID=" in without
    having = next_steps(STAGE, Deployed(**place, operator_key=None, connect="acme"))
    assert 'flow "RingLedger trial" of the instance acme' in having


def test_the_local_instance_is_the_one_that_is_played() -> None:
    played = local_instance()
    assert (local_app.INSTANCE.id, local_app.INSTANCE.arn) == (played.id, played.arn)
    assert list(played.flows) == [local_app.FLOW_ID]
