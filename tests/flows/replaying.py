"""Making decisions again, for the tests of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.calls import call_id
from chalicelib.consistency import Thing
from chalicelib.flows.replay import Replay, replay
from tests import builders
from tests.world import World

TWO = (builders.a_target(id="tgt_1", priority=1), builders.a_target(id="tgt_2", priority=2))


def change(**fields: Any) -> Callable[[Thing], Thing]:
    """These fields become so."""

    def edit(thing: Thing) -> Thing:
        changed: Thing = replace(thing, **fields)
        return changed

    return edit


def again(world: World, sid: str = "CA1", attempt: int = 1, **changes: Any) -> Replay:
    """The decision on a call, made again."""
    return replay(call_id("twilio", sid), attempt, changes, stores=world.stores)


def outcomes(decision: Any) -> list[tuple[str, str]]:
    """Every target with its reason."""
    return [(seen["target_id"], seen["reason"]) for seen in decision["considered"]]


def is_itself(made: Replay) -> bool:
    """Whether nothing at all differs, the attempt included."""
    return made.same and made.original == made.replayed and made.differences == ()
