"""What callers hear, said and shown over HTTP, with every fault named at once."""

from typing import Any

import pytest

from chalicelib.channels import schemas, schemas_calls
from tests.channels.api import Api, Market
from tests.world import World

ZIP = {
    "name": "zip", "kind": "digits", "min_digits": 5, "max_digits": 5,
    "prompt": {"text": "Your ZIP?", "version": "2026-11"},
}  # fmt: skip


@pytest.fixture
def market() -> Market:
    return Market(Api())


def says(market: Market, **fields: Any) -> Any:
    return market.api.patch(f"/campaigns/{market.campaign['id']}", fields)


def asks(market: Market, **fields: Any) -> Any:
    return market.api.patch(f"/offers/{market.offer['id']}", {"answering": fields})


def test_what_is_said_is_shown_as_it_was_said(market: Market) -> None:
    reply = says(
        market, consent={"line": {"audio_url": "https://cdn.example.com/c.mp3"}},
        whisper={"text": "For {offer} from {state}"}, acceptance={"seconds": 5},
        caller_id="+1 800 555 0177", voicemail={"line": {"text": "Speak."}, "max_seconds": 30},
    )  # fmt: skip
    assert reply.status == 200
    schemas.CampaignView.model_validate(reply.body)
    assert reply.body["caller_id"] == "+18005550177"
    assert reply.body["consent"]["when"] == "always"
    assert reply.body["acceptance"]["prompt"]["text"] == "Press 1 to take this call."
    asked = asks(market, greeting={"text": "Hello."}, questions=[ZIP])
    schemas.OfferView.model_validate(asked.body)
    assert asked.body["answering"]["questions"][0]["retries"] == 2
    assert asks(market).body["answering"] == asked.body["answering"]


def test_a_wait_is_shown_as_it_was_said(market: Market) -> None:
    wait = {"line": {"text": "Stay."}, "music_url": "https://cdn.example.com/m.mp3", "seconds": 90}
    confirmed = {**ZIP, "confirm": {"text": "You keyed {answer}."}}
    reply = asks(market, questions=[confirmed], wait=wait)
    schemas.OfferView.model_validate(reply.body)
    shown = reply.body["answering"]
    assert (shown["wait"]["every_seconds"], shown["wait"]["seconds"]) == (10, 90)
    assert shown["questions"][0]["confirm"]["text"] == "You keyed {answer}."


def test_a_wait_and_a_confirmation_have_their_bounds(market: Market) -> None:
    wait = {
        "line": {"text": "Stay."}, "music_url": "http://cdn.example.com/m.mp3",
        "every_seconds": 4, "seconds": 901,
    }  # fmt: skip
    assert {field for field, _ in asks(market, wait=wait).faults} == {
        "answering.wait.music_url", "answering.wait.every_seconds", "answering.wait.seconds",
    }  # fmt: skip
    wrong = {**ZIP, "confirm": {"text": "{zip}?"}}
    assert asks(market, questions=[wrong]).faults == {
        ("answering.questions.0.confirm.text", "placeholder")
    }


def test_null_takes_it_back(market: Market) -> None:
    asks(market, questions=[ZIP])
    offer = f"/offers/{market.offer['id']}"
    assert market.api.patch(offer, {"answering": None}).body["answering"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example.com/a.mp3", "https://user:pw@cdn.example.com/a.mp3",
        "https://user@cdn.example.com/a.mp3", "https://cdn_x.example.com/a.mp3", "https:///a.mp3",
        "https://localhost/a.mp3", "https://127.0.0.1/a.mp3", "https://[::1]/a.mp3",
        "https://cdn.example.com:8443/a.mp3", "https://cdn.example.com/a b.mp3",
        "https://cdn.example.com/a.mp3#x", "https://cdn.example.com:x/a.mp3", "a.mp3", "",
        "https://cdn.example.com/ä.mp3", "javascript:alert(1)", "https://" + "a" * 500,
    ],
)  # fmt: skip
def test_an_audio_address_must_be_https_without_credentials(market: Market, url: str) -> None:
    reply = says(market, whisper={"audio_url": url})
    assert {field for field, _ in reply.faults} == {"whisper.audio_url"}


def test_every_fault_is_named_at_once(market: Market) -> None:
    reply = says(
        market, consent={"line": {"text": "x", "audio_url": "https://a.example.com/x.mp3"}},
        whisper={"text": "bell\x07"}, acceptance={"seconds": 0}, caller_id="me",
        voicemail={"line": {}, "max_seconds": 601},
    )  # fmt: skip
    assert reply.faults == {
        ("consent.line", "either"), ("whisper.text", "format"), ("acceptance.seconds", "range"),
        ("caller_id", "e164"), ("voicemail.line", "either"), ("voicemail.max_seconds", "range"),
    }  # fmt: skip
    wrong = {**ZIP, "name": "Zip", "finish_key": "1", "retries": 6, "choices": {"12": "x"}}
    assert asks(market, questions=[wrong]).faults == {
        ("answering.questions.0.name", "format"), ("answering.questions.0.finish_key", "format"),
        ("answering.questions.0.retries", "range"), ("answering.questions.0.choices.12", "format"),
    }  # fmt: skip
    assert asks(market, questions=[ZIP] * 6).faults == {("answering.questions", "length")}


def test_a_whisper_that_would_tell_the_publisher_is_refused(market: Market) -> None:
    reply = says(market, whisper={"text": "From {publisher}"})
    assert reply.faults == {("whisper.text", "placeholder")}


def test_other_words_need_another_version(market: Market) -> None:
    asks(market, greeting={"text": "Hello."})
    changed = asks(market, greeting={"text": "Good day."})
    assert changed.faults == {("answering.greeting.version", "version")}
    assert asks(market, greeting={"text": "Good day.", "version": "2"}).status == 200


def test_a_call_shows_what_its_caller_heard_and_keyed(market: Market) -> None:
    asks(market, questions=[ZIP])
    world = World(market.api.rows)
    page = world.arrives("CA1").page
    assert page is not None
    (call,) = market.api.get("/calls").body["data"]
    schemas_calls.CallView.model_validate(call)
    assert call["heard"] == [
        {"part": "question.zip", "of": market.offer["id"], "version": "2026-11"}
    ]
    assert call["voicemail"] is None
