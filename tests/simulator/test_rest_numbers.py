"""The carrier lends numbers as the real one does: the official client and ours see the same."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as Official

from chalicelib.numbers import NumberSearch
from chalicelib.providers.twilio import Twilio
from chalicelib.providers.twilio_rest import Account
from simulator import Behaviour, CallScript, Carrier, Network, flags
from simulator.endpoints import Unusable
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from tests.carriers import HERE
from tests.simulator.conftest import CALLER
from tests.simulator.standin import ACCOUNT, TARGET, TOKEN, Platform
from tests.simulator.test_rest import Client

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
OWNED = f"{ROOT}/IncomingPhoneNumbers"
LOCAL = f"{ROOT}/AvailablePhoneNumbers/US/Local.json"
FREE = f"{ROOT}/AvailablePhoneNumbers/US/TollFree.json"
E164 = "+14155550103"


class Redirected(TwilioHttpClient):  # type: ignore[misc]
    """The official client's HTTP, to the simulated carrier instead of the real one."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        for host in ("https://api.twilio.com", "https://lookups.twilio.com"):
            url = url.replace(host, self._url)
        return super().request(method, url, *args, **more)


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(Carrier(), ACCOUNT, TOKEN, ("127.0.0.1", 0)) as running:
        yield running


@pytest.fixture
def client(server: RestServer) -> Client:
    return Client(server.url)


@pytest.fixture
def official(server: RestServer) -> Official:
    return Official(ACCOUNT, TOKEN, http_client=Redirected(server.url))


@pytest.fixture
def ours(server: RestServer) -> Twilio:
    return Twilio(Account(api_url=server.url, sid=ACCOUNT, token=TOKEN))


def form(**fields: str) -> str:
    return urlencode(fields)


def test_the_official_client_searches_what_ours_does(official: Official, ours: Twilio) -> None:
    theirs = official.available_phone_numbers("US").local.list(area_code=415, limit=7)
    found = ours.search(NumberSearch(area_code="415", limit=7))
    assert [one.phone_number for one in theirs] == [one.e164 for one in found]
    assert [(one.locality, one.region, one.postal_code) for one in theirs] == [
        (one.city, one.state, one.zip) for one in found
    ]
    free = official.available_phone_numbers("US").toll_free.list(contains="888555", limit=3)
    assert [one.phone_number for one in free] == [
        "+18885550100", "+18885550101", "+18885550102",
    ]  # fmt: skip


def test_what_the_official_client_buys_ours_finds_and_what_ours_changes_it_reads(
    official: Official, ours: Twilio
) -> None:
    made = official.incoming_phone_numbers.create(
        phone_number=E164, voice_url="https://a.example.com/x", voice_method="GET"
    )
    owned = ours.find(E164)
    assert owned is not None
    assert (owned.carrier_number_id, owned.elsewhere) == (made.sid, True)
    assert owned.webhooks.voice_url == "https://a.example.com/x"
    ours.configure(owned, HERE)
    read = official.incoming_phone_numbers(made.sid).fetch()
    assert (read.voice_url, read.voice_method, read.voice_fallback_url, read.status_callback) == (
        HERE.voice_url, "POST", HERE.fallback_url, HERE.status_url,
    )  # fmt: skip
    assert (read.friendly_name, read.date_created is not None) == ("(415) 555-0103", True)
    assert read.update(friendly_name="Radio").friendly_name == "Radio"
    assert read.delete()
    assert ours.find(E164) is None


def test_both_list_the_same_numbers_page_by_page(official: Official, ours: Twilio) -> None:
    for one in ours.search(NumberSearch(limit=5)):
        ours.buy(one.e164, HERE)
    theirs = official.incoming_phone_numbers.list(page_size=2)
    assert len(theirs) == 5
    assert [(one.sid, one.phone_number) for one in theirs] == [
        (one.carrier_number_id, one.e164) for one in ours.owned()
    ]


def test_both_look_up_the_same_line(official: Official, ours: Twilio) -> None:
    theirs = official.lookups.v2.phone_numbers(E164).fetch(
        fields="line_type_intelligence,caller_name"
    )
    facts = ours.look_up(E164, caller_name=True)
    assert theirs.valid is facts.valid is True
    assert theirs.line_type_intelligence["type"] == facts.line_type
    assert theirs.caller_name["caller_name"] == facts.caller_name


def test_the_official_client_is_refused_as_by_the_real_carrier(official: Official) -> None:
    with pytest.raises(TwilioRestException) as refused:
        official.incoming_phone_numbers.create(phone_number="+14155559999")
    assert (refused.value.status, refused.value.code) == (400, 21422)
    with pytest.raises(TwilioRestException) as missing:
        official.incoming_phone_numbers("PN" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("AreaCode=212", lambda one: one["phone_number"].startswith("+1212")),
        ("InPostalCode=60601", lambda one: one["locality"] == "Chicago"),
        ("InLocality=dallas", lambda one: one["region"] == "TX"),
        ("NearNumber=%2B12145550000", lambda one: one["phone_number"].startswith("+1214")),
        ("Contains=212*5501**", lambda one: one["phone_number"].startswith("+12125550")),
        ("Contains=LAW&VoiceEnabled=true", lambda one: "529" in one["phone_number"]),
    ],
)
def test_numbers_are_searched_by_what_the_query_says(client: Client, query: str, fits: Any) -> None:
    status, body = client.ask(f"{LOCAL}?{query}&PageSize=5")
    found = body["available_phone_numbers"]
    assert status == 200
    assert all(fits(one) for one in found)
    assert len(found) <= 5


