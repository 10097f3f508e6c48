"""The three steps of a deployment, with the real `chalice deploy`, on local AWS."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import parameters
from infra.connect_flow import content
from infra.deploy import PROJECT, Deployed, deploy
from infra.local import LocalStack
from infra.local_app import public_paths
from infra.stage import FUNCTIONS, Stage, Stopped
from simulator.connect_api import ConnectServer
from simulator.connect_instance import LOCAL_INSTANCE_ID, ConnectInstance
from tests.e2e.deployment import free_ports
from tests.infra.conftest import Ground, copy_project

STAGE = Stage("trial")
CARRIER = {
    "RINGLEDGER_CONNECT_INSTANCE_ID": LOCAL_INSTANCE_ID,
    "RINGLEDGER_TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
    "RINGLEDGER_TWILIO_AUTH_TOKEN": "a-token",
}


@dataclass
class Trial:
    """A stage deployed twice: what the first and the second run returned, and the instance of
    Amazon Connect that they set up."""

    stack: LocalStack
    instance: ConnectInstance
    first: Deployed
    second: Deployed

    def client(self, service: str) -> Any:
        return self.stack.cloud.client(service)


@pytest.fixture(scope="module")
def trial(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Deployed twice by the operator's command, from a copy of the project."""
    copy = copy_project(project, tmp_path_factory.mktemp("trial") / "project")
    stack = LocalStack(tmp_path_factory.mktemp("aws"), free_ports())
    stack.start()
    with ConnectServer(ConnectInstance(account=stack.cloud.account)) as played:
        cloud = replace(stack.cloud, connect=played.url)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in CARRIER.items():
                patch.setenv(name, value)
            first = deploy(cloud, STAGE, copy)
        second = deploy(cloud, STAGE, copy)
    api = first.api.split("//")[1].split(".")[0]
    public_paths(stack.directory, api, {"voice": first.voice, "dni": first.dni})
    yield Trial(stack, played.instance, first, second)
    stack.kill()


def test_nothing_is_made_without_the_carriers_credentials(stack: LocalStack) -> None:
    with pytest.raises(Stopped, match="RINGLEDGER_TWILIO_ACCOUNT_SID"):
        deploy(stack.cloud, STAGE)
    assert stack.cloud.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_every_function_is_there_with_its_environment(trial: Trial) -> None:
    listed = trial.client("lambda").list_functions()["Functions"]
    assert {f["FunctionName"] for f in listed} == {STAGE.function(name) for name in FUNCTIONS}
    for function in listed:
        variables = function["Environment"]["Variables"]
        assert variables["RINGLEDGER_STAGE"] == "trial"
        assert variables["RINGLEDGER_TABLE_PREFIX"] == "ringledger-trial-"
        assert variables["RINGLEDGER_PARAMETER_PATH"] == "/ringledger/trial"
        assert "token" not in json.dumps(variables).lower(), "no secret in a listing"


def test_a_second_deployment_changes_no_address_and_no_secret(trial: Trial) -> None:
    assert trial.first.operator_key is not None
    assert trial.second.operator_key is None
    assert replace(trial.second, operator_key=trial.first.operator_key) == trial.first


def test_the_instance_asks_the_function_and_has_the_flow_once(trial: Trial) -> None:
    function = trial.client("lambda").get_function(FunctionName=STAGE.function("connect"))
    arn = function["Configuration"]["FunctionArn"]
    assert trial.instance.functions == [arn]
    (flow,) = trial.instance.flows.values()
    assert flow.content == content(arn)
    known = parameters.read(trial.client("ssm"), STAGE)
    assert known["connect/instance-id"] == trial.instance.id
    assert known["connect/flow-id"] == flow.id
    assert (trial.first.connect, trial.second.connect) == ("ringledger-test", "ringledger-test")
    policy = trial.client("lambda").get_policy(FunctionName=STAGE.function("connect"))["Policy"]
    (grant,) = json.loads(policy)["Statement"]
    assert grant["Principal"] == {"Service": "connect.amazonaws.com"}
    assert trial.instance.arn in json.dumps(grant["Condition"])


def test_contact_events_reach_their_function(trial: Trial) -> None:
    events = trial.client("events")
    rules = [
        rule
        for rule in events.list_rules()["Rules"]
        if "aws.connect" in rule.get("EventPattern", "")
    ]
    (rule,) = rules
    pattern = json.loads(rule["EventPattern"])
    assert pattern["detail-type"] == ["Amazon Connect Contact Event"]
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(STAGE.function("contacts"))


