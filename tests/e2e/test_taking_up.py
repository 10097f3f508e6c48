"""A poisonous record, a stream that stands still, and dead letters: on local AWS, with the rights
and the command that the operator has."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import PROJECT
from tests.e2e.deployment import Deployment, Market, eventually
from tests.e2e.test_load_and_crashes import booked, judged_all
from tests.infra.conftest import Ground

Json = dict[str, Any]
PATH = "/operations/replay"
FAR_AWAY = "2999-01-01T00:00:00.000Z"
LONG_AGO = "2000-01-01T00:00:00.000Z"


def stream_mapping(deployment: Deployment) -> Any:
    """How the function `validate` reads the calls stream."""
    (mapping,) = deployment.stack.cloud.client("lambda").list_event_source_mappings(
        FunctionName=f"ringledger-{deployment.stage}-validate"
    )["EventSourceMappings"]
    return mapping


@contextmanager
def stream_stopped(deployment: Deployment) -> Iterator[None]:
    """Nobody reads the stream for as long as the block lasts."""
    lambda_, uuid = deployment.stack.cloud.client("lambda"), stream_mapping(deployment)["UUID"]
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)


def sweep_looks(deployment: Deployment, call_id: str, at: str) -> None:
    """Have the sweep look at the call from `at` on."""
    deployment.stack.cloud.client("dynamodb").update_item(
        TableName=f"ringledger-{deployment.stage}-calls",
        Key={"pk": {"S": f"CALL#{call_id}"}, "sk": {"S": "META"}},
        UpdateExpression="SET due_at = :at",
        ExpressionAttributeValues={":at": {"S": at}},
        ConditionExpression="attribute_exists(due_at)",
    )


@contextmanager
def poisoned(deployment: Deployment, publisher_id: str) -> Iterator[None]:
    """The publisher's row cannot be read, so that no call of it can be approved."""
    dynamodb = deployment.stack.cloud.client("dynamodb")
    row: Json = {
        "TableName": f"ringledger-{deployment.stage}-catalog",
        "Key": {"pk": {"S": f"PUBLISHER#{publisher_id}"}, "sk": {"S": "META"}},
    }
    document = dynamodb.get_item(**row)["Item"]["doc"]

    def lays(doc: Json) -> None:
        dynamodb.update_item(
            **row,
            UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": doc},
        )

    lays({"S": "{"})
    try:
        yield
    finally:
        lays(document)


def lying(deployment: Deployment) -> dict[str, int]:
    """How many messages wait at each place, as the API tells."""
    places = deployment.api("GET", PATH)["places"]
    return {one["place"]: one["waiting"] + one["in_hand"] for one in places}


def queue(deployment: Deployment, name: str) -> str:
    sqs = deployment.stack.cloud.client("sqs")
    return str(sqs.get_queue_url(QueueName=f"ringledger-{deployment.stage}-{name}")["QueueUrl"])


def parks(deployment: Deployment, name: str, body: Json | str) -> None:
    """Leave a message on the queue `name`."""
    text = body if isinstance(body, str) else json.dumps(body)
    sqs = deployment.stack.cloud.client("sqs")
    sqs.send_message(QueueUrl=queue(deployment, name), MessageBody=text)


