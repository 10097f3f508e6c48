"""What follows from a change in the calls table?

Owns the stream of the calls table: each new signal, disposition or postback leads to a look at its
call, and each report that a recording has media to their fetching. A record that fails is reported
alone: the others are done, and it is tried again a bounded number of times.
"""

from collections.abc import Callable

from chalice import Blueprint
from chalice.app import DynamoDBEvent

from chalicelib import runtime
from chalicelib.flows.settlement import Progress, settle
from chalicelib.providers.queue import fetch_recording, settle_later
from chalicelib.store.changes import StreamRecord, finished_recording, told_call
from chalicelib.store.stores import stores

blueprint = Blueprint(__name__)
Settle = Callable[[str], Progress]
Failures = dict[str, list[dict[str, str]]]


@blueprint.on_dynamodb_record(
    stream_arn=runtime.settings().calls_stream_arn,
    name="validate",
    batch_size=25,
    starting_position="TRIM_HORIZON",
)
def validate(event: DynamoDBEvent) -> Failures:
    """Look at the call of which something new was said, and have each finished recording fetched;
    answers the records that failed."""

    def settle_now(call_id: str) -> Progress:
        return settle(call_id, stores=stores(), now=runtime.now())

    return handle(event.to_dict()["Records"], settle_now, settle_later, fetch_recording)


def handle(
    records: list[StreamRecord],
    settle_now: Settle,
    later: Callable[[str], None],
    fetch: Callable[[str, str], None],
) -> Failures:
    """Settle each call of which something was said once; the sequence numbers of failed records.

    A call whose talk time may still be reported is looked at again later. A recording that has
    media is asked for at once.
    """
    failures = []
    done: set[str] = set()
    for record in records:
        sequence = record["dynamodb"]["SequenceNumber"]
        try:
            recording = finished_recording(record)
            if recording is not None:
                fetch(*recording)
            call_id = told_call(record)
            if call_id is None or call_id in done:
                continue
            if settle_now(call_id) is Progress.UNCERTAIN:
                later(call_id)
            done.add(call_id)
        except Exception:
            # One bad record must not keep the others waiting: it is reported, retried and parked.
            runtime.logger().exception("a record failed", extra={"sequence_number": sequence})
            failures.append({"itemIdentifier": sequence})
    return {"batchItemFailures": failures}
