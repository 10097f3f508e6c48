"""Parked messages on SQS, and the stretches of the stream that they tell of."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib import runtime
from chalicelib.errors import Busy
from chalicelib.parked import Lying, Place, Stretch
from chalicelib.providers.parking import MOST_AT_ONCE, Expired, Lot

FIRST = "000000000000000000101"
SHARD = "shardId-00000001"


@pytest.fixture
def queues() -> Iterator[dict[Place, str]]:
    """The places of failed work, empty."""
    with mock_aws():
        sqs = runtime.client("sqs")
        yield {
            place: sqs.create_queue(QueueName=f"ringledger-test-{place}")["QueueUrl"]
            for place in Place
        }


def parks(url: str, *bodies: str) -> None:
    for body in bodies:
        runtime.client("sqs").send_message(QueueUrl=url, MessageBody=body)


@pytest.mark.parametrize("place", Place)
def test_a_message_is_counted_received_and_removed_where_it_lies(
    queues: dict[Place, str], place: Place
) -> None:
    lot = Lot()
    parks(queues[place], "one", "two")
    assert {lot.count(other).waiting for other in Place if other is not place} == {0}
    assert lot.count(place) == Lying(place, waiting=2, in_hand=0)
    received = lot.receive(place, 5)
    assert sorted(message.body for message in received) == ["one", "two"]
    assert lot.count(place) == Lying(place, waiting=0, in_hand=2)
    assert lot.receive(place, 5) == ()
    for message in (*received, received[0]):
        lot.remove(place, message)
    assert lot.count(place).messages == 0


def test_no_more_is_received_than_is_asked_for_or_given_out_at_once(
    queues: dict[Place, str],
) -> None:
    parks(queues[Place.SETTLE_DEAD], *(str(n) for n in range(15)))
    assert len(Lot().receive(Place.SETTLE_DEAD, 3)) == 3
    assert len(Lot().receive(Place.SETTLE_DEAD, 100)) == MOST_AT_ONCE


def record(number: int) -> dict[str, Any]:
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number).zfill(21)}}


def page(*numbers: int, more: str | None = "next") -> dict[str, Any]:
    records = {"Records": [record(number) for number in numbers]}
    return {**records, "NextShardIterator": more} if more else records


@pytest.fixture
def stream() -> Iterator[Stubber]:
    """The stream, answering what it is told to answer and nothing else."""
    client = runtime.client("dynamodbstreams")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def iterates(stream: Stubber, *pages: dict[str, Any]) -> None:
    asked = {
        "StreamArn": runtime.settings().calls_stream_arn,
        "ShardId": SHARD,
        "ShardIteratorType": "AT_SEQUENCE_NUMBER",
        "SequenceNumber": FIRST,
    }
    stream.add_response("get_shard_iterator", {"ShardIterator": "next"}, asked)
    for one in pages:
        stream.add_response("get_records", one, {"ShardIterator": "next"})


def numbers(last: int) -> list[int]:
    found = Lot().records(Stretch(SHARD, FIRST, str(last).zfill(21)))
    return [int(one["dynamodb"]["SequenceNumber"]) for one in found]


def test_a_stretch_ends_with_its_last_record(stream: Stubber) -> None:
    iterates(stream, page(101, 102, 103, 104))
    assert numbers(103) == [101, 102, 103]


def test_a_stretch_is_read_over_pages_of_which_some_are_empty(stream: Stubber) -> None:
    iterates(stream, page(101), page(), page(105, 107))
    assert numbers(107) == [101, 105, 107]


def test_a_stretch_ends_with_its_shard(stream: Stubber) -> None:
    iterates(stream, page(101, 102, more=None))
    assert numbers(103) == [101, 102]


def test_a_stretch_whose_end_does_not_come_is_told_of(stream: Stubber) -> None:
    iterates(stream, *(page() for _ in range(20)))
    with pytest.raises(Busy):
        numbers(103)


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
@pytest.mark.parametrize("at", ["get_shard_iterator", "get_records"])
def test_what_the_stream_no_longer_has_is_expired(stream: Stubber, code: str, at: str) -> None:
    if at == "get_records":
        iterates(stream)
    stream.add_client_error(at, code)
    with pytest.raises(Expired):
        numbers(103)


def test_a_stream_that_is_asked_too_often_is_no_stream_without_records(stream: Stubber) -> None:
    stream.add_client_error("get_shard_iterator", "LimitExceededException")
    with pytest.raises(runtime.client("dynamodbstreams").exceptions.LimitExceededException):
        numbers(103)
