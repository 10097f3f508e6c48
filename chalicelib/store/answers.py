"""What is a call's caller asked, and what was keyed?

Owns the row of what is asked, and the question for the answers among a call's reports. Which
question comes next belongs to `questions`.
"""

from collections.abc import Iterable

from chalicelib.answering import Answering
from chalicelib.calls import Signal, SignalKind
from chalicelib.questions import Step, read_step
from chalicelib.store import codec
from chalicelib.store.calls import call_key
from chalicelib.store.rows import CALLS, Item, Key, Put, Question


def asked_put(call_id: str, answering: Answering) -> Put:
    """What the call's caller hears and is asked, as it stood when the call came."""
    key = asked_key(call_id)
    return Put(CALLS, {"pk": key.pk, "sk": key.sk, "doc": codec.to_json(answering)})


def asked_key(call_id: str) -> Key:
    """Where it lies what a call's caller is asked."""
    return call_key(call_id, "ASKED")


def keyed_question(call_id: str) -> Question:
    """Asks for everything that the call's caller has keyed."""
    prefix = f"SIGNAL#{SignalKind.ANSWER}#"
    return Question(table=CALLS, partition=f"CALL#{call_id}", starts_with=prefix)


def read_keyed(items: Iterable[Item]) -> dict[Step, str]:
    """What was keyed at each step."""
    signals = (codec.from_json(Signal, item["doc"]) for item in items)
    return {read_step(s.step or ""): s.keys or "" for s in signals}
