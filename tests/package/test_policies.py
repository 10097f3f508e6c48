"""What each function may do, by name; whatever is not named here, no function may do."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.hidden import Secret
from infra.build import render_policy
from infra.connect_setup import resources
from infra.deploy import PROJECT
from infra.stage import FUNCTIONS, Stopped
from infra.templates import INSTANCE, OUTPUTS
from tests.package.conftest import Package

POLICIES = PROJECT / ".chalice" / "policies"
RESOURCES = {
    **OUTPUTS,
    "LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/own",
    **resources(INSTANCE, "arn:aws:connect:us-east-1:000000000000:phone-number"),
    "MailIdentitiesArn": "arn:aws:ses:us-east-1:000000000000:identity",
    "ParametersArn": "arn:aws:ssm:us-east-1:000000000000:parameter/ringledger/check",
}
SETTLEMENT = {
    "catalog": {"BatchGetItem", "UpdateItem"},
    "calls": {"BatchGetItem", "Query", "PutItem", "UpdateItem"},
    "books": {"PutItem", "UpdateItem"},
    "ledger": {"PutItem"},
}
# What each function may do to tables and indexes.
TABLES: dict[str, dict[str, set[str]]] = {
    "voice": {
        "catalog": {"BatchGetItem", "Query", "UpdateItem"},
        "calls": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "books": {"BatchGetItem", "UpdateItem"},
        "visits": {"BatchGetItem", "UpdateItem"},
    },
    "connect": {
        "catalog": {"BatchGetItem", "Query", "UpdateItem"},
        "calls": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "books": {"BatchGetItem", "UpdateItem"},
        "visits": {"BatchGetItem", "UpdateItem"},
    },
    "contacts": {
        "catalog": {"BatchGetItem"},
        "calls": {"Query", "PutItem", "UpdateItem"},
    },
    "dni": {
        "catalog": {"BatchGetItem"},
        "visits": {"BatchGetItem", "Query", "PutItem", "UpdateItem"},
    },
    "validate": SETTLEMENT,
    "settle": SETTLEMENT,
    "recordings": {"calls": {"BatchGetItem", "Query", "PutItem", "UpdateItem"}},
    "sweep": SETTLEMENT
    | {
        "calls/index/by_due": {"Query"},
        "calls/index/by_campaign": {"Query"},
        "catalog/index/by_kind": {"Query"},
        "books": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"BatchGetItem", "PutItem"},
    },
    "bill": {
        "catalog": {"BatchGetItem"},
        "catalog/index/by_kind": {"Query"},
        "books": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"PutItem"},
    },
    "reconcile": {
        "catalog": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "visits": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "catalog/index/by_kind": {"Query"},
    },
    "paypal": {
        "catalog": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"PutItem"},
    },
    "ach": {
        "catalog": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"PutItem"},
    },
    "tax": {
        "catalog": {"BatchGetItem", "PutItem"},
        "catalog/index/by_kind": {"Query"},
        "books": {"BatchGetItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "ledger": {"BatchGetItem", "Query"},
    },
    "seal": {"catalog/index/by_kind": {"Query"}, "ledger": {"Query", "PutItem"}},
    "close": {
        "catalog": {"BatchGetItem", "UpdateItem"},
        "catalog/index/by_kind": {"Query"},
        "books": {"BatchGetItem", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
    },
    "closing": {
        "catalog": {"BatchGetItem", "PutItem", "UpdateItem"},
        "catalog/index/by_kind": {"Query"},
        "books": {"BatchGetItem", "Query", "PutItem", "UpdateItem"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"PutItem"},
    },
    "api_handler": {
        "catalog": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "catalog/index/by_kind": {"Query"},
        "catalog/index/by_offer": {"Query"},
        "calls": {"BatchGetItem", "Query", "PutItem", "UpdateItem"},
        "calls/index/by_month": {"Query"},
        "calls/index/by_campaign": {"Query"},
        "calls/index/by_publisher": {"Query"},
        "books": {"BatchGetItem", "Query", "PutItem", "UpdateItem"},
        "books/index/by_kind": {"Query"},
        "books/index/by_open": {"Query"},
        "books/index/by_document": {"Query"},
        "ledger": {"BatchGetItem", "Query", "PutItem"},
        "ledger/index/by_month": {"Query"},
        "visits": {"BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "visits/index/by_site": {"Query"},
    },
}
CONNECT_NUMBERS = {
    "connect:SearchAvailablePhoneNumbers",
    "connect:ClaimPhoneNumber",
    "connect:DescribePhoneNumber",
    "connect:AssociatePhoneNumberContactFlow",
    "connect:ReleasePhoneNumber",
    "connect:ListPhoneNumbersV2",
    "connect:ListFlowAssociations",
}
# What it may do beside them, and to its own log.
BESIDE: dict[str, set[str]] = {
    "voice": {"ssm:GetParametersByPath"},
    "connect": {"ssm:GetParametersByPath"},
    "contacts": {
        "ssm:GetParametersByPath",
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    },
    "dni": {"ssm:GetParameter"},
    "validate": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "sqs:SendMessage settle",
        "sqs:SendMessage recordings",
        "sqs:SendMessage validate-failed",
    },
    "settle": {
        "ssm:GetParametersByPath",
        "sqs:ReceiveMessage settle",
        "sqs:DeleteMessage settle",
        "sqs:GetQueueAttributes settle",
        "connect:DescribeContact",
        "connect:ListAssociatedContacts",
    },
    "recordings": {
        "ssm:GetParametersByPath",
        "sqs:ReceiveMessage recordings",
        "sqs:DeleteMessage recordings",
        "sqs:GetQueueAttributes recordings",
        "s3:PutObject recordings",
        "s3:AbortMultipartUpload recordings",
        "s3:DeleteObject recordings",
        "connect:DescribeContact",
        "s3:GetObject media",
        "s3:DeleteObject media",
        "kms:Decrypt",
    },
    "sweep": {
        "s3:ListBucket media",
        "ssm:GetParametersByPath",
        "sqs:SendMessage recordings",
        "connect:DescribeContact",
        "connect:ListAssociatedContacts",
    },
    "bill": {
        "ssm:GetParametersByPath",
        "s3:GetObject documents",
        "s3:PutObject documents",
        "s3:AbortMultipartUpload documents",
        "ses:SendEmail",
    },
    "reconcile": {"ssm:GetParametersByPath"} | CONNECT_NUMBERS,
    "paypal": {"ssm:GetParametersByPath", "s3:GetObject documents"},
    "ach": {"s3:GetObject documents", "s3:PutObject documents", "kms:Decrypt"},
    "tax": {"kms:Decrypt", "s3:PutObject documents"},
    "seal": set(),
    "close": {
        "ssm:GetParametersByPath",
        "sqs:SendMessage closing",
        "s3:GetObject documents",
        "s3:PutObject documents",
        "ses:SendEmail",
    },
    "closing": {
        "ssm:GetParametersByPath",
        "sqs:ReceiveMessage closing",
        "sqs:DeleteMessage closing",
        "sqs:GetQueueAttributes closing",
        "sqs:SendMessage closing",
        "s3:GetObject documents",
        "s3:PutObject documents",
        "s3:AbortMultipartUpload documents",
        "ses:SendEmail",
    },
    "api_handler": CONNECT_NUMBERS
    | {
        "connect:DescribeContact",
        "connect:SuspendContactRecording",
        "connect:ResumeContactRecording",
        "connect:ListInstanceStorageConfigs",
        "s3:ListBucket media",
        "s3:DeleteObject media",
        "ssm:GetParametersByPath",
        "ses:SendEmail",
        "kms:Encrypt",
        "s3:GetObject documents",
        "s3:PutObject documents",
        "s3:AbortMultipartUpload documents",
        "sqs:GetQueueAttributes validate-failed",
        "sqs:ReceiveMessage validate-failed",
        "sqs:DeleteMessage validate-failed",
        "sqs:GetQueueAttributes settle-dead",
        "sqs:ReceiveMessage settle-dead",
        "sqs:DeleteMessage settle-dead",
        "sqs:GetQueueAttributes recordings-dead",
        "sqs:ReceiveMessage recordings-dead",
        "sqs:DeleteMessage recordings-dead",
        "sqs:GetQueueAttributes closing-dead",
        "sqs:ReceiveMessage closing-dead",
        "sqs:DeleteMessage closing-dead",
        "sqs:SendMessage settle",
        "sqs:SendMessage recordings",
        "sqs:SendMessage closing",
        "dynamodb:GetShardIterator",
        "dynamodb:GetRecords",
        "s3:GetObject recordings",
        "s3:DeleteObject recordings",
    },
}


def statements(name: str) -> list[dict[str, Any]]:
    """What the function's policy allows, under which condition."""
    policy = json.loads(render_policy(POLICIES / f"{name}.json", RESOURCES))
    return [one for one in policy["Statement"] if one["Effect"] == "Allow"]


