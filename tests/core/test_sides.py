"""What each side of a call sees: examples, and what no view ever shows."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import sides, told
from chalicelib.calls import Call, CallStatus
from chalicelib.findings import Denial
from chalicelib.gate import GateReason
from chalicelib.keys import ANYBODY, OPERATOR, Party, PartyKind
from chalicelib.reasons import Reason
from chalicelib.store.codec import to_plain
from chalicelib.told import PublisherReason
from tests.builders import a_call, a_hold, a_line, a_lookup, an_attempt, charge_terms

Json = dict[str, Any]
KEY = "a-hash-key"
MONEY = {
    Reason.NO_FUNDS,
    Reason.OVER_MAXIMUM_CHARGE,
    *(reason for reason in Reason if reason.startswith(("no_budget", "capped_money"))),
}


def seen(target: str = "tgt_1", campaign: str = "cmp_1", **more: Any) -> Json:
    return {
        "target_id": target, "campaign_id": campaign, "priority": 1, "weight": 10,
        "charge_cents": 2500, "reason": "outranked", **more,
    }  # fmt: skip


def decision(*considered: Json, **more: Any) -> Json:
    answer = to_plain(an_attempt())
    return {
        "number": 1, "considered": list(considered), "refusal": None, "gate": None,
        "answer": answer, **more,
    }  # fmt: skip


def test_every_reason_has_a_word_for_publishers() -> None:
    assert set(told.TOLD_TO_PUBLISHERS) == set(Reason)
    assert set(told.TOLD_TO_PUBLISHERS.values()) == set(PublisherReason)


def test_every_reason_of_money_is_told_as_one_word() -> None:
    assert len(MONEY) == 9
    assert {told.told(reason) for reason in MONEY} == {"unavailable"}


@pytest.mark.parametrize("word", [*GateReason, *Denial])
def test_what_the_gate_and_the_judgement_say_is_told_as_it_is(word: str) -> None:
    assert told.told(word) == word


def test_a_word_that_nobody_knows_tells_nothing() -> None:
    assert told.told("out_of_money") == "unavailable"


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (None, None),
        ("+14155550100", "+1415555****"),
        ("+442071234567", "+4420712*****"),
        ("+2901234", "+290****"),
        ("+12", "***"),
        ("", ""),
    ],
)
def test_a_publisher_sees_the_first_digits_of_a_caller(
    caller: str | None, shown: str | None
) -> None:
    assert sides.masked(caller) == shown


@pytest.mark.parametrize(
    ("party", "sees"),
    [
        (OPERATOR, True),
        (ANYBODY, False),
        (Party(kind=PartyKind.PUBLISHER, id="pub_1"), True),
        (Party(kind=PartyKind.PUBLISHER, id="pub_2"), False),
        (Party(kind=PartyKind.PUBLISHER, id="adv_1"), False),
        (Party(kind=PartyKind.ADVERTISER, id="adv_1"), True),
        (Party(kind=PartyKind.ADVERTISER, id="adv_2"), False),
        (Party(kind=PartyKind.ADVERTISER, id="pub_1"), False),
    ],
)
def test_a_call_is_on_the_side_of_who_brought_it_and_who_has_it(party: Party, sees: bool) -> None:
    assert sides.sees(party, a_call()) is sees


def test_a_call_that_nobody_has_is_on_no_advertisers_side() -> None:
    refused = a_call(attempt=None)
    assert not sides.sees(Party(kind=PartyKind.ADVERTISER, id="adv_1"), refused)
    with pytest.raises(ValueError, match="no advertiser has"):
        sides.advertiser_call(refused, KEY)


def test_a_refusal_for_money_reaches_the_publisher_as_one_word() -> None:
    call = a_call(attempt=None, refusal="no_funds", reasons=("no_funds",), status=CallStatus.DENIED)
    shown = sides.publisher_call(call)
    assert (shown.refusal, shown.reasons) == ("unavailable", ("unavailable",))
    denied = sides.publisher_call(a_call(reasons=("too_short",)))
    assert (denied.refusal, denied.reasons) == (None, ("too_short",))


def test_a_publisher_learns_how_many_were_asked_and_what_they_said() -> None:
    trace = decision(
        seen(reason="no_budget_day"), seen("tgt_2", reason="no_funds"),
        seen("tgt_3", "cmp_2", reason="chosen"), seen("tgt_4", "cmp_3", reason="closed"),
    )  # fmt: skip
    shown = sides.publisher_decision(trace)
    assert (shown.attempt, shown.taken, shown.buyers, shown.refusal) == (1, True, 3, None)
    assert shown.reasons == {"chosen": 1, "closed": 1, "unavailable": 2}


def test_a_publisher_learns_the_gates_reason_and_not_its_entry() -> None:
    gate = {"reason": "blocked_number", "saw": "an entry", "asked": "none", "block_id": "blk_9"}
    trace = decision(answer=None, refusal="blocked_number", gate=gate)
    shown = to_plain(sides.publisher_decision(trace))
    assert shown == {
        "attempt": 1, "taken": False, "buyers": 0, "reasons": {}, "refusal": "blocked_number",
        "earning_stopped": None,
    }  # fmt: skip


def test_a_publisher_learns_which_cap_of_its_own_stops_the_earning() -> None:
    stopped = an_attempt(earning_stopped="partnership_capped_money_day")
    shown = sides.publisher_decision(decision(seen(reason="chosen"), answer=to_plain(stopped)))
    assert shown.earning_stopped == "partnership_capped_money_day"
    before = {name: said for name, said in to_plain(stopped).items() if name != "earning_stopped"}
    assert sides.publisher_decision(decision(answer=before)).earning_stopped is None


@pytest.mark.parametrize(
    ("answer", "taken_by"),
    [
        (to_plain(an_attempt()), "you"),
        (to_plain(an_attempt(hold=a_hold(advertiser_id="adv_2"))), "another_buyer"),
        (None, "nobody"),
    ],
)
def test_an_advertiser_learns_who_took_the_call_and_sees_its_own_targets(
    answer: Json | None, taken_by: str
) -> None:
    trace = decision(seen("tgt_9", "cmp_9"), seen(reason="capped_day"), answer=answer)
    shown = to_plain(sides.advertiser_decision(trace, "adv_1", {"cmp_1"}))
    assert shown == {
        "attempt": 1, "taken_by": taken_by,
        "considered": [seen(reason="capped_day", expected_cents=None)],
    }  # fmt: skip


def test_an_alias_is_the_same_for_two_and_different_for_any_other() -> None:
    alias = sides.publisher_alias("pub_1", "adv_1", KEY)
    assert alias == sides.publisher_alias("pub_1", "adv_1", KEY)
    assert re.fullmatch(r"ali_[0-9A-Z]{26}", alias)
    others = {
        sides.publisher_alias("pub_2", "adv_1", KEY),
        sides.publisher_alias("pub_1", "adv_2", KEY),
        sides.publisher_alias("pub_1", "adv_1", "another-key"),
    }
    assert len(others | {alias}) == 4


# Every value that a side must not see has a mark of its own, which occurs in nothing else.
def marked(mark: str) -> st.SearchStrategy[str]:
    return st.integers(0, 10**6).map(lambda n: f"{mark}{n}{mark}")


CHARGES = st.integers(7_000_000, 7_999_999)
EARNINGS = st.integers(3_000_000, 3_999_999)
CALLERS = st.integers(2_000_000_000, 9_999_999_999).map(lambda n: f"+1{n}")
WORDS = st.sampled_from([*Reason, *GateReason, *Denial]).map(str)


@st.composite
def calls(draw: st.DrawFn) -> Call:
    hold = a_hold(
        target_id=draw(marked("TGT")), campaign_id=draw(marked("CMP")),
        advertiser_id=draw(marked("ADV")), amount_cents=draw(CHARGES),
    )  # fmt: skip
    attempt = an_attempt(
        hold=hold, charge=charge_terms(charge_cents=draw(CHARGES)), destination="DEST0DEST"
    )
    return a_call(
        caller=draw(st.none() | CALLERS), caller_hash=draw(marked("HASH")), attempt=attempt,
        carrier_call_id=draw(marked("SID")), e164="+18005550100",
        tried=tuple(draw(st.lists(marked("TRIED"), max_size=3))),
        publisher_id=draw(marked("PUB")), partnership_id=draw(marked("PAR")),
        placement_id=draw(marked("PLC")), offer_id=draw(marked("OFF")),
        number_id=draw(marked("NUM")), charge_cents=draw(CHARGES), earning_cents=draw(EARNINGS),
        refusal=draw(st.none() | WORDS), reasons=tuple(draw(st.lists(WORDS, max_size=3))),
        status=draw(st.sampled_from(CallStatus)),
        lookup=a_lookup(line=a_line(caller_name=draw(marked("NAME")), line_carrier="LINE0LINE")),
    )  # fmt: skip


@st.composite
def decisions(draw: st.DrawFn) -> Json:
    considered = [
        seen(draw(marked("TGT")), f"{draw(st.sampled_from(['MINE', 'CMP']))}0X",
             charge_cents=draw(CHARGES), expected_cents=draw(CHARGES),
             reason=draw(st.sampled_from(Reason)).value)
        for _ in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    answer = an_attempt(
        hold=a_hold(advertiser_id=draw(marked("ADV")), target_id=draw(marked("TGT")),
                    campaign_id=draw(marked("CMP")), amount_cents=draw(CHARGES)),
        charge=charge_terms(charge_cents=draw(CHARGES)), destination="DEST0DEST",
    )  # fmt: skip
    gate = {"reason": "blocked_number", "saw": "SAW0SAW", "asked": "ASKED", "block_id": "BLK0BLK"}
    return decision(
        *considered,
        number=draw(st.integers(1, 10)), refusal=draw(st.none() | WORDS),
        gate=draw(st.none() | st.just(gate)),
        answer=to_plain(answer) if draw(st.booleans()) else None, strategy="STRAT",
    )  # fmt: skip


def text_of(view: object) -> str:
    return json.dumps(to_plain(view))


def names_of(view: Any) -> set[str]:
    """Every member of a view and of its parts."""
    if isinstance(view, Mapping):
        return set(view) | {name for part in view.values() for name in names_of(part)}
    if isinstance(view, list):
        return {name for part in view for name in names_of(part)}
    return set()


_BUYING = re.compile(
    r"TGT|CMP|ADV|TRIED|DEST|SID|HASH|BLK|SAW|ASKED|STRAT|MINE|NAME|LINE|\D7\d{6}\D"
)
_MONEY_WORDS = re.compile("budget|funds|maximum|(?<!partnership_capped_)money")
# Both ends of a mark: the letters alone may stand in a publisher's alias.
_SELLING = re.compile(r"(PUB|PAR|PLC|OFF|NUM|SID|HASH|NAME|LINE)\d+\1|\+18005550100|\D3\d{6}\D")


@given(calls())
def test_no_publisher_sees_the_buying_side_of_a_call_or_a_whole_number(call: Call) -> None:
    shown = sides.publisher_call(call)
    assert not _BUYING.search(text_of(shown))
    assert not _MONEY_WORDS.search(text_of(shown))
    assert call.caller is None or call.caller not in text_of(shown)
    assert names_of(to_plain(shown)).isdisjoint(
        {"charge_cents", "campaign_id", "target_id", "advertiser_id", "tried", "area", "attempt"}
    )


@given(decisions())
def test_no_publisher_sees_the_buying_side_of_a_decision(trace: Json) -> None:
    shown = sides.publisher_decision(trace)
    assert not _BUYING.search(text_of(shown))
    assert not _MONEY_WORDS.search(text_of(shown))
    assert sum(shown.reasons.values()) == len(trace["considered"])


@given(calls())
def test_no_advertiser_sees_the_selling_side_of_a_call(call: Call) -> None:
    shown = sides.advertiser_call(call, KEY)
    assert not _SELLING.search(text_of(shown))
    assert "TRIED" not in text_of(shown)
    assert names_of(to_plain(shown)).isdisjoint(
        {"earning_cents", "publisher_id", "partnership_id", "placement_id", "offer_id", "number"}
    )


@given(decisions())
def test_no_advertiser_sees_another_ones_targets_or_prices(trace: Json) -> None:
    shown = sides.advertiser_decision(trace, "adv_1", {"MINE0X"})
    ours = [one for one in trace["considered"] if one["campaign_id"] == "MINE0X"]
    assert [one.target_id for one in shown.considered] == [one["target_id"] for one in ours]
    assert {one.campaign_id for one in shown.considered} <= {"MINE0X"}
    prices = {one[said] for one in ours for said in ("charge_cents", "expected_cents")}
    assert {int(n) for n in re.findall(r"\b7\d{6}\b", text_of(shown))} <= prices
    assert not re.search(r"ADV|DEST|BLK|SAW|STRAT|CMP0X", text_of(shown))
