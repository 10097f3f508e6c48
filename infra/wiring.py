"""What must be set that Chalice cannot say?

Owns the third step of a deployment: the public URLs of the functions that have
one, how the stream and the queue are read, and the alarms. Every part may be run again.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.stage import API_FUNCTION, Stage, Stopped

# Only what the carrier or an advertiser says asks for a look; other rows start no function.
_TOLD = ("SIGNAL#", "REPORT#", "DISPOSITION#", "POSTBACK#", "REVIEW#")
_SAID = [{"prefix": prefix} for prefix in _TOLD]
_SIGNALS = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": _SAID}}}}
# A stream batch is tried six times, then its records go to the on-failure queue.
STREAM_OPTIONS: dict[str, Any] = {
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 5,
    "ParallelizationFactor": 2,
    "FilterCriteria": {"Filters": [{"Pattern": json.dumps(_SIGNALS)}]},
}
# Functions that answer something sensible whatever fails; their faults show in the log alone.
ANSWERING = (
    "voice", "connect", "dni", API_FUNCTION, "validate", "settle", "recordings", "closing",
)  # fmt: skip
# Functions that come by the clock.
SCHEDULED = ("sweep", "bill", "reconcile", "paypal", "ach", "tax", "seal", "close")
# Functions with a public URL of their own.
PUBLIC = ("voice", "dni")
FAULTS = "RingLedger/Faults"
# Of the 1,000 functions that an account runs at once unless it has asked for more.
MANY_VISITS = 400
QUEUE_OPTIONS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm: it sounds when `metric` of `dimension` exceeds `limit` within a minute."""

    name: str
    namespace: str
    metric: str
    dimension: tuple[str, str] | None
    statistic: str
    limit: int
    meaning: str


def function_urls(lambda_: Any, stage: Stage) -> dict[str, str]:
    """The public URL of each function that has one, without trailing slash, made if there is
    none."""
    return {name: _function_url(lambda_, stage.function(name)) for name in PUBLIC}


def _function_url(lambda_: Any, name: str) -> str:
    try:
        found = lambda_.get_function_url_config(FunctionName=name)
    except lambda_.exceptions.ResourceNotFoundException:
        found = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")
    _allow_everyone(lambda_, name)
    return str(found["FunctionUrl"]).rstrip("/")


def _allow_everyone(lambda_: Any, name: str) -> None:
    """Both permissions that a public URL needs; who may ask is checked by the function."""
    grants: dict[str, dict[str, Any]] = {
        "public-url": {
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionUrlAuthType": "NONE",
        },
        "public-invoke": {
            "Action": "lambda:InvokeFunction",
            "InvokedViaFunctionUrl": True,
        },
    }
    for statement, grant in grants.items():
        try:
            lambda_.add_permission(FunctionName=name, StatementId=statement, Principal="*", **grant)
        except lambda_.exceptions.ResourceConflictException:
            continue


def read_sources(lambda_: Any, stage: Stage, outputs: Mapping[str, str]) -> None:
    """Set how `validate` reads the calls stream, and `settle`, `recordings` and `closing` their
    queues."""
    failed = {"OnFailure": {"Destination": outputs["ValidateFailedQueueArn"]}}
    stream = {**STREAM_OPTIONS, "DestinationConfig": failed}
    _set(lambda_, stage.function("validate"), outputs["CallsStreamArn"], stream)
    _set(lambda_, stage.function("settle"), outputs["SettleQueueArn"], QUEUE_OPTIONS)
    _set(lambda_, stage.function("recordings"), outputs["RecordingsQueueArn"], QUEUE_OPTIONS)
    _set(lambda_, stage.function("closing"), outputs["ClosingQueueArn"], QUEUE_OPTIONS)


def _set(lambda_: Any, function: str, source: str, options: Mapping[str, Any]) -> None:
    mappings = lambda_.list_event_source_mappings(FunctionName=function, EventSourceArn=source)
    if not mappings["EventSourceMappings"]:
        raise Stopped(
            f"{function} does not read {source}, although Chalice should have connected "
            "them. Deploy again; if it stays so, look for the function's name in app.py."
        )
    for mapping in mappings["EventSourceMappings"]:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], **options)


