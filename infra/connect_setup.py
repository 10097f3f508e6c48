"""What must an Amazon Connect instance know of a stage, and what must the stage know of it?

Looks at the instance before anything is deployed: its ARN, and where it puts recordings, for the
policies. Afterwards it lets the instance ask the function, and puts the flow there. Every part may
be run again, and changes nothing that is as it should be. Numbers are claimed by the platform
itself; the rule for contact events is Chalice's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud import Cloud
from infra.connect_flow import content
from infra.stage import Stage, Stopped

INSTANCE_ID = "RINGLEDGER_CONNECT_INSTANCE_ID"
FUNCTION = "connect"
RECORDS_FUNCTION = "contacts"
# A batch is tried six times; the instance is asked about what it held when its calls are due.
RECORDS_OPTIONS: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 5,
}
_ID = re.compile(r"(?:.*/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as policies and flows need it; `media` is the ARN below which its recordings
    lie, and `key` that of what encrypts them, both empty where it keeps none. `records` is the
    Kinesis stream into which it puts contact records, empty where there is none."""

    id: str
    arn: str
    alias: str = ""
    media: str = ""
    key: str = ""
    records: str = ""


def instance_id(given: str) -> str:
    """The id in what an operator gives: the id alone, or the ARN that the console shows."""
    match = _ID.fullmatch(given.strip())
    if match is None:
        raise Stopped(
            f"{INSTANCE_ID}={given} is no Amazon Connect instance. Take the id or the ARN from "
            "the console: Amazon Connect, the instance's name, Account overview."
        )
    return match[1]


def look(cloud: Cloud, id: str) -> Instance:
    """The instance as it stands; `Stopped` when it cannot be seen, or takes no calls."""
    connect = cloud.client("connect")
    try:
        found = connect.describe_instance(InstanceId=id)["Instance"]
        stored = _stored(connect, id, "CALL_RECORDINGS")
        streamed = _stored(connect, id, "CONTACT_TRACE_RECORDS")
    except ClientError as fault:
        raise Stopped(
            f"The Amazon Connect instance {id} cannot be seen in {cloud.region}: {fault}"
        ) from None
    if found.get("InstanceStatus") != "ACTIVE" or not found.get("InboundCallsEnabled", True):
        raise Stopped(f"The Amazon Connect instance {id} is not active, or takes no calls.")
    place = next((one["S3Config"] for one in stored if one["StorageType"] == "S3"), None)
    streams = (one["KinesisStreamConfig"] for one in streamed
               if one["StorageType"] == "KINESIS_STREAM")  # fmt: skip
    return Instance(
        id=id,
        arn=found["Arn"],
        alias=found.get("InstanceAlias", ""),
        media=f"arn:aws:s3:::{place['BucketName']}" if place else "",
        key=(place or {}).get("EncryptionConfig", {}).get("KeyId", ""),
        records=next((one["StreamArn"] for one in streams), ""),
    )


def _stored(connect: Any, id: str, what: str) -> list[dict[str, Any]]:
    """Where the instance puts something."""
    answer = connect.list_instance_storage_configs(InstanceId=id, ResourceType=what)
    found: list[dict[str, Any]] = answer["StorageConfigs"]
    return found


def resources(instance: Instance | None, numbers: str) -> dict[str, str]:
    """What policies call things of the instance; empty, where there is none: a right that would be
    about nothing is left out. `numbers` is the ARN below which the account's numbers are."""
    return {
        "ConnectInstanceArn": instance.arn if instance else "",
        "ConnectNumbersArn": numbers if instance else "",
        "ConnectMediaArn": instance.media if instance else "",
        "ConnectMediaKeyArn": instance.key if instance else "",
        "ConnectRecordsArn": instance.records if instance else "",
    }


