"""Which flow does Amazon Connect walk for each call?

Owns the shipped flow and what is filled into it. What the function answers to its blocks belongs to
`chalicelib.channels.connect`; putting the flow into an instance, to the deployment.
"""

import json
from pathlib import Path
from typing import Any

FUNCTION_ARN = "${ConnectFunctionArn}"
_FLOW = Path(__file__).with_name("connect_flow.json")


def content(function_arn: str) -> str:
    """The flow as Connect takes it, asking the function of this ARN."""
    return _FLOW.read_text().replace(FUNCTION_ARN, function_arn)


def actions() -> dict[str, dict[str, Any]]:
    """The flow's blocks by their identifiers."""
    return {one["Identifier"]: one for one in json.loads(_FLOW.read_text())["Actions"]}
