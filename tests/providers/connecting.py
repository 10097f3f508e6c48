"""An Amazon Connect instance on this machine, asked through AWS's own SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.numbers import Webhooks
from chalicelib.providers.connect import Connect
from chalicelib.providers.connect_api import ConnectApi
from simulator.connect_api import ConnectServer
from simulator.connect_instance import ConnectInstance
from simulator.rest_trouble import Trouble
from tests.providers.timing import Instant


@cache
def session() -> boto3.Session:
    """What is read of the services' models is read once."""
    return boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )


def sdk(url: str) -> Any:
    """AWS's own client, which sends everything once."""
    return session().client(
        "connect",
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5),
    )


@dataclass
class Site:
    """The instance with its flow, and another flow that is not the platform's."""

    server: ConnectServer
    client: Any
    instant: Instant = field(default_factory=Instant)

    def __post_init__(self) -> None:
        self.flow = self.instance.put_flow("RingLedger")
        self.other = self.instance.put_flow("Somebody else's")

    @property
    def instance(self) -> ConnectInstance:
        return self.server.instance

    @property
    def api(self) -> ConnectApi:
        """The API, in which time passes only while somebody sleeps."""
        clock, sleep = self.instant.clock, self.instant.sleep
        return ConnectApi(self.client, clock=clock, sleep=sleep, draw=lambda: 1.0)

    def carrier(self, **instead: Any) -> Connect:
        """The instance as a carrier, with something else in place of its own."""
        own: dict[str, Any] = {
            "api": self.api, "instance_id": self.instance.id, "flow_id": self.flow.id, "s3": None,
        }  # fmt: skip
        return Connect(**(own | instead))

    @property
    def here(self) -> Webhooks:
        return leading_to(self.flow.id)

    @property
    def elsewhere(self) -> Webhooks:
        return leading_to(self.other.id)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The API fails for as long as the block lasts."""
        self.server.troubles.add(Trouble.BROKEN, times=1000)
        yield
        self.server.troubles.clear()


def leading_to(flow_id: str) -> Webhooks:
    return Webhooks(voice_url=f"contact-flow/{flow_id}", fallback_url="", status_url="")


@pytest.fixture
def site() -> Iterator[Site]:
    with ConnectServer(ConnectInstance()) as server:
        yield Site(server, sdk(server.url))
