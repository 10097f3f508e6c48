"""How is a request to the API received, and how is it answered?

Owns the door that every route of the API goes through: for whom the route is, the query, and the
answer. Credentials, bodies, cursors and refusals belong to the modules beside it, what a request
means, to the routes.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from chalice import Blueprint, Response
from chalice.app import Request as ChaliceRequest

from chalicelib import runtime
from chalicelib.channels import bodies, credentials, queries
from chalicelib.channels.problems import Failed, problem
from chalicelib.channels.queries import Listing
from chalicelib.closings import Duty
from chalicelib.errors import Fault, Forbidden, Invalid, NotFound, Refused
from chalicelib.flows.keys import Admitted
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.recordings import Places, deployed
from chalicelib.flows.taking_up import Yard
from chalicelib.keys import ANYBODY, Party, PartyKind
from chalicelib.offers import TWILIO
from chalicelib.providers.carriers import CarrierNamed, carrier_named, set_up
from chalicelib.providers.ciphers import Cipher, cipher
from chalicelib.providers.documents import Documents, bucket
from chalicelib.providers.mail import SendMail, send_mail
from chalicelib.providers.paypal import PayPal, paypal
from chalicelib.providers.queue import close_party
from chalicelib.providers.stripe import Checkout, checkout
from chalicelib.store.requests import RequestClaim
from chalicelib.store.stores import Stores, stores

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
    new_secret: Callable[[], str] = runtime.new_secret
    documents: Callable[[], Documents] = bucket
    send_mail: SendMail = send_mail
    carrier: CarrierNamed = carrier_named
    carriers: Callable[[], tuple[str, ...]] = set_up
    checkout: Checkout = checkout
    cipher: Callable[[], Cipher] = cipher
    recordings: Callable[[], Places] = deployed
    yard: Callable[[], Yard] = Yard
    close_party: Callable[[Duty, int], None] = close_party
    paypal: Callable[[], PayPal] = paypal

    def usual_carrier(self) -> str:
        """The carrier that is meant where a request names none."""
        return next(iter(self.carriers()), TWILIO)


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
class Side:
    """A route as a publisher or an advertiser has it: the schema of what it is shown where that
    differs from `answers` of the route, and the filters it may ask by."""

    party: PartyKind
    answers: str | None = None
    query: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route as it is served and documented.

    `body` and `answers` name schemas; `query` names the filters of a list, which is `paged` when it
    takes a limit and a cursor. `forms` says the form of a parameter that is another here than in
    other lists. A `keyed` route takes an Idempotency-Key, a `versioned` one If-Match. It is for the
    operator, unless `for_operator` says otherwise, and for whoever has one of its `sides`. A
    `public` one is for anybody and asks for no key; one that is `signed` checks the signature
    itself. `media` is what its body is in where that is no JSON.
    """

    method: str
    path: str
    summary: str
    body: str | None = None
    answers: str | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    forms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    paged: bool = False
    keyed: bool = False
    versioned: bool = False
    public: bool = False
    signed: bool = False
    media: str | None = None
    for_operator: bool = True
    sides: tuple[Side, ...] = ()

    @property
    def parties(self) -> tuple[PartyKind, ...]:
        """Whose key opens the route."""
        operator = (PartyKind.OPERATOR,) if self.for_operator else ()
        return (*operator, *(side.party for side in self.sides))

    def parameters_of(self, kind: PartyKind) -> tuple[str, ...]:
        """Every query parameter that the route takes from a party of this kind."""
        query = next((side.query for side in self.sides if side.party is kind), self.query)
        return (*query, "limit", "cursor") if self.paged else query


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered with."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose sender is known, by which `credential`, and whose query is checked."""

    route: Route
    party: Party
    credential: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    ids: Mapping[str, str]
    raw: bytes
    context: Context

    @property
    def stores(self) -> Stores:
        """What is remembered."""
        return self.context.stores()

    def text(self) -> bytes:
        """The body as it came, of a route that takes no JSON; Unsupported when it is in another
        format."""
        bodies.confirm_media(self.headers.get("content-type", ""), self.route.media or "")
        return self.raw

    @property
    def post(self) -> PostOffice:
        """Who sends mails."""
        return PostOffice(send=self.context.send_mail, key=self.context.secrets().caller_hash_key)

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
        """The route with its ids in place, such as `GET /campaigns/cmp_…/targets`, of each
        publisher and advertiser apart."""
        path = f"{self.route.method} {self.route.path.format(**self.ids)}"
        return f"{path} of {self.party.id}" if self.party.id else path

    @property
    def _cursor_key(self) -> str:
        return self.context.secrets().caller_hash_key


Handler = Callable[..., Answer]


def endpoint(blueprint: Blueprint, route: Route) -> Callable[[Handler], Handler]:
    """Serve `route` with the decorated function: it gets the Request, then the path's words.

    Nothing is read or written for a sender without a key, but the look-up of the key itself.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def view(**words: str) -> Response:
            received = blueprint.current_request
            try:
                request = _request(received, route, words)
                return _reply(handler(request, **request.ids))
            except Refused as refused:
                return problem(refused, received.context.get("requestId"))
            except Exception:
                # A fault of ours, not of the sender's: it is logged whole, and told apart.
                runtime.logger().exception("a request failed", extra={"path": route.path})
                return problem(Failed(), received.context.get("requestId"))

        view.route = route  # type: ignore[attr-defined]
        blueprint.route(route.path, methods=[route.method], content_types=[])(view)
        return handler

    return decorate


def _request(received: ChaliceRequest, route: Route, words: Mapping[str, str]) -> Request:
    context = _context.get()
    admitted = _admitted(received, route, context)
    party = admitted.party
    given = received.query_params
    query = {name: given.getlist(name) for name in given} if given else {}
    return Request(
        route=route,
        party=party,
        credential=admitted.credential,
        headers=received.headers,
        query=queries.read_query(query, route.parameters_of(party.kind), route.forms),
        ids={name: _word(word) for name, word in words.items()},
        raw=_raw(received),
        context=context,
    )


def _admitted(received: ChaliceRequest, route: Route, context: Context) -> Admitted:
    """Who asks; Unauthenticated without a key that opens, Forbidden for a party that may not."""
    if route.public:
        return Admitted(party=ANYBODY, credential=ANYBODY.kind)
    admitted = credentials.admit(
        received.headers.get("authorization") or "",
        operator_key_sha256=context.secrets().operator_key_sha256,
        stores=context.stores,
    )
    if admitted.party.kind not in route.parties:
        raise Forbidden(f"{route.method} {route.path} is not for a key of this kind")
    if admitted.paused and route.method != "GET":
        raise Forbidden("a paused account may read, and change nothing", code="account_paused")
    return admitted


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
