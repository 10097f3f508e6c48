"""Which numbers does an Amazon Connect instance have and lend, and which flow do they lead to?

Owns the half of an instance that is about numbers (version 2017-08-08 of its API) in the words of
`carriers`. A number leads to a flow, which stands where other carriers have a voice URL. HTTP
belongs to `connect_api`; what follows from a number, to the flow of numbers.
"""

from collections.abc import Iterator
from itertools import islice

from chalicelib.errors import Refused
from chalicelib.ids import derived
from chalicelib.numbers import (
    AvailableNumber,
    LineFacts,
    NumberSearch,
    OwnedNumber,
    SearchKind,
    Webhooks,
    monthly_cost_micros,
)
from chalicelib.offers import CONNECT
from chalicelib.places import NumberKind, area_codes_of, kind_of, place_of
from chalicelib.providers.carriers import CarrierAway, CarrierRefused, NumberUnavailable
from chalicelib.providers.connect_api import ConnectApi, Json, NotAtConnect, NotToBeHad

# All that a purchase asks must fit into the 29 seconds that the API has for an answer.
SEARCH_SECONDS = 10.0
FIND_SECONDS = 3.0
CLAIM_SECONDS = 8.0
LOOK_AGAIN_SECONDS = 1.0
_TYPES = {SearchKind.LOCAL: "DID", SearchKind.TOLL_FREE: "TOLL_FREE"}
_MOST_FOUND = 10
_A_PAGE = 1000
_MOST_CLAIMS = 4
_FLOW = "contact-flow/"