@pytest.mark.parametrize("name", ["voice", "dni"])
def test_a_public_url_has_both_permissions(trial: Trial, name: str) -> None:
    policy = trial.client("lambda").get_policy(FunctionName=STAGE.function(name))["Policy"]
    grants = {s["Sid"]: s for s in json.loads(policy)["Statement"]}
    assert grants["public-url"]["Action"] == "lambda:InvokeFunctionUrl"
    assert grants["public-url"]["Condition"]["StringEquals"] == {
        "lambda:FunctionUrlAuthType": "NONE"
    }
    assert grants["public-invoke"]["Action"] == "lambda:InvokeFunction"
    assert grants["public-invoke"]["Condition"]["Bool"]["lambda:InvokedViaFunctionUrl"]


def test_the_stream_is_read_with_bounded_retries_and_a_place_for_failures(trial: Trial) -> None:
    (mapping,) = trial.client("lambda").list_event_source_mappings(
        FunctionName=STAGE.function("validate")
    )["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 5
    (only,) = mapping["FilterCriteria"]["Filters"]
    told = ("SIGNAL#", "REPORT#", "DISPOSITION#", "POSTBACK#", "REVIEW#")
    assert json.loads(only["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix} for prefix in told]}}},
    }
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(
        "ringledger-trial-validate-failed"
    )
    for function in ("settle", "recordings", "closing"):
        (queue,) = trial.client("lambda").list_event_source_mappings(
            FunctionName=STAGE.function(function)
        )["EventSourceMappings"]
        assert queue["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_alarm_tells_the_operator(trial: Trial) -> None:
    alarms = trial.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {a["AlarmName"].removeprefix(STAGE.prefix) for a in alarms} == {
        "settle-dead", "recordings-dead", "closing-dead", "validate-failed", "validate-age",
        "voice-faults", "connect-faults", "dni-faults", "api_handler-faults", "validate-faults",
        "settle-faults", "recordings-faults", "closing-faults",
        "voice-errors", "connect-errors", "contacts-errors", "dni-errors", "api_handler-errors",
        "sweep-errors", "bill-errors", "reconcile-errors", "paypal-errors", "ach-errors",
        "tax-errors", "seal-errors", "close-errors", "dni-crowd",
    }  # fmt: skip
    assert all(a["AlarmActions"][0].endswith("ringledger-trial-alarms") for a in alarms)


def test_faults_that_were_answered_are_counted_from_the_log(trial: Trial) -> None:
    (counted,) = trial.client("logs").describe_metric_filters(
        logGroupName=f"/aws/lambda/{STAGE.function('voice')}"
    )["metricFilters"]
    assert counted["filterPattern"] == '{ $.level = "ERROR" }'
    assert counted["metricTransformations"][0]["metricName"] == STAGE.function("voice")


def test_the_api_answers_the_operator_and_nobody_else(trial: Trial) -> None:
    def status(key: str) -> int:
        request = urllib.request.Request(
            f"{trial.stack.url}/v1/advertisers", headers={"Authorization": f"Bearer {key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return int(response.status)
        except urllib.error.HTTPError as fault:
            return fault.code

    assert status(trial.first.operator_key or "") == 200
    assert status("rlo_somebody_else") == 401


def test_the_voice_url_answers_an_unsigned_webhook_with_403(trial: Trial) -> None:
    request = urllib.request.Request(
        f"{trial.stack.url}/voice/twilio/inbound", data=b"CallSid=CA1&From=%2B14155550100"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 403


def test_the_dni_url_tells_a_page_of_an_unknown_site_so(trial: Trial) -> None:
    request = urllib.request.Request(
        f"{trial.stack.url}/dni/visits",
        data=b'{"site": "site_1", "page": "https://example.com/"}',
        headers={"Origin": "https://example.com", "Content-Type": "text/plain"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 404
    assert json.loads(refused.value.read())["code"] == "unknown_site"


def test_the_voice_function_cannot_touch_the_ledger(trial: Trial) -> None:
    ground = Ground(trial.stack)
    voice = ground.as_function(STAGE.function("voice"), "dynamodb")
    key = {"pk": {"S": "ENTRY#1"}, "sk": {"S": "META"}}
    voice.batch_get_item(RequestItems={f"{STAGE.prefix}catalog": {"Keys": [key]}})
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:PutItem"):
        voice.put_item(TableName=f"{STAGE.prefix}ledger", Item=key)
    settle = ground.as_function(STAGE.function("settle"), "dynamodb")
    settle.put_item(TableName=f"{STAGE.prefix}ledger", Item=key)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DeleteItem"):
        settle.delete_item(TableName=f"{STAGE.prefix}ledger", Key=key)


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The deploy command in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "infra.deploy", *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        ([], {}, "make deploy STAGE=prod"),
        (["Prod!"], {}, "'Prod!' cannot name a stage"),
        (["prod"], {}, "export AWS_DEFAULT_REGION="),
        (["prod"], {"AWS_DEFAULT_REGION": "us-east-1"}, "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_a_deployment_lacks_is_named(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], message: str
) -> None:
    refused = command(*arguments, HOME=str(tmp_path), **environ)
    assert refused.returncode == 1
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
