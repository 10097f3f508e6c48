"""How does what Amazon Connect asks and tells travel to the platform?

By AWS's own ways: the function is invoked, an event is put on the account's bus, and a batch of
contact records comes to the function that reads their stream. What is sent when is `courier`'s
business.
"""

import http.client
import json
import time
from urllib.parse import quote, urlsplit

from simulator.connect_contact import BUS, STREAM
from simulator.connect_judging import LIMIT_SECONDS
from simulator.courier import Sender
from simulator.wire import Answer, Request

MOST_TRIES = 4
"""How often the service invokes a function that is throttled or away, all within its limit."""

_BUSY, _BROKEN = 429, 500
_JSON = "application/json"
_EVENTS = "/_local/event"
_INVOCATIONS = "/2015-03-31/functions/{}/invocations"
# Local AWS takes this key for the account's owner, and looks at no signature of it.
_OWNER = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/{}/lambda/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class LocalAws:
    """A local AWS at `url`; `contacts` is the function that hears of contacts.

    AWS lets nobody but itself put events of its services on a bus; the local one has an address
    for that.
    """

    def __init__(self, url: str, *, region: str, contacts: str) -> None:
        self._address = urlsplit(url).netloc
        self._contacts = contacts
        self._headers = {"Content-Type": _JSON, "Authorization": _OWNER.format(region)}

    def send(self, request: Request) -> Answer:
        """Invoke, or put the event on the bus."""
        name = self._contacts if request.url == STREAM else request.url
        on_bus = request.url == BUS
        path = _EVENTS if on_bus else _INVOCATIONS.format(quote(name, safe=""))
        begun = time.monotonic()
        connection = http.client.HTTPConnection(self._address, timeout=LIMIT_SECONDS)
        try:
            connection.request("POST", path, json.dumps(request.document).encode(), self._headers)
            response = connection.getresponse()
            status, body = response.status, response.read()
            failed = response.getheader("X-Amz-Function-Error")
        except (OSError, http.client.HTTPException) as away:
            fault = f"nobody answered: {away!r}"
            return Answer(fault=fault, seconds=time.monotonic() - begun)
        finally:
            connection.close()
        said = body[:200].decode("utf-8", "replace")
        return Answer(
            status=status,
            content_type=_JSON,
            body=b"" if on_bus else body,
            seconds=time.monotonic() - begun,
            fault=f"the function failed: {said}" if failed else "",
        )


class Retrying:
    """A way that is tried again while the function is throttled or away, as the service does it."""

    def __init__(self, wire: Sender) -> None:
        self._wire = wire

    def send(self, request: Request) -> Answer:
        """The first answer that is one, or the last that is none; its `seconds` are of all tries,
        and at most as many as the service waits."""
        spent = 0.0
        for _ in range(MOST_TRIES):
            answer = self._wire.send(request)
            spent += answer.seconds
            away = answer.status in (0, _BUSY) or answer.status >= _BROKEN
            if not away or spent >= LIMIT_SECONDS:
                break
        return Answer(
            status=answer.status,
            content_type=answer.content_type,
            body=answer.body,
            seconds=min(spent, LIMIT_SECONDS),
            fault=answer.fault,
        )
