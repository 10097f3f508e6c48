"""How is PayPal's REST API spoken to?

Owns HTTP: the access token and how long it holds, time-outs, what is tried again and for how long,
and PayPal's refusals in the platform's words. Which resources are asked for belongs to `paypal`.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.errors import Busy, Refused

CONNECT_SECONDS = 2.0
READ_SECONDS = 8.0
BUDGET_SECONDS = 12.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 4.0
MARGIN_SECONDS = 60.0
"""So long before it ends an access token is used no more."""

Json = dict[str, Any]


class PayPalAway(Busy):
    """PayPal gives no answer that counts within its time; what was asked may have happened."""

    code = "paypal_away"


class PayPalRefused(Refused):
    """PayPal answers that it will not. `name` is its word for why; `details` name fields of the
    request, and `links` lead to what it has instead. `certain` when no answer to the same request
    was lost before, so that PayPal has done nothing at all."""

    code = "paypal_refused"

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.certain = True
        self.name = str(said.get("name") or said.get("error") or f"status {status}")
        message = said.get("message") or said.get("error_description") or ""
        super().__init__(f"PayPal refuses: {self.name} {message}".rstrip())
        self.details = tuple(
            {"field": str(one.get("field", "")), "issue": str(one.get("issue", ""))}
            for one in _objects(said.get("details"))
        )
        self.links = tuple(_links(said))


class NotAtPayPal(PayPalRefused):
    """There is no such resource in the account."""

    code = "not_at_paypal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom to ask, and as whom."""

    api_url: str
    client_id: str
    client_secret: str = field(repr=False)


class _Unheard(Exception):
    """No answer that counts. `untouched` when PayPal has certainly not acted on the request."""

    def __init__(self, why: str, *, untouched: bool = False, pause: float = 0.0) -> None:
        super().__init__(why)
        self.untouched = untouched
        self.pause = pause


class Rest:
    """Requests of one account, each of which may be repeated without harm: reads, the check of a
    signature, and a batch, which PayPal knows again by its sender's id. Each ends within its
    seconds, its repetitions included.
    """

    def __init__(
        self,
        account: Account,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = account
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._token = ""
        self._until = 0.0

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        seconds: float = BUDGET_SECONDS,
    ) -> Json:
        """The resource; NotAtPayPal when there is none."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._ask("GET", target, None, seconds)

    def post(self, path: str, body: bytes, *, seconds: float = BUDGET_SECONDS) -> Json:
        """What PayPal answers to a JSON document."""
        return self._ask("POST", path, body, seconds)

    def _ask(self, method: str, target: str, body: bytes | None, seconds: float) -> Json:
        give_up_at = self._clock() + seconds
        pause = FIRST_PAUSE_SECONDS
        certain = True
        while True:
            try:
                return self._once(method, target, body, give_up_at - self._clock())
            except PayPalRefused as refused:
                refused.certain = certain
                raise
            except _Unheard as unheard:
                certain = certain and unheard.untouched
                wait = max(pause, unheard.pause)
                if self._clock() + wait >= give_up_at:
                    raise PayPalAway(f"PayPal does not answer: {unheard}") from unheard
            self._sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _once(self, method: str, target: str, body: bytes | None, seconds: float) -> Json:
        headers = {
            "Authorization": f"Bearer {self._bearer(seconds)}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        response = self._send(method, target, headers, body, seconds)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._forget()
            raise _Unheard("the access token does not hold", untouched=True)
        return _read(response)

    def _bearer(self, seconds: float) -> str:
        """An access token that holds, asked for when there is none."""
        with self._lock:
            if self._clock() >= self._until:
                said = self._new_token(seconds)
                self._token = str(said["access_token"])
                self._until = self._clock() + float(said["expires_in"]) - MARGIN_SECONDS
            return self._token

    def _new_token(self, seconds: float) -> Json:
        account = self._account
        basic = urllib3.make_headers(basic_auth=f"{account.client_id}:{account.client_secret}")
        headers = {**basic, "Content-Type": "application/x-www-form-urlencoded"}
        body = b"grant_type=client_credentials"
        said = _read(self._send("POST", "/v1/oauth2/token", headers, body, seconds))
        if not isinstance(said.get("access_token"), str) or not _is_number(said.get("expires_in")):
            raise _Unheard("an answer without an access token")
        return said

    def _forget(self) -> None:
        with self._lock:
            self._until = 0.0

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, left: float
    ) -> urllib3.BaseHTTPResponse:
        # A request of a longer budget is one that PayPal takes longer to read.
        read = max(READ_SECONDS, left / 2)
        try:
            return _pool().request(
                method,
                self._account.api_url + target,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(read, left)),
            )
        except (NewConnectionError, ConnectTimeoutError) as fault:
            raise _Unheard("no connection", untouched=True) from fault
        except HTTPError as fault:
            raise _Unheard(f"a lost answer ({type(fault).__name__})") from fault


@cache
def _pool() -> urllib3.PoolManager:
    """Connections are kept open between requests."""
    return urllib3.PoolManager(maxsize=4)


def _read(response: urllib3.BaseHTTPResponse) -> Json:
    """The document of an answer that counts."""
    said = _document(response.data)
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if said is None:
            raise _Unheard("an answer that is no JSON object")
        return said
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _Unheard("too many requests", untouched=True, pause=_asked_pause(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or said is None:
        raise _Unheard(f"status {status}")
    raise (NotAtPayPal if status == HTTPStatus.NOT_FOUND else PayPalRefused)(status, said)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _links(said: Mapping[str, Any]) -> list[str]:
    """Every address in a refusal: PayPal names what it has beside the fault, or beside them all."""
    places = [said, *_objects(said.get("details"))]
    links = [one for at in places for word in ("links", "link") for one in _objects(at.get(word))]
    return [str(one["href"]) for one in links if "href" in one]


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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
