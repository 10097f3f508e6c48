"""Which AWS do we talk to?

Owns the account, the region and the endpoint: the operator's own AWS, or the
one on this machine. Nothing else in `infra` reads credentials.
"""

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.stage import Stopped

LOCAL_REGION = "us-east-1"
LOCAL_ACCOUNT = "000000000000"
# The local AWS takes this key for the account's owner.
_LOCAL_KEY = "test"
_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 5})


@dataclass(frozen=True, slots=True)
class Cloud:
    """One AWS account in one region, with a way to speak to it."""

    session: boto3.Session
    region: str
    account: str
    endpoint: str | None = None
    connect: str | None = None

    def client(self, service: str) -> Any:
        """A boto3 client with stated time-outs. The local AWS plays no Amazon Connect: where it is
        played by somebody else, `connect` says."""
        elsewhere = self.connect if service == "connect" else None
        endpoint = elsewhere or self.endpoint
        return self.session.client(service, endpoint_url=endpoint, config=_CONFIG)

    def environ(self) -> dict[str, str]:
        """The environment in which a child process talks to the same AWS."""
        environ = {**os.environ, "AWS_DEFAULT_REGION": self.region}
        if self.endpoint:
            environ.pop("AWS_PROFILE", None)
            environ.update(
                AWS_ENDPOINT_URL=self.endpoint,
                AWS_ACCESS_KEY_ID=_LOCAL_KEY,
                AWS_SECRET_ACCESS_KEY=_LOCAL_KEY,
            )
        return environ


def operators_cloud() -> Cloud:
    """The AWS that the environment names; `Stopped` says what it lacks."""
    session = boto3.Session()
    if not session.region_name:
        raise Stopped("No AWS region is set. For example: export AWS_DEFAULT_REGION=us-east-1")
    try:
        account = session.client("sts", config=_CONFIG).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise Stopped(
            f"AWS does not let us in: {error}. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY; `aws sts get-caller-identity` must work."
        ) from None
    return Cloud(session, session.region_name, account)


def local_cloud(endpoint: str) -> Cloud:
    """The AWS that answers at `endpoint` on this machine."""
    session = boto3.Session(
        aws_access_key_id=_LOCAL_KEY, aws_secret_access_key=_LOCAL_KEY, region_name=LOCAL_REGION
    )
    return Cloud(session, LOCAL_REGION, LOCAL_ACCOUNT, endpoint)