class ConnectNumbers:
    """The numbers of one instance; calls belong into the deployment's flow there."""

    name = CONNECT

    _api: ConnectApi
    _instance_id: str
    _flow_id: str

    def webhooks(self) -> Webhooks:
        """The deployment's own flow."""
        if not self._flow_id:
            raise Refused("the deployment has no flow on Amazon Connect yet", code="no_flow")
        return _leading_to(self._flow_id)

    def search(self, wanted: NumberSearch) -> tuple[AvailableNumber, ...]:
        """Numbers of the United States, looked for by the beginning of their digits: an area code,
        or each of a state's. A long search ends with what it has found."""
        unknown = [name for name in ("zip", "contains") if getattr(wanted, name) is not None]
        if unknown:
            reason = "finds numbers by area code and by state, and not by"
            raise CarrierRefused(f"Amazon Connect {reason} {' or '.join(unknown)}")
        give_up_at = self._api.clock() + SEARCH_SECONDS
        found: list[AvailableNumber] = []
        for prefix in _prefixes(wanted):
            try:
                stock = self._stock(wanted.kind, prefix)
                fitting = (one for one in stock if wanted.state in (None, one.state))
                found += islice(fitting, wanted.limit - len(found))
            except CarrierAway:
                if not found:
                    raise
                break
            if len(found) >= wanted.limit or self._api.clock() > give_up_at:
                break
        return tuple(found)

    def _stock(self, kind: SearchKind, prefix: str) -> Iterator[AvailableNumber]:
        pages = self._api.pages(
            "search_available_phone_numbers",
            InstanceId=self._instance_id,
            PhoneNumberCountryCode="US",
            PhoneNumberType=_TYPES[kind],
            PhoneNumberPrefix=prefix,
            MaxResults=_MOST_FOUND,
        )
        for page in pages:
            for one in page.get("AvailableNumbersList", []):
                yield _available(one["PhoneNumber"], kind)

    def buy(self, e164: str, webhooks: Webhooks) -> OwnedNumber:
        """Claim the number, wait until the claim stands, and lead the number into the flow."""
        claimed = self._claimed(e164)
        return self.configure(_owned(claimed, e164, ""), webhooks)

    def _claimed(self, e164: str) -> str:
        """The id of the number once its claim stands.

        The token follows from the number, so that a repetition claims nothing more. Under the token
        of a claim that was given back meanwhile, the API answers with that one, which is gone: the
        next token follows from it.
        """
        gone: list[str] = []
        for _ in range(_MOST_CLAIMS):
            token = derived("clm", self._instance_id, e164, *gone)
            id = self._claim(e164, token)
            try:
                self._wait_for(id, e164)
            except NotAtConnect:
                gone.append(id)
            else:
                return id
        raise CarrierAway(f"the claim of {e164} does not show up")

    def _claim(self, e164: str, token: str) -> str:
        try:
            claim = self._api.ask(
                "claim_phone_number",
                InstanceId=self._instance_id,
                PhoneNumber=e164,
                PhoneNumberDescription="RingLedger",
                ClientToken=token,
            )
        except (NotAtConnect, NotToBeHad) as refused:
            raise NumberUnavailable(f"the carrier does not lend {e164}") from refused
        return str(claim["PhoneNumberId"])

    def _wait_for(self, id: str, e164: str) -> None:
        """Return once the claim stands; CarrierAway when that takes too long."""
        give_up_at = self._api.clock() + CLAIM_SECONDS
        while True:
            said = self._described(id)["PhoneNumberStatus"]
            if said["Status"] == "CLAIMED":
                return
            if said["Status"] == "FAILED":
                self._release(id)
                why = said.get("Message") or "no reason is given"
                raise NumberUnavailable(f"the claim of {e164} failed: {why}")
            if self._api.clock() + LOOK_AGAIN_SECONDS >= give_up_at:
                raise CarrierAway(f"the claim of {e164} is still going on")
            self._api.sleep(LOOK_AGAIN_SECONDS)

    def _described(self, id: str) -> Json:
        answer = self._api.ask("describe_phone_number", PhoneNumberId=id)
        described: Json = answer["ClaimedPhoneNumberSummary"]
        return described

    def configure(self, owned: OwnedNumber, webhooks: Webhooks) -> OwnedNumber:
        """Lead the number into the flow; a number leads to one flow at a time."""
        flow_id = webhooks.voice_url.removeprefix(_FLOW)
        self._api.ask(
            "associate_phone_number_contact_flow",
            PhoneNumberId=owned.carrier_number_id,
            InstanceId=self._instance_id,
            ContactFlowId=flow_id,
        )
        return _owned(owned.carrier_number_id, owned.e164, flow_id)

    def release(self, owned: OwnedNumber) -> None:
        """Give the number back."""
        self._release(owned.carrier_number_id)

    def _release(self, id: str) -> None:
        try:
            self._api.ask("release_phone_number", PhoneNumberId=id)
        except NotAtConnect:
            # A repetition of a release whose answer was lost.
            return

    def owned(self) -> Iterator[OwnedNumber]:
        """The instance's numbers, page after page, each with its flow."""
        flows = self._flows()
        pages = self._api.pages(
            "list_phone_numbers_v2", InstanceId=self._instance_id, MaxResults=_A_PAGE
        )
        for page in pages:
            for one in page.get("ListPhoneNumbersSummaryList", []):
                id = one["PhoneNumberId"]
                yield _owned(id, one["PhoneNumber"], flows.get(id, ""))

    def _flows(self) -> dict[str, str]:
        """The flow of each number that leads to one. The API names either by id or by ARN."""
        pages = self._api.pages(
            "list_flow_associations",
            InstanceId=self._instance_id,
            ResourceType="VOICE_PHONE_NUMBER",
            MaxResults=_A_PAGE,
        )
        return {
            _id(one["ResourceId"]): _id(one["FlowId"])
            for page in pages
            for one in page.get("FlowAssociationSummaryList", [])
        }

    def find(self, e164: str) -> OwnedNumber | None:
        """The filter also finds longer numbers, and those whose claim did not come to stand."""
        page = self._api.ask(
            "list_phone_numbers_v2",
            seconds=FIND_SECONDS,
            InstanceId=self._instance_id,
            PhoneNumberPrefix=e164,
            MaxResults=_A_PAGE,
        )
        for one in page.get("ListPhoneNumbersSummaryList", []):
            if one["PhoneNumber"] == e164 and self._stands(one["PhoneNumberId"]):
                return _owned(
                    one["PhoneNumberId"], e164, self._flows().get(one["PhoneNumberId"], "")
                )
        return None

    def _stands(self, id: str) -> bool:
        try:
            return bool(self._described(id)["PhoneNumberStatus"]["Status"] == "CLAIMED")
        except NotAtConnect:
            return False

    def verified(self) -> Iterator[str]:
        """None: an instance shows the numbers that it has, and no others."""
        yield from ()

    def look_up(self, e164: str, *, caller_name: bool = False) -> LineFacts:
        """Amazon Connect knows nothing of other people's lines."""
        del e164, caller_name
        raise CarrierRefused("Amazon Connect looks up no lines")


def _prefixes(wanted: NumberSearch) -> tuple[str, ...]:
    """The beginnings that fit what is wanted; none when its words contradict one another."""
    if wanted.state is None:
        return (f"+1{wanted.area_code or ''}",)
    codes = area_codes_of(wanted.state)
    fitting = [code for code in codes if wanted.area_code in (None, code)]
    return tuple(f"+1{code}" for code in fitting)


def _available(e164: str, kind: SearchKind) -> AvailableNumber:
    place = place_of(e164) if kind_of(e164) is NumberKind.GEOGRAPHIC else None
    return AvailableNumber(
        e164=e164,
        kind=kind,
        state=place.state if place else None,
        monthly_cost_micros=monthly_cost_micros(e164, CONNECT),
    )


def _owned(id: str, e164: str, flow_id: str) -> OwnedNumber:
    return OwnedNumber(carrier_number_id=id, e164=e164, webhooks=_leading_to(flow_id))


def _leading_to(flow_id: str) -> Webhooks:
    return Webhooks(
        voice_url=f"{_FLOW}{flow_id}" if flow_id else "", fallback_url="", status_url=""
    )


def _id(word: str) -> str:
    """The id that an ARN ends with; an id is its own."""
    return word.rpartition("/")[2]