def command(deployment: Deployment, *, dry: bool) -> subprocess.CompletedProcess[str]:
    """`make replay` for the test's own stack."""
    program = (
        "import sys; from infra.cloud import local_cloud; from infra.replay import run; "
        "from infra.stage import Stage; "
        f"sys.exit(run(local_cloud({deployment.stack.url!r}), Stage('local'), dry={dry}))"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_poisonous_record_is_parked_the_rest_is_judged_and_it_is_taken_up_after_the_mending(
    deployment: Deployment,
) -> None:
    sound, sick = Market(deployment), Market(deployment)
    with deployment.network() as network:
        with ExitStack() as sickness:
            with stream_stopped(deployment):
                before = sound.rings(network)
                poison = sick.rings(network)
                behind = sound.rings(network)
                call_id = deployment.call(poison.sid)["id"]
                sweep_looks(deployment, call_id, FAR_AWAY)
                sickness.enter_context(poisoned(deployment, sick.publisher_id))
            judged = [deployment.judged(one.sid)["status"] for one in (before, behind)]
            parked = eventually(lambda: lying(deployment)["validate-failed"], within=60)
            told = command(deployment, dry=True)
            assert deployment.call(poison.sid)["status"] != "approved"
        taken = deployment.api("POST", PATH, {})
        call = deployment.judged(poison.sid)
    assert judged == ["approved", "approved"]
    assert parked >= 1
    assert told.returncode == 0, told.stderr
    assert f"validate-failed  {parked:>6}" in told.stdout
    (stream, *_) = taken["places"]
    assert (stream["taken_up"], stream["expired"], stream["refused"]) == (parked, 0, [])
    assert call["status"] == "approved"
    assert booked(deployment, {call_id}) == {call_id: 1}
    assert lying(deployment)["validate-failed"] == 0


def test_the_sweep_catches_up_with_a_stream_that_stood_still_and_nothing_happens_twice(
    deployment: Deployment,
) -> None:
    market = Market(deployment)
    with deployment.network() as network:
        with stream_stopped(deployment):
            placed = [market.rings(network, talk=70) for _ in range(5)]
            ids = {deployment.call(one.sid)["id"] for one in placed}
            for call_id in ids:
                sweep_looks(deployment, call_id, LONG_AGO)
            deployment.invoke("sweep", {})
            calls = judged_all(deployment, [one.sid for one in placed])
            books = market.funds()
        last = deployment.judged(market.rings(network, talk=70).sid)
    assert {call["status"] for call in (*calls, last)} == {"approved"}
    assert books["available_cents"] == 1_000_000 - 5 * 2_500
    # The stream is read in its order: what stood before the last call has come by then.
    assert market.funds()["available_cents"] == 1_000_000 - 6 * 2_500
    assert set(booked(deployment, ids).values()) == {1}
    assert deployment.api("GET", "/ledger/audit")["differences"] == []


def test_the_command_takes_up_dead_letters_and_says_what_stays_and_what_to_do(
    deployment: Deployment,
) -> None:
    market = Market(deployment)
    with deployment.network() as network, stream_stopped(deployment):
        placed = market.rings(network)
        call_id = deployment.call(placed.sid)["id"]
        sweep_looks(deployment, call_id, FAR_AWAY)
        for _ in range(2):
            parks(deployment, "settle-dead", {"call_id": call_id})
        parks(deployment, "settle-dead", "nobody can read this")
        parks(deployment, "validate-failed", {"DDBStreamBatchInfo": {
            "shardId": "shardId-00000000000000000000-00000000",
            "startSequenceNumber": "999999999999999999999",
            "endSequenceNumber": "999999999999999999999",
        }})  # fmt: skip
        done = command(deployment, dry=False)
        call = deployment.judged(placed.sid)
    assert done.returncode == 1, done.stderr
    assert "settle-dead: 2 taken up, 1 stay" in done.stdout
    assert "validate-failed: 0 taken up, 1 left to the sweep" in done.stdout
    assert "JSONDecodeError" in done.stdout
    assert "Next: 1 could not be taken up" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert call["status"] == "approved"
    assert booked(deployment, {call_id}) == {call_id: 1}
    stays = lying(deployment)
    deployment.stack.cloud.client("sqs").purge_queue(QueueUrl=queue(deployment, "settle-dead"))
    assert stays == {"validate-failed": 0, "settle-dead": 1, "recordings-dead": 0}


def test_the_api_may_read_the_stream_and_the_voice_function_may_not(
    deployment: Deployment,
) -> None:
    asked = {
        "StreamArn": stream_mapping(deployment)["EventSourceArn"],
        "ShardId": "shardId-00000000000000000000-00000000",
        "ShardIteratorType": "LATEST",
    }
    ground = Ground(deployment.stack)
    stage = f"ringledger-{deployment.stage}"
    api, voice = (ground.as_function(name, "dynamodbstreams") for name in (stage, f"{stage}-voice"))
    iterator = api.get_shard_iterator(**asked)["ShardIterator"]
    assert "Records" in api.get_records(ShardIterator=iterator)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetShardIterator"):
        voice.get_shard_iterator(**asked)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetRecords"):
        voice.get_records(ShardIterator=iterator)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DescribeStream"):
        api.describe_stream(StreamArn=asked["StreamArn"])
