"""How is Amazon Connect's API spoken to?

Owns which failures are tried again and for how long, and the API's refusals in the platform's
words. AWS's own SDK signs, sends and reads. Which operations are asked for belongs to
`connect_numbers` and `connect_recordings`.

An instance answers about two requests a second, with bursts of five: being throttled is usual.
"""

import random
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib.providers.carriers import CarrierAway, CarrierRefused

BUDGET_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.4
LONGEST_PAUSE_SECONDS = 2.0

Json = dict[str, Any]
_THROTTLED = frozenset({"ThrottlingException", "TooManyRequestsException"})


class NotAtConnect(CarrierRefused):
    """The instance has no such resource."""


class NotToBeHad(CarrierRefused):
    """What was asked for does not fit (`InvalidParameterException`, `InvalidRequestException`)."""


class ConnectApi:
    """Requests to one instance's API. Each one ends within `budget_seconds`, its repetitions
    included.

    All that the platform asks may be asked twice: AWS's SDK sends a claim under a token, and
    everything else says how things shall be.
    """

    def __init__(
        self,
        client: Any,
        *,
        budget_seconds: float = BUDGET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._budget = budget_seconds
        self.clock = clock
        self.sleep = sleep
        self._draw = draw

    def ask(self, operation: str, *, seconds: float | None = None, **said: Any) -> Json:
        """The answer to one operation, named as the SDK's client names it.

        NotAtConnect when there is no such resource; CarrierAway when no answer that counts comes
        within the budget, or within so many `seconds`.
        """
        give_up_at = self.clock() + (self._budget if seconds is None else seconds)
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                answer: Json = getattr(self._client, operation)(**said)
                return answer
            except ClientError as fault:
                why = _passing(fault)
                if why is None:
                    raise _refusal(fault) from fault
            except (ConnectionError, HTTPClientError) as fault:
                why = type(fault).__name__
            except BotoCoreError as fault:
                raise CarrierRefused(f"Amazon Connect cannot be asked: {fault}") from fault
            # A little chance keeps those who are throttled together from coming back together.
            wait = pause * (1 + self._draw()) / 2
            if self.clock() + wait >= give_up_at:
                raise CarrierAway(f"Amazon Connect does not answer: {why}")
            self.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def pages(self, operation: str, **said: Any) -> Iterator[Json]:
        """Every page of a list."""
        page = self.ask(operation, **said)
        yield page
        while page.get("NextToken"):
            page = self.ask(operation, **said, NextToken=page["NextToken"])
            yield page


def _passing(fault: ClientError) -> str | None:
    """Why asking again may help; None for what the API will not do."""
    code = fault.response["Error"].get("Code", "")
    status = fault.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    if code in _THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        return "too many requests"
    return f"status {status}" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None


def _refusal(fault: ClientError) -> CarrierRefused:
    said = fault.response["Error"]
    code = said.get("Code", "")
    kinds = {
        "ResourceNotFoundException": NotAtConnect,
        "InvalidParameterException": NotToBeHad,
        "InvalidRequestException": NotToBeHad,
    }
    words = said.get("Message") or code
    return kinds.get(code, CarrierRefused)(f"Amazon Connect refuses ({code}): {words}")
