"""What the rows of DynamoDB do when the database pushes back, and how often they ask it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib import runtime
from chalicelib.errors import Broken, Busy
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.patience import Patience
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    Change,
    Check,
    Key,
    NotWritten,
    Put,
    Question,
)
from tests.aws import empty_tables

FUNDS = Key(BOOKS, "FUNDS#adv_1")
ADD = Change(key=FUNDS, add={("count",): 1})
BOTH: list[Action] = [ADD, Put(BOOKS, {"pk": "CHARGE#1", "sk": "META"})]
URL = "https://dynamodb.us-east-1.amazonaws.com/"
CONFLICT = {"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}


@dataclass(frozen=True)
class HTTPResponse:
    """As much of an HTTP response as botocore looks at."""

    status_code: int


Response = tuple[HTTPResponse, dict[str, Any]]


class Wire:
    """Between the client and the database: notes each request, and answers some in its place."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.answers: list[Response | Exception] = []

    def refuse(self, code: str, times: int, **more: Any) -> None:
        """Answer the next requests with an error of this code."""
        said = {"Error": {"Code": code, "Message": "no"}, **more}
        self.answers += [(HTTPResponse(400), said)] * times

    def answer(self, said: dict[str, Any]) -> None:
        """Answer the next request with this."""
        self.answers.append((HTTPResponse(200), said))

    def fail(self, error: Exception) -> None:
        """Let the next request end in this."""
        self.answers.append(error)

    def __call__(self, model: Any, params: dict[str, Any], **_: Any) -> Response | None:
        self.sent.append(model.name)
        self.bodies.append(json.loads(params["body"]))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Clock:
    """A clock that moves only while somebody sleeps by it."""

    seconds: float = 0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def patience(self) -> Patience:
        """The patience of one who draws the longest pause every time."""
        return Patience(clock=lambda: self.seconds, sleep=self.sleep, draw=lambda n: n - 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rows(tables: None, clock: Clock) -> DynamoRows:
    empty_tables()
    return DynamoRows(clock.patience())


@pytest.fixture
def wire(rows: DynamoRows) -> Iterator[Wire]:
    wire = Wire()
    events = runtime.client("dynamodb").meta.events
    events.register("before-call.dynamodb", wire)
    yield wire
    events.unregister("before-call.dynamodb", wire)


def count(rows: DynamoRows) -> int | None:
    return rows.gather([FUNDS])[0].get(FUNDS, {}).get("count")


def test_a_transaction_in_conflict_is_tried_again_under_the_same_token(
    rows: DynamoRows, wire: Wire
) -> None:
    wire.refuse("TransactionCanceledException", times=9, **CONFLICT)
    rows.write(BOTH)
    assert wire.sent == ["TransactWriteItems"] * 10
    assert len({body["ClientRequestToken"] for body in wire.bodies}) == 1
    assert count(rows) == 1


def test_two_writes_never_share_a_token(rows: DynamoRows, wire: Wire) -> None:
    rows.write(BOTH)
    rows.write([ADD, Put(BOOKS, {"pk": "CHARGE#2", "sk": "META"})])
    assert len({body["ClientRequestToken"] for body in wire.bodies}) == 2


def test_a_conflict_that_stays_for_two_seconds_is_busy(
    rows: DynamoRows, wire: Wire, clock: Clock
) -> None:
    wire.refuse("TransactionCanceledException", times=100, **CONFLICT)
    with pytest.raises(Busy):
        rows.write(BOTH)
    assert 1.8 <= clock.seconds <= 2
    wire.answers.clear()
    assert count(rows) is None


def test_a_single_write_in_conflict_with_a_transaction_is_tried_again(
    rows: DynamoRows, wire: Wire
) -> None:
    wire.refuse("TransactionConflictException", times=2)
    rows.write([ADD])
    assert wire.sent == ["UpdateItem"] * 3
    assert count(rows) == 1


def test_a_refused_condition_beside_a_conflict_is_a_refusal(rows: DynamoRows, wire: Wire) -> None:
    row = {"pk": {"S": FUNDS.pk}, "sk": {"S": FUNDS.sk}, "count": {"N": "3"}}
    reasons = [{"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed", "Item": row}]
    wire.refuse("TransactionCanceledException", times=1, CancellationReasons=reasons)
    with pytest.raises(NotWritten) as refused:
        rows.write([Put(BOOKS, {"pk": "CHARGE#1", "sk": "META"}), Check(FUNDS, [Absent(("pk",))])])
    assert refused.value.images == {1: {"pk": FUNDS.pk, "sk": FUNDS.sk, "count": 3}}
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_does_not_answer_is_busy(
    rows: DynamoRows, wire: Wire, error: Exception
) -> None:
    wire.fail(error)
    with pytest.raises(Busy):
        rows.gather([FUNDS])


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
)
def test_an_overload_that_botocore_could_not_wait_out_is_busy(
    rows: DynamoRows, wire: Wire, code: str
) -> None:
    wire.refuse(code, times=1)
    with pytest.raises(Busy):
        rows.write([ADD])
    assert len(wire.sent) == 1


