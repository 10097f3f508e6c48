"""What lies parked in a stage, and how is it taken up again?

Runs the platform's taking up from the operator's machine: on the local AWS, or on the stage named
on the command line. `--dry-run` tells what lies there and touches nothing. Exits 1 when something
could not be taken up.
"""

import os
import sys
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra import stacks
from infra.audit import cloud_of
from infra.cloud import Cloud
from infra.deploy import say
from infra.stage import Stage, Stopped, environment

if TYPE_CHECKING:
    from chalicelib.flows.taking_up import Yard
    from chalicelib.parked import Taken

DRY_RUN = "--dry-run"
MOST = 1000
"""How many messages one run takes up."""


def run(cloud: Cloud, stage: Stage, *, dry: bool) -> int:
    """Take up what lies parked, or only tell of it; 1 when something could not be taken up."""
    os.environ.update({**cloud.environ(), **_environment(cloud, stage), "AWS_REGION": cloud.region})
    # What stays parked is told line by line; the functions' log format is not for a terminal.
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")

    # The platform takes the names of queues and stream from the environment when it is imported.
    from chalicelib.flows.taking_up import Yard

    yard = Yard()
    return _tell(yard) if dry else _take_up(yard)


def _environment(cloud: Cloud, stage: Stage) -> dict[str, str]:
    """What the stage's functions are given; `Stopped` when there is no such stage, or an older
    one."""
    try:
        outputs = stacks.outputs(cloud.client("cloudformation"), stage.state_stack)
        return environment(stage, outputs)
    except ClientError as error:
        raise Stopped(
            f"No stage {stage.name} is found in {cloud.region}: {error}. "
            "Name one that was deployed there, such as: make replay STAGE=prod"
        ) from None
    except KeyError as missing:
        raise Stopped(
            f"The stage {stage.name} was deployed by an older version, without {missing}. "
            f"First: make deploy STAGE={stage.name}"
        ) from None


def _tell(yard: "Yard") -> int:
    from chalicelib import parked
    from chalicelib.flows.taking_up import look

    lying = look(yard)
    for one in lying:
        hand = f" ({one.in_hand} in the hands of a run)" if one.in_hand else ""
        say(f"{one.place:<16} {one.messages:>6}  {parked.MEANING[one.place]}{hand}")
    say(f"Next: {parked.outlook(lying)}")
    return 0


def _take_up(yard: "Yard") -> int:
    from chalicelib.flows.taking_up import look, take_up
    from chalicelib.parked import next_step

    taken = take_up(yard, limit=MOST, tell=lambda one: say(line(one)))
    left = look(yard)
    for one in taken:
        for refusal in one.refused:
            say(f"{one.place}: message {refusal.message_id} stays: {refusal.reason}")
    say("left: " + ", ".join(f"{one.messages} in {one.place}" for one in left))
    say(f"Next: {next_step(taken, left)}")
    return 1 if any(one.refused for one in taken) else 0


def line(taken: "Taken") -> str:
    """How far a place is."""
    said = [f"{taken.taken_up} taken up"]
    if taken.expired:
        said.append(f"{taken.expired} left to the sweep, the stream no longer has their records")
    if taken.refused:
        said.append(f"{len(taken.refused)} stay")
    return f"{taken.place}: {', '.join(said)}"


def main(arguments: list[str]) -> int:
    """Take up what lies parked in what the command line names; 1 with a plain message if it cannot
    be reached."""
    named = [argument for argument in arguments if argument != DRY_RUN]
    try:
        return run(*cloud_of(named), dry=DRY_RUN in arguments)
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
