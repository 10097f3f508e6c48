"""How does what Amazon Connect asks and tells travel to the platform?

By AWS's own ways: the function is invoked, an event is put on the account's bus, and a batch of
contact records comes to the function that reads their stream. What is sent when is `courier`'s
business.
"""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from simulator.connect_contact import BUS, STREAM
from simulator.connect_judging import LIMIT_SECONDS
from simulator.courier import Sender
from simulator.wire import Answer, Request

MOST_TRIES = 4
"""How often the service invokes a function that is throttled or away, all within its limit."""

_BUSY, _BROKEN = 429, 500
_JSON = "application/json"
_EVENTS = "/_local/event"
# Local AWS takes this key for the account's owner.
_KEY = "test"


class LocalAws:
    """A local AWS at `url`; `contacts` is the function that hears of contacts.

    AWS lets nobody but itself put events of its services on a bus; the local one has an address
    for that.
    """

    def __init__(self, url: str, *, region: str, contacts: str) -> None:
        self._address = urlsplit(url).netloc
        self._contacts = contacts
        session = boto3.Session(_KEY, _KEY, region_name=region)
        config = Config(
            read_timeout=LIMIT_SECONDS, connect_timeout=2, retries={"total_max_attempts": 1}
        )
        self._lambda = session.client("lambda", endpoint_url=url, config=config)

    def send(self, request: Request) -> Answer:
        """Invoke, or put the event on the bus."""
        begun = time.monotonic()
        payload = json.dumps(request.document).encode()
        try:
            if request.url == BUS:
                status, body, fault = self._put(payload)
            else:
                name = self._contacts if request.url == STREAM else request.url
                status, body, fault = self._invoke(name, payload)
        except ClientError as refusal:
            status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
            body, fault = str(refusal).encode(), ""
        except (BotoCoreError, OSError, http.client.HTTPException) as away:
            status, body, fault = 0, b"", f"nobody answered: {away!r}"
        return Answer(
            status=status,
            content_type=_JSON,
            body=body,
            seconds=time.monotonic() - begun,
            fault=fault,
        )

    def _invoke(self, name: str, payload: bytes) -> tuple[int, bytes, str]:
        answer: dict[str, Any] = self._lambda.invoke(FunctionName=name, Payload=payload)
        body = answer["Payload"].read()
        failed = answer.get("FunctionError")
        said = body[:200].decode("utf-8", "replace")
        return answer["StatusCode"], body, f"the function failed: {said}" if failed else ""

    def _put(self, payload: bytes) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection(self._address, timeout=LIMIT_SECONDS)
        try:
            connection.request("POST", _EVENTS, payload, {"Content-Type": _JSON})
            response = connection.getresponse()
            response.read()
            return response.status, b"", ""
        finally:
            connection.close()


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
