"""What does a flow of Amazon Connect say is to be done, block after block?

Reads the flow language as the service takes it when a flow is published, and as strictly: a block
of a kind that this network does not play is refused, and so is a way that leads nowhere. What a
block does to a call is `connect_blocks`' business.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ANY_ERROR = "NoMatchingError"
NO_CONDITION = "NoMatchingCondition"
CALL_FAILED = "CallFailed"
TIME_LIMIT = "ConnectionTimeLimitExceeded"

_VERSION = "2019-10-30"
_PATH = r"\$\.[A-Za-z]+(?:\.[A-Za-z0-9_-]+)*"
_WORDS = re.compile(r"(?s).+")
_FLAG = re.compile(r"True|False")
_ON = re.compile(r"Enabled|Disabled")
_MOST_BLOCKS = 250


class FlowRefused(Exception):
    """The service would not publish the flow, or this network does not play it."""


def _number(low: int, high: int, *, dynamic: bool = False) -> tuple[range, bool]:
    return range(low, high + 1), dynamic


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a block of one type must and may say: its parameters, with how each is written, and the
    errors that it leads somewhere. A pattern takes a text, a range a whole number; `dynamic` ones
    may be a path."""

    needs: Mapping[str, Any] = field(default_factory=dict)
    may: Mapping[str, Any] = field(default_factory=dict)
    one_of: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset({ANY_ERROR})
    conditions: bool = False
    ends: bool = False


