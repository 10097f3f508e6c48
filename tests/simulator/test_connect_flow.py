"""Which flows this network plays, and which it refuses loudly."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.connect_flow import actions, content
from simulator import FlowRefused
from simulator.connect_flow import KINDS, read_flow
from tests.simulator.connecting import FUNCTION

Json = dict[str, Any]


def changed(change: Callable[[dict[str, Json]], None]) -> str:
    """The shipped flow with something else in it."""
    document = json.loads(content(FUNCTION))
    change({block["Identifier"]: block for block in document["Actions"]})
    return json.dumps(document)


def test_the_shipped_flow_is_played_whole() -> None:
    flow = read_flow(content(FUNCTION))
    assert set(flow.blocks) == set(actions())
    assert {block.kind for block in flow.blocks.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b["Log"].update(Type="ShowView"), "Log: this network plays no ShowView"),
        (lambda b: b["Log"]["Transitions"].update(NextAction="Nowhere"), "leads to 'Nowhere'"),
        (lambda b: b["Say sorry"]["Parameters"].update(Text="x"), "says one of SSML, Text"),
        (lambda b: b["Say sorry"]["Parameters"].update(PromptId="x"), "says 'PromptId'"),
        (lambda b: b["Say sorry"]["Transitions"].pop("Errors"), "leads on after []"),
        (
            lambda b: b["Record"]["Transitions"].update(
                Errors=[{"NextAction": "Hang up", "ErrorType": "NoMatchingError"}]
            ),
            "Record leads on after ['NoMatchingError'], not []",
        ),
        (lambda b: b["Hang up"]["Transitions"].update(NextAction="Log"), "does not lead on"),
        (lambda b: b["What to do"]["Transitions"].pop("Conditions"), "does not lead on"),
        (
            lambda b: b["Call arrived"]["Parameters"].update(InvocationTimeLimitSeconds="9"),
            "InvocationTimeLimitSeconds cannot be '9'",
        ),
        (
            lambda b: b["Call arrived"]["Parameters"].update(InvocationTimeLimitSeconds=8),
            "InvocationTimeLimitSeconds cannot be 8",
        ),
        (
            lambda b: b["Call arrived"]["Parameters"].update(LambdaFunctionARN="${Arn}"),
            "LambdaFunctionARN cannot be",
        ),
        (
            lambda b: b["Dial as caller"]["Parameters"].pop("ThirdPartyPhoneNumber"),
            "does not say ThirdPartyPhoneNumber",
        ),
        (
            lambda b: b["Dial as number"]["Parameters"]["CallerId"].update(Colour="red"),
            "says 'Colour'",
        ),
        (
            lambda b: b["What to do"]["Transitions"]["Conditions"][0]["Condition"].update(
                Operator="NumberLessThan"
            ),
            "compares one value by Equals",
        ),
    ],
)
def test_a_flow_that_cannot_be_played_is_refused_by_its_block(
    change: Callable[[dict[str, Json]], None], words: str
) -> None:
    with pytest.raises(FlowRefused) as refused:
        read_flow(changed(change))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"Actions": 5}', json.dumps({"Actions": [{}]})]
)
def test_what_is_no_flow_is_refused(document: str) -> None:
    with pytest.raises(FlowRefused, match="this is no flow"):
        read_flow(document)


def test_a_flow_begins_with_one_of_its_blocks_and_names_each_once() -> None:
    document = json.loads(content(FUNCTION))
    with pytest.raises(FlowRefused, match="begins with 'Door'"):
        read_flow(json.dumps(document | {"StartAction": "Door"}))
    with pytest.raises(FlowRefused, match="different blocks"):
        read_flow(json.dumps(document | {"Actions": document["Actions"] * 2}))
    with pytest.raises(FlowRefused, match="2019-10-30"):
        read_flow(json.dumps(document | {"Version": "2020-01-01"}))
