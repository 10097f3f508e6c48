"""How do rows get into DynamoDB, and out again?

Speaks the port of `rows` over one botocore client: batched and parallel consistent reads, single
conditional writes and transactions, and says which refusals will pass. How long a write waits for
that belongs to `patience`, the wording of a request to `expressions`, its values to `attributes`.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from secrets import token_hex
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from chalicelib import runtime
from chalicelib.errors import Broken, Busy
from chalicelib.store.attributes import plain_item
from chalicelib.store.expressions import (
    Parameters,
    guard,
    key_names,
    parameters,
    query,
    raw_key,
)
from chalicelib.store.patience import Patience
from chalicelib.store.rows import Action, Item, Key, NotWritten, Page, Question
from chalicelib.store.tables import table_name

_KEYS_A_BATCH = 100
_THREADS = 16

_REFUSED = "ConditionalCheckFailed"
_PASSING = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
        "TransactionConflict",
        "TransactionConflictException",
    }
)
"""What passes in milliseconds, and what botocore does not try again by itself."""
_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""What botocore has tried again, with pauses of its own, before it gave up."""


class DynamoRows:
    """The rows of the deployed tables.

    `Busy` when DynamoDB stays unreachable, throttled or in conflict: a write may then have
    happened. `Broken` when it finds the request itself wrong, such as a path without its map.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """All rows at once: one batch of every hundred keys and one query of each question, side
        by side. Tables are read consistently."""
        distinct = list(dict.fromkeys(keys))
        batches = [
            partial(_batch, distinct[first : first + _KEYS_A_BATCH], self._patience)
            for first in range(0, len(distinct), _KEYS_A_BATCH)
        ]
        answers = [partial(_everything, question) for question in questions]
        results = _side_by_side([*batches, *answers])
        found: dict[Key, Item] = {}
        for batch in results[: len(batches)]:
            found |= batch
        return found, tuple(results[len(batches) :])

    def page(self, question: Question) -> Page:
        """One page of a question, filled up to its limit; without one, what DynamoDB gives."""
        limit = question.limit
        items: list[Item] = []
        mark = question.after
        while True:
            wanted = None if limit is None else limit + 1 - len(items)
            more, mark = _ask(question, mark, wanted)
            items += more
            if limit is None:
                return Page(tuple(items), mark)
            if len(items) > limit:
                return Page(tuple(items[:limit]), _mark(question, items[limit - 1]))
            if mark is None:
                return Page(tuple(items), None)

    def write(self, actions: Sequence[Action]) -> None:
        """All actions or none; a single one that is not a check goes without a transaction."""
        guard(actions)
        said = [parameters(action) for action in actions]
        if len(said) > 1 or said[0][0] == "ConditionCheck":
            request = {
                "TransactItems": [{kind: inner} for kind, inner in said],
                "ClientRequestToken": token_hex(16),
            }
            self._patiently("transact_write_items", request)
            return
        kind, inner = said[0]
        self._patiently("put_item" if kind == "Put" else "update_item", inner)

    def _patiently(self, operation: str, request: Parameters) -> None:
        """Send the write, and again at each further turn while DynamoDB says that it will pass."""
        for _ in self._patience.turns():
            try:
                _send(operation, request)
            except _Passing:
                continue
            return
        raise Busy(f"DynamoDB keeps refusing {operation} for conflict or load")


@cache
def _threads() -> ThreadPoolExecutor:
    """Kept between calls, so that a warm process starts no thread."""
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="rows")


def _side_by_side(requests: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the requests return, in their order; all run at the same time."""
    if len(requests) < 2:
        return [request() for request in requests]
    return list(_threads().map(lambda request: request(), requests))


def _batch(keys: Sequence[Key], patience: Patience) -> dict[Key, Item]:
    """Those of up to a hundred keys that exist, asking again for what DynamoDB left over."""
    names = {table_name(key.table): key.table for key in keys}
    asked: dict[str, Any] = {name: {"Keys": [], "ConsistentRead": True} for name in names}
    for key in keys:
        asked[table_name(key.table)]["Keys"].append(raw_key(key))
    found: dict[Key, Item] = {}
    for _ in patience.turns():
        response = _send("batch_get_item", {"RequestItems": asked})
        for name, rows in response["Responses"].items():
            for item in map(plain_item, rows):
                found[Key(names[name], item["pk"], item["sk"])] = item
        asked = response.get("UnprocessedKeys") or {}
        if not asked:
            return found
    raise Busy("DynamoDB leaves keys of a batch unread")


def _everything(question: Question) -> tuple[Item, ...]:
    """Every row of the question, page after page."""
    items, mark = _ask(question, question.after, None)
    while mark is not None:
        more, mark = _ask(question, mark, None)
        items += more
    return tuple(items)


def _ask(
    question: Question, mark: Mapping[str, str] | None, limit: int | None
) -> tuple[list[Item], dict[str, str] | None]:
    """One query: the rows within the question's bounds, and where the next query begins."""
    request = query(question, mark)
    if limit is not None:
        request["Limit"] = limit
    response = _send("query", request)
    _, sort = key_names(question)
    items = [item for item in map(plain_item, response["Items"]) if _within(question, item[sort])]
    last = response.get("LastEvaluatedKey")
    return items, plain_item(last) if last else None


def _within(question: Question, value: str) -> bool:
    """Whether a sort key keeps the bounds that the query could only say roughly."""
    return (question.below is None or value < question.below) and (
        question.starts_with is None or value.startswith(question.starts_with)
    )


def _mark(question: Question, last: Item) -> dict[str, str]:
    """Where the page after this last row begins."""
    return {name: last[name] for name in {"pk", "sk", *key_names(question)}}


class _Passing(Busy):
    """The same request may be taken in a moment."""


def _send(operation: str, request: Parameters) -> Any:
    """Send the request once."""
    try:
        return getattr(runtime.client("dynamodb"), operation)(**request)
    except ClientError as error:
        _raise_unless_passing(error)
        raise _Passing(f"DynamoDB refuses {operation} for conflict or load") from error
    except (ConnectionError, HTTPClientError) as error:
        raise Busy(f"DynamoDB does not answer {operation} in time") from error


def _raise_unless_passing(error: ClientError) -> None:
    """Raise what trying again at once will not change; return for what passes."""
    response: Mapping[str, Any] = error.response
    code = response["Error"]["Code"]
    if code == _REFUSED + "Exception":
        raise NotWritten({0: _image(response)}) from error
    reasons = response.get("CancellationReasons", [])
    refused = {
        position: _image(reason)
        for position, reason in enumerate(reasons)
        if reason.get("Code") == _REFUSED
    }
    if refused:
        raise NotWritten(refused) from error
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"} or {code}
    if codes <= _PASSING:
        return
    if codes & _OVERLOADED:
        raise Busy(f"DynamoDB is overloaded: {code}") from error
    if codes & {"ValidationError", "ValidationException"}:
        raise Broken(f"DynamoDB finds a request wrong: {error}") from error
    raise error


def _image(refusal: Mapping[str, Any]) -> Item | None:
    item = refusal.get("Item")
    return plain_item(item) if item else None
