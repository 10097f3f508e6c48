"""Two databases for every race: the one of `make up`, and Amazon's own where Java is present."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from infra.local import LocalStack
from tests.aws import connected_to, create_tables, delete_tables
from tests.e2e.deployment import free_ports
from tests.races.referee import Absent, referee


@pytest.fixture(scope="package", params=["emulated", "referee"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A DynamoDB that everything in these tests is connected to; its address."""
    with ExitStack() as running:
        if request.param == "emulated":
            stack = LocalStack(tmp_path_factory.mktemp("aws"), free_ports())
            running.callback(stack.kill)
            stack.start()
            address = stack.url
        else:
            try:
                address = running.enter_context(referee())
            except Absent as reason:
                pytest.skip(f"Amazon's DynamoDB Local does not judge: {reason}")
        running.enter_context(connected_to(address, key="test"))
        yield address


@pytest.fixture(autouse=True)
def tables(database: str) -> Iterator[None]:
    """The platform's tables, empty."""
    create_tables()
    yield
    delete_tables()