def set_up(cloud: Cloud, stage: Stage, instance: Instance) -> str:
    """Let the instance ask the stage's function, have its contact records read where it streams
    them, and put the stage's flow there; the flow's id."""
    lambda_, connect = cloud.client("lambda"), cloud.client("connect")
    name = stage.function(FUNCTION)
    arn = lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    _let_ask(lambda_, name, instance, cloud.account)
    _associate(connect, instance.id, arn)
    if instance.records:
        _read_records(lambda_, stage.function(RECORDS_FUNCTION), instance.records)
    try:
        return _put_flow(connect, instance.id, flow_name(stage), content(arn))
    except ClientError as fault:
        raise Stopped(
            f"Amazon Connect does not take the flow {flow_name(stage)}: {fault}. "
            f"{_problems(fault.response)}Run the same command again once that is mended."
        ) from None


def flow_name(stage: Stage) -> str:
    """What the stage's flow is called in the instance."""
    return f"RingLedger {stage.name}"


def _let_ask(lambda_: Any, name: str, instance: Instance, account: str) -> None:
    """The instance may ask the function, and no other instance may."""
    try:
        lambda_.add_permission(
            FunctionName=name,
            StatementId=f"connect-{instance.id}",
            Action="lambda:InvokeFunction",
            Principal="connect.amazonaws.com",
            SourceAccount=account,
            SourceArn=instance.arn,
        )
    except lambda_.exceptions.ResourceConflictException:
        # It may already.
        return


def _associate(connect: Any, id: str, arn: str) -> None:
    """Flows of the instance may name the function."""
    try:
        connect.associate_lambda_function(InstanceId=id, FunctionArn=arn)
    except connect.exceptions.ResourceConflictException:
        # They may already.
        return
    except connect.exceptions.ServiceQuotaExceededException:
        raise Stopped(
            f"The instance {id} has all the functions that it can have (50). Take one that is "
            "not needed off in the console, under Flows, AWS Lambda."
        ) from None


def _read_records(lambda_: Any, name: str, stream: str) -> None:
    """The function reads the stream, from now on where it did not before."""
    asked = {"FunctionName": name, "EventSourceArn": stream}
    found = lambda_.list_event_source_mappings(**asked)["EventSourceMappings"]
    for mapping in found:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], **RECORDS_OPTIONS)
    if not found:
        lambda_.create_event_source_mapping(**asked, **RECORDS_OPTIONS, StartingPosition="LATEST")


def _put_flow(connect: Any, id: str, name: str, wanted: str) -> str:
    """The id of the flow of this name once it says what is wanted."""
    pages = connect.get_paginator("list_contact_flows").paginate(
        InstanceId=id, ContactFlowTypes=["CONTACT_FLOW"]
    )
    found = (one for page in pages for one in page["ContactFlowSummaryList"])
    flow_id = next((str(one["Id"]) for one in found if one.get("Name") == name), None)
    if flow_id is None:
        made = connect.create_contact_flow(
            InstanceId=id, Name=name, Type="CONTACT_FLOW", Content=wanted,
            Description="Takes RingLedger's calls. Every deployment puts it right.",
        )  # fmt: skip
        return str(made["ContactFlowId"])
    standing = connect.describe_contact_flow(InstanceId=id, ContactFlowId=flow_id)["ContactFlow"]
    if not _same(standing.get("Content", ""), wanted):
        connect.update_contact_flow_content(InstanceId=id, ContactFlowId=flow_id, Content=wanted)
    return flow_id


def _same(one: str, other: str) -> bool:
    """Whether both do the same, wherever their blocks stand in the editor."""
    return _doing(one) == _doing(other)


def _doing(flow: str) -> tuple[Any, ...]:
    try:
        said = json.loads(flow)
    except ValueError:
        return ()
    blocks = sorted(said.get("Actions", ()), key=lambda one: str(one["Identifier"]))
    return (said.get("Version"), said.get("StartAction"), blocks)


def _problems(response: Mapping[str, Any]) -> str:
    """What the instance finds wrong with a flow, in its own words."""
    return "".join(f"{one.get('message', one)} " for one in response.get("problems", []))
