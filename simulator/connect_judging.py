"""Did the platform answer a flow as Amazon Connect needs it?

Decides from one request and one answer, like `judging` for a carrier that asks for TwiML. Of what
is told the service looks at nothing but whether it was taken.
"""

import json
import re
from typing import Any

from simulator.faults import FLOW_KINDS
from simulator.judging import Violation
from simulator.wire import Answer, Request

LIMIT_SECONDS = 8.0
"""How long a flow waits for the function, all tries together."""

MOST_BYTES = 32 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-]+")

Attributes = dict[str, str]


def judge(request: Request, answer: Answer) -> tuple[Attributes | None, tuple[Violation, ...]]:
    """The attributes of an answer (`None`: the block's error branch) and what was wrong with it."""
    fault = _transport(request, answer)
    if fault is not None:
        return None, (fault,)
    if request.kind not in FLOW_KINDS:
        return None, ()
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None, (_violation(request, "no_json", "the function answered no JSON"),)
    if len(answer.body) >= MOST_BYTES:
        sentence = f"the answer has {len(answer.body)} bytes; it is below {MOST_BYTES}"
        return None, (_violation(request, "too_long", sentence),)
    if found := _not_flat(said):
        return None, (_violation(request, "not_flat", found),)
    return said, ()


def differing(
    request: Request, first: Attributes | None, again: Attributes | None
) -> Violation | None:
    """A repeated invocation must get an equal answer."""
    if request.kind not in FLOW_KINDS or first == again:
        return None
    names = sorted(
        name
        for name in {*(first or {}), *(again or {})}
        if (first or {}).get(name) != (again or {}).get(name)
    )
    sentence = f"the same invocation, repeated, got another answer: {', '.join(names)}"
    return _violation(request, "different_answer", sentence)


def _transport(request: Request, answer: Answer) -> Violation | None:
    if answer.seconds >= LIMIT_SECONDS and request.kind in FLOW_KINDS:
        sentence = f"no answer within {LIMIT_SECONDS:g} s"
        return _violation(request, "too_slow", sentence)
    if answer.fault:
        return _violation(request, "no_answer", answer.fault)
    if not 200 <= answer.status < 300:
        said = answer.body[:120].decode("utf-8", "replace")
        return _violation(request, "not_2xx", f"answered {answer.status}: {said!r}")
    return None


def _not_flat(said: Any) -> str:
    """Why the answer is no map of strings (STRING_MAP); "" where it is one."""
    if not isinstance(said, dict):
        return "the answer is no object"
    for name, value in said.items():
        if not _NAME.fullmatch(name):
            return f"{name!r} names no attribute: letters, digits, - and _ alone"
        if not isinstance(value, str):
            return f"{name} is {value!r}, no text"
    return ""


def _violation(request: Request, rule: str, sentence: str) -> Violation:
    return Violation(rule=rule, kind=request.kind, sentence=sentence)
