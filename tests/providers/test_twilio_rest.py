"""What is tried again, how long, and what a refusal says: over HTTP to the simulated carrier."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from chalicelib.errors import Refused
from chalicelib.numbers import NumberSearch
from chalicelib.providers.carriers import CarrierAway, CarrierRefused
from chalicelib.providers.twilio import LOOK_UP_SECONDS, Twilio
from chalicelib.providers.twilio_rest import (
    BUDGET_SECONDS,
    Account,
    NotAsItStands,
    NotAtCarrier,
    Rest,
)
from simulator.carrier import Carrier
from simulator.rest import RestServer
from simulator.rest_trouble import Trouble
from simulator.stock import NumberRecord
from tests.builders import NOW
from tests.carriers import HERE
from tests.providers.timing import Instant

SID, TOKEN = "AC" + "1" * 32, "token"
E164 = "+14155550103"


class Office:
    """A simulated carrier behind HTTP, and Twilio's client before it, on a clock of its own."""

    def __init__(self) -> None:
        self.carrier = Carrier()
        self.server = RestServer(self.carrier, SID, TOKEN, ("127.0.0.1", 0))
        self.instant = Instant()

    @property
    def url(self) -> str:
        return self.server.url

    def twilio(self, token: str = TOKEN, **choices: Any) -> Twilio:
        account = Account(api_url=self.url, sid=SID, token=token)
        times = {"clock": self.instant.clock, "sleep": self.instant.sleep} | choices
        return Twilio(account, rest=Rest(account, **times))

    def trouble(self, kind: Trouble, times: int = 1, method: str | None = None) -> None:
        self.server.troubles.add(kind, times=times, method=method)

    def rents(self, e164: str = E164, **overrides: Any) -> NumberRecord:
        record = NumberRecord(
            sid="PN" + e164[1:].rjust(32, "0"), account_sid=SID, e164=e164, created=NOW, updated=NOW
        )
        record = replace(record, **overrides)
        assert self.carrier.rent(record)
        return record


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    with made.server:
        yield made


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN, Trouble.LOST])
def test_a_question_is_asked_again_after_longer_and_longer_pauses(
    office: Office, trouble: Trouble
) -> None:
    office.rents()
    office.trouble(trouble, times=3)
    found = office.twilio().find(E164)
    assert found is not None
    assert office.instant.slept == [0.2, 0.4, 0.8]


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.LOST])
def test_what_may_be_repeated_is(office: Office, trouble: Trouble) -> None:
    office.rents()
    twilio = office.twilio()
    owned = twilio.find(E164)
    assert owned is not None
    office.trouble(trouble)
    assert twilio.configure(owned, HERE).webhooks == HERE
    office.trouble(trouble)
    twilio.release(owned)
    assert office.carrier.numbers() == []


def test_a_purchase_refused_untouched_is_asked_again(office: Office) -> None:
    office.trouble(Trouble.TOO_MANY, times=2, method="POST")
    office.twilio().buy(E164, HERE)
    assert [one.e164 for one in office.carrier.numbers()] == [E164]


def test_a_purchase_whose_answer_is_lost_is_not_sent_twice(office: Office) -> None:
    office.trouble(Trouble.LOST, method="POST")
    twilio = office.twilio()
    with pytest.raises(CarrierAway):
        twilio.buy(E164, HERE)
    assert office.instant.slept == []
    found = twilio.find(E164)
    assert found is not None
    assert found.webhooks == HERE


def test_a_purchase_that_breaks_the_carrier_is_not_sent_twice(office: Office) -> None:
    office.trouble(Trouble.BROKEN, method="POST")
    with pytest.raises(CarrierAway):
        office.twilio().buy(E164, HERE)
    assert office.carrier.numbers() == []


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN])
def test_a_request_gives_up_within_its_budget(office: Office, trouble: Trouble) -> None:
    office.trouble(trouble, times=100)
    with pytest.raises(CarrierAway) as away:
        list(office.twilio().owned())
    assert 0.5 * BUDGET_SECONDS < sum(office.instant.slept) < BUDGET_SECONDS
    assert SID not in str(away.value)


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.BROKEN])
def test_a_look_up_gives_up_sooner_and_does_not_tell_whose_it_was(
    office: Office, trouble: Trouble
) -> None:
    office.trouble(trouble, times=100)
    with pytest.raises(CarrierAway) as away:
        office.twilio().look_up(E164)
    assert 0 < sum(office.instant.slept) < LOOK_UP_SECONDS < BUDGET_SECONDS
    assert E164 not in str(away.value)