def grants(name: str) -> set[tuple[str, str]]:
    """Every (action, resource) that the function's policy allows."""
    return {
        (action, resource)
        for statement in statements(name)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_this_to_tables_and_no_more(name: str) -> None:
    found: dict[str, set[str]] = {}
    for action, resource in grants(name):
        table = resource.partition(":table/ringledger-check-")[2]
        if table and "/stream/" not in table:
            found.setdefault(table, set()).add(action.removeprefix("dynamodb:"))
    assert found == TABLES[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_this_beside_tables_and_no_more(name: str) -> None:
    found = set()
    for action, resource in grants(name):
        if action.startswith("sqs:"):
            found.add(f"{action} {resource.rpartition('ringledger-check-')[2]}")
        elif action.startswith("s3:"):
            bucket = resource.removeprefix("arn:aws:s3:::ringledger-check-").partition("-")[0]
            found.add(f"{action} {bucket}")
        elif ":table/" not in resource or "/stream/" in resource:
            found.add(action)
    assert {action for action in found if not action.startswith("logs:")} == BESIDE[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_may_change_or_delete_what_the_ledger_holds(name: str) -> None:
    ledger = {action for action, resource in grants(name) if resource == RESOURCES["LedgerArn"]}
    changing = {"UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"}
    assert not ledger & {f"dynamodb:{action}" for action in changing}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_right_reaches_further_than_it_is_named(name: str) -> None:
    for action, resource in grants(name):
        assert "*" not in action, action
        # Streams of the function's own log group, documents, media and contacts have no names
        # beforehand.
        named_later = (
            f"{RESOURCES['LogGroupArn']}:*",
            f"{RESOURCES['DocumentsArn']}/*",
            f"{RESOURCES['DocumentsArn']}/ach/*",
            f"{RESOURCES['DocumentsArn']}/screening/*",
            f"{RESOURCES['DocumentsArn']}/tax-exports/*",
            f"{RESOURCES['RecordingsArn']}/*",
            f"{RESOURCES['MailIdentitiesArn']}/*",
            f"{RESOURCES['ConnectInstanceArn']}/contact/*",
            f"{RESOURCES['ConnectInstanceArn']}/contact-flow/*",
            f"{RESOURCES['ConnectNumbersArn']}/*",
            f"{RESOURCES['ConnectMediaArn']}/*",
        )
        if resource not in named_later:
            assert "*" not in resource, resource


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_its_own_log_and_no_other(name: str) -> None:
    logs = {resource for action, resource in grants(name) if action.startswith("logs:")}
    assert logs == {f"{RESOURCES['LogGroupArn']}:*"}


def test_account_numbers_are_read_for_the_bank_and_tax_numbers_for_the_tax_office_alone() -> None:
    reading = {
        (name, statement["Condition"]["StringEquals"]["kms:EncryptionContext:secret"])
        for name in FUNCTIONS
        for statement in statements(name)
        if "kms:Decrypt" in statement["Action"]
        and RESOURCES["PayeesKeyArn"] in statement["Resource"]
    }
    assert reading == {("ach", Secret.ACCOUNT_NUMBER), ("tax", Secret.TIN)}


def test_whoever_writes_files_for_the_bank_keeps_them_with_those_and_nowhere_else() -> None:
    places = {one for one in grants("ach") if one[0].startswith("s3:")}
    assert places == {
        ("s3:PutObject", f"{RESOURCES['DocumentsArn']}/ach/*"),
        ("s3:GetObject", f"{RESOURCES['DocumentsArn']}/screening/*"),
    }


def test_the_package_gives_each_function_its_own_policy(package: Package) -> None:
    documents: dict[str, Any] = {
        name: resource["Properties"]["Policies"][0]["PolicyDocument"]
        for name, resource in package.template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert set(documents) == {
        "VoiceRole", "ConnectRole", "ContactsRole", "DniRole", "ValidateRole", "SettleRole",
        "RecordingsRole", "SweepRole", "BillRole", "ReconcileRole", "PaypalRole", "AchRole",
        "TaxRole", "SealRole", "CloseRole", "ClosingRole", "ApiHandlerRole",
    }  # fmt: skip
    text = json.dumps(documents["VoiceRole"])
    assert "ringledger-check-ledger" not in text and "${" not in json.dumps(documents)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_amazon_connect_no_right_is_about_it(name: str) -> None:
    without = RESOURCES | resources(None, "arn:aws:connect:us-east-1:000000000000:phone-number")
    policy = json.loads(render_policy(POLICIES / f"{name}.json", without))
    named = [resource for statement in policy["Statement"] for resource in statement["Resource"]]
    assert policy["Statement"]
    assert all(resource.startswith("arn:aws:") for resource in named)
    assert not [resource for resource in named if ":connect:" in resource]


def test_a_statement_about_what_is_there_and_what_is_not_is_a_mistake(tmp_path: Path) -> None:
    policy = tmp_path / "sweep.json"
    mixed = {"Action": ["a:b"], "Resource": ["${CallsArn}", "${ConnectInstanceArn}/contact/*"]}
    policy.write_text(json.dumps({"Statement": [mixed]}))
    with pytest.raises(Stopped, match=r"sweep\.json"):
        render_policy(policy, RESOURCES | {"ConnectInstanceArn": ""})


def test_an_unknown_placeholder_is_named(tmp_path: Path) -> None:
    policy = tmp_path / "voice.json"
    policy.write_text('{"Resource": "${LegderArn}"}')
    with pytest.raises(Stopped, match=r"voice.json speaks of \$\{LegderArn\}.*LedgerArn"):
        render_policy(policy, RESOURCES)
