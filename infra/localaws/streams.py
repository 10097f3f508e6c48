"""How does a table's stream reach its function?

Delivers DynamoDB stream records as Lambda's event source mappings do on AWS,
which the emulator does not: a partial failure is retried from the first failed
record, a failed batch is bisected and retried a bounded number of times, and
what still fails goes to the on-failure destination. Unread records survive a
restart. One batch at a time per mapping, in the order of the stream.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core import responses
from ministack.core.concurrency import spawn_background
from ministack.services import dynamodb, lambda_svc

logger = logging.getLogger("ringledger.streams")

_PAUSE_AFTER_FAILURE = 1.0
Record = dict[str, Any]


@dataclass(slots=True)
class Trouble:
    """How often the oldest unread record of a mapping has failed."""

    attempts: int = 0
    limit: int = 0
    not_before: float = 0.0


_troubles: dict[str, Trouble] = {}
_delivering: set[str] = set()
_lock = threading.Lock()


def deliver() -> bool:
    """Hand the next batch of every stream to its function; whether there was any."""
    found = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        with scope(account, region):
            found = _start(mapping) or found
    return found


def _start(mapping: dict[str, Any]) -> bool:
    source = mapping.get("EventSourceArn", "")
    if ":dynamodb:" not in source or not mapping.get("Enabled", True):
        return False
    table = source.split(":table/")[1].split("/")[0]
    stored = dynamodb._tables.get(table)
    function, _ = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    if function is None or not stored or stored.get("LatestStreamArn") != source:
        return False
    batch = _next_batch(mapping, table)
    if not batch:
        return False
    spawn_background(_run, mapping, table, function, batch, thread_name=f"stream-{mapping['UUID']}")
    return True


def _next_batch(mapping: dict[str, Any], table: str) -> list[Record]:
    """The records to deliver now, marked as on their way; none while others are."""
    name = mapping["UUID"]
    with _lock:
        trouble = _troubles.setdefault(name, Trouble())
        if name in _delivering or time.monotonic() < trouble.not_before:
            return []
        limit = trouble.limit or mapping.get("BatchSize", 100)
        batch = dynamodb.stream_records_since(table, _position(mapping, table), limit)
        if batch:
            _delivering.add(name)
        return list(batch)


def _run(
    mapping: dict[str, Any], table: str, function: dict[str, Any], batch: list[Record]
) -> None:
    try:
        wanted = lambda_svc._apply_filter_criteria(batch, mapping)
        result = lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
        done = _done(mapping, batch, result)
        _advance(mapping, table, done)
        if done == len(batch):
            _troubles[mapping["UUID"]] = Trouble()
        else:
            _failed(mapping, table, function, batch[done:], progressed=done > 0)
    finally:
        with _lock:
            _delivering.discard(mapping["UUID"])
        lambda_svc._esm_wake.set()


def _done(mapping: dict[str, Any], batch: list[Record], result: dict[str, Any]) -> int:
    """How many records at the head of `batch` are finished with."""
    if result.get("error") or result.get("throttle"):
        logger.warning("%s failed: %s", mapping["FunctionName"], result.get("body"))
        return 0
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return len(batch)
    body = result.get("body") or {}
    failures = body.get("batchItemFailures") or [] if isinstance(body, dict) else []
    numbers = {failure.get("itemIdentifier") for failure in failures}
    order = [record["dynamodb"]["SequenceNumber"] for record in batch]
    if numbers - set(order):
        return 0
    return min((order.index(number) for number in numbers), default=len(batch))


def _failed(
    mapping: dict[str, Any],
    table: str,
    function: dict[str, Any],
    rest: list[Record],
    *,
    progressed: bool,
) -> None:
    """Retry the head of `rest` later, in a smaller batch, or give it up."""
    before = _troubles[mapping["UUID"]]
    trouble = Trouble(attempts=1 if progressed else before.attempts + 1)
    most = mapping.get("MaximumRetryAttempts", -1)
    if mapping.get("BisectBatchOnFunctionError") and len(rest) > 1:
        # Splitting is no retry: the count starts when the batch cannot be split.
        trouble = Trouble(limit=len(rest) // 2)
    elif 0 <= most < trouble.attempts:
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, rest, mapping["EventSourceArn"], {}, "RetryAttemptsExhausted"
        )
        _advance(mapping, table, len(rest))
        trouble = Trouble()
    else:
        trouble.limit = len(rest)
        trouble.not_before = time.monotonic() + _PAUSE_AFTER_FAILURE
    _troubles[mapping["UUID"]] = trouble


def _position(mapping: dict[str, Any], table: str) -> int:
    """Where the mapping reads next: an index into all records the stream ever had."""
    positions = lambda_svc._dynamodb_stream_positions
    first: int = dynamodb.stream_start_position(table)
    if mapping["UUID"] not in positions:
        latest = mapping.get("StartingPosition", "LATEST") == "LATEST"
        positions[mapping["UUID"]] = dynamodb.stream_end_position(table) if latest else first
    return max(int(positions[mapping["UUID"]]), first)


def _advance(mapping: dict[str, Any], table: str, count: int) -> None:
    positions = lambda_svc._dynamodb_stream_positions
    positions[mapping["UUID"]] = _position(mapping, table) + count


@contextlib.contextmanager
def scope(account: str, region: str) -> Iterator[None]:
    """Let emulator code find the resources of this account and region."""
    tokens = (
        responses._request_account_id.set(account),
        responses._request_region.set(region),
    )
    try:
        yield
    finally:
        responses._request_account_id.reset(tokens[0])
        responses._request_region.reset(tokens[1])


def install(ready: threading.Event) -> None:
    """Take the emulator's stream delivery over; nothing is delivered until `ready`."""
    take_messages = lambda_svc._poll_sqs
    tables_state, restore_tables = dynamodb.get_state, dynamodb.load_persisted_state

    def state() -> dict[str, Any]:
        return {**tables_state(), "unread_streams": _unread()}

    def restore(data: dict[str, Any]) -> None:
        unread = data.pop("unread_streams", None) or {}
        restore_tables(data)
        _restore(unread)

    lambda_svc._poll_dynamodb_streams = lambda: ready.is_set() and deliver()
    lambda_svc._poll_sqs = lambda: ready.is_set() and take_messages()
    dynamodb.get_state, dynamodb.load_persisted_state = state, restore


def _unread() -> dict[str, Any]:
    """Records that some mapping has not read, with the position of the first."""
    streams = []
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" in source:
            table = source.split(":table/")[1].split("/")[0]
            with scope(account, region):
                position = _position(mapping, table)
                records = dynamodb.stream_records_since(table, position, 1 << 30)
            streams.append([account, region, table, position, json.dumps(records)])
    return {"streams": streams, "counter": dynamodb._stream_seq_counter}


def _restore(unread: dict[str, Any]) -> None:
    dynamodb._stream_seq_counter = unread.get("counter", 0)
    for account, region, table, position, records in unread.get("streams", []):
        known = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
        if not known or position < known:
            dynamodb._stream_trimmed.set_scoped(account, region, table, position)
            dynamodb._stream_records.set_scoped(account, region, table, json.loads(records))