def test_a_carrier_that_hangs_is_waited_for_within_the_budget(office: Office) -> None:
    office.trouble(Trouble.HANG, times=10)
    began = monotonic()
    twilio = office.twilio(clock=monotonic, budget_seconds=0.3)
    with pytest.raises(CarrierAway):
        twilio.find(E164)
    assert monotonic() - began < 2


def test_nobody_at_the_address_is_a_carrier_that_is_away() -> None:
    account = Account(api_url="http://127.0.0.1:9", sid=SID, token=TOKEN)
    instant = Instant()
    twilio = Twilio(account, rest=Rest(account, clock=instant.clock, sleep=instant.sleep))
    with pytest.raises(CarrierAway):
        twilio.buy(E164, HERE)
    assert len(instant.slept) > 3, "a connection that never stood bought nothing"


def test_wrong_credentials_are_the_carriers_refusal(office: Office) -> None:
    with pytest.raises(CarrierRefused) as refused:
        office.twilio(token="wrong").search(NumberSearch())
    assert (refused.value.carrier_code, refused.value.detail) == (
        20003, "the carrier refuses: Authenticate",
    )  # fmt: skip


def test_a_number_that_is_no_more_cannot_be_set_right(office: Office) -> None:
    office.rents()
    twilio = office.twilio()
    owned = twilio.find(E164)
    assert owned is not None
    twilio.release(owned)
    with pytest.raises(NotAtCarrier):
        twilio.configure(owned, HERE)


def test_the_token_is_in_no_text_of_the_account() -> None:
    assert TOKEN not in repr(Account(api_url="https://api.twilio.com", sid=SID, token=TOKEN))


def test_more_numbers_than_a_page_holds_are_all_told(office: Office) -> None:
    for n in range(1003):
        office.rents(f"+1415{n:07d}")
    assert len({one.e164 for one in office.twilio().owned()}) == 1003


@pytest.mark.parametrize(
    "diverting",
    [{"voice_application_sid": "AP" + "1" * 32}, {"trunk_sid": "TK" + "1" * 32},
     {"voice_method": "GET"}, {"status_callback_method": "GET"}],
)  # fmt: skip
def test_a_number_whose_calls_go_another_way_is_elsewhere_until_it_is_set_right(
    office: Office, diverting: dict[str, str]
) -> None:
    office.rents(
        voice_url=HERE.voice_url, voice_fallback_url=HERE.fallback_url,
        status_callback=HERE.status_url, **diverting,
    )  # fmt: skip
    twilio = office.twilio()
    owned = twilio.find(E164)
    assert owned is not None
    assert (owned.webhooks, owned.elsewhere) == (HERE, True)
    assert not twilio.configure(owned, HERE).elsewhere


def test_a_stage_without_a_voice_url_leads_no_number_anywhere() -> None:
    account = Account(api_url="http://127.0.0.1:9", sid=SID, token=TOKEN)
    with pytest.raises(Refused) as refused:
        Twilio(account).webhooks()
    assert refused.value.code == "no_voice_url"


class Nonsense(BaseHTTPRequestHandler):
    """Something else answers at the carrier's address."""

    said: tuple[int, bytes]

    def do_GET(self) -> None:
        status, body = self.said
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.send_header("Retry-After", "2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def somebody_says(status: int, body: bytes) -> Iterator[tuple[Rest, Instant, str]]:
    """Whoever listens at the carrier's address always says the same."""
    handler = type("Saying", (Nonsense,), {"said": (status, body)})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        instant = Instant()
        url = f"http://127.0.0.1:{server.server_port}"
        account = Account(api_url=url, sid=SID, token=TOKEN)
        yield Rest(account, clock=instant.clock, sleep=instant.sleep), instant, url
        server.shutdown()


def test_the_pause_that_the_carrier_asks_for_is_kept() -> None:
    with somebody_says(429, b"{}") as (rest, instant, url), pytest.raises(CarrierAway):
        rest.get(url)
    assert instant.slept == [2.0, 2.0]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((200, b"<html>"), CarrierAway), ((200, b"[]"), CarrierAway), ((200, b""), CarrierAway),
        ((302, b""), CarrierRefused), ((400, b"<html>"), NotAsItStands),
        ((403, b'{"code": "x"}'), CarrierRefused), ((404, b"\xff"), NotAtCarrier),
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_no_answer(
    said: tuple[int, bytes], kind: type[Exception]
) -> None:
    with somebody_says(*said) as (rest, _, url), pytest.raises(kind) as met:
        rest.get(url + "/2010-04-01")
    assert type(met.value) is kind
