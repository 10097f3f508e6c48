"""Records of a stream reach their function as on AWS, also when it fails."""

import json
from typing import Any

from tests.e2e.deployment import eventually
from tests.infra.conftest import Ground

# Tells what it saw; fails at records whose key begins with "poison", and all of a
# batch in which a key begins with "crash".
READER = """
def handle(event, context):
    failures = []
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        print("saw", key)
        if key.startswith("crash"):
            raise RuntimeError(key)
        if key.startswith("poison"):
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            break
    return {"batchItemFailures": failures}
"""


def connect(ground: Ground, retries: int = 2, only: str = "") -> str:
    """A table whose stream the reader reads, or only the records whose key begins so; the URL of
    its on-failure queue."""
    pattern = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": only}]}}}}
    stream = ground.table("calls", stream=True)
    failed = ground.queue("failed")
    ground.function("reader", READER)
    ground.client("lambda").create_event_source_mapping(
        FunctionName="reader",
        EventSourceArn=stream,
        StartingPosition="LATEST",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=retries,
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
        DestinationConfig={"OnFailure": {"Destination": ground.queue_arn(failed)}},
    )
    return failed


def seen(ground: Ground) -> list[str]:
    return [line.removeprefix("saw ") for line in ground.printed("reader")]


def given_up(ground: Ground, queue: str) -> list[Any]:
    return eventually(lambda: ground.messages(queue), within=30)


def test_every_record_is_delivered_in_its_order(ground: Ground) -> None:
    connect(ground)
    keys = [f"call-{n}" for n in range(20)]
    ground.put("calls", *keys)
    eventually(lambda: "call-19" in seen(ground))
    assert seen(ground) == keys


def test_a_filtered_record_starts_no_function_and_holds_none_up(ground: Ground) -> None:
    connect(ground, only="call-")
    ground.put("calls", "facts-1", "call-1", "poison", "facts-2", "call-2")
    eventually(lambda: "call-2" in seen(ground))
    assert seen(ground) == ["call-1", "call-2"]


def test_a_record_that_keeps_failing_is_parked_and_the_rest_goes_on(ground: Ground) -> None:
    failed = connect(ground, retries=2)
    ground.put("calls", "call-1", "poison", "call-2", "call-3")
    (parked,) = given_up(ground, failed)
    assert parked["DDBStreamBatchInfo"]["batchSize"] == 1
    assert parked["requestContext"]["condition"] == "RetryAttemptsExhausted"
    eventually(lambda: "call-3" in seen(ground))
    assert seen(ground).count("call-1") == 1
    assert seen(ground).count("poison") >= 3, "tried once and retried twice"
    assert seen(ground).count("call-2") == 1, "the records behind it are not tried with it"


def test_a_batch_that_raises_is_halved_until_the_culprit_is_alone(ground: Ground) -> None:
    failed = connect(ground, retries=1)
    ground.put("calls", *(f"call-{n}" for n in range(6)), "crash", "call-6", "call-7")
    (parked,) = given_up(ground, failed)
    assert parked["DDBStreamBatchInfo"]["batchSize"] == 1
    eventually(lambda: "call-7" in seen(ground))
    assert set(seen(ground)) == {*(f"call-{n}" for n in range(8)), "crash"}


def test_records_that_wait_at_a_kill_are_delivered_after_it(ground: Ground) -> None:
    connect(ground)
    stack = ground.stack
    ground.put("calls", "before")
    eventually(lambda: "before" in seen(ground))
    stack.save()
    stack.kill()
    stack.start()
    ground.put("calls", "after")
    eventually(lambda: "after" in seen(ground))
    assert seen(ground) == ["after"], "what was delivered before the snapshot does not come again"

    ground.put("calls", "at the kill")
    stack.kill()
    stack.start()
    assert eventually(lambda: "at the kill" in seen(ground))


def test_a_killed_worker_leaves_its_record_to_the_next_one(ground: Ground) -> None:
    connect(ground, retries=5)
    ground.put("calls", "first")
    eventually(lambda: "first" in seen(ground))
    assert ground.stack.kill_workers() == 1
    ground.put("calls", "second")
    assert eventually(lambda: "second" in seen(ground))