# Amazon Connect, API Reference, "Actions in the Amazon Connect Flow language".
_SPOKEN = {"Text": _WORDS, "SSML": _WORDS}
KINDS: Mapping[str, Kind] = {
    "UpdateFlowLoggingBehavior": Kind(needs={"FlowLoggingBehavior": _ON}, errors=frozenset()),
    "InvokeLambdaFunction": Kind(
        needs={
            "LambdaFunctionARN": re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:.+"),
            "InvocationTimeLimitSeconds": _number(1, 8),
        },
        may={
            "InvocationType": re.compile("SYNCHRONOUS"),
            "LambdaInvocationAttributes": {},
            "ResponseValidation": {"ResponseType": re.compile("STRING_MAP")},
        },
    ),
    "UpdateContactAttributes": Kind(
        needs={"Attributes": {}}, may={"TargetContact": re.compile("Current")}
    ),
    "UpdateContactTextToSpeechVoice": Kind(needs={"TextToSpeechVoice": _WORDS}),
    "Compare": Kind(
        needs={"ComparisonValue": re.compile(_PATH)},
        errors=frozenset({NO_CONDITION}),
        conditions=True,
    ),
    "GetParticipantInput": Kind(
        needs={
            "StoreInput": re.compile("True"),
            "InputTimeLimitSeconds": _number(1, 180),
            "InputValidation": {"CustomValidation": {"MaximumLength": _number(1, 20)}},
        },
        may={
            **_SPOKEN,
            "DTMFConfiguration": {
                "DisableCancelKey": _FLAG,
                "InputTerminationSequence": re.compile(r"[0-9*#]{1,5}"),
                "InterdigitTimeLimitSeconds": _number(1, 20),
            },
        },
        one_of=frozenset(_SPOKEN),
    ),
    "MessageParticipant": Kind(may=_SPOKEN, one_of=frozenset(_SPOKEN)),
    "TransferParticipantToThirdParty": Kind(
        needs={
            "ThirdPartyPhoneNumber": _WORDS,
            "ThirdPartyConnectionTimeLimitSeconds": _number(0, 600, dynamic=True),
            "ContinueFlowExecution": re.compile("True"),
        },
        may={"ThirdPartyDTMFDigits": _WORDS, "CallerId": {"Number": _WORDS, "Name": _WORDS}},
        errors=frozenset({CALL_FAILED, TIME_LIMIT, ANY_ERROR}),
    ),
    "UpdateContactRecordingBehavior": Kind(
        needs={
            "RecordingBehavior": {
                "RecordedParticipants": [],
                "IVRRecordingBehavior": _ON,
            }
        },
        errors=frozenset(),
    ),
    "DisconnectParticipant": Kind(errors=frozenset(), ends=True),
}
"""Every block that this network plays; nothing a flow says of one is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: what it does, and where each of its ways leads. `following` is "" for one that
    ends the call; `conditions` are the values that lead elsewhere."""

    name: str
    kind: str
    says: Json
    following: str
    conditions: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]

    def get(self, name: str) -> str:
        """A parameter as it is written; "" where it is not said."""
        return str(self.says.get(name, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The blocks by name, and the one that a call comes to first."""

    start: str
    blocks: Mapping[str, Block]


def read_flow(content: str) -> Flow:
    """The flow of its JSON; raises `FlowRefused`, naming the block and what is wrong with it."""
    try:
        document = json.loads(content)
        rows = [(str(row["Identifier"]), row) for row in document["Actions"]]
        version, start = document["Version"], str(document["StartAction"])
        blocks = {name: _block(name, row) for name, row in rows}
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise FlowRefused(f"this is no flow: {fault!r}") from fault
    if version != _VERSION or len(blocks) < len(rows) or len(rows) > _MOST_BLOCKS:
        raise FlowRefused(f"a flow is of {_VERSION}, with at most {_MOST_BLOCKS} different blocks")
    for name, block in blocks.items():
        if lost := [one for one in _ways(block) if one not in blocks]:
            raise FlowRefused(f"{name} leads to {lost[0]!r}, which is not there")
    if start not in blocks:
        raise FlowRefused(f"the flow begins with {start!r}, which is not there")
    return Flow(start=start, blocks=blocks)


def _ways(block: Block) -> Iterator[str]:
    if block.following:
        yield block.following
    yield from (goal for _, goal in block.conditions)
    yield from block.errors.values()


def _block(name: str, row: Json) -> Block:
    kind = KINDS.get(row["Type"])
    if kind is None:
        raise FlowRefused(f"{name}: this network plays no {row['Type']}")
    says, ways = row["Parameters"], row["Transitions"]
    _check(name, says, {**kind.needs, **kind.may}, needed=kind.needs)
    if kind.one_of and len(kind.one_of & says.keys()) != 1:
        raise FlowRefused(f"{name} says one of {', '.join(sorted(kind.one_of))}")
    errors = {error["ErrorType"]: error["NextAction"] for error in ways.get("Errors", ())}
    if errors.keys() != kind.errors:
        raise FlowRefused(f"{name} leads on after {sorted(errors)}, not {sorted(kind.errors)}")
    conditions = tuple(_condition(name, one) for one in ways.get("Conditions", ()))
    if bool(conditions) != kind.conditions or ("NextAction" in ways) == kind.ends:
        raise FlowRefused(f"{name}: a {row['Type']} does not lead on like this")
    return Block(
        name=name,
        kind=row["Type"],
        says=says,
        following=ways.get("NextAction", ""),
        conditions=conditions,
        errors=errors,
    )


def _condition(name: str, row: Json) -> tuple[str, str]:
    asked = row["Condition"]
    if asked["Operator"] != "Equals" or len(asked["Operands"]) != 1:
        raise FlowRefused(f"{name}: this network compares one value by Equals")
    return str(asked["Operands"][0]), str(row["NextAction"])


def _check(name: str, said: Json, known: Mapping[str, Any], *, needed: Mapping[str, Any]) -> None:
    """Every parameter is a known one, written as it must be; those needed are there."""
    if missing := needed.keys() - said.keys():
        raise FlowRefused(f"{name} does not say {', '.join(sorted(missing))}")
    for key, value in said.items():
        if key not in known:
            raise FlowRefused(f"{name} says {key!r}, which this network does not play")
        if not _fits(name, value, known[key]):
            raise FlowRefused(f"{name}: {key} cannot be {value!r}")


def _fits(name: str, value: Any, form: Any) -> bool:
    if isinstance(form, dict) and isinstance(value, dict):
        if form:
            _check(name, value, form, needed={})
        return bool(form) or all(isinstance(one, str) for one in value.values())
    if isinstance(form, list):
        return bool(value == form)
    if not isinstance(value, str) or isinstance(form, dict):
        return False
    if isinstance(form, re.Pattern):
        return form.fullmatch(value) is not None
    allowed, dynamic = form
    if re.fullmatch(_PATH, value):
        return bool(dynamic)
    return re.fullmatch(r"\d{1,4}", value) is not None and int(value) in allowed
