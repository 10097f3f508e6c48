"""Which fields does the carrier send about a call?

Translates what the simulator knows into the form fields of each webhook; nothing is sent here.
"""

import math
from datetime import datetime
from email.utils import format_datetime
from hashlib import blake2b

from simulator.scripts import Caller

API_VERSION = "2010-04-01"

Fields = tuple[tuple[str, str], ...]


def derived_id(prefix: str, *facts: object) -> str:
    """A sid made of facts: the prefix and 32 hex digits, the same for the same facts."""
    text = "|".join(str(fact) for fact in facts)
    return prefix + blake2b(text.encode(), digest_size=16).hexdigest()


def rfc2822(moment: datetime) -> str:
    """A moment as the carrier writes it: `Sun, 22 Nov 2026 15:04:07 +0000`."""
    return format_datetime(moment)


def billed_minutes(seconds: int) -> int:
    """Begun minutes; none for a call without a second."""
    return math.ceil(seconds / 60)


def whole_seconds(seconds: float) -> int:
    """A duration as the carrier reports it, rounded to whole seconds."""
    return math.floor(seconds + 0.5)


def inbound_fields(account_sid: str, sid: str, to: str, *, caller: Caller, status: str) -> Fields:
    """The fields of the caller's own leg, geography of both numbers included."""
    geography: dict[str, str] = {}
    for side in ("From", "Caller"):
        geography[f"{side}City"] = caller.city
        geography[f"{side}State"] = caller.state
        geography[f"{side}Zip"] = caller.zip_code
        geography[f"{side}Country"] = caller.country
    for side in ("To", "Called"):
        geography |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": ""}
        geography[f"{side}Country"] = "US"
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": sid,
        "CallStatus": status,
        "Called": to,
        "Caller": caller.number,
        "Direction": "inbound",
        "From": caller.number,
        "To": to,
        **geography,
    }
    if caller.verstat is not None:
        fields["StirVerstat"] = caller.verstat
    return tuple(sorted(fields.items()))


def leg_fields(account_sid: str, parent_sid: str, sid: str, ends: tuple[str, str]) -> Fields:
    """The fields of a dialled leg, but for its status; `ends` are whence and whither."""
    whence, whither = ends
    return (
        ("AccountSid", account_sid),
        ("ApiVersion", API_VERSION),
        ("CallSid", sid),
        ("Called", whither),
        ("Caller", whence),
        ("Direction", "outbound-dial"),
        ("From", whence),
        ("ParentCallSid", parent_sid),
        ("To", whither),
    )


def progress_fields(sequence: int, moment: datetime) -> Fields:
    """What every status callback carries of its place in the order of events."""
    return (
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(sequence)),
        ("Timestamp", rfc2822(moment)),
    )


def duration_fields(seconds: int) -> Fields:
    """What a final status callback says of the duration."""
    return (("CallDuration", str(seconds)), ("Duration", str(billed_minutes(seconds))))
