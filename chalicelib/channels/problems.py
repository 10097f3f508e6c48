"""How is a refusal answered?

Owns the status of each kind of refusal, and its body: Problem Details (RFC 9457) with a stable code
and every fault at once.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chalice import Response

from chalicelib.channels import bodies
from chalicelib.errors import (
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unauthenticated,
)
from chalicelib.store.requests import KeyReused
from chalicelib.tokens import InvalidToken


class Failed(Refused):
    """The platform itself failed; the log of this request says why."""

    code = "failed"

    def __init__(self) -> None:
        super().__init__("the platform failed; its operator finds the cause under this instance")


_STATUSES: Mapping[type[Refused], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    bodies.Malformed: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    bodies.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    bodies.Unsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidToken: HTTPStatus.BAD_REQUEST,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    Failed: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def problem(refused: Refused, request_id: str | None) -> Response:
    """What a refused request is answered with."""
    status, headers, body = refusal(refused, request_id)
    return Response(body=body, status_code=status, headers=dict(headers))


def refusal(
    refused: Refused, request_id: str | None
) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Status, headers and body that say what was refused, and why."""
    kind = next(kind for kind in type(refused).__mro__ if kind in _STATUSES)
    status = _STATUSES[kind]
    body: dict[str, Any] = {
        "type": f"urn:ringledger:problem:{refused.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": refused.detail,
        "instance": request_id,
        "code": refused.code,
    }
    if isinstance(refused, Invalid):
        body["invalid_parameters"] = [
            {"field": fault.field, "rule": fault.rule, "reason": fault.reason}
            for fault in refused.faults
        ]
    headers = {
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
    }
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if isinstance(refused, RateLimited):
        headers["Retry-After"] = str(refused.seconds)
    return status.value, headers, body
