"""How does the demo speak to the platform, and what does a refusal look like?

A small client of the HTTP API on this machine, with the operator's key. What is asked is its
callers' business.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]

_TRIES = 4
_PAUSE_SECONDS = 0.5
_TIMEOUT_SECONDS = 35.0
_TRY_AGAIN = frozenset({429, 502, 503, 504})


class Declined(Exception):
    """The platform said no, or nothing; the message is for a person. `status` is 0 for nothing."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Api:
    """The API at `base` (which ends in `/v1`), asked with the operator's `key`."""

    base: str
    key: str

    def get(self, path: str, **query: str | int) -> Json:
        """One thing, or one page of things."""
        asked = f"?{urlencode(query)}" if query else ""
        return self._request("GET", path + asked)

    def every(self, path: str, **query: str | int) -> Iterator[Json]:
        """All things of a list, over all its pages."""
        page = self.get(path, **query)
        yield from page["data"]
        while page.get("next_cursor"):
            page = self.get(path, **{**query, "cursor": page["next_cursor"]})
            yield from page["data"]

    def post(self, path: str, body: Mapping[str, Any], *, once: str = "") -> Json:
        """What the platform made of `body`; the same `once` makes it once, however often asked."""
        headers = {"Idempotency-Key": once} if once else {}
        return self._request("POST", path, body, headers)

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """What stands there, once `body` does."""
        return self._request("PUT", path, body)

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Every request of the demo may be repeated, so a stumble is tried again."""
        for left in reversed(range(_TRIES)):
            try:
                return self._send(method, path, body, headers or {})
            except Declined as declined:
                again = declined.status in _TRY_AGAIN or declined.status == 0
                if not again or not left:
                    raise
                time.sleep(_PAUSE_SECONDS)
        raise AssertionError("the last try has returned or raised")

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Json:
        request = urllib.request.Request(
            self.base + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
                **headers,
            },
        )
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as response:
                answer: Json = json.loads(response.read())
                return answer
        except urllib.error.HTTPError as fault:
            said = f"{method} {path} was answered {fault.code}"
            raise declined_by(said, fault.code, fault.read()) from fault
        except (OSError, ValueError) as fault:
            raise Declined(f"{method} {self.base}{path} got no answer: {fault}") from fault


# A proxy that the environment names has no business on the way to this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def declined_by(said: str, status: int, body: bytes) -> Declined:
    """The refusal that an answer holds: its detail, and each fault with its field on its own line.

    Problem Details are in RFC 9457; anything else is quoted as it came.
    """
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "code" not in problem:
        return Declined(f"{said}: {body[:300].decode(errors='replace')}", status=status)
    lines = [f"{said}, {problem['code']}: {problem.get('detail') or problem.get('title', '')}"]
    lines += [
        f"  {fault.get('field')}: {fault.get('reason')} ({fault.get('rule')})"
        for fault in problem.get("invalid_parameters", ())
    ]
    return Declined("\n".join(lines), status=status, code=str(problem["code"]))


def api_of(directory: Path) -> Api:
    """The API of the stack that `directory` tells of; Declined when there is none."""
    file = directory / "endpoints.json"
    if not file.exists():
        raise Declined(f"No stack is known in {directory}. Start one with: make up")
    endpoints = json.loads(file.read_text(encoding="utf-8"))
    return Api(endpoints["api"], endpoints["operator_key"])
