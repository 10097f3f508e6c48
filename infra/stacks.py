"""How is a CloudFormation stack brought to what its template says?

Owns change sets and waiting for them. What a template holds is not known here.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from infra.stage import Stopped

_POLL = {"Delay": 1, "MaxAttempts": 1800}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")


def apply_stack(
    cloudformation: Any, name: str, template: Mapping[str, str], parameters: Mapping[str, str]
) -> bool:
    """Create or update the stack `name`; whether anything changed.

    `template` is the TemplateBody or TemplateURL argument. Raises `Stopped` with
    CloudFormation's first reason when the stack cannot be brought there.
    """
    kind = "UPDATE" if _status(cloudformation, name) else "CREATE"
    change_set = f"ringledger-{uuid.uuid4().hex[:12]}"
    names = {"StackName": name, "ChangeSetName": change_set}
    cloudformation.create_change_set(
        **names,
        **template,
        ChangeSetType=kind,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    if not _has_changes(cloudformation, names):
        return False
    cloudformation.execute_change_set(**names)
    waiter = f"stack_{kind.lower()}_complete"
    try:
        cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig=_POLL)
    except WaiterError:
        raise Stopped(_why(cloudformation, name)) from None
    return True


def outputs(cloudformation: Any, name: str) -> dict[str, str]:
    """The outputs of an existing stack."""
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}


def remove_stack(cloudformation: Any, name: str) -> None:
    """Delete the stack `name` with what it holds; nothing to do if there is none."""
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_POLL)


def _status(cloudformation: Any, name: str) -> str:
    """The stack's status; empty if there is none, or only one that never came to be."""
    try:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    if status == "ROLLBACK_COMPLETE":
        remove_stack(cloudformation, name)
        return ""
    return "" if status == "REVIEW_IN_PROGRESS" else str(status)


def _has_changes(cloudformation: Any, names: Mapping[str, str]) -> bool:
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=_POLL)
    except WaiterError:
        reason = cloudformation.describe_change_set(**names).get("StatusReason", "")
        cloudformation.delete_change_set(**names)
        if any(phrase in reason for phrase in _NOTHING_TO_DO):
            return False
        raise Stopped(f"CloudFormation refused the template: {reason}") from None
    return True


def _why(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED")]
    first = failed[-1] if failed else {}
    return (
        f"Stack {name} failed at {first.get('LogicalResourceId', 'an unknown resource')}: "
        f"{first.get('ResourceStatusReason', 'no reason given')}. Mend the cause and run "
        "the same command again; it goes on where it stopped."
    )
