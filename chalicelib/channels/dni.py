"""How does a page get the snippet, and its numbers?

Owns the door behind the DNI function's URL: which origin may read an answer, who is a program, and
the form of answers and refusals. What a visit gets belongs to the flow, the script to `snippet`.
Whatever fails here, the page keeps the numbers that it has.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalice import Blueprint

from chalicelib import runtime, times
from chalicelib.bots import is_bot
from chalicelib.channels import dni_forms
from chalicelib.channels.problems import refusal
from chalicelib.errors import Busy, NotFound, Refused
from chalicelib.flows.visiting import Asked, Shown, open_site, visit
from chalicelib.store.leases import Leases, leases
from chalicelib.store.visit_limits import minute_of
from chalicelib.tokens import address_hash, opened, sealed

blueprint = Blueprint(__name__)
Reply = dict[str, Any]
_PREFLIGHT_SECONDS = 7_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What requests are answered with: tests bring their own."""

    key: Callable[[], str] = runtime.visit_key
    leases: Callable[[], Leases] = leases
    clock: Callable[[], datetime] = runtime.now
    new_id: Callable[[str], str] = runtime.new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """An event of the Function URL, as far as it is read; names of headers are in lower case."""

    event: Mapping[str, Any]
    headers: Mapping[str, str]
    context: Context

    @property
    def origin(self) -> str:
        """Where the page is, as its browser says it."""
        return self.headers.get("origin", "")


@blueprint.lambda_function(name="dni")
def dni(event: dict[str, Any], _context: Any) -> Reply:
    """The DNI function: one Lambda event of a Function URL in, one HTTP answer out."""
    return handle(event, Context())


def handle(event: dict[str, Any], context: Context) -> Reply:
    """What the path and the method name; 404 and 405 for what they do not."""
    method = event.get("requestContext", {}).get("http", {}).get("method", "")
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    request = _Request(event=event, headers=headers, context=context)
    routes = _routes(event.get("rawPath", ""))
    if not routes:
        return _refused(NotFound("there is no such thing here"), request, readable=False)
    if method not in routes:
        return {"statusCode": 405, "headers": {"allow": ", ".join(routes)}, "body": ""}
    return routes[method](request)


def _routes(path: str) -> Mapping[str, Callable[[_Request], Reply]]:
    """What each method does at the path; nothing for a path that is none."""
    if path == "/visits":
        return {"POST": _visits, "OPTIONS": _preflight}
    if path.startswith("/dni-"):
        return {"GET": _script, "HEAD": _script}
    return {}


def _script(request: _Request) -> Reply:
    """A version of the snippet, for every page alike."""
    # Browsers keep it for a year, so that visits, which come far more often, do without it.
    from chalicelib.snippet import answer

    path, method = request.event["rawPath"], request.event["requestContext"]["http"]["method"]
    found = answer(path, request.headers.get("accept-encoding", ""))
    if found is None:
        return _refused(NotFound("there is no such script"), request, readable=False)
    body = b"" if method == "HEAD" else found.body
    return {
        "statusCode": found.status.value,
        "headers": {name.lower(): value for name, value in found.headers.items()},
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _preflight(request: _Request) -> Reply:
    """Any page may ask; whether it may read the answer is said with the answer."""
    allowed = {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": str(_PREFLIGHT_SECONDS),
    }
    readable = bool(dni_forms.host_of(request.origin))
    return {"statusCode": 204, "headers": _headers(request, readable) | allowed, "body": ""}


def _visits(request: _Request) -> Reply:
    """The visit's numbers. A refusal may be read by a page of the site alone, too; a fault of ours
    is logged, and answered in a few words."""
    site_id, context = "", request.context
    try:
        found = dni_forms.document(request.event, request.headers)
        site_id = str(found.get("site", ""))[:64]
        shown = visit(
            _asked(dni_forms.read(found), request),
            leases=context.leases(),
            clock=context.clock,
            new_id=context.new_id,
        )
        return _answer(shown_view(shown, context.key()), request)
    except Refused as refused:
        return _refused(refused, request, readable=_is_ours(site_id, request))
    except Exception:
        # The page goes on with its own numbers; the cause is for the operator alone.
        runtime.logger().exception("a visit could not be answered", extra={"site_id": site_id})
        return _refused(Busy("try again later"), request, readable=_is_ours(site_id, request))


def shown_view(shown: Shown, key: str) -> dict[str, Any]:
    """What a page is answered with: the numbers to show, and how it keeps them."""
    token = shown.token
    return {
        "visit_id": token.visit_id if token else None,
        "token": sealed(token, key) if token else None,
        "expires_at": times.written(shown.expires_at),
        "heartbeat_seconds": shown.heartbeat_seconds,
        "numbers": [
            {"find": grant.find, "number": grant.number} for grant in shown.grants if grant.number
        ],
    }


def _asked(said: dni_forms.Said, request: _Request) -> Asked:
    context, key = request.context, request.context.key()
    address = dni_forms.address_of(request.event)
    return Asked(
        site_id=said.site_id,
        told=said.told,
        token=opened(said.token, key) if said.token else None,
        origin=request.origin,
        host=dni_forms.host_of(request.origin),
        address=address_hash(address, said.site_id, minute_of(context.clock()), key),
        home=dni_forms.home_of(said.told, request.headers),
        bot=is_bot(request.headers.get("user-agent", "")),
    )


def _is_ours(site_id: str, request: _Request) -> bool:
    """Whether the page is one of the site's, so that it may read why it was refused."""
    host, context = dni_forms.host_of(request.origin), request.context
    if not host or not site_id:
        return False
    try:
        open_site(site_id, host, context.leases(), context.clock())
    except Refused:
        return False
    except Exception:
        runtime.logger().exception("a site could not be read", extra={"site_id": site_id})
        return False
    return True


def _answer(body: Mapping[str, Any], request: _Request) -> Reply:
    headers = _headers(request, True) | {"content-type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(body)}


def _refused(refused: Refused, request: _Request, *, readable: bool) -> Reply:
    asked = request.event.get("requestContext", {}).get("requestId")
    status, headers, body = refusal(refused, asked)
    said = {name.lower(): value for name, value in headers.items()}
    return {
        "statusCode": status,
        "headers": said | _headers(request, readable),
        "body": json.dumps(body),
    }


def _headers(request: _Request, readable: bool) -> dict[str, str]:
    """No cache keeps an answer; where it is readable, for the one page that asked."""
    headers = {"cache-control": "no-store", "vary": "Origin"}
    if readable:
        headers["access-control-allow-origin"] = request.origin
    return headers
