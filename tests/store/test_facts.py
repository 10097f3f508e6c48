"""What a decision looked at comes back as it was, in few bytes, and tells no caller's number."""

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.calls import Attestation
from chalicelib.gate import Caller, GateReason, GateRefusal
from chalicelib.routing import Decision
from chalicelib.store.facts import Facts, Material, facts_puts, read_facts
from chalicelib.store.gate import tally_key
from chalicelib.store.rows import BOOKS, CATALOG, Item, Key
from tests.builders import CALLER, NOW, a_call, a_number

LET_IN = Decision()
SHUT_OUT = Decision(
    refusal=GateReason.CALLER_TOO_OFTEN,
    gate=GateRefusal(reason=GateReason.CALLER_TOO_OFTEN, saw="9", asked="8"),
)
OFFER, FUNDS = Key(CATALOG, "OFFER#off_1"), Key(BOOKS, "FUNDS#adv_1")
TALLY = tally_key("off_1", "caller-hash")


def row(key: Key, **attributes: Any) -> Item:
    return {"pk": key.pk, "sk": key.sk, **attributes}


def facts(**overrides: Any) -> Facts:
    values: dict[str, Any] = {
        "material": Material(
            number=a_number(),
            found={
                OFFER: row(OFFER, doc='{"name": "Dächer"}', version=2),
                FUNDS: row(FUNDS, available_cents=-5),
                TALLY: {"pk": TALLY.pk, "sk": TALLY.sk, "10m#5": 8},
            },
            partitions=((row(Key(CATALOG, "CAMPAIGN#cmp_1"), spent={"total": 3}),), ()),
        ),
        "call": a_call(caller=CALLER, caller_hash="caller-hash", attempt=None),
        "caller": Caller(
            number=CALLER, number_hash="caller-hash", prefix_hash="prefix-hash",
            attestation=Attestation.B,
        ),
        "now": NOW + timedelta(microseconds=1),
    }  # fmt: skip
    return Facts(**(values | overrides))


def kept(one: Facts, decision: Decision = LET_IN) -> Item:
    (put,) = facts_puts(one, decision, 2)
    return put.item


def test_facts_come_back_as_they_were_to_the_microsecond() -> None:
    assert read_facts(kept(facts()), facts().call) == facts()


def test_on_a_failover_nobody_stands_at_the_gate() -> None:
    following = facts(call=a_call(caller=CALLER, caller_hash="caller-hash"))
    assert read_facts(kept(following), following.call) == following
    assert (facts().at_the_gate, following.at_the_gate) == (True, False)


def test_an_anonymous_caller_stays_anonymous() -> None:
    nobody = Caller(
        number=None, number_hash=None, prefix_hash=None, attestation=Attestation.NONE
    )  # fmt: skip
    anonymous = facts(caller=nobody, call=a_call(caller=None, caller_hash=None))
    assert read_facts(kept(anonymous), anonymous.call) == anonymous


def test_the_callers_number_is_nowhere_in_the_row() -> None:
    item = kept(facts())
    assert CALLER[1:] not in zlib.decompress(item["facts"]).decode()
    assert CALLER[1:] not in item["pk"] + item["sk"]


def test_the_row_lies_beside_the_call_and_expires_after_ninety_days() -> None:
    item = kept(facts(now=NOW))
    assert (item["pk"], item["sk"]) == ("FACTS#call_1", "DECISION#2")
    assert item["expires_at"] == int((NOW + timedelta(days=90)).timestamp())


def test_of_a_caller_who_was_not_let_in_only_the_gate_is_kept() -> None:
    back = read_facts(kept(facts(), SHUT_OUT), facts().call)
    assert back.material == Material(
        number=a_number(), found={TALLY: facts().material.found[TALLY]}
    )


def test_facts_that_are_too_large_for_a_row_are_not_kept() -> None:
    noise = "".join(chr(0x4E00 + n * n * 7919 % 20_000) for n in range(200_000))
    whole = facts().material
    large = replace(whole, partitions=((row(OFFER, doc=noise),),))
    assert facts_puts(facts(material=large), LET_IN, 1) == []
    assert (
        len(kept(facts(material=replace(large, partitions=((row(OFFER, doc=noise[:100]),),))))) == 4
    )
