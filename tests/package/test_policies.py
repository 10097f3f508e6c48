"""What each function may do, by name; whatever is not named here, no function may do."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.build import render_policy
from infra.deploy import PROJECT
from infra.stage import FUNCTIONS, Stopped
from infra.templates import OUTPUTS
from tests.package.conftest import Package

POLICIES = PROJECT / ".chalice" / "policies"
RESOURCES = {
    **OUTPUTS,
    "LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/own",
    "ParametersArn": "arn:aws:ssm:us-east-1:000000000000:parameter/ringledger/check",
}
READ = {"GetItem", "BatchGetItem", "Query"}
WRITE = {"PutItem", "UpdateItem", "ConditionCheckItem"}
# The tables by their short names; every other resource by the last part of its ARN.
MAY: dict[str, dict[str, set[str]]] = {
    "voice": {
        "catalog": {"GetItem", "BatchGetItem", "Query", "UpdateItem", "ConditionCheckItem"},
        "calls": {"GetItem", "BatchGetItem", "PutItem", "UpdateItem"},
        "books": {"GetItem", "BatchGetItem", "UpdateItem"},
    },
    "validate": {
        "catalog": READ | {"UpdateItem"},
        "calls": READ | WRITE,
        "books": READ | WRITE,
        "ledger": {"PutItem", "GetItem", "Query"},
    },
    "close": {
        "catalog": READ,
        "calls": READ,
        "books": READ | WRITE,
        "ledger": {"PutItem", "GetItem", "Query"},
    },
    "api_handler": {
        "catalog": READ | WRITE | {"DeleteItem"},
        "calls": READ,
        "books": READ | WRITE,
        "ledger": {"PutItem", "GetItem", "Query"},
    },
}
MAY["settle"] = MAY["sweep"] = MAY["validate"]

BESIDE_TABLES = {
    "voice": set[str](),
    "validate": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "sqs:SendMessage settle",
        "sqs:SendMessage validate-failed",
    },
    "settle": {
        "sqs:ReceiveMessage settle",
        "sqs:DeleteMessage settle",
        "sqs:GetQueueAttributes settle",
        "sqs:ChangeMessageVisibility settle",
    },
    "sweep": {"sqs:SendMessage settle"},
    "close": {"s3:GetObject", "s3:PutObject"},
    "api_handler": {"s3:GetObject", "s3:PutObject"},
}


def grants(name: str) -> set[tuple[str, str]]:
    """Every (action, resource) that the function's policy allows."""
    policy = json.loads(render_policy(POLICIES / f"{name}.json", RESOURCES))
    return {
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if statement["Effect"] == "Allow"
    }


def on_tables(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for action, resource in grants(name):
        table, _, index = resource.partition(":table/")[2].partition("/")
        if table and not index:
            short = table.removeprefix("ringledger-check-")
            found.setdefault(short, set()).add(action.removeprefix("dynamodb:"))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_this_to_tables_and_no_more(name: str) -> None:
    assert on_tables(name) == MAY[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_this_beside_tables_and_no_more(name: str) -> None:
    found = set()
    for action, resource in grants(name):
        service = action.partition(":")[0]
        if service == "sqs":
            found.add(f"{action} {resource.rpartition('ringledger-check-')[2]}")
        elif service == "s3" or "/stream/" in resource:
            found.add(action)
        elif service not in ("dynamodb", "logs", "ssm"):
            raise AssertionError(f"{name} may {action}, which nothing here names")
    assert found == BESIDE_TABLES[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_may_change_or_delete_what_the_ledger_holds(name: str) -> None:
    ledger = {action for action, resource in grants(name) if resource == RESOURCES["LedgerArn"]}
    assert ledger <= {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_indexes_are_only_queried(name: str) -> None:
    actions = {action for action, resource in grants(name) if "/index/" in resource}
    assert actions <= {"dynamodb:Query"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_right_reaches_further_than_it_is_named(name: str) -> None:
    for action, resource in grants(name):
        assert "*" not in action, action
        # Streams of the function's own log group and documents have no names beforehand.
        if resource not in (f"{RESOURCES['LogGroupArn']}:*", f"{RESOURCES['DocumentsArn']}/*"):
            assert "*" not in resource, resource


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_reads_its_parameters_and_writes_its_own_log(name: str) -> None:
    assert ("ssm:GetParametersByPath", RESOURCES["ParametersArn"]) in grants(name)
    logs = {resource for action, resource in grants(name) if action.startswith("logs:")}
    assert logs == {f"{RESOURCES['LogGroupArn']}:*"}


def test_the_package_gives_each_function_its_own_policy(package: Package) -> None:
    documents: dict[str, Any] = {
        name: resource["Properties"]["Policies"][0]["PolicyDocument"]
        for name, resource in package.template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert set(documents) == {
        "VoiceRole", "ValidateRole", "SettleRole", "SweepRole", "CloseRole", "ApiHandlerRole",
    }  # fmt: skip
    text = json.dumps(documents["VoiceRole"])
    assert "ringledger-check-ledger" not in text and "${" not in json.dumps(documents)


def test_an_unknown_placeholder_is_named(tmp_path: Path) -> None:
    policy = tmp_path / "voice.json"
    policy.write_text('{"Resource": "${LegderArn}"}')
    with pytest.raises(Stopped, match=r"voice.json speaks of \$\{LegderArn\}.*LedgerArn"):
        render_policy(policy, RESOURCES)
