"""What does the carrier's REST API show of calls, and how does it end one?"""

import re
from collections.abc import Mapping

from simulator.carrier import CallRecord, Carrier
from simulator.fields import API_VERSION, billed_minutes, rfc2822
from simulator.rest_words import (
    Form,
    Json,
    RestFault,
    RestRequest,
    listed,
    not_allowed,
    not_found,
)

_FILTERS: Mapping[str, str] = {
    "To": "to", "From": "from_", "ParentCallSid": "parent_sid",
}  # fmt: skip
_SUBRESOURCES = ("events", "notifications", "payments", "recordings", "siprec", "streams")
_MICRODOLLARS_PER_MINUTE = {"inbound": 8500, "outbound-dial": 14000}
_TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)\d{7}")
_TOLL_FREE_MICRODOLLARS = 22000


def answer_calls(carrier: Carrier, request: RestRequest, sid: str | None) -> Json:
    """One call, the list of calls, or a live call that is to end."""
    if request.method == "POST":
        return _end(carrier, request, sid)
    if request.method != "GET":
        raise not_allowed(request)
    if sid is not None:
        return call_resource(_call(carrier, request, sid))
    matching = [record for record in carrier.calls() if _matches(record, request.query)]
    return listed(request, "calls", matching, call_resource)


def _end(carrier: Carrier, request: RestRequest, sid: str | None) -> Json:
    if sid is None or set(request.form) != {"Status"}:
        raise RestFault(400, 20001, "this simulator only takes Status, for a call it knows")
    record = _call(carrier, request, sid)
    status = request.form["Status"]
    if status not in ("completed", "canceled"):
        raise RestFault(400, 21218, f"Invalid Status {status!r}: completed or canceled")
    ringing = record.status in ("queued", "initiated", "ringing")
    if not record.live or (status == "canceled" and not ringing):
        raise RestFault(400, 21220, f"Call {sid} is {record.status} and cannot be {status}")
    carrier.ask_hangup(sid)
    return call_resource(record)


def _call(carrier: Carrier, request: RestRequest, sid: str) -> CallRecord:
    record = carrier.find(sid)
    if record is None:
        raise not_found(request.path)
    return record


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


def _matches(record: CallRecord, query: Form) -> bool:
    if query.get("Status", shown_status(record)) != shown_status(record):
        return False
    return all(
        getattr(record, attribute) == query[name]
        for name, attribute in _FILTERS.items()
        if name in query
    )
