"""Local AWS starts, stops and forgets nothing that it answered."""

import json
import os
import re
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from infra.deploy import PROJECT
from infra.local import LocalStack
from infra.stage import Stopped
from tests.e2e.deployment import eventually, free_ports
from tests.infra.conftest import Ground


def test_what_was_answered_before_a_kill_is_there_after_it(ground: Ground) -> None:
    ground.table("books")
    queue = ground.queue("later")
    ground.stack.save()
    count = {"ExpressionAttributeValues": {":one": {"N": "1"}}, "UpdateExpression": "ADD n :one"}
    for _ in range(25):
        ground.client("dynamodb").update_item(TableName="books", Key={"pk": {"S": "a"}}, **count)
    ground.client("sqs").send_message(QueueUrl=queue, MessageBody='"settle"')
    ground.client("ssm").put_parameter(Name="/voice-url", Value="http://here", Type="String")
    for _ in range(2):
        ground.stack.kill()
        ground.stack.start()
    item = ground.client("dynamodb").get_item(TableName="books", Key={"pk": {"S": "a"}})
    assert item["Item"]["n"] == {"N": "25"}, "played again once, however often it was killed"
    assert ground.messages(queue) == ["settle"]
    parameter = ground.client("ssm").get_parameter(Name="/voice-url")["Parameter"]
    assert parameter["Value"] == "http://here"


def test_what_a_function_wrote_before_a_kill_is_there_after_it(ground: Ground) -> None:
    ground.function("writer", "def handle(event, context): pass", actions=["dynamodb:PutItem"])
    ground.table("books")
    writer = ground.as_function("writer", "dynamodb")
    writer.put_item(TableName="books", Item={"pk": {"S": "a"}})
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:Scan"):
        writer.scan(TableName="books")
    ground.stack.kill()
    ground.stack.start()
    assert ground.client("dynamodb").scan(TableName="books")["Count"] == 1


def test_a_refused_change_is_not_played_again(ground: Ground) -> None:
    ground.table("books")
    dynamodb = ground.client("dynamodb")
    ground.put("books", "a")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(
            TableName="books",
            Item={"pk": {"S": "a"}, "n": {"N": "1"}},
            ConditionExpression="attribute_not_exists(pk)",
        )
    dynamodb.delete_item(TableName="books", Key={"pk": {"S": "a"}})
    ground.stack.kill()
    ground.stack.start()
    assert "Item" not in dynamodb.get_item(TableName="books", Key={"pk": {"S": "a"}})


def test_a_line_cut_short_by_a_crash_is_left_out(ground: Ground) -> None:
    ground.table("books")
    ground.stack.save()
    ground.put("books", "a")
    ground.stack.kill()
    (journal,) = (ground.stack.directory / "state").glob("generation-*/journal")
    with journal.open("ab") as file:
        file.write(b'{"headers": {"x-amz-tar')
    ground.stack.start()
    ground.put("books", "b")
    ground.stack.kill()
    ground.stack.start()
    assert ground.client("dynamodb").scan(TableName="books")["Count"] == 2


def test_functions_buckets_and_schedules_outlive_a_restart(ground: Ground) -> None:
    ground.function("clock", "def handle(event, context): print('tick')")
    ground.client("events").put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    arn = ground.client("lambda").get_function(FunctionName="clock")["Configuration"]["FunctionArn"]
    ground.client("events").put_targets(Rule="tick", Targets=[{"Id": "clock", "Arn": arn}])
    ground.client("s3").create_bucket(Bucket="documents")
    ground.client("s3").put_object(Bucket="documents", Key="invoice", Body=b"paid")
    ground.stack.stop()
    assert not ground.stack.running()
    age_rules(ground.stack)
    ground.stack.start()
    assert (
        ground.client("s3").get_object(Bucket="documents", Key="invoice")["Body"].read() == b"paid"
    )
    assert ground.client("events").list_targets_by_rule(Rule="tick")["Targets"][0]["Arn"] == arn
    assert eventually(lambda: ground.printed("clock")), "what came due meanwhile fires"


def age_rules(stack: LocalStack) -> None:
    """Let the saved rules be an hour old, as if the stack had been down that long."""
    (saved,) = (stack.directory / "state").glob("generation-*/eventbridge.json")
    text = saved.read_text()
    older = re.sub(
        r'"CreationTime": ([\d.]+)', lambda m: f'"CreationTime": {float(m[1]) - 3600}', text
    )
    assert older != text
    saved.write_text(older)


def test_functions_see_their_package_and_the_standard_library_alone(ground: Ground) -> None:
    ground.function("bare", "import json, pytest")
    answer = ground.client("lambda").invoke(FunctionName="bare")
    fault = json.loads(answer["Payload"].read())
    assert "No module named 'pytest'" in fault["errorMessage"]


def test_two_stacks_run_side_by_side(stack: LocalStack, tmp_path: Path) -> None:
    other = LocalStack(tmp_path / "other", free_ports())
    try:
        other.start()
        Ground(stack).table("here")
        assert Ground(other).client("dynamodb").list_tables()["TableNames"] == []
        assert stack.running() and other.running()
    finally:
        other.kill()


def test_starting_twice_starts_once(stack: LocalStack) -> None:
    stack.start()
    assert stack.running()


def test_a_busy_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stopped, match=f"Port {port} is taken.*RINGLEDGER_PORT="):
            LocalStack(tmp_path, port).start()


def test_state_stays_with_the_port_that_its_addresses_name(stack: LocalStack) -> None:
    stack.stop()
    with pytest.raises(Stopped, match=f"made on port {stack.port}.*make clean"):
        LocalStack(stack.directory, free_ports()).start()
    assert LocalStack(stack.directory).port_before() == str(stack.port)
    stack.clean()
    assert LocalStack(stack.directory).port_before() == ""


def test_half_finished_state_is_taken_up_where_it_stopped(stack: LocalStack) -> None:
    Ground(stack).table("books")
    stack.save()
    stack.kill()
    state = stack.directory / "state"
    number = int((state / "current").read_text())
    (state / f"generation-{number + 1}").mkdir()
    (state / f"generation-{number + 1}" / "dynamodb.json").write_text('{"half":')
    stack.start()
    assert Ground(stack).client("dynamodb").list_tables()["TableNames"] == ["books"]


def test_damaged_state_is_named_with_the_way_out(stack: LocalStack) -> None:
    stack.stop()
    (stack.directory / "state" / "current").write_text("not a number")
    with pytest.raises(Stopped, match=r"did not start(.|\n)*make clean"):
        stack.start()
    stack.clean()
    stack.start()
    assert stack.running()


def test_the_command_line_says_what_it_knows() -> None:
    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "infra.local", *arguments],
            cwd=PROJECT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    wrong = run("fly")
    assert wrong.returncode == 1 and "up|down|status|logs|clean" in wrong.stderr
    port = run("status", RINGLEDGER_PORT="http")
    assert port.returncode == 1 and "RINGLEDGER_PORT=http is no port" in port.stderr


def test_a_second_process_in_one_directory_gives_way(stack: LocalStack) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "infra.localaws", str(stack.directory), str(free_ports())],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert second.returncode != 0
    assert "Another local AWS uses" in second.stderr


def test_no_worker_outlives_its_stack(ground: Ground) -> None:
    ground.function("idle", "import os\ndef handle(event, context): return os.getpid()")
    for end in (ground.stack.stop, ground.stack.kill):
        answer = ground.client("lambda").invoke(FunctionName="idle")
        worker = int(answer["Payload"].read())
        end()
        assert eventually(partial(_gone, worker))
        ground.stack.start()


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False
