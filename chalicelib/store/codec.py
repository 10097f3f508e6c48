"""How does a thing of the core become a stored document, and come back?

Owns the translation between frozen dataclasses and plain values (text, whole numbers, lists,
objects). Knows no table; a field that a document lacks takes its default, so that documents
outlive the addition of fields.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, time
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from chalicelib import times

T = TypeVar("T")
Reader = Callable[[Any], Any]


_AS_THEY_ARE = frozenset({str, int, bool, types.NoneType})


def to_plain(value: Any) -> Any:
    """`value` in terms of what JSON can say; instants are written in UTC with milliseconds."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return times.written(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, StrEnum):
        return value.value
    if dataclasses.is_dataclass(value):
        names = _field_names(typing.cast(Any, type(value)))
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], document: Any) -> T:
    """The thing of type `kind` that `to_plain` wrote; unknown fields are passed over."""
    reader: Reader = _reader(typing.cast(Any, kind))
    return typing.cast(T, reader(document))


def to_json(value: Any) -> str:
    """`value` as compact JSON text."""
    return json.dumps(to_plain(value), separators=(",", ":"))


def from_json(kind: type[T], text: str) -> T:
    """The thing of type `kind` that `to_json` wrote."""
    return from_plain(kind, json.loads(text))


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _reader(kind: Any) -> Reader:
    """How to read one type; built once, because the same types are read for every target."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _optional_reader(kind)
    if origin is tuple:
        return _tuple_reader(_reader(typing.get_args(kind)[0]))
    if origin in (dict, Mapping):
        inner = _reader(typing.get_args(kind)[1])
        return lambda value: {key: inner(one) for key, one in value.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return times.read
    if kind is time:
        return time.fromisoformat
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _optional_reader(kind: Any) -> Reader:
    inner = _reader(next(part for part in typing.get_args(kind) if part is not types.NoneType))
    if inner is _as_it_is:
        return _as_it_is
    return lambda value: None if value is None else inner(value)


def _tuple_reader(item: Reader) -> Reader:
    if item is _as_it_is:
        return tuple
    return lambda value: tuple(item(one) for one in value)


def _dataclass_reader(kind: Any) -> Reader:
    hints = typing.get_type_hints(kind)
    readers = [(name, _reader(hints[name])) for name in _field_names(kind)]

    def read(document: Mapping[str, Any]) -> Any:
        return kind(**{name: one(document[name]) for name, one in readers if name in document})

    return read
