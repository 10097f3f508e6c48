"""What does the carrier's REST API answer about the calls it knows?

A small threaded HTTP server over `Carrier`: one call, a list of calls, and the end of a live
one. Field names, formats and error bodies are the carrier's; resources the platform does not
use are not there.
"""

import base64
import hmac
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator.carrier import CallRecord, Carrier
from simulator.fields import API_VERSION, billed_minutes, rfc2822

Json = dict[str, Any]

_PATH = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Calls(?:/([^/]+))?\.json")
_FILTERS: Mapping[str, str] = {
    "To": "to", "From": "from_", "ParentCallSid": "parent_sid",
}  # fmt: skip
_SUBRESOURCES = ("events", "notifications", "payments", "recordings", "siprec", "streams")
_MICRODOLLARS_PER_MINUTE = {"inbound": 8500, "outbound-dial": 14000}
_TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)\d{7}")
_TOLL_FREE_MICRODOLLARS = 22000


class RestFault(Exception):
    """A refusal, with the carrier's code and the HTTP status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


class RestServer:
    """The REST side, listening from its construction, serving inside a `with` block."""

    def __init__(
        self, carrier: Carrier, account_sid: str, auth_token: str, address: tuple[str, int]
    ) -> None:
        api = _Api(carrier, account_sid, auth_token)
        handler = type("Handler", (_Handler,), {"api": api})
        self._server = _Listener(address, handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"

    def __enter__(self) -> "RestServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Api:
    def __init__(self, carrier: Carrier, account_sid: str, auth_token: str) -> None:
        self._carrier = carrier
        self._account_sid = account_sid
        self._credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()

    def get(self, target: str, authorization: str) -> Json:
        sid = self._resource(target, authorization)
        if sid is None:
            return self._list(target)
        return call_resource(self._call(sid))

    def post(self, target: str, authorization: str, form: Mapping[str, str]) -> Json:
        sid = self._resource(target, authorization)
        if sid is None or set(form) != {"Status"}:
            raise RestFault(400, 20001, "this simulator only takes Status, for a call it knows")
        record = self._call(sid)
        status = form["Status"]
        if status not in ("completed", "canceled"):
            raise RestFault(400, 21218, f"Invalid Status {status!r}: completed or canceled")
        ringing = record.status in ("queued", "initiated", "ringing")
        if not record.live or (status == "canceled" and not ringing):
            raise RestFault(400, 21220, f"Call {sid} is {record.status} and cannot be {status}")
        self._carrier.ask_hangup(sid)
        return call_resource(record)

    def _resource(self, target: str, authorization: str) -> str | None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(
            given.strip().encode(), self._credentials.encode()
        ):
            raise RestFault(401, 20003, "Authenticate")
        path = urlsplit(target).path
        match = _PATH.fullmatch(path)
        if match is None or match[1] != self._account_sid:
            raise _not_found(path)
        return match[2]

    def _call(self, sid: str) -> CallRecord:
        record = self._carrier.find(sid)
        if record is None:
            raise _not_found(f"/2010-04-01/Accounts/{self._account_sid}/Calls/{sid}.json")
        return record

    def _list(self, target: str) -> Json:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        size = _whole(query, "PageSize", 50, low=1)
        page = _whole(query, "Page", 0, low=0)
        matching = [record for record in self._carrier.calls() if _matches(record, query)]
        start = page * size
        shown = matching[start : start + size]
        more = len(matching) > start + size

        def uri(number: int) -> str:
            return f"{parts.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

        return {
            "calls": [call_resource(record) for record in shown],
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if more else None,
            "previous_page_uri": uri(page - 1) if page else None,
            "uri": uri(page),
            "page": page,
            "page_size": size,
            "start": start,
            "end": start + max(len(shown) - 1, 0),
        }


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    api: _Api
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        self._answer(dict(parse_qsl(body, keep_blank_values=True)))

    def _answer(self, form: Mapping[str, str]) -> None:
        authorization = self.headers.get("Authorization", "")
        status = 200
        try:
            if self.command == "GET":
                answer = self.api.get(self.path, authorization)
            else:
                answer = self.api.post(self.path, authorization, form)
        except RestFault as fault:
            status, answer = fault.status, fault.body
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the numbers in these paths are personal data."""


def call_resource(record: CallRecord) -> Json:
    """A call as the API shows it: dates in RFC 2822, numbers as strings, gaps as null."""
    uri = f"/2010-04-01/Accounts/{record.account_sid}/Calls/{record.sid}"
    answered = record.duration is not None
    return {
        "sid": record.sid,
        "date_created": rfc2822(record.created),
        "date_updated": rfc2822(record.updated),
        "parent_call_sid": record.parent_sid,
        "account_sid": record.account_sid,
        "to": record.to,
        "to_formatted": formatted(record.to),
        "from": record.from_,
        "from_formatted": formatted(record.from_),
        "phone_number_sid": None,
        "status": shown_status(record),
        "start_time": rfc2822(record.created),
        "end_time": rfc2822(record.ended) if record.ended else None,
        "duration": str(record.duration) if answered else None,
        "price": _price(record),
        "price_unit": "USD",
        "direction": record.direction,
        "answered_by": None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {name: f"{uri}/{name.title()}.json" for name in _SUBRESOURCES},
    }


def shown_status(record: CallRecord) -> str:
    """The status as the API has it; a leg being set up counts as queued there."""
    return "queued" if record.status == "initiated" else record.status


def formatted(number: str) -> str:
    """A number for people: `(415) 555-0111` in North America, as it is elsewhere."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number


def _price(record: CallRecord) -> str | None:
    if record.duration is None:
        return None
    rate = _MICRODOLLARS_PER_MINUTE[record.direction]
    if record.direction == "inbound" and _TOLL_FREE.fullmatch(record.to):
        rate = _TOLL_FREE_MICRODOLLARS
    micros = rate * billed_minutes(record.duration)
    return f"-{micros // 1_000_000}.{micros % 1_000_000 // 10:05d}"


def _matches(record: CallRecord, query: Mapping[str, str]) -> bool:
    if query.get("Status", shown_status(record)) != shown_status(record):
        return False
    return all(
        getattr(record, attribute) == query[name]
        for name, attribute in _FILTERS.items()
        if name in query
    )


def _whole(query: Mapping[str, str], name: str, default: int, *, low: int) -> int:
    value = query.get(name, str(default))
    if not re.fullmatch(r"\d{1,6}", value) or not low <= int(value):
        raise RestFault(400, 20001, f"{name} is a whole number from {low}")
    return min(int(value), 1000) if name == "PageSize" else int(value)


def _not_found(path: str) -> RestFault:
    return RestFault(404, 20404, f"The requested resource {path} was not found")
