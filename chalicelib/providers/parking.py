"""How is what lies parked counted, read and taken away?

Owns the queues of failed work and the reading of stretches of the calls stream. What is done with a
message belongs to the flows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import runtime
from chalicelib.errors import Busy
from chalicelib.parked import Lying, Place, Stretch

MOST_AT_ONCE = 10
"""How many messages SQS gives out at once."""
HELD_SECONDS = 60
"""How long a message that was received is hidden from others; then it waits again, whatever became
of the run that received it."""

_MOST_PAGES = 20
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})


class Expired(Exception):
    """The stream no longer has the records: they are older than 24 hours, or it is another one."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message in hand; `receipt` is what takes it away."""

    id: str
    body: str
    receipt: str


class Lot:
    """The deployment's places of failed work."""

    def count(self, place: Place) -> Lying:
        """About how many messages lie there; none of them is touched."""
        told = runtime.client("sqs").get_queue_attributes(
            QueueUrl=_url(place),
            AttributeNames=[
                "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]  # fmt: skip
        return Lying(
            place,
            waiting=int(told["ApproximateNumberOfMessages"]),
            in_hand=int(told["ApproximateNumberOfMessagesNotVisible"]),
        )

    def receive(self, place: Place, most: int) -> tuple[Message, ...]:
        """Up to `most` messages, hidden from others for a minute; none when none waits there."""
        told = runtime.client("sqs").receive_message(
            QueueUrl=_url(place),
            MaxNumberOfMessages=min(most, MOST_AT_ONCE),
            VisibilityTimeout=HELD_SECONDS,
            # Asks every server of the queue; without it an answer may be empty though some wait.
            WaitTimeSeconds=1,
        )
        return tuple(
            Message(one["MessageId"], one["Body"], one["ReceiptHandle"])
            for one in told.get("Messages", ())
        )

    def remove(self, place: Place, message: Message) -> None:
        """Take the message away for good; repeating it changes nothing."""
        runtime.client("sqs").delete_message(QueueUrl=_url(place), ReceiptHandle=message.receipt)

    def records(self, stretch: Stretch) -> list[dict[str, Any]]:
        """Every record of the stretch as the stream still has it; Expired when it has not."""
        client = runtime.client("dynamodbstreams")
        try:
            iterator = client.get_shard_iterator(
                StreamArn=runtime.settings().calls_stream_arn,
                ShardId=stretch.shard_id,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=stretch.first,
            )["ShardIterator"]
            return _read(client, iterator, int(stretch.last))
        except ClientError as refused:
            if refused.response["Error"]["Code"] in _GONE:
                raise Expired from refused
            raise


def _read(client: Any, iterator: str, last: int) -> list[dict[str, Any]]:
    """The records from the iterator's place on, up to number `last` or the end of the shard."""
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = client.get_records(ShardIterator=iterator)
        records = page["Records"]
        found += [record for record in records if _number(record) <= last]
        iterator = page.get("NextShardIterator")
        if not iterator or (records and _number(records[-1]) >= last):
            return found
    raise Busy("the stream has not given the end of the stretch yet")


def _number(record: Mapping[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _url(place: Place) -> str:
    settings = runtime.settings()
    return {
        Place.VALIDATE_FAILED: settings.validate_failed_queue_url,
        Place.SETTLE_DEAD: settings.settle_dead_queue_url,
        Place.RECORDINGS_DEAD: settings.recordings_dead_queue_url,
        Place.CLOSING_DEAD: settings.closing_dead_queue_url,
    }[place]
