"""With what are callers answered, in which time, and in which words where nobody takes them?

Owns what the channels of telephony share. What each of them is asked belongs to itself.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeVar

from chalicelib import runtime
from chalicelib.flows import looking_up, racing
from chalicelib.reasons import Reason
from chalicelib.store.stores import Stores, stores

T = TypeVar("T")
SORRY = "We are sorry, nobody can take your call right now. Please try again later. Goodbye."
NOT_IN_SERVICE = "We are sorry, the number you have dialled is not in service. Goodbye."
NOT_ANSWERED = "We are sorry, we cannot connect your call without your answer. Goodbye."


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What calls are answered with: tests bring their own."""

    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    stores: Callable[[], Stores] = stores
    clock: racing.Clock = runtime.now
    patience_seconds: float = racing.BUDGET.total_seconds()
    inquiry: looking_up.Inquiry = looking_up.CARRIER


def in_time(decide: Callable[[], T], context: Context) -> T:
    """What `decide` returns; TimeoutError once the caller has waited long enough.

    A decision that comes too late may still reserve something: the end of the call, or the sweep,
    gives it back.
    """
    return _deciders().submit(decide).result(timeout=context.patience_seconds)


@cache
def _deciders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="decision")


def apology_for(refusal: StrEnum | None) -> str:
    """What a caller hears who is refused for this reason."""
    if refusal is Reason.UNKNOWN_NUMBER:
        return NOT_IN_SERVICE
    return NOT_ANSWERED if refusal is Reason.QUESTION_UNANSWERED else SORRY