def test_what_nobody_expected_is_not_hidden(rows: DynamoRows, wire: Wire) -> None:
    wire.refuse("AccessDeniedException", times=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        rows.write([ADD])


def test_a_request_that_is_wrong_is_not_tried_again(rows: DynamoRows, wire: Wire) -> None:
    wire.refuse("ValidationException", times=1)
    with pytest.raises(Broken):
        rows.write([ADD])
    assert len(wire.sent) == 1


def test_keys_that_a_batch_left_over_are_asked_again(rows: DynamoRows, wire: Wire) -> None:
    rows.write([ADD])
    left = {"Keys": [{"pk": {"S": FUNDS.pk}, "sk": {"S": FUNDS.sk}}], "ConsistentRead": True}
    table = wire.bodies[0]["TableName"]
    wire.answer({"Responses": {}, "UnprocessedKeys": {table: left}})
    assert count(rows) == 1
    assert wire.sent[1:] == ["BatchGetItem", "BatchGetItem"]


def test_keys_that_stay_unread_are_busy(rows: DynamoRows, wire: Wire) -> None:
    rows.write([ADD])
    left = {"Keys": [{"pk": {"S": FUNDS.pk}, "sk": {"S": FUNDS.sk}}], "ConsistentRead": True}
    for _ in range(100):
        wire.answer({"Responses": {}, "UnprocessedKeys": {wire.bodies[0]["TableName"]: left}})
    with pytest.raises(Busy):
        count(rows)


def test_one_action_goes_without_a_transaction(rows: DynamoRows, wire: Wire) -> None:
    rows.write([Put(BOOKS, {"pk": "CHARGE#1", "sk": "META"})])
    rows.write([ADD])
    rows.write([Check(FUNDS, [Absent(("doc",))])])
    assert wire.sent == ["PutItem", "UpdateItem", "TransactWriteItems"]


def test_two_hundred_keys_and_three_questions_are_five_requests(
    rows: DynamoRows, wire: Wire
) -> None:
    keys = [Key(BOOKS, f"CHARGE#{n}") for n in range(200)]
    rows.gather(keys, [Question(table=BOOKS, partition=f"FUNDS#{n}") for n in range(3)])
    assert sorted(wire.sent) == ["BatchGetItem"] * 2 + ["Query"] * 3


def test_tables_are_read_consistently(rows: DynamoRows, wire: Wire) -> None:
    rows.gather([FUNDS], [Question(table=BOOKS, partition="FUNDS#adv_1")])
    rows.page(Question(table=BOOKS, index="by_kind", partition="charge"))
    by_operation = dict(zip(wire.sent[:2], wire.bodies[:2], strict=True))
    (keys,) = by_operation["BatchGetItem"]["RequestItems"].values()
    assert keys["ConsistentRead"] is True
    assert by_operation["Query"]["ConsistentRead"] is True
    assert "ConsistentRead" not in wire.bodies[2]


def test_a_page_filled_to_its_limit_is_one_request(rows: DynamoRows, wire: Wire) -> None:
    rows.write([Put(BOOKS, {"pk": "A", "sk": str(n)}) for n in range(5)])
    wire.sent.clear()
    page = rows.page(Question(table=BOOKS, partition="A", limit=3))
    assert len(page.items) == 3
    assert wire.sent == ["Query"]
