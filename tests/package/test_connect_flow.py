"""The flow that Amazon Connect walks: connected, importable, and asking for what is answered."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.connect_flow import FUNCTION_ARN, actions, content

ARN = "arn:aws:lambda:us-east-1:123456789012:function:ringledger-prod-connect"
# What each block may fail with, as Amazon's flow language demands it to be said.
ERRORS = {
    "InvokeLambdaFunction": {"NoMatchingError"},
    "UpdateContactAttributes": {"NoMatchingError"},
    "UpdateContactTextToSpeechVoice": {"NoMatchingError"},
    "MessageParticipant": {"NoMatchingError"},
    "GetParticipantInput": {"NoMatchingError"},
    "Compare": {"NoMatchingCondition"},
    "TransferParticipantToThirdParty": {
        "CallFailed", "ConnectionTimeLimitExceeded", "NoMatchingError",
    },
    # For these the service takes no error, and refuses a flow that names one.
    "UpdateContactRecordingBehavior": set(),
    "UpdateFlowLoggingBehavior": set(),
    "DisconnectParticipant": set(),
}  # fmt: skip


def leads(action: dict[str, Any]) -> Iterator[str]:
    transitions = action["Transitions"]
    if "NextAction" in transitions:
        yield transitions["NextAction"]
    for branch in (*transitions.get("Conditions", ()), *transitions.get("Errors", ())):
        yield branch["NextAction"]


def reachable(start: str) -> set[str]:
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(leads(actions()[name]))
    return seen


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from scalars(one)
    elif isinstance(value, list):
        for one in value:
            yield from scalars(one)
    else:
        yield value


def test_every_block_is_reached_and_leads_to_a_block_that_is_there() -> None:
    start = json.loads(content(ARN))["StartAction"]
    assert reachable(start) == set(actions())


@pytest.mark.parametrize("name", sorted(actions()))
def test_from_every_block_the_call_can_end(name: str) -> None:
    assert "Hang up" in reachable(name)


@pytest.mark.parametrize("name", sorted(actions()))
def test_every_block_says_what_follows_each_of_its_failures(name: str) -> None:
    action = actions()[name]
    told = {error["ErrorType"] for error in action["Transitions"].get("Errors", ())}
    assert told == ERRORS[action["Type"]]


def test_names_and_parameters_are_such_as_connect_takes() -> None:
    document = json.loads(content(ARN))
    names = [action["Identifier"] for action in document["Actions"]]
    assert len(names) == len(set(names)) <= 250
    assert all(re.fullmatch(r"[A-Za-z0-9 ]{1,50}", name) for name in names)
    for action in document["Actions"]:
        assert all(isinstance(one, str) for one in scalars(action["Parameters"])), action
    assert document["Version"] == "2019-10-30"
    assert set(document["Metadata"]["ActionMetadata"]) == set(names)


def test_each_block_that_asks_the_function_asks_the_one_that_is_named() -> None:
    assert FUNCTION_ARN not in content(ARN)
    asking = [one for one in json.loads(content(ARN))["Actions"]
              if one["Type"] == "InvokeLambdaFunction"]  # fmt: skip
    assert {one["Parameters"]["LambdaFunctionARN"] for one in asking} == {ARN}
    operations = {one["Parameters"]["LambdaInvocationAttributes"]["operation"] for one in asking}
    assert operations == {"arrived", "gathered", "next", "ended"}


def test_only_attributes_that_were_kept_are_looked_at() -> None:
    kept = set(actions()["Keep the answer"]["Parameters"]["Attributes"])
    asked = set(re.findall(r"\$\.Attributes\.([a-z_]+)", content(ARN)))
    assert asked <= kept
    assert kept == set(re.findall(r"\$\.External\.([a-z_]+)", content(ARN)))


def test_who_could_not_hear_what_is_said_before_a_talk_is_not_recorded() -> None:
    unheard = next(
        leads({"Transitions": {"Errors": actions()["Say first"]["Transitions"]["Errors"]}})
    )
    block = actions()[unheard]
    assert block["Parameters"] == actions()["Do not record"]["Parameters"]
    assert list(leads(block)) == ["How to dial"]
