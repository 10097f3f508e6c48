"""A local AWS without the platform, and small functions to put on it."""

import io
import json
import os
import shutil
import textwrap
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import PROJECT
from infra.local import LocalStack
from tests.e2e.deployment import free_ports


@pytest.fixture(scope="session")
def project() -> Path:
    """The project that is deployed; another can be named to try the ground alone."""
    return Path(os.environ.get("RINGLEDGER_PROJECT", PROJECT))


def copy_project(project: Path, folder: Path) -> Path:
    """A copy of what is deployed, which a test may change; installed dependencies are shared."""
    folder.mkdir(exist_ok=True)
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(project / name, folder / name)
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(project / name, folder / name)
    (PROJECT / ".build").mkdir(exist_ok=True)
    (folder / ".build").symlink_to(PROJECT / ".build")
    return folder


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    """Local AWS on a free port, running, with nothing on it."""
    stack = LocalStack(tmp_path / "aws", free_ports())
    stack.start()
    yield stack
    stack.kill()


@dataclass
class Ground:
    """Shorthand for what these tests do with a stack's services."""

    stack: LocalStack
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.stack.cloud.client(service)
        return self._clients[service]

    def table(self, name: str, *, stream: bool = False) -> str:
        """Make a table; its stream's ARN, or an empty text."""
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": stream}
            | ({"StreamViewType": "NEW_IMAGE"} if stream else {}),
        )
        # What is made is saved within a second, but these tests may be faster.
        self.stack.save()
        return str(dynamodb.describe_table(TableName=name)["Table"].get("LatestStreamArn", ""))

    def put(self, table: str, *keys: str) -> None:
        for key in keys:
            self.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": key}})

    def queue(self, name: str) -> str:
        """Make a queue; its URL."""
        return str(self.client("sqs").create_queue(QueueName=name)["QueueUrl"])

    def queue_arn(self, url: str) -> str:
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"]
        )
        return str(attributes["Attributes"]["QueueArn"])

    def messages(self, url: str) -> list[Any]:
        received = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def function(self, name: str, source: str, actions: list[str] | None = None) -> None:
        """Make a function of `source`, which may do `actions` and nothing else."""
        iam = self.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            },
        }
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": actions or ["x:y"], "Resource": "*"},
        }
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("code.py", textwrap.dedent(source))
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=role["Role"]["Arn"],
            Handler="code.handle",
            Code={"ZipFile": package.getvalue()},
        )

    def as_function(self, name: str, service: str) -> Any:
        """A client with the rights of a function's role, and no others."""
        configuration = self.client("lambda").get_function_configuration(FunctionName=name)
        session = self.client("sts").assume_role(
            RoleArn=configuration["Role"], RoleSessionName="test"
        )["Credentials"]
        return self.stack.cloud.session.client(
            service,
            endpoint_url=self.stack.url,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    def printed(self, function: str) -> list[str]:
        """What the function printed since local AWS started, line by line."""
        mark = f"{function}: "
        lines = self.stack.log.read_text().splitlines()
        return [line.partition(mark)[2] for line in lines if mark in line]


@pytest.fixture
def ground(stack: LocalStack) -> Ground:
    return Ground(stack)