def alarms(stage: Stage) -> list[Alarm]:
    """Every alarm of the stage."""
    return [*_parked(stage), *_errors(stage), *_faults(stage), _crowd(stage), _late(stage)]


def _parked(stage: Stage) -> list[Alarm]:
    """Something lies where work is left that kept failing."""
    take_up = f"Read the log of {{}}, mend the cause, then: make replay STAGE={stage.name}"
    meanings = {
        "settle-dead": "Calls that could not be settled. " + take_up.format("settle"),
        "recordings-dead": "Recordings that could not be fetched. " + take_up.format("recordings"),
        "closing-dead": "Advertisers or publishers whose closing failed. "
        + take_up.format("closing"),
        "validate-failed": "Calls whose validation failed; the sweep tries them too. "
        + take_up.format("validate"),
    }
    return [
        Alarm(
            name=stage.prefix + queue,
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimension=("QueueName", stage.prefix + queue),
            statistic="Maximum",
            limit=0,
            meaning=meaning,
        )
        for queue, meaning in meanings.items()
    ]


def _errors(stage: Stage) -> list[Alarm]:
    """A function that somebody waits for, or that comes only now and then, has failed."""
    return [
        Alarm(
            name=f"{stage.prefix}{function}-errors",
            namespace="AWS/Lambda",
            metric="Errors",
            dimension=("FunctionName", stage.function(function)),
            statistic="Sum",
            limit=0,
            meaning=f"{function} failed; its log says why.",
        )
        for function in ("voice", "connect", "contacts", "dni", API_FUNCTION, *SCHEDULED)
    ]


def _faults(stage: Stage) -> list[Alarm]:
    """A function has answered in spite of a fault."""
    return [
        Alarm(
            name=f"{stage.prefix}{function}-faults",
            namespace=FAULTS,
            metric=stage.function(function),
            dimension=None,
            statistic="Sum",
            limit=0,
            meaning=f"{function} met a fault and answered all the same; its log says which.",
        )
        for function in ANSWERING
    ]


def _crowd(stage: Stage) -> Alarm:
    return Alarm(
        name=f"{stage.prefix}dni-crowd",
        namespace="AWS/Lambda",
        metric="ConcurrentExecutions",
        dimension=("FunctionName", stage.function("dni")),
        statistic="Maximum",
        limit=MANY_VISITS,
        meaning="So many visits are answered at once that calls may lack room: give both "
        "functions a reserved concurrency.",
    )


def _late(stage: Stage) -> Alarm:
    return Alarm(
        name=f"{stage.prefix}validate-age",
        namespace="AWS/Lambda",
        metric="IteratorAge",
        dimension=("FunctionName", stage.function("validate")),
        statistic="Maximum",
        limit=5 * 60 * 1000,
        meaning="Ended calls wait more than five minutes for their verdict.",
    )


def count_faults(logs: Any, stage: Stage) -> None:
    """Count the errors that functions log while they answer all the same.

    A caller hears the fallback line and a user gets a problem, so that Lambda sees no error.
    """
    for function in ANSWERING:
        name = stage.function(function)
        group = f"/aws/lambda/{name}"
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.put_metric_filter(
            logGroupName=group,
            filterName="faults",
            filterPattern='{ $.level = "ERROR" }',
            metricTransformations=[
                {"metricName": name, "metricNamespace": FAULTS, "metricValue": "1"}
            ],
        )


def set_alarms(cloudwatch: Any, stage: Stage, topic: str) -> None:
    """Put every alarm; each tells `topic`."""
    for alarm in alarms(stage):
        dimensions = [alarm.dimension] if alarm.dimension else []
        cloudwatch.put_metric_alarm(
            AlarmName=alarm.name,
            AlarmDescription=alarm.meaning,
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
            Statistic=alarm.statistic,
            Period=60,
            EvaluationPeriods=1,
            Threshold=alarm.limit,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
