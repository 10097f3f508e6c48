"""What does Twilio's account record, lend and know?

Owns the translation between Twilio's resources (Calls, AvailablePhoneNumbers and
IncomingPhoneNumbers of version 2010-04-01, PhoneNumbers of Lookup 2) and the words of `carriers`;
the half about recordings belongs to `twilio_media`.
What follows from a record belongs to `settlement`, from a number to the flow of numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from chalicelib import runtime
from chalicelib.calls import ENDED, Attempt, Call, LegStatus, Signal, SignalKind
from chalicelib.errors import Refused
from chalicelib.numbers import (
    AvailableNumber,
    LineFacts,
    NumberSearch,
    OwnedNumber,
    SearchKind,
    Webhooks,
    monthly_cost_micros,
)
from chalicelib.offers import TWILIO
from chalicelib.providers.carriers import CarrierAway, CarrierRefused, NumberUnavailable
from chalicelib.providers.twilio_media import TwilioRecordings
from chalicelib.providers.twilio_rest import Account, Json, NotAtCarrier, Rest
from chalicelib.ringing import led_by, targets_of

RECORD_SECONDS = 3.0
FIND_SECONDS = 1.5
LOOK_UP_SECONDS = 3.0
_NOT_AVAILABLE = 21422
_A_PAGE = "1000"
_FAMILY: Mapping[SearchKind, str] = {SearchKind.LOCAL: "Local", SearchKind.TOLL_FREE: "TollFree"}
_SEARCHED: Mapping[str, str] = {
    "area_code": "AreaCode", "zip": "InPostalCode", "state": "InRegion", "contains": "Contains",
}  # fmt: skip


class Twilio(TwilioRecordings):
    """One Twilio account, a `Carrier`; `voice_url` is where the deployment's webhooks begin."""

    name = TWILIO

    def __init__(self, account: Account, *, voice_url: str = "", rest: Rest | None = None) -> None:
        base = f"{account.api_url}/2010-04-01/Accounts/{quote(account.sid, safe='')}"
        super().__init__(rest or Rest(account), base)
        self._account = account
        self._voice_url = voice_url

    def webhooks(self) -> Webhooks:
        """The deployment's own."""
        if not self._voice_url:
            raise Refused("the deployment does not know its voice URL yet", code="no_voice_url")
        inbound = f"{self._voice_url}/twilio/inbound"
        status = f"{self._voice_url}/twilio/status"
        fallback = f"{self._voice_url}/twilio/fallback"
        return Webhooks(voice_url=inbound, fallback_url=fallback, status_url=status)

    def record_of(self, call: Call, now: datetime) -> tuple[Signal, ...]:
        """What the Calls resource holds of a call that has ended, and of its present attempt."""
        rest = self._rest.within(RECORD_SECONDS)
        try:
            url = f"{self._base}/Calls/{quote(call.carrier_call_id, safe='')}.json"
            ended = _signal(rest.get(url), 0, now)
            if ended is None:
                return ()
            of_call = {"ParentCallSid": call.carrier_call_id, "PageSize": "50"}
            legs = rest.get(f"{self._base}/Calls.json", of_call)
            of_legs = list(_of_legs(call, legs["calls"], now))
            if None in of_legs:
                # A leg's end is not recorded yet; without it the call would seem to have no talk.
                return ()
        except (CarrierAway, CarrierRefused, ValueError, KeyError) as fault:
            runtime.logger().warning(
                "the carrier could not be asked about a call",
                extra={"call_id": call.id, "fault": repr(fault)},
            )
            return ()
        return (ended, *_longest_first(of_legs))

    def search(self, wanted: NumberSearch) -> tuple[AvailableNumber, ...]:
        """Numbers of the United States that take calls."""
        url = f"{self._base}/AvailablePhoneNumbers/US/{_FAMILY[wanted.kind]}.json"
        query = {"PageSize": str(wanted.limit), "VoiceEnabled": "true"}
        for name, theirs in _SEARCHED.items():
            value = getattr(wanted, name)
            if value is not None:
                query[theirs] = value
        try:
            found = self._rest.get(url, query)["available_phone_numbers"]
        except NotAtCarrier:
            # Twilio says so of a family that it has no number of at all.
            return ()
        return tuple(_available(record, wanted.kind) for record in found[: wanted.limit])

    def buy(self, e164: str, webhooks: Webhooks) -> OwnedNumber:
        """Buying is a form that must not be sent twice."""
        form = {"PhoneNumber": e164, **_form(webhooks)}
        try:
            record = self._rest.post(self._numbers_url, form, repeatable=False)
        except CarrierRefused as refused:
            if refused.carrier_code == _NOT_AVAILABLE:
                raise NumberUnavailable(f"the carrier does not lend {e164}") from refused
            raise
        return _owned(record)

    def configure(self, owned: OwnedNumber, webhooks: Webhooks) -> OwnedNumber:
        """Set the URLs; an application or a trunk would go before them, and is taken off."""
        form = {**_form(webhooks), "VoiceApplicationSid": "", "TrunkSid": ""}
        return _owned(self._rest.post(self._number_url(owned), form, repeatable=True))

    def release(self, owned: OwnedNumber) -> None:
        """Delete the resource."""
        try:
            self._rest.delete(self._number_url(owned))
        except NotAtCarrier:
            # A repetition of a release whose answer was lost.
            return

    def owned(self) -> Iterator[OwnedNumber]:
        """Page after page of the account's numbers."""
        yield from map(_owned, self._listed(self._numbers_url, "incoming_phone_numbers"))

    def verified(self) -> Iterator[str]:
        """Page after page of the account's outgoing caller ids."""
        url = f"{self._base}/OutgoingCallerIds.json"
        for record in self._listed(url, "outgoing_caller_ids"):
            yield record["phone_number"]

    def _listed(self, url: str, name: str) -> Iterator[Json]:
        page = self._rest.get(url, {"PageSize": _A_PAGE})
        while True:
            yield from page[name]
            following = page.get("next_page_uri")
            if not following:
                return
            page = self._rest.get(self._account.api_url + following)

    def find(self, e164: str) -> OwnedNumber | None:
        """The filter also finds longer numbers; only the very number counts. Whoever asks can do
        without the answer, or asks again, so it is not waited for as long as others."""
        page = self._rest.within(FIND_SECONDS).get(self._numbers_url, {"PhoneNumber": e164})
        found = map(_owned, page["incoming_phone_numbers"])
        return next((one for one in found if one.e164 == e164), None)

    def look_up(self, e164: str, *, caller_name: bool = False) -> LineFacts:
        """Line type, and the caller's name when it is asked for; each may fail by itself. Callers
        do not wait for it long, so neither does whoever asks for them."""
        base = self._account.api_url.replace("://api.", "://lookups.", 1)
        fields = "line_type_intelligence" + (",caller_name" if caller_name else "")
        url = f"{base}/v2/PhoneNumbers/{quote(e164)}"
        found = self._rest.within(LOOK_UP_SECONDS).get(url, {"Fields": fields})
        line = found.get("line_type_intelligence") or {}
        name = found.get("caller_name") or {}
        return LineFacts(
            e164=e164,
            valid=bool(found.get("valid")),
            line_type=line.get("type"),
            carrier_name=line.get("carrier_name"),
            caller_name=name.get("caller_name"),
            country=found.get("country_code"),
        )

    @property
    def _numbers_url(self) -> str:
        return f"{self._base}/IncomingPhoneNumbers.json"

    def _number_url(self, owned: OwnedNumber) -> str:
        return f"{self._base}/IncomingPhoneNumbers/{quote(owned.carrier_number_id, safe='')}.json"


