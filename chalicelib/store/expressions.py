"""How is an action of the port said to DynamoDB?

Owns the condition, update and key expressions, built with PynamoDB's expression classes, and the
request parameters around them. Sending them belongs to `dynamo`.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.expressions.condition import And, Or, size
from pynamodb.expressions.condition import Condition as Expression
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import Action as UpdateAction
from pynamodb.expressions.update import Update
from pynamodb.indexes import GlobalSecondaryIndex

from chalicelib.store.attributes import raw_item, raw_value
from chalicelib.store.rows import (
    Absent,
    Action,
    AtLeast,
    AtMost,
    Change,
    Check,
    Condition,
    Equals,
    FewerThan,
    Key,
    Present,
    Put,
    Question,
    key_of,
)
from chalicelib.store.tables import ALL_TABLES, table_name

Parameters = dict[str, Any]

_MOST_ACTIONS = 100
_LAST = "\U0010ffff"


def guard(actions: Sequence[Action]) -> None:
    """ValueError for what no write takes: no action, more than 100, a row twice, an empty one."""
    if not 0 < len(actions) <= _MOST_ACTIONS:
        raise ValueError(f"a write takes 1 to {_MOST_ACTIONS} actions, got {len(actions)}")
    if len({key_of(action) for action in actions}) < len(actions):
        raise ValueError("a write takes each row once")
    for action in actions:
        if isinstance(action, Change) and not (action.set or action.add or action.remove):
            raise ValueError("a change without set, add or remove changes nothing")
        if isinstance(action, Check) and not action.when:
            raise ValueError("a check without conditions checks nothing")


def parameters(action: Action) -> tuple[str, Parameters]:
    """The kind of an action (Put, Update, ConditionCheck) and its parameters in a request.

    A refused action answers with the row as it stands.
    """
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    said: Parameters = {
        "TableName": table_name(key_of(action).table),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    when = (Absent(("pk",)),) if isinstance(action, Put) else action.when
    if when:
        everything = reduce(and_, [_expression(condition) for condition in when])
        said["ConditionExpression"] = everything.serialize(names, values)
    if isinstance(action, Put):
        said["Item"] = raw_item(action.item)
    else:
        said["Key"] = raw_key(action.key)
    if isinstance(action, Change):
        said["UpdateExpression"] = Update(*_updates(action)).serialize(names, values)
    _name(said, names, values)
    return _KINDS[type(action)], said


def raw_key(key: Key) -> dict[str, Any]:
    """A row's key on the wire."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def query(question: Question, after: Mapping[str, str] | None) -> Parameters:
    """The request that asks the question from the mark `after` on.

    DynamoDB takes one bound pair on a sort key and includes both ends: rows at the excluded end
    are for the caller to drop.
    """
    partition, sort = key_names(question)
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    condition = Path([partition]) == Value(raw_value(question.partition))
    bounds = _bounds(Path([sort]), question)
    said: Parameters = {
        "TableName": table_name(question.table),
        "KeyConditionExpression": (
            condition & bounds if bounds is not None else condition
        ).serialize(names, values),
        "ScanIndexForward": not question.descending,
    }
    if question.index is None:
        said["ConsistentRead"] = True
    else:
        said["IndexName"] = question.index
    if after is not None:
        said["ExclusiveStartKey"] = raw_item(after)
    _name(said, names, values)
    return said


def key_names(question: Question) -> tuple[str, str]:
    """The attributes by which the question's table or index is partitioned and sorted."""
    return _KEY_NAMES[question.table, question.index]


def _bounds(sort: Path, question: Question) -> Expression | None:
    lows = [low for low in (question.starts_with, question.at_least) if low is not None]
    prefix_end = None if question.starts_with is None else question.starts_with + _LAST
    highs = [high for high in (prefix_end, question.below) if high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None:
        return sort.between(Value(raw_value(low)), Value(raw_value(max(low, high))))
    if low is not None:
        return sort >= Value(raw_value(low))
    return None if high is None else sort < Value(raw_value(high))


def _expression(condition: Condition) -> Expression:
    path = Path(list(condition.path))
    match condition:
        case Absent():
            return path.does_not_exist()
        case Present():
            return path.exists()
        case Equals():
            return path == Value(raw_value(condition.value))
        case AtLeast():
            return path >= Value(raw_value(condition.value))
        case AtMost():
            low: Expression = path <= Value(raw_value(condition.value))
            return Or(path.does_not_exist(), low) if condition.value >= 0 else low
        case FewerThan():
            if condition.count <= 0:
                return And(path.exists(), path.does_not_exist())
            return Or(path.does_not_exist(), size(path) < Value(raw_value(condition.count)))


def _updates(change: Change) -> list[UpdateAction]:
    """Adding is said with SET, because ADD is not promised for nested paths."""
    updates: list[UpdateAction] = []
    for path, value in change.set.items():
        there = Path(list(path))
        updates.append(there.remove() if value is None else there.set(Value(raw_value(value))))
    for path, amount in change.add.items():
        there = Path(list(path))
        updates.append(there.set((there | Value(raw_value(0))) + Value(raw_value(amount))))
    return updates + [Path(list(path)).remove() for path in change.remove]


def _name(said: Parameters, names: dict[str, str], values: dict[str, Any]) -> None:
    if names:
        said["ExpressionAttributeNames"] = {short: name for name, short in names.items()}
    if values:
        said["ExpressionAttributeValues"] = values


def _declared_keys() -> dict[tuple[str, str | None], tuple[str, str]]:
    """The hash and range attribute of each table and index, as the models declare them."""
    found: dict[tuple[str, str | None], tuple[str, str]] = {}
    for model in ALL_TABLES:
        table = model.Meta.table_name.removeprefix(table_name(""))
        found[table, None] = ("pk", "sk")
        for index in vars(model).values():
            if isinstance(index, GlobalSecondaryIndex):
                role = {one.is_hash_key: name for name, one in index.Meta.attributes.items()}
                found[table, index.Meta.index_name] = (role[True], role[False])
    return found


_KINDS: dict[type, str] = {Put: "Put", Change: "Update", Check: "ConditionCheck"}
_KEY_NAMES = _declared_keys()
