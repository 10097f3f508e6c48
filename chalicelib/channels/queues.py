"""What follows from a message on a queue?

Owns the settlement queue (a call whose end was reported without its talk time is settled on what
the carrier's record says, once late reports had their chance), the queue of recordings whose media
are to be fetched, and the queue of parties whose part in a closing is to be done.
"""

from collections.abc import Callable, Iterable

from chalice import Blueprint
from chalice.app import SQSEvent, SQSRecord

from chalicelib import runtime
from chalicelib.flows.settlement import settle_finally
from chalicelib.providers.carriers import ask_about
from chalicelib.providers.queue import read_call_id, read_recording
from chalicelib.store.stores import stores

blueprint = Blueprint(__name__)
Failures = dict[str, list[dict[str, str]]]

_CLOSING_AT_ONCE = 10
"""So many that a day's closing is over in minutes, and so few that numbers are not fought over."""


@blueprint.on_sqs_message(
    queue=f"ringledger-{runtime.settings().stage}-settle", name="settle", batch_size=10
)
def settle_calls(event: SQSEvent) -> Failures:
    """Settle the call of each message; answers the messages that failed."""

    def settle(body: str) -> None:
        call_id = read_call_id(body)
        settle_finally(call_id, stores=stores(), now=runtime.now(), ask_carrier=ask_about)

    return handle(event, settle)


@blueprint.on_sqs_message(
    queue=f"ringledger-{runtime.settings().stage}-recordings", name="recordings", batch_size=1
)
def fetch_recordings(event: SQSEvent) -> Failures:
    """Fetch the recording of each message; answers the messages that failed."""
    from chalicelib.flows import recordings

    def fetch(body: str) -> None:
        call_id, recording_id = read_recording(body)
        recordings.fetch(
            call_id, recording_id,
            stores=stores(), places=recordings.deployed(), now=runtime.now(),
        )  # fmt: skip

    return handle(event, fetch)


@blueprint.on_sqs_message(
    queue=f"ringledger-{runtime.settings().stage}-closing",
    name="closing",
    batch_size=1,
    maximum_concurrency=_CLOSING_AT_ONCE,
)
def close_parties(event: SQSEvent) -> Failures:
    """Do the part of each message, as far as there is time; answers the messages that failed."""
    from chalicelib.flows import closing, closing_runs
    from chalicelib.flows.pacing import until_the_last_minute
    from chalicelib.providers.queue import close_party, read_duty

    def work(body: str) -> None:
        desk = closing.deployed_desk(until_the_last_minute(event.context))
        closing_runs.work(read_duty(body), desk=desk, send=close_party)

    return handle(event, work)


def handle(messages: Iterable[SQSRecord], work: Callable[[str], None]) -> Failures:
    """Do the work that each message's body names; the ids of messages that failed, which are
    delivered again."""
    failures = []
    for message in messages:
        message_id = message.to_dict()["messageId"]
        try:
            work(message.body)
        except Exception:
            # The other messages are done; this one comes again, and then to the dead-letter queue.
            runtime.logger().exception("a message failed", extra={"message_id": message_id})
            failures.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failures}
