"""What does a request's body say, and what is wrong with it?

Owns reading JSON, holding it against a schema with every fault at once, and merging a change into
what is stored (JSON Merge Patch, RFC 7396). What the fields mean belongs to the schemas.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from chalicelib.errors import Fault, Invalid, Refused

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

Document = dict[str, Any]

_MOST_BYTES = 128 * 1024
# What pydantic says after a member whose name, not value, is wrong.
_OF_A_NAME = "[key]"
_RULES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "enum": "choice",
    "literal_error": "choice",
    "greater_than": "range",
    "greater_than_equal": "range",
    "less_than": "range",
    "less_than_equal": "range",
    "string_too_short": "length",
    "string_too_long": "length",
    "too_short": "length",
    "too_long": "length",
    "string_pattern_mismatch": "format",
    "string_unicode": "format",
}


class Malformed(Refused):
    """The body is not the JSON object that is asked for."""

    code = "malformed_body"


class Unsupported(Refused):
    """The body is in a format that is not read here."""

    code = "unsupported_media_type"


class TooLarge(Refused):
    """The body is larger than anything that is asked for."""

    code = "body_too_large"


def read_object(raw: bytes, content_type: str) -> Document:
    """The JSON object of a body; Unsupported, TooLarge or Malformed when it is none."""
    media = content_type.partition(";")[0].strip().lower()
    if media and media != "application/json" and not media.endswith("+json"):
        raise Unsupported(f"send application/json, not {media[:100]}")
    if len(raw) > _MOST_BYTES:
        raise TooLarge(f"a body holds at most {_MOST_BYTES} bytes")
    try:
        document = json.loads(
            raw.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as wrong:
        raise Malformed(f"the body is not JSON: {_first_line(wrong)}") from wrong
    if not isinstance(document, dict):
        raise Malformed("the body must be a JSON object")
    return document


def confirm_media(content_type: str, media: str) -> None:
    """Unsupported unless the body is said to be in this format."""
    said = content_type.partition(";")[0].strip().lower()
    if said != media:
        raise Unsupported(f"send {media}, not {said[:100] or 'a body without a Content-Type'}")


def validated(
    schema: "type[BaseModel]", document: Mapping[str, Any], stood: Mapping[str, Any] | None = None
) -> Document:
    """The document in its canonical form, defaults filled in; Invalid names every fault.

    `stood` is the document until now, where there is one: some rules let it stay as it is.
    """
    from pydantic import ValidationError

    try:
        return schema.model_validate(document, context=stood).model_dump(mode="json")
    except ValidationError as wrong:
        details = wrong.errors(include_url=False, include_context=False)
        raise Invalid(tuple(_fault(one) for one in details)) from wrong


def merged(current: Mapping[str, Any], patch: Mapping[str, Any]) -> Document:
    """`current` with the members of `patch` in place of its own, objects merged member by member.

    null takes a member back to its default. A member that `current` does not know stays, so that
    the schema can name it.
    """
    result = dict(current)
    for name, value in patch.items():
        if value is None and name in current:
            del result[name]
        elif isinstance(value, dict):
            inner = current.get(name)
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result


def _once_each(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a member is named twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _first_line(wrong: Exception) -> str:
    if isinstance(wrong, RecursionError):
        return "it is nested too deeply"
    if isinstance(wrong, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(wrong).partition("\n")[0][:200]


def _fault(detail: "ErrorDetails") -> Fault:
    kind = detail["type"]
    rule = "type" if kind.endswith(("_type", "_parsing")) else _RULES.get(kind, kind)
    path = detail["loc"]
    if len(path) > 1 and path[-1] == _OF_A_NAME:
        path = path[:-1]
    field = ".".join(str(part) for part in path)
    return Fault(field=field, rule=rule, reason=detail["msg"])
