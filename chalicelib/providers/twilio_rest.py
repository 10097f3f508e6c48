"""How is Twilio's REST API spoken to?

Owns HTTP: credentials, time-outs, what is tried again and for how long, the way to what lies
elsewhere, and Twilio's refusals in the platform's words. Which resources are asked for belongs to
`twilio` and `twilio_media`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.providers.carriers import CarrierAway, CarrierRefused

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
STREAM_READ_SECONDS = 10.0
BUDGET_SECONDS = 6.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
MOST_REDIRECTS = 5

Json = dict[str, Any]
T = TypeVar("T")


class NotAtCarrier(CarrierRefused):
    """There is no such resource in the account."""


class NotAsItStands(CarrierRefused):
    """The resource is there, and the request does not fit it (status 400)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom to ask, and as whom."""

    api_url: str
    sid: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    url: str
    fields: Mapping[str, str]
    repeatable: bool
    streamed: bool = False


class _Unheard(Exception):
    """No answer that counts. `untouched` when Twilio has certainly not acted on the request."""

    def __init__(self, why: str, *, untouched: bool, pause: float = 0.0) -> None:
        super().__init__(why)
        self.untouched = untouched
        self.pause = pause


class Rest:
    """Requests of one account. Each one ends within `budget_seconds`, its repetitions included.

    429 and a connection that never stood leave nothing behind and are tried again. Server errors
    and lost answers are, for requests whose repetition changes nothing.
    """

    def __init__(
        self,
        account: Account,
        *,
        budget_seconds: float = BUDGET_SECONDS,
        stream_read_seconds: float = STREAM_READ_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = account
        self._headers = urllib3.make_headers(basic_auth=f"{account.sid}:{account.token}")
        self._budget = budget_seconds
        self._stream_read = stream_read_seconds
        self._clock = clock
        self._sleep = sleep

    def within(self, budget_seconds: float) -> "Rest":
        """The same, with another budget."""
        return Rest(
            self._account,
            budget_seconds=budget_seconds,
            stream_read_seconds=self._stream_read,
            clock=self._clock,
            sleep=self._sleep,
        )

    def get(self, url: str, query: Mapping[str, str] | None = None) -> Json:
        """The resource; NotAtCarrier when there is none."""
        request = _Request(method="GET", url=url, fields=query or {}, repeatable=True)
        return self._ask(request, _read)

    def post(self, url: str, form: Mapping[str, str], *, repeatable: bool) -> Json:
        """The resource that the form made or changed."""
        request = _Request(method="POST", url=url, fields=form, repeatable=repeatable)
        return self._ask(request, _read)

    def delete(self, url: str) -> None:
        """The resource is no more; NotAtCarrier when there was none."""
        self._ask(_Request(method="DELETE", url=url, fields={}, repeatable=True), _read)

    @contextmanager
    def stream(self, url: str, query: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """What lies at the address, on its way until the block ends; NotAtCarrier when nothing
        does. A try begins within the budget; each read, its first included, waits for so many
        seconds of its own, and those of the body raise urllib3's errors.
        """
        request = _Request(method="GET", url=url, fields=query, repeatable=True, streamed=True)
        with self._ask(request, _begun) as response:
            yield response

    def _ask(self, request: _Request, take: Callable[[urllib3.BaseHTTPResponse], T]) -> T:
        give_up_at = self._clock() + self._budget
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._once(request, give_up_at - self._clock(), take)
            except _Unheard as unheard:
                wait = max(pause, unheard.pause)
                in_time = self._clock() + wait < give_up_at
                if not in_time or not (unheard.untouched or request.repeatable):
                    raise CarrierAway(f"the carrier does not answer: {unheard}") from unheard
            self._sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _once(
        self, request: _Request, seconds: float, take: Callable[[urllib3.BaseHTTPResponse], T]
    ) -> T:
        try:
            return take(self._send(request, seconds))
        except (NewConnectionError, ConnectTimeoutError) as fault:
            raise _Unheard("no connection", untouched=True) from fault
        except HTTPError as fault:
            raise _Unheard(f"a lost answer ({type(fault).__name__})", untouched=False) from fault

    def _send(self, request: _Request, seconds: float) -> urllib3.BaseHTTPResponse:
        read = self._stream_read if request.streamed else min(READ_SECONDS, seconds)
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=read)
        said = urlencode(request.fields)
        posted = request.method == "POST"
        form = {"Content-Type": "application/x-www-form-urlencoded"} if posted else {}
        response = _pool().request(
            request.method,
            request.url if posted or not said else f"{request.url}?{said}",
            body=said if posted else None,
            headers={**self._headers, **form},
            retries=False,
            redirect=False,
            preload_content=not request.streamed,
            timeout=timeout,
        )
        return _followed(request.url, response, timeout) if request.streamed else response


@cache
def _pool() -> urllib3.PoolManager:
    """Connections are kept open between requests."""
    return urllib3.PoolManager(maxsize=8)


def _followed(
    url: str, response: urllib3.BaseHTTPResponse, timeout: urllib3.Timeout
) -> urllib3.BaseHTTPResponse:
    """The answer at the end of the way that the answer leads. The account's token goes nowhere but
    to the first address, and nobody is led from https to less."""
    for _ in range(MOST_REDIRECTS):
        leads = urljoin(url, response.get_redirect_location() or url)
        if leads == url or urlsplit(leads).scheme not in ("https", urlsplit(url).scheme):
            break
        response.close()
        url = leads
        response = _pool().request(
            "GET", url, retries=False, redirect=False, preload_content=False, timeout=timeout
        )
    return response


def _begun(response: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
    """An answer that counts, its body still to come."""
    try:
        _check(response)
    except (_Unheard, CarrierRefused, HTTPError):
        response.close()
        raise
    return response


def _read(response: urllib3.BaseHTTPResponse) -> Json:
    """The document of an answer that counts."""
    _check(response)
    if response.status == HTTPStatus.NO_CONTENT:
        return {}
    document = _document(response.data)
    if document is None:
        raise _Unheard("an answer that is no JSON object", untouched=False)
    return document


def _check(response: urllib3.BaseHTTPResponse) -> None:
    """Raise what an answer says that does not give what was asked for."""
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _Unheard("too many requests", untouched=True, pause=_asked_pause(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _Unheard(f"status {status}", untouched=False)
    said = _document(response.data) or {}
    code = said.get("code")
    raise _REFUSALS.get(status, CarrierRefused)(
        f"the carrier refuses: {said.get('message', f'status {status}')}",
        carrier_code=code if isinstance(code, int) else None,
    )


_REFUSALS: Mapping[int, type[CarrierRefused]] = {
    HTTPStatus.BAD_REQUEST: NotAsItStands,
    HTTPStatus.NOT_FOUND: NotAtCarrier,
}


def _document(body: bytes) -> Json | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _asked_pause(response: urllib3.BaseHTTPResponse) -> float:
    """The seconds that Retry-After asks for; none when it says none."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
