"""What does the carrier's REST API answer?

A small threaded HTTP server over `Carrier`: calls, recordings, numbers that can be rented, numbers
of the account, look-ups. It knows who asks, which resource is meant, and what trouble it was told
to make; the resources are in modules of their own. What the platform does not use is not there.
Whoever speaks AWS's protocol instead is answered by `connect_api`.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from simulator.carrier import Carrier
from simulator.connect_api import ConnectHandler
from simulator.connect_instance import ConnectInstance, local_instance
from simulator.listening import Service
from simulator.recordings import Answered, answer, is_about_recordings
from simulator.rest_calls import answer_calls
from simulator.rest_numbers import answer_available, answer_lookup, answer_owned, answer_verified
from simulator.rest_trouble import Trouble
from simulator.rest_words import Json, RestFault, RestRequest, not_found

Resource = Callable[[Carrier, RestRequest, str | None], Json]

_ACCOUNT = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/(.+)\.json")
_LOOKUP = re.compile(r"/v2/PhoneNumbers/([^/]+)")
_RESOURCES: tuple[tuple[re.Pattern[str], Resource], ...] = (
    (re.compile(r"Calls(?:/([^/]+))?"), answer_calls),
    (re.compile(r"AvailablePhoneNumbers/(\w+/\w+)"), answer_available),
    (re.compile(r"IncomingPhoneNumbers(?:/([^/]+))?"), answer_owned),
    (re.compile(r"OutgoingCallerIds(?:/([^/]+))?"), answer_verified),
)


class RestServer(Service):
    """The REST side; an instance of Amazon Connect answers at the same address."""

    def __init__(
        self,
        carrier: Carrier,
        account_sid: str,
        auth_token: str,
        address: tuple[str, int],
        connect: ConnectInstance | None = None,
    ) -> None:
        self.connect = connect or local_instance()
        api = _Api(carrier, account_sid, auth_token)
        super().__init__(_Handler, {"api": api, "instance": self.connect}, address)


class _Api:
    def __init__(self, carrier: Carrier, account_sid: str, auth_token: str) -> None:
        self._carrier = carrier
        self._account_sid = account_sid
        self._credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()

    def answer(self, request: RestRequest, authorization: str) -> Answered:
        self._admit(authorization)
        if is_about_recordings(request.path):
            if f"/Accounts/{self._account_sid}/" not in request.path:
                raise not_found(request.path)
            return answer(self._carrier, request)
        said = self._resource(request)
        made = said.pop("_made", False)
        if request.method == "DELETE":
            return Answered(status=204)
        return Answered(status=201 if made else 200, document=said)

    def _resource(self, request: RestRequest) -> Json:
        lookup = _LOOKUP.fullmatch(request.path)
        if lookup is not None:
            return answer_lookup(request, lookup[1])
        account = _ACCOUNT.fullmatch(request.path)
        if account is not None and account[1] == self._account_sid:
            for pattern, resource in _RESOURCES:
                match = pattern.fullmatch(account[2])
                if match is not None:
                    return resource(self._carrier, request, match[1])
        raise not_found(request.path)

    def _admit(self, authorization: str) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(
            given.strip().encode(), self._credentials.encode()
        ):
            raise RestFault(401, 20003, "Authenticate")


class _Handler(ConnectHandler):
    api: _Api

    def answer(self) -> None:
        """Who signs as AWS's SDKs do speaks to Amazon Connect."""
        if self.headers.get("Authorization", "").startswith("AWS4-"):
            super().answer()
        else:
            self._answer()

    def _answer(self) -> None:
        request = self._request()
        trouble = self.troubles.next(request.method, request.path)
        if trouble is Trouble.HANG:
            self.troubles.hang()
            self.close_connection = True
            return
        try:
            if trouble is not None and trouble.refusal is not None:
                raise trouble.refusal
            said = self.api.answer(request, self.headers.get("Authorization", ""))
        except RestFault as fault:
            said = Answered(status=fault.status, document=fault.body)
        if trouble is Trouble.LOST:
            self.close_connection = True
            return
        self._send(said, cut=trouble is Trouble.CUT)

    def _request(self) -> RestRequest:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        parts = urlsplit(self.path)
        return RestRequest(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            form=dict(parse_qsl(body, keep_blank_values=True)),
        )

    def _send(self, said: Answered, *, cut: bool) -> None:
        written = b"" if said.document is None else json.dumps(said.document).encode()
        body = said.sound or written
        self.send_response(said.status)
        self.send_header(
            "Content-Type", "audio/x-wav" if said.sound else "application/json;charset=utf-8"
        )
        self.send_header("Content-Length", str(len(body)))
        if said.status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut
