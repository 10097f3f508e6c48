"""The replay command: how far a place is, and plain words when it cannot be run."""

import json
import subprocess
import sys

import pytest

from chalicelib.parked import Place, Refusal, Taken
from infra.deploy import PROJECT
from infra.local import LocalStack
from infra.replay import line, run
from infra.stacks import apply_stack
from infra.stage import Stage, Stopped


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (Taken(place=Place.SETTLE_DEAD, taken_up=3), "settle-dead: 3 taken up"),
        (
            Taken(place=Place.VALIDATE_FAILED, expired=2),
            "validate-failed: 0 taken up, 2 left to the sweep, the stream no longer has their "
            "records",
        ),
        (
            Taken(place=Place.RECORDINGS_DEAD, taken_up=1, refused=(Refusal("m1", "no json"),)),
            "recordings-dead: 1 taken up, 1 stay",
        ),
    ],
)
def test_a_line_tells_how_far_a_place_is(taken: Taken, said: str) -> None:
    assert line(taken) == said


def test_more_than_one_stage_is_refused_in_plain_words() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "infra.replay", "--dry-run", "prod", "test"],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Name at most one stage" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_stage_that_was_never_deployed_is_named(stack: LocalStack) -> None:
    with pytest.raises(Stopped, match="No stage prod is found in us-east-1"):
        run(stack.cloud, Stage("prod"), dry=True)


def test_a_stage_that_an_older_version_deployed_is_to_be_deployed_again(stack: LocalStack) -> None:
    stage = Stage("old")
    older = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
             "Outputs": {"SettleQueueUrl": {"Value": {"Ref": "Queue"}}}}  # fmt: skip
    template = {"TemplateBody": json.dumps(older)}
    apply_stack(stack.cloud.client("cloudformation"), stage.state_stack, template, {})
    with pytest.raises(Stopped, match="First: make deploy STAGE=old"):
        run(stack.cloud, stage, dry=False)
