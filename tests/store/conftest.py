"""Both kinds of rows, for everything that must hold on either."""

from collections.abc import Iterator

import pytest

from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import Rows
from tests.aws import REAL_ENDPOINT, database, empty_tables
from tests.fakes import FakeRows


@pytest.fixture(scope="package")
def tables() -> Iterator[None]:
    """One set of tables for all tests of the stores; each test finds them empty."""
    with database():
        yield


@pytest.fixture(params=["fake", "dynamo"])
def rows(request: pytest.FixtureRequest) -> Rows:
    """The port, once in memory and once on DynamoDB."""
    return _rows(request)


@pytest.fixture(params=["fake", "dynamo"] if REAL_ENDPOINT else ["fake"])
def exact_rows(request: pytest.FixtureRequest) -> Rows:
    """The port without moto, which keeps no transactions apart and compares texts with numbers."""
    return _rows(request)


def _rows(request: pytest.FixtureRequest) -> Rows:
    if request.param == "fake":
        return FakeRows()
    request.getfixturevalue("tables")
    empty_tables()
    return DynamoRows()
