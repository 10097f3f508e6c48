"""How is a request to the API received, and how is it answered?

Owns the door that every route of the API goes through: the operator's key, the query, and Problem
Details (RFC 9457) for whatever is refused. Bodies and cursors belong to the modules beside it, what
a request means, to the routes.
"""

import functools
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from chalice import Blueprint, Response
from chalice.app import Request as ChaliceRequest

from chalicelib import runtime
from chalicelib.channels import bodies, queries
from chalicelib.channels.queries import Listing
from chalicelib.errors import (
    Busy,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
)
from chalicelib.providers.documents import PutDocument, put_document
from chalicelib.store.requests import KeyReused, RequestClaim
from chalicelib.store.stores import Stores, stores


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
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    Failed: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_PATH_WORD = re.compile(r"[A-Za-z0-9_:]{1,100}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
_VERSION_TAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What requests are answered with; tests bring their own."""

    stores: Callable[[], Stores] = stores
    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    clock: Callable[[], datetime] = runtime.now
    new_id: Callable[[str], str] = runtime.new_id
    put_document: PutDocument = put_document


_DEPLOYED = Context()
_context: ContextVar[Context] = ContextVar("context", default=_DEPLOYED)


@contextmanager
def answering_with(context: Context) -> Iterator[None]:
    """Answer with `context` in place of the deployment's own, for as long as the block lasts."""
    before = _context.set(context)
    try:
        yield
    finally:
        _context.reset(before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route as it is served and documented.

    `body` and `answers` name schemas; `query` names the filters of a list, which is `paged` when it
    takes a limit and a cursor. A `keyed` route takes an Idempotency-Key, a `versioned` one
    If-Match. A `public` one asks for no operator key.
    """

    method: str
    path: str
    summary: str
    body: str | None = None
    answers: str | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    paged: bool = False
    keyed: bool = False
    versioned: bool = False
    public: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every query parameter that the route takes."""
        return (*self.query, "limit", "cursor") if self.paged else self.query


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered with."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose sender is known and whose query is checked."""

    route: Route
    headers: Mapping[str, str]
    query: Mapping[str, str]
    ids: Mapping[str, str]
    raw: bytes
    context: Context

    @property
    def stores(self) -> Stores:
        """What is remembered."""
        return self.context.stores()

    def document(self) -> bodies.Document:
        """The JSON object of the body."""
        return bodies.read_object(self.raw, self.headers.get("content-type", ""))

    def listing(self) -> Listing:
        """The part of the list that is asked for."""
        return queries.read_listing(self.query, self._list_name, self._cursor_key)

    def page(self, data: list[Any], listing: Listing, mark: Mapping[str, str] | None) -> Answer:
        """One page of a list, with the cursor of the next."""
        following = queries.cursor(mark, listing, self._list_name, self._cursor_key)
        return Answer(body={"data": data, "next_cursor": following})

    def claim(self, content: str) -> RequestClaim | None:
        """What the Idempotency-Key stands for here; None when there is none."""
        name = self.headers.get("idempotency-key")
        if name is None:
            return None
        if not _IDEMPOTENCY_KEY.fullmatch(name):
            reason = "must be 1 to 255 visible ASCII characters"
            raise Invalid((Fault(field="Idempotency-Key", rule="format", reason=reason),))
        return RequestClaim(scope=self._list_name, name=name, content=content)

    def expected_version(self) -> int | None:
        """The version that If-Match names; None when any will do."""
        tag = self.headers.get("if-match")
        if tag is None or tag.strip() == "*":
            return None
        match = _VERSION_TAG.fullmatch(tag.strip())
        if match is None:
            reason = 'must be a version as the ETag says it, such as "3"'
            raise Invalid((Fault(field="If-Match", rule="format", reason=reason),))
        return int(match[1])

    @property
    def _list_name(self) -> str:
        """The route with its ids in place, such as `GET /campaigns/cmp_…/targets`."""
        return f"{self.route.method} {self.route.path.format(**self.ids)}"

    @property
    def _cursor_key(self) -> str:
        return self.context.secrets().caller_hash_key


Handler = Callable[..., Answer]


def endpoint(blueprint: Blueprint, route: Route) -> Callable[[Handler], Handler]:
    """Serve `route` with the decorated function: it gets the Request, then the path's words.

    Nothing is read or written for a sender without the operator's key.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def view(**words: str) -> Response:
            received = blueprint.current_request
            try:
                request = _request(received, route, words)
                return _reply(handler(request, **request.ids))
            except Refused as refused:
                return _problem(refused, received.context.get("requestId"))
            except Exception:
                # A fault of ours, not of the sender's: it is logged whole, and told apart.
                runtime.logger().exception("a request failed", extra={"path": route.path})
                return _problem(Failed(), received.context.get("requestId"))

        view.route = route  # type: ignore[attr-defined]
        blueprint.route(route.path, methods=[route.method], content_types=[])(view)
        return handler

    return decorate


def _request(received: ChaliceRequest, route: Route, words: Mapping[str, str]) -> Request:
    context = _context.get()
    if not route.public:
        _authenticate(received.headers.get("authorization") or "", context)
    given = received.query_params
    query = {name: given.getlist(name) for name in given} if given else {}
    return Request(
        route=route,
        headers=received.headers,
        query=queries.read_query(query, route.parameters),
        ids={name: _word(word) for name, word in words.items()},
        raw=_raw(received),
        context=context,
    )


def _authenticate(header: str, context: Context) -> None:
    scheme, _, key = header.partition(" ")
    digest = hashlib.sha256(key.strip().encode(errors="replace")).hexdigest()
    known = hmac.compare_digest(digest, context.secrets().operator_key_sha256.lower())
    if scheme.lower() != "bearer" or not known:
        raise Unauthenticated("send the operator's key: Authorization: Bearer <key>")


def _raw(received: ChaliceRequest) -> bytes:
    try:
        raw = received.raw_body
    except ValueError as wrong:
        raise bodies.Malformed("the body's transport encoding is broken") from wrong
    return raw if isinstance(raw, bytes) else raw.encode()


def _word(word: str) -> str:
    """A word of the path; what no id or account looks like names nothing."""
    plain = unquote(word)
    if not _PATH_WORD.fullmatch(plain):
        raise NotFound("there is no such thing")
    return plain


def _reply(answer: Answer) -> Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(
        body=answer.body, status_code=answer.status, headers={**headers, **answer.headers}
    )


def _problem(refused: Refused, request_id: str | None) -> Response:
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
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
    }
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return Response(body=body, status_code=status.value, headers=headers)
