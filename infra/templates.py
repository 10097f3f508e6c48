"""Is every CloudFormation template well formed?

Packages the app as a deployment would, with made-up resources and without AWS,
and runs cfn-lint on that template and on the state stack's. `python -m
infra.templates` is part of `make check`.
"""

import os
import subprocess
import sys
from pathlib import Path

from infra.build import build
from infra.cloud import LOCAL_ACCOUNT, LOCAL_REGION, local_cloud
from infra.connect_setup import Instance
from infra.deploy import PROJECT, STATE_TEMPLATE, recipe, run_chalice
from infra.stage import Stage, Stopped

STAGE = Stage("check")
_WHERE = f"{LOCAL_REGION}:{LOCAL_ACCOUNT}"
_QUEUES = f"https://sqs.{LOCAL_REGION}.amazonaws.com/{LOCAL_ACCOUNT}/"
_TABLES = {
    t: f"arn:aws:dynamodb:{_WHERE}:table/{STAGE.prefix}{t.lower()}"
    for t in ("Catalog", "Calls", "Books", "Ledger", "Visits")
}
# What the state stack would answer; the shapes are those of AWS.
OUTPUTS = {
    **{f"{table}Arn": arn for table, arn in _TABLES.items()},
    "CallsStreamArn": f"{_TABLES['Calls']}/stream/2026-01-01T00:00:00.000",
    "SettleQueueUrl": f"{_QUEUES}settle",
    "SettleQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}settle",
    "SettleDeadQueueUrl": f"{_QUEUES}settle-dead",
    "SettleDeadQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}settle-dead",
    "RecordingsQueueUrl": f"{_QUEUES}recordings",
    "RecordingsQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}recordings",
    "RecordingsDeadQueueUrl": f"{_QUEUES}recordings-dead",
    "RecordingsDeadQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}recordings-dead",
    "ClosingQueueUrl": f"{_QUEUES}closing",
    "ClosingQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}closing",
    "ClosingDeadQueueUrl": f"{_QUEUES}closing-dead",
    "ClosingDeadQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}closing-dead",
    "ValidateFailedQueueUrl": f"{_QUEUES}validate-failed",
    "ValidateFailedQueueArn": f"arn:aws:sqs:{_WHERE}:{STAGE.prefix}validate-failed",
    "DocumentsBucket": f"{STAGE.prefix}documents-{LOCAL_ACCOUNT}",
    "DocumentsArn": f"arn:aws:s3:::{STAGE.prefix}documents-{LOCAL_ACCOUNT}",
    "RecordingsBucket": f"{STAGE.prefix}recordings-{LOCAL_ACCOUNT}",
    "RecordingsArn": f"arn:aws:s3:::{STAGE.prefix}recordings-{LOCAL_ACCOUNT}",
    "PayeesKeyArn": f"arn:aws:kms:{_WHERE}:key/11111111-2222-3333-4444-555555555555",
    "AlarmTopicArn": f"arn:aws:sns:{_WHERE}:{STAGE.prefix}alarms",
}

# An instance that keeps recordings, so that no right is left out.
INSTANCE = Instance(
    id="11111111-2222-4333-8444-555555555555",
    arn=f"arn:aws:connect:{_WHERE}:instance/11111111-2222-4333-8444-555555555555",
    media=f"arn:aws:s3:::{STAGE.prefix}media-{LOCAL_ACCOUNT}",
    key=f"arn:aws:kms:{_WHERE}:key/22222222-2222-4333-8444-555555555555",
    records=f"arn:aws:kinesis:{_WHERE}:stream/{STAGE.prefix}contacts",
)


def packaged(project: Path, target: Path) -> Path:
    """Package `project` in the folder `target`; the folder with `sam.json` and the zip."""
    # Nothing listens there: packaging must not ask AWS for anything.
    cloud = local_cloud("http://127.0.0.1:9")
    build(project, target, recipe(cloud, STAGE, OUTPUTS, instance=INSTANCE))
    run_chalice(cloud, target, "package", "--stage", STAGE.name, "out")
    return target / "out"


def main() -> int:
    """Lint every template; 1 if any has a fault."""
    try:
        folder = packaged(PROJECT, PROJECT / ".build" / STAGE.name)
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1
    templates = [str(STATE_TEMPLATE), str(folder / "sam.json")]
    environ = {**os.environ, "AWS_DEFAULT_REGION": LOCAL_REGION}
    lint = [str(Path(sys.executable).parent / "cfn-lint"), "--", *templates]
    return subprocess.run(lint, env=environ, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
