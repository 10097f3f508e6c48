"""One deployed stack for all tests of this folder; each test makes a market of its own."""

from collections.abc import Iterator

import pytest

from tests.e2e.deployment import Deployment, deployment_in


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = deployment_in(tmp_path_factory.mktemp("aws"))
    yield made
    made.stack.stop()
