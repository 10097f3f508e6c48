"""The emulated database lets one transaction wait for another; Amazon's refuses it. Here it is
refused, so that a crowd meets what it would meet there."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import runtime
from chalicelib.store.dynamo import DynamoRows
from tests import builders
from tests.races.crowd import arrivals, at_once, taken
from tests.world import World

CALLS = 25
Row = tuple[str, str, str]


class Refusal:
    """What botocore looks at of a response that is no success."""

    status_code = 400


class Conflicts:
    """Refuses a transaction while another is under way on one of its rows."""

    def __init__(self) -> None:
        self.refused = 0
        self._lock = threading.Lock()
        self._busy: set[Row] = set()

    def sent(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        """Called by botocore before a transaction leaves; an answer is taken for DynamoDB's."""
        rows = [row_of(action) for action in json.loads(params["body"])["TransactItems"]]
        with self._lock:
            if self._busy.isdisjoint(rows):
                self._busy.update(rows)
                context["rows"] = rows
                return None
            self.refused += 1
            codes = ["TransactionConflict" if row in self._busy else "None" for row in rows]
        return Refusal(), {
            "Error": {"Code": "TransactionCanceledException", "Message": "conflict"},
            "CancellationReasons": [{"Code": code} for code in codes],
        }

    def ended(self, context: dict[str, Any], **_: Any) -> None:
        """Called by botocore when a transaction is over."""
        with self._lock:
            self._busy.difference_update(context.pop("rows", ()))


def row_of(action: dict[str, Any]) -> Row:
    (inner,) = action.values()
    key = inner.get("Key") or inner["Item"]
    return inner["TableName"], key["pk"]["S"], key["sk"]["S"]


@pytest.fixture
def conflicts(tables: None) -> Iterator[Conflicts]:
    conflicts, events = Conflicts(), runtime.client("dynamodb").meta.events
    hooks = {
        "before-call.dynamodb.TransactWriteItems": conflicts.sent,
        "after-call.dynamodb.TransactWriteItems": conflicts.ended,
        "after-call-error.dynamodb.TransactWriteItems": conflicts.ended,
    }
    for name, hook in hooks.items():
        events.register(name, hook)
    yield conflicts
    for name, hook in hooks.items():
        events.unregister(name, hook)


@pytest.mark.parametrize("database", ["emulated"], indirect=True)
def test_every_place_is_taken_although_most_writes_are_refused_at_first(
    conflicts: Conflicts,
) -> None:
    world = World(DynamoRows())
    world.opens(builders.a_target(concurrency_cap=10))
    assert len(taken(at_once(*arrivals(CALLS)))) == 10
    assert len(world.target()["leases"]) == 10
    assert conflicts.refused > CALLS
