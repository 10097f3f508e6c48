"""What does Twilio's own record say of a call?

Owns the look-ups in Twilio's REST API (Calls resource, version 2010-04-01). What follows from a
record belongs to `settlement`.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from chalicelib import runtime
from chalicelib.calls import ENDED, Call, LegStatus, Signal, SignalKind

TIMEOUT_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom to ask, and as whom."""

    api_url: str
    sid: str
    token: str


def ask_about(call: Call, now: datetime) -> tuple[Signal, ...]:
    """What this deployment's Twilio account records of a call; see `record_of`."""
    secrets = runtime.secret_values()
    account = Account(
        api_url=runtime.settings().twilio_api_url,
        sid=secrets.twilio_account_sid,
        token=secrets.twilio_tokens[0],
    )
    return record_of(call, now, account)


def record_of(call: Call, now: datetime, account: Account) -> tuple[Signal, ...]:
    """What Twilio records of a call that has ended: its own end, and that of the present attempt.

    Nothing while the call or its leg is still going on, nor when Twilio cannot be asked now.
    """
    try:
        parent = _get(account, f"Calls/{quote(call.carrier_call_id, safe='')}.json", {})
        ended = _signal(parent, 0, now)
        if ended is None:
            return ()
        of_call = {"ParentCallSid": call.carrier_call_id, "PageSize": "50"}
        legs = _get(account, "Calls.json", of_call)
        leg = _present_leg(call, legs["calls"])
        of_leg = _signal(leg, call.attempt.number, now) if leg and call.attempt else None
        if leg and of_leg is None:
            # The leg's end is not recorded yet; without it the call would seem to be without talk.
            return ()
    except (OSError, HTTPException, ValueError, KeyError) as fault:
        runtime.logger().warning(
            "the carrier could not be asked about a call",
            extra={"call_id": call.id, "fault": repr(fault)},
        )
        return ()
    return (ended, of_leg) if of_leg else (ended,)


def _present_leg(call: Call, legs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The leg of the present attempt: the last one that was dialled to its destination."""
    destination = call.attempt.destination if call.attempt else None
    dialled = [leg for leg in legs if leg.get("to") == destination]
    return max(dialled, key=_started, default=None)


def _started(leg: dict[str, Any]) -> datetime:
    """When a leg was dialled: the resource writes RFC 2822."""
    return parsedate_to_datetime(leg["date_created"])


def _signal(record: dict[str, Any], attempt: int, now: datetime) -> Signal | None:
    """The end that a Call resource tells of; None while it has none."""
    status = LegStatus(record["status"])
    if status not in ENDED:
        return None
    return Signal(
        kind=SignalKind.RECORD,
        attempt=attempt,
        status=status,
        seconds=int(record.get("duration") or 0),
        received_at=now,
        raw={name: str(value) for name, value in record.items() if isinstance(value, str)},
    )


def _get(account: Account, path: str, query: dict[str, str]) -> dict[str, Any]:
    url = f"{account.api_url}/2010-04-01/Accounts/{account.sid}/{path}"
    basic = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()
    request = Request(f"{url}?{urlencode(query)}" if query else url)
    request.add_header("Authorization", f"Basic {basic}")
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        document: dict[str, Any] = json.load(response)
    return document
