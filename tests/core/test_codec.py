"""What is stored comes back as it was: every kind of thing, and documents of older days."""

import dataclasses
import json
from datetime import datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ledger
from chalicelib.calls import Attempt, Call, Signal
from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.findings import Finding
from chalicelib.invoices import Charge, Invoice
from chalicelib.ledger import Entry
from chalicelib.offers import Number, Offer, Partnership, Placement, Publisher, Strategy
from chalicelib.payouts import Earning, Payout
from chalicelib.reviews import Review
from chalicelib.routing import Considered
from chalicelib.store import codec
from chalicelib.terms import ChargeTerms
from chalicelib.times import Hours, OpenBlock
from chalicelib.validation import Verdict
from tests.builders import (
    NOW,
    a_call,
    a_target,
    an_attempt,
    an_offer,
    charge_terms,
)

KINDS: list[type[Any]] = [
    Advertiser,
    Publisher,
    Campaign,
    Target,
    Offer,
    Partnership,
    Placement,
    Number,
    Call,
    Attempt,
    Signal,
    Considered,
    Finding,
    Verdict,
    Review,
    Charge,
    Earning,
    Invoice,
    Payout,
]
INSTANTS = st.integers(-(10**11), 10**11).map(lambda ms: NOW + timedelta(milliseconds=ms))
MINUTES = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
st.register_type_strategy(datetime, INSTANTS)
st.register_type_strategy(time, MINUTES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_everything_comes_back_as_it_was_stored(kind: type[Any], data: st.DataObject) -> None:
    thing = data.draw(st.from_type(kind))
    assert codec.from_json(kind, codec.to_json(thing)) == thing


def test_an_entry_of_the_ledger_comes_back_with_its_id_and_its_hash() -> None:
    entry = ledger.top_up(
        payment_id="pay_1", advertiser_id="adv_1", amount_cents=100, currency="USD", now=NOW
    )
    back = codec.from_json(Entry, codec.to_json(entry))
    assert back == entry
    assert (back.id, back.payload_hash) == (entry.id, entry.payload_hash)


@given(INSTANTS, st.integers(-12, 14))
def test_an_instant_is_stored_in_utc_wherever_it_was_said(moment: datetime, hours: int) -> None:
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert codec.to_plain(there) == codec.to_plain(moment)


def test_a_naive_time_is_not_stored() -> None:
    with pytest.raises(ValueError, match="time zone"):
        codec.to_json(a_target(created_at=NOW.replace(tzinfo=None)))


def test_a_document_speaks_in_plain_words() -> None:
    hours = Hours(zone="UTC", blocks=(OpenBlock(weekday=0, opens=time(9), closes=time(17, 30)),))
    document = json.loads(codec.to_json(a_target(hours=hours)))
    assert document["hours"] == {
        "zone": "UTC",
        "blocks": [{"weekday": 0, "opens": "09:00", "closes": "17:30"}],
        "exceptions": [],
    }
    assert document["state"] == "active"
    assert document["created_at"] == "2026-11-23T15:00:00.000Z"
    assert document["daily_cap"] is None


def test_a_field_that_an_older_document_lacks_takes_its_default() -> None:
    older = json.loads(codec.to_json(charge_terms(repeat_days=30)))
    del older["repeat_days"], older["geography"]
    assert codec.from_plain(ChargeTerms, older) == charge_terms()


def test_an_offer_from_before_there_were_strategies_orders_by_weight() -> None:
    older = json.loads(codec.to_json(an_offer()))
    del older["strategy"], older["explore_percent"]
    assert codec.from_plain(Offer, older) == an_offer(strategy=Strategy.WEIGHT, explore_percent=5)


def test_a_field_that_is_no_more_is_passed_over() -> None:
    newer = json.loads(codec.to_json(a_target())) | {"since_removed": 1}
    assert codec.from_plain(Target, newer) == a_target()


def test_a_document_without_a_field_that_has_no_default_is_refused() -> None:
    with pytest.raises(TypeError, match="destination"):
        codec.from_plain(Target, {"id": "tgt_1"})


def test_what_is_nested_and_what_is_none_come_back() -> None:
    call = a_call(attempt=an_attempt(), caller=None, tried=("tgt_1", "tgt_2"), ended_at=None)
    assert codec.from_json(Call, codec.to_json(call)) == call


def test_storing_twice_gives_the_same_text() -> None:
    call = a_call()
    again = codec.from_json(Call, codec.to_json(call))
    assert codec.to_json(again) == codec.to_json(call)
    assert " " not in codec.to_json(dataclasses.replace(call, caller=None))
