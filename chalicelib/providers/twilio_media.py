"""What does Twilio keep of a recording, and how is it paused?

Owns fetching and deleting media in Twilio's REST API (Recordings resource, version 2010-04-01), and
pausing the recording of a call that goes on.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from chalicelib import runtime
from chalicelib.providers.carriers import CarrierAway
from chalicelib.recording import CarriersOwn

TIMEOUT_SECONDS = 10
MOST_BYTES = 1 << 30
"""A day of both sides would be more; four hours, the longest call, take 460 MB."""

_AUDIO = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})
_REFUSED, _GONE = 400, 404
_WITHOUT_MEDIA = frozenset({"absent", "deleted", "failed"})


class Unusable(Exception):
    """What the carrier sent is no recording: of another type, too large, or cut short."""


@dataclass(slots=True)
class Media:
    """A recording on its way, and how many bytes of it have come."""

    response: HTTPResponse
    channels: int
    size_bytes: int = 0

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes; Unusable when it ends before its length, or is larger than taken."""
        part = self.response.read(None if amount < 0 else amount)
        self.size_bytes += len(part)
        if self.size_bytes > MOST_BYTES:
            raise Unusable(f"the recording has more than {MOST_BYTES} bytes")
        if not part and self.response.length:
            raise Unusable(f"the recording broke off {self.response.length} bytes before its end")
        return part


@dataclass(frozen=True, slots=True)
class TwilioMedia:
    """The recordings of one Twilio account."""

    api_url: str
    account_sid: str
    token: str
    timeout_seconds: float = TIMEOUT_SECONDS

    @contextmanager
    def open(self, carrier_id: str) -> Iterator[Media]:
        """The media of a recording: both sides on channels of their own, or mixed where there is
        but one. CarrierAway, or an OSError, when the carrier does not answer as it should."""
        path = f"Recordings/{quote(carrier_id, safe='')}.wav"
        channels = 2
        try:
            response = self._ask("GET", f"{path}?RequestedChannels=2")
        except HTTPError as refused:
            if refused.code != _REFUSED:
                raise CarrierAway(
                    f"the carrier answered {refused.code} for a recording"
                ) from refused
            response, channels = self._ask("GET", f"{path}?RequestedChannels=1"), 1
        with response:
            kind = response.headers.get_content_type()
            if kind not in _AUDIO:
                raise Unusable(f"the carrier sent {kind} for a recording")
            yield Media(response, channels)

    def delete(self, carrier_id: str) -> None:
        """Delete a recording at the carrier; one that is not there is deleted. CarrierAway when the
        carrier cannot do it now."""
        with _in_words():
            try:
                self._ask("DELETE", f"Recordings/{quote(carrier_id, safe='')}.json").close()
            except HTTPError as refused:
                if refused.code != _GONE:
                    raise

    def pause(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """Pause what is being recorded of a call, or go on with it; the recording's id.

        A pause is heard as silence. None when nothing is being recorded; CarrierAway when the
        carrier cannot do it now.
        """
        call = quote(carrier_call_id, safe="")
        form = {"Status": "paused", "PauseBehavior": "silence"}
        wanted = form if paused else {"Status": "in-progress"}
        with _in_words():
            try:
                path = f"Calls/{call}/Recordings/Twilio.CURRENT.json"
                with self._ask("POST", path, wanted) as response:
                    return str(json.load(response)["sid"])
            except HTTPError as refused:
                if refused.code in (_REFUSED, _GONE):
                    return None
                raise

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """The recordings of a call that have media, or may get some; CarrierAway when the carrier
        cannot tell now."""
        call = quote(carrier_call_id, safe="")
        with _in_words():
            try:
                with self._ask("GET", f"Calls/{call}/Recordings.json?PageSize=100") as response:
                    listed = json.load(response)["recordings"]
            except HTTPError as refused:
                if refused.code != _GONE:
                    raise
                return ()
            return tuple(_own(one) for one in listed if one["status"] not in _WITHOUT_MEDIA)

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> HTTPResponse:
        request = Request(
            f"{self.api_url}/2010-04-01/Accounts/{self.account_sid}/{path}",
            method=method,
            data=urlencode(form).encode() if form else None,
        )
        basic = base64.b64encode(f"{self.account_sid}:{self.token}".encode()).decode()
        # Media may be elsewhere: the account's token must not follow the way there.
        request.add_unredirected_header("Authorization", f"Basic {basic}")
        return cast(HTTPResponse, urlopen(request, timeout=self.timeout_seconds))


def _own(resource: dict[str, Any]) -> CarriersOwn:
    """A Recording resource: dates are in RFC 2822, and numbers may be texts."""
    duration = resource.get("duration")
    return CarriersOwn(
        carrier_id=resource["sid"],
        started_at=parsedate_to_datetime(resource["start_time"] or resource["date_created"]),
        over=resource["status"] == "completed",
        seconds=None if duration is None else int(duration),
        channels=int(resource["channels"]),
    )


@contextmanager
def _in_words() -> Iterator[None]:
    """Whatever keeps the carrier from answering, in the platform's own words."""
    try:
        yield
    except (OSError, HTTPException, ValueError, KeyError) as fault:
        raise CarrierAway(
            "the carrier does not answer as it should; send the request again"
        ) from fault


def own_account() -> TwilioMedia:
    """This deployment's Twilio account."""
    secrets = runtime.secret_values()
    return TwilioMedia(
        api_url=runtime.settings().twilio_api_url,
        account_sid=secrets.twilio_account_sid,
        token=secrets.twilio_tokens[0],
    )
