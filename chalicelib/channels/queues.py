"""What follows from a message on a queue?

Owns the settlement queue: a call whose end was reported without its talk time is settled on what
the carrier's record says, once late reports had their chance.
"""

from collections.abc import Callable, Iterable

from chalice import Blueprint
from chalice.app import SQSEvent, SQSRecord

from chalicelib import runtime
from chalicelib.flows.settlement import Progress, settle_finally
from chalicelib.providers.carriers import ask_about
from chalicelib.providers.queue import read_call_id
from chalicelib.store.stores import stores

blueprint = Blueprint(__name__)
Failures = dict[str, list[dict[str, str]]]


@blueprint.on_sqs_message(
    queue=f"ringledger-{runtime.settings().stage}-settle", name="settle", batch_size=10
)
def settle_calls(event: SQSEvent) -> Failures:
    """Settle the call of each message; answers the messages that failed."""

    def settle(call_id: str) -> Progress:
        return settle_finally(call_id, stores=stores(), now=runtime.now(), ask_carrier=ask_about)

    return handle(event, settle)


def handle(messages: Iterable[SQSRecord], settle: Callable[[str], Progress]) -> Failures:
    """Settle each message's call; the ids of messages that failed, which are delivered again."""
    failures = []
    for message in messages:
        message_id = message.to_dict()["messageId"]
        try:
            settle(read_call_id(message.body))
        except Exception:
            # The other messages are done; this one comes again, and then to the dead-letter queue.
            runtime.logger().exception("a message failed", extra={"message_id": message_id})
            failures.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failures}
