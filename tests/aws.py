"""The tables as tests need them: made from the models, in moto or on a given endpoint."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

from chalicelib import runtime
from chalicelib.store.tables import ALL_TABLES

REAL_ENDPOINT = os.environ.get("RINGLEDGER_TEST_DYNAMODB")
"""A running DynamoDB (such as `http://127.0.0.1:8000`) to use in place of moto."""


@contextmanager
def database() -> Iterator[None]:
    """Empty tables for as long as the block lasts."""
    if REAL_ENDPOINT:
        create_tables()
        try:
            yield
        finally:
            delete_tables()
        return
    with mock_aws():
        create_tables()
        yield


@contextmanager
def connected_to(endpoint: str, *, key: str) -> Iterator[None]:
    """The DynamoDB at `endpoint` is everybody's for as long as the block lasts; `key` is both the
    access key and its secret."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        environment.setenv("AWS_ACCESS_KEY_ID", key)
        environment.setenv("AWS_SECRET_ACCESS_KEY", key)
        _forget_connections()
        try:
            yield
        finally:
            _forget_connections()


def _forget_connections() -> None:
    """Connections are kept with the address and the key of the moment in which they were made."""
    runtime.client.cache_clear()
    for model in ALL_TABLES:
        model._connection = None


def create_tables() -> None:
    """Make every table with its indexes, and return when all are usable."""
    for model in ALL_TABLES:
        model.create_table(wait=True)


def delete_tables() -> None:
    """Take every table away again."""
    for model in ALL_TABLES:
        model.delete_table()


def empty_tables() -> None:
    """Take every row away, so that one set of tables serves many tests."""
    client = runtime.client("dynamodb")
    for model in ALL_TABLES:
        name = model.Meta.table_name
        for page in client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
            for row in page["Items"]:
                client.delete_item(TableName=name, Key={"pk": row["pk"], "sk": row["sk"]})
