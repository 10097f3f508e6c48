"""What does each block of a flow do to a contact?

Walks a flow from its first block to the end of the call, and tells what is told afterwards.
Transfers have a module of their own.
"""

import re
from collections.abc import Callable
from xml.etree import ElementTree

from simulator.connect_contact import LiveContact
from simulator.connect_flow import ANY_ERROR, NO_CONDITION, Block
from simulator.connect_judging import MOST_BYTES
from simulator.connect_transfer import transfer
from simulator.line import CallOver
from simulator.scripts import Side

MOST_BLOCKS = 500
_WORDS_A_SECOND = 2.5
_MOST_SPOKEN = 3_000
_PRESSING_SECONDS = 2.0
_RECORD_SECONDS = 30.0
_BREAK = re.compile(r"(\d{1,5})(ms|s)")
_VOICE = re.compile(r"[A-Z][a-z]+")
_REASONS = {Side.CALLER: "CUSTOMER_DISCONNECT", Side.CARRIER: "OTHER"}


def walk(call: LiveContact) -> None:
    """Play a contact from its beginning to the last that is told of it."""
    call.tell_of("initiated")
    try:
        _walk(call)
    except CallOver as end:
        call.ended_by = end.by
        call.hang_up(_REASONS[end.by])
    else:
        call.hang_up("CONTACT_FLOW_DISCONNECT")
    call.wait(_RECORD_SECONDS)
    for leg in call.legs:
        call.tell_of("record", leg)
    call.tell_of("record")
    call.tell_the_rest()


def _walk(call: LiveContact) -> None:
    name = call.flow.start
    while name:
        block = call.flow.blocks[name]
        call.blocks_walked.append(name)
        if len(call.blocks_walked) > MOST_BLOCKS:
            call.accuse("endless", f"the flow came to more than {MOST_BLOCKS} blocks")
            raise CallOver(Side.CARRIER)
        leaves = name == call.script.hangup_at
        with call.patience(0.0 if leaves else None):
            name = _HANDLERS[block.kind](call, block)
            call.wait(0.0)


def _invoke(call: LiveContact, block: Block) -> str:
    given = block.says.get("LambdaInvocationAttributes", {})
    parameters = {name: call.value(text) for name, text in given.items()}
    answer = call.ask(block.get("LambdaFunctionARN"), parameters)
    if answer is None:
        return block.errors[ANY_ERROR]
    call.external = answer
    return block.following


def _keep(call: LiveContact, block: Block) -> str:
    kept = {name: call.value(text) for name, text in block.says["Attributes"].items()}
    attributes = {**call.attributes, **kept}
    size = sum(len(part.encode()) for pair in attributes.items() for part in pair)
    if size > MOST_BYTES:
        call.accuse("too_long", f"the attributes of a contact are below {MOST_BYTES} bytes")
        return block.errors[ANY_ERROR]
    call.attributes = attributes
    call.tell_of("updated")
    return block.following


def _choose_voice(call: LiveContact, block: Block) -> str:
    voice = call.value(block.get("TextToSpeechVoice"))
    if not _VOICE.fullmatch(voice):
        call.accuse("voice", f"{voice!r} is no voice")
        return block.errors[ANY_ERROR]
    return block.following


def _compare(call: LiveContact, block: Block) -> str:
    value = call.value(block.get("ComparisonValue"))
    return dict(block.conditions).get(value, block.errors[NO_CONDITION])


def _gather(call: LiveContact, block: Block) -> str:
    seconds = _speech_seconds(call, block)
    if seconds is None:
        return block.errors[ANY_ERROR]
    pressed = _pressed(block, call.digits.pop(0) if call.digits else "")
    with call.spoken_to():
        call.wait(seconds)
        call.wait(_PRESSING_SECONDS if pressed else int(block.get("InputTimeLimitSeconds")))
    call.stored_input = pressed or "Timeout"
    return block.following


def _pressed(block: Block, keys: str) -> str:
    """What of the keys the block takes: up to the one that ends it, and as many as it may."""
    ends = block.says.get("DTMFConfiguration", {}).get("InputTerminationSequence", "#")
    most = int(block.says["InputValidation"]["CustomValidation"]["MaximumLength"])
    return keys.partition(ends)[0][:most]


def _say(call: LiveContact, block: Block) -> str:
    seconds = _speech_seconds(call, block)
    if seconds is None:
        return block.errors[ANY_ERROR]
    with call.spoken_to():
        call.wait(seconds)
    return block.following


def _speech_seconds(call: LiveContact, block: Block) -> float | None:
    """How long the block speaks; `None` for what no voice can speak."""
    if "Text" in block.says:
        return len(call.value(block.get("Text")).split()) / _WORDS_A_SECOND
    text = call.value(block.get("SSML"))
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as fault:
        call.accuse("ssml", f"{text[:80]!r} is no SSML: {fault}")
        return None
    words = " ".join(root.itertext())
    if root.tag != "speak" or len(words) > _MOST_SPOKEN:
        call.accuse("ssml", f"a voice speaks one <speak> of at most {_MOST_SPOKEN} characters")
        return None
    pauses = (_BREAK.fullmatch(one.get("time", "")) for one in root.iter("break"))
    silence = sum(int(one[1]) / (1000 if one[2] == "ms" else 1) for one in pauses if one)
    return len(words.split()) / _WORDS_A_SECOND + silence


def _record(call: LiveContact, block: Block) -> str:
    on = block.says["RecordingBehavior"]["IVRRecordingBehavior"] == "Enabled"
    with call.instance.lock:
        if on:
            call.instance.recorded[call.sid] = False
        else:
            call.instance.recorded.pop(call.sid, None)
    return block.following


def _go_on(_call: LiveContact, block: Block) -> str:
    return block.following


_HANDLERS: dict[str, Callable[[LiveContact, Block], str]] = {
    "UpdateFlowLoggingBehavior": _go_on,
    "InvokeLambdaFunction": _invoke,
    "UpdateContactAttributes": _keep,
    "UpdateContactTextToSpeechVoice": _choose_voice,
    "Compare": _compare,
    "GetParticipantInput": _gather,
    "MessageParticipant": _say,
    "TransferParticipantToThirdParty": transfer,
    "UpdateContactRecordingBehavior": _record,
    "DisconnectParticipant": _go_on,
}