@pytest.mark.parametrize(
    ("target", "posted", "status", "code"),
    [
        (f"{LOCAL}?Areacode=415", None, 400, 20001),
        (f"{LOCAL}?Contains=1", None, 400, 21451),
        (f"{FREE}?InRegion=CA", None, 400, 20001),
        (f"{ROOT}/AvailablePhoneNumbers/US/Mobile.json", None, 404, 20404),
        (LOCAL, "", 405, 20004),
        (f"{OWNED}.json", "", 400, 21452),
        (f"{OWNED}.json", form(PhoneNumber=E164, AreaCode="415"), 400, 21452),
        (f"{OWNED}.json", form(PhoneNumber="4155550103"), 400, 21421),
        (f"{OWNED}.json", form(PhoneNumber="+14155559999"), 400, 21422),
        (f"{OWNED}.json", form(AreaCode="999"), 400, 21422),
        (f"{OWNED}.json", form(PhoneNumber=E164, VoiceUrl="somewhere"), 400, 21402),
        (f"{OWNED}.json", form(PhoneNumber=E164, VoiceMethod="PUT"), 400, 21403),
        (f"{OWNED}.json", form(PhoneNumber=E164, VoiceFallbackUrl="https://a.example.com/"), 400,
         21405),
        (f"{OWNED}.json", form(PhoneNumber=E164, FriendlyName="x" * 65), 400, 20001),
        (f"{OWNED}.json", form(PhoneNumber=E164, Voiceurl="https://a.example.com/"), 400, 20001),
        (f"{OWNED}/PN{'0' * 32}.json", None, 404, 20404),
        (f"{OWNED}.json?Colour=red", None, 400, 20001),
        ("/v2/PhoneNumbers/%2B14155550103?Fields=age", None, 400, 60600),
    ],
)  # fmt: skip
def test_a_refusal_names_what_is_wrong(
    client: Client, target: str, posted: str | None, status: int, code: int
) -> None:
    answered, body = client.ask(target, posted)
    assert (answered, body["status"], body["code"]) == (status, status, code)
    assert client.ask(f"{OWNED}.json")[1]["incoming_phone_numbers"] == []


def test_a_number_of_an_area_is_rented_unseen(client: Client) -> None:
    status, made = client.ask(f"{OWNED}.json", form(AreaCode="415"))
    assert (status, made["phone_number"]) == (201, "+14155550100")


def test_troubles_are_made_in_their_order(server: RestServer, client: Client) -> None:
    server.troubles.add(Trouble.TOO_MANY)
    server.troubles.add("500", times=2)
    statuses = [client.ask(f"{OWNED}.json")[0] for _ in range(4)]
    assert statuses == [429, 500, 500, 200]


def test_trouble_for_one_method_waits_for_it(server: RestServer, client: Client) -> None:
    server.troubles.add(Trouble.BROKEN, method="POST")
    assert client.ask(f"{OWNED}.json")[0] == 200
    assert client.ask(f"{OWNED}.json", form(AreaCode="415"))[0] == 500
    assert client.ask(f"{OWNED}.json", form(AreaCode="415"))[0] == 201


@pytest.mark.parametrize("text", ["429=0", "slow", "500=x", ""])
def test_trouble_that_nobody_knows_is_not_made(text: str) -> None:
    with pytest.raises(Unusable):
        flags.troubles_of(argparse.Namespace(rest_trouble=[text]))
    given = flags.parser().parse_args(
        ["serve", "--rest-trouble", "429=3", "--rest-trouble", "lost"]
    )
    assert flags.troubles_of(given) == [(Trouble.TOO_MANY, 3), (Trouble.LOST, 1)]


def test_another_process_sees_the_same_numbers(tmp_path: Path) -> None:
    renting, serving = (Carrier(tmp_path / "carrier.jsonl") for _ in range(2))
    with RestServer(renting, ACCOUNT, TOKEN, ("127.0.0.1", 0)) as server:
        ours = Twilio(Account(api_url=server.url, sid=ACCOUNT, token=TOKEN))
        kept, gone = ours.buy(E164, HERE), ours.buy("+14155550104", HERE)
        ours.release(gone)
    assert [one.sid for one in serving.numbers()] == [kept.carrier_number_id]
    assert serving.numbers() == renting.numbers() == Carrier(tmp_path / "carrier.jsonl").numbers()


def test_a_call_goes_where_its_number_says(platform: Platform) -> None:
    network = Network(
        account_sid=ACCOUNT, auth_token=TOKEN, voice_inbound=platform.url + "/nowhere",
        voice_status=platform.url + "/nowhere",
    )  # fmt: skip
    with network.rest_server() as server:
        status, _ = Client(server.url).ask(
            f"{OWNED}.json",
            form(PhoneNumber=E164, VoiceUrl=platform.url + "/inbound",
                 StatusCallback=platform.url + "/status"),
        )  # fmt: skip
    result = network.place(CallScript(to=E164, caller=CALLER, target=Behaviour(talk=30)))
    network.close()
    assert (status, result.violations) == (201, ())
    assert [leg.to for leg in result.legs] == [TARGET]
    assert [one.fields["To"] for one in platform.heard("/status")] == [E164]
    assert platform.heard("/nowhere") == []