def _form(webhooks: Webhooks) -> dict[str, str]:
    return {
        "VoiceUrl": webhooks.voice_url,
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": webhooks.fallback_url,
        "VoiceFallbackMethod": "POST",
        "StatusCallback": webhooks.status_url,
        "StatusCallbackMethod": "POST",
    }


def _owned(record: Json) -> OwnedNumber:
    methods = ("voice_method", "voice_fallback_method", "status_callback_method")
    diverted = record.get("voice_application_sid") or record.get("trunk_sid")
    return OwnedNumber(
        carrier_number_id=record["sid"],
        e164=record["phone_number"],
        webhooks=Webhooks(
            voice_url=record.get("voice_url") or "",
            fallback_url=record.get("voice_fallback_url") or "",
            status_url=record.get("status_callback") or "",
        ),
        elsewhere=bool(diverted) or any(record.get(name) == "GET" for name in methods),
    )


def _available(record: Json, kind: SearchKind) -> AvailableNumber:
    e164 = record["phone_number"]
    return AvailableNumber(
        e164=e164,
        kind=kind,
        city=record.get("locality"),
        state=record.get("region"),
        zip=record.get("postal_code"),
        monthly_cost_micros=monthly_cost_micros(e164),
    )


def _of_legs(call: Call, legs: list[Json], now: datetime) -> Iterator[Signal | None]:
    """How the legs of the present attempt ended, one for each target that it rang; None for one
    whose end is not recorded."""
    attempt = call.attempt
    if attempt is None:
        return
    for target_id in targets_of(attempt):
        own = led_by(attempt, target_id)
        leg = _present_leg(own, legs) if own else None
        if own and leg:
            signal = _signal(leg, own.number, now)
            target = target_id if own.together else None
            yield signal and replace(signal, target_id=target, leg_id=leg.get("sid"))


def _longest_first(signals: Iterable[Signal | None]) -> list[Signal]:
    """The signals so that whoever reads them one by one sees the talk before a leg without one."""
    return sorted(filter(None, signals), key=lambda one: -(one.seconds or 0))


def _present_leg(attempt: Attempt, legs: list[Json]) -> Json | None:
    """The leg of the attempt: the last one that was dialled to its destination."""
    dialled = [leg for leg in legs if leg.get("to") == attempt.destination]
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
