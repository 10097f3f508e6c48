"""What every test stands on: a clock that stands, tables in memory, tables in moto."""

import os
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import HealthCheck, settings

from tests import aws as local_aws
from tests.builders import NOW
from tests.fakes import FakeRows

settings.register_profile("dev", max_examples=10, deadline=None)
for name, examples in (("ci", 25), ("deep", 1_000)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def now() -> datetime:
    """The instant at which tests take place: Monday 2026-11-23, 15:00 UTC, 10:00 in New York."""
    return NOW


@pytest.fixture
def aws() -> Iterator[None]:
    """The platform's tables, empty, in moto (or on the endpoint that RINGLEDGER_TEST_DYNAMODB
    names), with moto's other services beside them."""
    with local_aws.database():
        yield


@pytest.fixture
def fake_rows() -> FakeRows:
    """Rows in memory, for tests of what is built on the port."""
    return FakeRows()
